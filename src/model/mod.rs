//! The words of the pipeline as types: locales, outcomes, reasons, tallies. No behaviour beyond naming and counting.

mod age;
mod clock;
mod locale;
mod outcome;
mod provider;
mod tally;

pub use age::age;
pub use clock::Clock;
pub use locale::Locale;
pub use outcome::{Answer, Failure, Outcome, Reason, SAMPLE_MARK, Stray};
pub use provider::Provider;
pub use tally::Tally;
