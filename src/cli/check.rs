//! `aacorn check`: what is wrong with batch files and results, line by line.

use std::num::NonZeroU64;
use std::path::PathBuf;

use crate::Result;
use crate::files::{MAX_LINE_BYTES, jsonl_files};
use crate::process::check;

use super::{Context, Exit, print};

/// Findings of a file that are printed; --json has a thousand.
const SHOWN: usize = 50;

/// Check batch files before they are uploaded, and results after.
///
/// Prints file, line, field and what is wrong; exits 1 when anything is.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files of requests, metadata, results or records, packed or not, or folders of them.
    #[arg(required = true, value_name = "PATH")]
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
    let mut files = Vec::new();
    for path in &args.files {
        let found = jsonl_files(path, "file")?.into_iter();
        // A folder also has reports and the like, which are JSON over many lines.
        files.extend(found.filter(|file| !path.is_dir() || file.extension().is_none_or(|ext| ext != "json")));
    }
    if let Some(number) = args.show {
        for file in &files {
            print::line(check::show(file, number.get(), MAX_LINE_BYTES)?);
        }
        return Ok(Exit::Complete);
    }
    let checked = files.iter().map(|file| check::check(file, MAX_LINE_BYTES, &context.progress));
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
    for finding in checked.findings.iter().take(SHOWN) {
        let line = if finding.line == 0 { String::new() } else { format!(":{}", finding.line) };
        let field = if finding.field.is_empty() { String::new() } else { format!(" {}", finding.field) };
        print::line(format_args!("{file}{line}:{field} {}", finding.what));
    }
    let more = checked.count.saturating_sub(SHOWN as u64);
    if more > 0 {
        print::line(format_args!("{file}: and {more} more"));
    }
    let (lines, findings) = (print::count(checked.lines, "line"), print::count(checked.count, "finding"));
    print::line(format_args!("{file}: {lines} of {}, {findings}", checked.kind));
}
