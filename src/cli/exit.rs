//! Exit codes, and how each error is told.

use std::process::{ExitCode, Termination};

use crate::Error;

/// How the process ends. The README documents these numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All that was asked is done.
    Complete = 0,
    /// It failed, or a check found something.
    Failure = 1,
    /// The arguments cannot be acted on; nothing was done.
    Usage = 2,
    /// It finished, but some planned requests have no record.
    Incomplete = 3,
    /// Stopped by Ctrl-C, as shells number it.
    Interrupted = 130,
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}

impl From<&Error> for Exit {
    fn from(error: &Error) -> Self {
        match error {
            Error::UnknownLocale { .. } | Error::Usage(_) => Self::Usage,
            Error::Interrupted => Self::Interrupted,
            Error::Io { .. }
            | Error::Missing { .. }
            | Error::Data { .. }
            | Error::Line { .. }
            | Error::Provider { .. }
            | Error::Database { .. } => Self::Failure,
        }
    }
}
