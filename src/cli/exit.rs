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
            | Error::Refused(_)
            | Error::Provider { .. }
            | Error::Database { .. } => Self::Failure,
        }
    }
}

/// What to do about an error, where that can be said in a line.
pub fn hint(error: &Error) -> Option<&'static str> {
    match error {
        Error::UnknownLocale { .. } => Some("`aacorn languages` lists the locales there are"),
        Error::Interrupted => {
            Some("what is finished stays, nothing is half-written; a run goes on when it is started again")
        }
        Error::Provider { retryable: true, .. } => Some("this may pass: run the same command again"),
        Error::Data { file, .. } if file.starts_with("languages/") || file.starts_with("templates/") => {
            Some("a file in ./languages or ./templates overrides the embedded one of its name")
        }
        Error::Io { .. }
        | Error::Usage(_)
        | Error::Missing { .. }
        | Error::Data { .. }
        | Error::Line { .. }
        | Error::Refused(_)
        | Error::Provider { .. }
        | Error::Database { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overriding_is_advised_for_packs_and_templates_only() {
        let advised = |file: &str| hint(&Error::data(file, "wrong")).is_some();
        assert!(advised("languages/en/pack.toml") && advised("templates/aac/recipe.toml"));
        assert!(!advised("/data/came.jsonl") && !advised("prompts.yaml"));
    }
}
