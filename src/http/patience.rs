//! How long to go on trying.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder, Retryable};

use super::{Answer, Failure};

/// The longest wait that a server's `retry-after` is granted.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// Exponential waits with jitter between tries of a call.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// The first wait.
    pub first: Duration,
    /// No wait is longer, but for a server that asks for it.
    pub longest: Duration,
    /// How many times a call is repeated.
    pub repeats: usize,
    /// How long a call whose answer was lost may still be at work: only after that is what is not found not there.
    pub settle: Duration,
}

impl Patience {
    /// For a service across the internet: 0.5 s doubling to 30 s, 6 repeats, about a minute in all; 15 s to settle.
    #[must_use]
    pub fn remote() -> Self {
        Self {
            first: Duration::from_millis(500),
            longest: Duration::from_secs(30),
            repeats: 6,
            settle: Duration::from_secs(15),
        }
    }

    /// For a server on this machine: 20 ms doubling to 1 s, 6 repeats; 2 s to settle.
    #[must_use]
    pub fn loopback() -> Self {
        Self {
            first: Duration::from_millis(20),
            longest: Duration::from_secs(1),
            repeats: 6,
            settle: Duration::from_secs(2),
        }
    }

    /// The waits, one before each repeat.
    pub fn waits(self) -> impl Iterator<Item = Duration> {
        self.builder().build()
    }

    /// The wait before a repeat after `failure`: what the server asks for, else `planned`.
    #[must_use]
    pub fn after(failure: &Failure, planned: Duration) -> Duration {
        failure.retry_after().map_or(planned, |asked| asked.clamp(planned.min(asked), LONGEST_WAIT))
    }

    /// Makes a call that may be repeated, again and again while its failures are retryable.
    ///
    /// # Errors
    /// The last failure.
    pub async fn repeat<T, F: Future<Output = Answer<T>>>(self, call: impl FnMut() -> F) -> Answer<T> {
        call.retry(self.builder())
            .when(Failure::is_retryable)
            .adjust(|failure, planned| planned.map(|planned| Self::after(failure, planned)))
            .await
    }

    fn builder(self) -> ExponentialBuilder {
        ExponentialBuilder::new()
            .with_min_delay(self.first)
            .with_max_delay(self.longest)
            .with_max_times(self.repeats)
            .with_jitter()
    }
}
