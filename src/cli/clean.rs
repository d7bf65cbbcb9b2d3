//! `aacorn clean`: removes files at providers whose content is here, and what killed programs left.

use std::path::PathBuf;

use serde_json::json;

use super::desk::{self, DeskArgs};
use super::{Context, Exit, print};
use crate::jobs::{Cleaned, Desk, Kept, Leftovers, Report, What, clean_local, clean_remote, leftovers};
use crate::{Error, Result};

/// Remove uploads and results at the provider whose content is here, and half-written files of programs that were killed.
///
/// Batch files, results, and everything of jobs whose results are not here stay. Asks first.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    desk: DeskArgs,
    /// Do not ask.
    #[arg(long, short)]
    yes: bool,
    /// Only show what would be removed.
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
}

/// Runs the command.
pub fn run(args: Args, context: &Context) -> Result<Exit> {
    let folders = args.desk.folders(context)?;
    let below: Vec<PathBuf> = args.desk.paths.iter().filter(|path| path.is_dir()).cloned().collect();
    let mut found = Vec::new();
    for folder in &folders {
        let ledger = folder.ledger.folder();
        let here: Vec<PathBuf> = below.iter().filter(|path| path.starts_with(ledger)).cloned().collect();
        found.push(leftovers(&folder.ledger, &folder.shards, &here)?);
    }
    if !context.json {
        found.iter().for_each(show);
    }
    let (remote, local) = found.iter().fold((0, 0), |(remote, local), leftovers| {
        (remote + leftovers.remote.len() as u64, local + leftovers.local.len() as u64)
    });
    let amount = format!("{} at the provider and {} here", print::count(remote, "file"), local);
    let mut cleaned = Cleaned::default();
    let mut wanted = false;
    if remote + local > 0 && !args.dry_run {
        wanted = args.yes
            || print::ask(format_args!("remove {amount}?")).ok_or_else(|| {
                Error::Usage("clean asks before it removes anything: add --yes where nobody can answer".to_owned())
            })?;
    }
    if wanted {
        for (folder, leftovers) in folders.iter().zip(&found) {
            remove(&args, context, folder, leftovers, &mut cleaned)?;
        }
    }
    if context.json {
        print::json(&json!({"found": found, "cleaned": cleaned}));
    } else {
        cleaned.failed.iter().for_each(|failed| print::line(format_args!("not removed: {failed}")));
        match (remote + local, wanted) {
            (0, _) => print::line("nothing to remove"),
            (_, true) => {
                print::line(format_args!(
                    "removed {} at the provider and {} here",
                    print::count(cleaned.remote, "file"),
                    cleaned.local
                ));
            }
            (_, false) => print::line(format_args!("nothing was removed; it would be {amount}")),
        }
        print::next(next(&args, &found, wanted || remote + local == 0, &desk::report(&folders)?));
    }
    Ok(if cleaned.failed.is_empty() { Exit::Complete } else { Exit::Incomplete })
}

fn remove(
    args: &Args,
    context: &Context,
    folder: &desk::Folder,
    leftovers: &Leftovers,
    cleaned: &mut Cleaned,
) -> Result<()> {
    let runtime = desk::runtime()?;
    let place = |file: &crate::jobs::RemoteFile| (file.provider.clone(), file.home.clone());
    for files in leftovers.remote.chunk_by(|a, b| place(a) == place(b)) {
        let api = folder.api_of(files[0].job, &args.desk)?;
        let desk = Desk { api: api.as_ref(), ledger: &folder.ledger, progress: &context.progress };
        runtime.block_on(clean_remote(desk, files, cleaned))?;
    }
    clean_local(&leftovers.local, cleaned)
}

fn show(leftovers: &Leftovers) {
    for file in &leftovers.remote {
        let what = match file.what {
            What::Upload => "upload",
            What::Output => "results",
            What::Errors => "errors",
        };
        print::line(format_args!("{} at {}: {what} of {}", file.id, file.provider, file.shard));
    }
    leftovers.local.iter().for_each(|path| print::line(path.display()));
    for Kept { shard, why } in &leftovers.kept {
        print::line(format_args!("kept: files of {shard}, for {why}"));
    }
}

fn next(args: &Args, found: &[Leftovers], done: bool, report: &Report) -> String {
    let paths = desk::typed(&args.desk);
    if !done {
        format!("aacorn clean --yes{paths}")
    } else if report.shards.iter().all(|shard| shard.phase.is_none() && shard.output.is_none()) {
        format!("aacorn submit{paths}")
    } else if found.iter().any(|leftovers| !leftovers.kept.is_empty()) {
        format!("aacorn watch{paths}")
    } else {
        desk::next_after_results(&args.desk)
    }
}
