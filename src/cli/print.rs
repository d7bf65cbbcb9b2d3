//! Writing to standard output and standard error; this file and the progress bars are all that prints.

use std::fmt::Display;
use std::io::{self, Write};

/// Prints a line to standard output. A closed pipe ends the process quietly, as pipes expect.
pub fn line(text: impl Display) {
    if let Err(error) = writeln!(anstream::stdout(), "{text}")
        && error.kind() == io::ErrorKind::BrokenPipe
    {
        std::process::exit(0);
    }
}

/// Prints `report` as one JSON document to standard output.
pub fn json(report: &impl serde::Serialize) {
    line(serde_json::to_string_pretty(report).expect("reports are plain data"));
}

/// Prints what to type or do next.
pub fn next(text: impl Display) {
    line(format_args!("next: {text}"));
}

/// Prints an error to standard error, as `error: …`.
pub fn error(text: impl Display) {
    // When standard error is closed there is nowhere left to say so.
    let _ =
        writeln!(anstream::stderr(), "{}error:{} {text}", anstyle::AnsiColor::Red.on_default().bold(), anstyle::Reset);
}
