//! Ctrl-C: the first asks the stages to stop at their next safe point, the second ends the process.

use tokio::runtime::Builder;
use tokio::signal::ctrl_c;

use super::{Exit, print};
use crate::progress::Terminal;

/// Starts listening, on a thread of its own. Where no handler can be installed, Ctrl-C ends the process as it always did:
/// files appear by rename only, so that too leaves nothing half-written.
pub fn listen() {
    let Ok(runtime) = Builder::new_current_thread().enable_io().build() else { return };
    std::thread::spawn(move || {
        runtime.block_on(async {
            if ctrl_c().await.is_ok() {
                Terminal::interrupt();
                print::note("stopping at the next safe point; Ctrl-C again stops at once");
            }
            if ctrl_c().await.is_ok() {
                std::process::exit(Exit::Interrupted as i32);
            }
        });
    });
}
