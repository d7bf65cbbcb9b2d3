//! What time it is, or is said to be.

use jiff::Timestamp;

/// The one clock of a run: the real one, or the moment that `--now` fixed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Clock(Option<Timestamp>);

impl Clock {
    /// A clock that stands at `now`, or the real one when there is none.
    #[must_use]
    pub fn new(now: Option<Timestamp>) -> Self {
        Self(now)
    }

    /// The moment.
    #[must_use]
    pub fn now(self) -> Timestamp {
        self.0.unwrap_or_else(Timestamp::now)
    }

    /// The moment in whole seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.now().as_second()
    }
}
