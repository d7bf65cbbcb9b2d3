//! Waiting that ends when the person asks to stop.

use std::time::Duration;

use crate::progress::{Progress, go_on};
use crate::{Error, Result};

/// How soon a wish to stop is noticed.
const GLANCE: Duration = Duration::from_millis(50);

/// Waits for `duration`.
pub(super) async fn pause(duration: Duration, progress: &dyn Progress) -> Result<()> {
    unless_interrupted(tokio::time::sleep(duration), progress).await
}

/// Waits for `work`, which may be dropped anywhere without harm.
pub(super) async fn unless_interrupted<T>(work: impl Future<Output = T>, progress: &dyn Progress) -> Result<T> {
    let asked = async {
        loop {
            tokio::time::sleep(GLANCE).await;
            if progress.interrupted() {
                break;
            }
        }
    };
    go_on(progress)?;
    tokio::select! {
        biased;
        done = work => Ok(done),
        () = asked => Err(Error::Interrupted),
    }
}
