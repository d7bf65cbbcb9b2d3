//! Progress on a terminal as bars, elsewhere as plain lines. This file owns `indicatif`.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Progress, Task};

/// Set by the Ctrl-C handler of the binary.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Shows progress on standard error.
#[derive(Debug)]
pub struct Terminal {
    bars: Option<MultiProgress>,
}

impl Terminal {
    /// Bars when standard error is a terminal, else notes only; `quiet` hides the bars and keeps the notes.
    #[must_use]
    pub fn new(quiet: bool) -> Self {
        let bars = (!quiet && std::io::stderr().is_terminal())
            .then(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10)));
        Self { bars }
    }

    /// Asks every stage that reports here to stop at its next safe point.
    pub fn interrupt() {
        INTERRUPTED.store(true, Ordering::SeqCst);
    }
}

impl Progress for Terminal {
    fn task<'a>(
        &'a self,
        stage: &'static str,
        what: &str,
        total: Option<u64>,
        unit: &'static str,
    ) -> Box<dyn Task + 'a> {
        let Some(bars) = &self.bars else { return Box::new(super::Silent) };
        let template = match total {
            Some(_) => {
                format!("{stage:>9} {what:<8} {{bar:28.green/dim}} {{human_pos}}/{{human_len}} {unit} {{msg:.dim}}")
            }
            None => format!("{stage:>9} {what:<8} {{spinner:.green}} {{human_pos}} {unit} {{msg:.dim}}"),
        };
        let style = ProgressStyle::with_template(&template)
            .expect("the template above is valid")
            .progress_chars("━━─")
            .tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ");
        let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new).with_style(style);
        let bar = bars.add(bar);
        bar.enable_steady_tick(Duration::from_millis(120));
        Box::new(Bar(bar))
    }

    fn note(&self, text: &str) {
        let print = || {
            // Standard error may be closed; a progress note is not worth a failure.
            let _ = writeln!(anstream::stderr(), "{text}");
        };
        match &self.bars {
            Some(bars) => bars.suspend(print),
            None => print(),
        }
    }

    fn news(&self, text: &str) {
        if self.bars.is_none() {
            self.note(text);
        }
    }

    fn interrupted(&self) -> bool {
        INTERRUPTED.load(Ordering::SeqCst)
    }
}

struct Bar(ProgressBar);

impl Task for Bar {
    fn advance(&self, amount: u64) {
        self.0.inc(amount);
    }

    fn status(&self, text: &str) {
        self.0.set_message(text.to_owned());
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
