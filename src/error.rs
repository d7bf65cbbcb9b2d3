//! The one error type of the library: what went wrong, in which file and line, and what to do about it.

use std::path::{Path, PathBuf};

/// The result of everything that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong. The binary maps each kind to an exit code; the texts are for the person at the terminal.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read, written or renamed.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a verb: `read`, `write`, `rename`.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A locale that no language pack serves.
    #[error("unknown locale `{given}`{}", nearest(near))]
    UnknownLocale {
        /// What was asked for.
        given: String,
        /// The locales whose codes are nearest, best first.
        near: Vec<String>,
    },
    /// Arguments that cannot be acted on.
    #[error("{0}")]
    Usage(String),
    /// An input that should be there is not.
    #[error("{what} not found: {}{}", path.display(), hint(hint_text))]
    Missing {
        /// What was looked for: `responses`, `metadata`, `input`.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// What to do, or empty.
        hint_text: String,
    },
    /// A language pack, recipe, template or keyboard file that does not hold what it must.
    #[error("{file}: {detail}")]
    Data {
        /// The file, as a path below `languages/` or `templates/`.
        file: String,
        /// Field, line and what is wrong.
        detail: String,
    },
    /// A line of an input file that a stage cannot go on without.
    #[error("{}:{line}: {detail}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Line number, from 1.
        line: u64,
        /// What is wrong with it.
        detail: String,
    },
    /// The input, or what was asked of it, is refused before anything is written or paid for.
    #[error("{0}")]
    Refused(String),
    /// A provider, or the embedded server, answered with an error or not at all.
    #[error("{provider}: {detail}")]
    Provider {
        /// The provider's name, or the host.
        provider: String,
        /// Status and message, without any secret.
        detail: String,
        /// Whether the same call may succeed later.
        retryable: bool,
    },
    /// The ledger or another SQLite file could not be used.
    #[error("{}: {detail}", path.display())]
    Database {
        /// The database file.
        path: PathBuf,
        /// What SQLite said.
        detail: String,
    },
    /// The person pressed Ctrl-C. What was finished stays; nothing half-written has its final name.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// An [`Error::Io`] for `path`, to be used in `map_err`.
    pub fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// An [`Error::Data`] for a file of a pack or recipe.
    pub fn data(file: impl Into<String>, detail: impl std::fmt::Display) -> Self {
        Self::Data { file: file.into(), detail: detail.to_string().trim_end().to_owned() }
    }
}

fn nearest(near: &[String]) -> String {
    match near {
        [] => String::new(),
        near => format!("; did you mean {}?", near.join(", ")),
    }
}

fn hint(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" ({text})") }
}
