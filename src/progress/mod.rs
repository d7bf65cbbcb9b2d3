//! How the library says what it is doing, without printing.
//!
//! Stages report to a [`Progress`]; the terminal, plain lines or nothing at all are behind it.

#[cfg(feature = "cli")]
mod terminal;

#[cfg(feature = "cli")]
pub use terminal::Terminal;

/// Something that wants to know how a stage is getting on.
pub trait Progress: Sync {
    /// A piece of work begins: `stage` is one word, `what` names the piece (a locale, a file), `total` its size in `unit`s
    /// when it is known.
    fn task<'a>(
        &'a self,
        stage: &'static str,
        what: &str,
        total: Option<u64>,
        unit: &'static str,
    ) -> Box<dyn Task + 'a>;

    /// One thing that the person should read now, as a sentence.
    fn note(&self, text: &str);

    /// A change that tasks under way show by themselves: told where nobody sees them.
    fn news(&self, text: &str) {
        self.note(text);
    }

    /// Whether the person asked to stop; stages ask between pieces of work and return [`crate::Error::Interrupted`].
    fn interrupted(&self) -> bool {
        false
    }
}

/// A piece of work under way; dropping it ends it.
pub trait Task: Send + Sync {
    /// `amount` more units are done.
    fn advance(&self, amount: u64);

    /// Says in a few words what is happening now.
    fn status(&self, text: &str);
}

/// Nobody listens.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn task<'a>(&'a self, _: &'static str, _: &str, _: Option<u64>, _: &'static str) -> Box<dyn Task + 'a> {
        Box::new(Self)
    }

    fn note(&self, _: &str) {}
}

impl Task for Silent {
    fn advance(&self, _: u64) {}

    fn status(&self, _: &str) {}
}

/// Returns [`crate::Error::Interrupted`] when the person asked to stop.
///
/// # Errors
/// Only that one.
pub fn go_on(progress: &dyn Progress) -> crate::Result<()> {
    if progress.interrupted() { Err(crate::Error::Interrupted) } else { Ok(()) }
}
