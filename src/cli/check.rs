//! `aacorn check`: what is wrong with batch files and results, line by line.

use std::num::NonZeroU64;
use std::path::PathBuf;

use crate::files::MAX_LINE_BYTES;
use crate::process::check;
use crate::{Error, Result};

use super::{Context, Exit, print};

/// Check batch files before they are uploaded, and results after.
///
/// Prints file, line, field and what is wrong; exits 1 when anything is.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files of requests, metadata, results or records.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print line N of the file instead, spread out, with the answer inside it unfolded.
    #[arg(long, value_name = "N")]
    show: Option<NonZeroU64>,
}

/// Runs the command.
///
/// # Errors
/// What [`check::check`] and [`check::show`] return.
pub fn run(args: Args, context: &Context) -> Result<Exit> {
    if let Some(missing) = args.files.iter().find(|file| !file.is_file()) {
        return Err(Error::Missing { what: "file", path: missing.clone(), hint_text: String::new() });
    }
    if let Some(number) = args.show {
        for file in &args.files {
            print::line(check::show(file, number.get(), MAX_LINE_BYTES)?);
        }
        return Ok(Exit::Complete);
    }
    let checked = args.files.iter().map(|file| check::check(file, MAX_LINE_BYTES, &context.progress));
    let checked = checked.collect::<Result<Vec<_>>>()?;
    if context.json {
        print::json(&checked);
    } else {
        checked.iter().for_each(tell);
    }
    Ok(if checked.iter().all(|file| file.count == 0) { Exit::Complete } else { Exit::Failure })
}

fn tell(checked: &check::Checked) {
    let file = checked.file.display();
    for finding in &checked.findings {
        let line = if finding.line == 0 { String::new() } else { format!(":{}", finding.line) };
        let field = if finding.field.is_empty() { String::new() } else { format!(" {}", finding.field) };
        print::line(format_args!("{file}{line}:{field} {}", finding.what));
    }
    let more = checked.count - checked.findings.len() as u64;
    if more > 0 {
        print::line(format_args!("{file}: and {more} more"));
    }
    print::line(format_args!("{file}: {} lines of {}, {} findings", checked.lines, checked.kind, checked.count));
}
