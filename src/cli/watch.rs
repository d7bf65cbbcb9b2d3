//! `aacorn watch`: waits for the jobs to end and fetches each as it does.

use std::time::Duration;

use futures_util::future::try_join_all;

use super::desk::{self, DeskArgs};
use super::{Context, Exit, print};
use crate::jobs::{ShardReport, watch};
use crate::{Error, Result};

/// Watch the jobs of batch files until all have ended, and fetch their results. Ctrl-C is safe: run it again to go on.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    desk: DeskArgs,
    /// Seconds between two looks, instead of the provider's pace.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    interval: Option<Duration>,
}

/// Runs the command.
pub fn run(args: Args, context: &Context) -> Result<Exit> {
    let folders = args.desk.folders(context)?;
    let mut groups = Vec::new();
    for folder in &folders {
        groups.extend(folder.groups(&args.desk, args.interval)?);
    }
    let watched =
        desk::runtime()?.block_on(try_join_all(groups.iter().map(|group| watch(group.desk(context), &group.shards))));
    if matches!(watched, Err(Error::Interrupted)) {
        print::note(format_args!(
            "the jobs go on without you; to go on watching: aacorn watch{}",
            desk::typed(&args.desk)
        ));
        return Ok(Exit::Interrupted);
    }
    watched?;
    finish(&args.desk, &folders, context)
}

/// Prints how it ended, what to do next, and says whether everything is here.
pub fn finish(args: &DeskArgs, folders: &[desk::Folder], context: &Context) -> Result<Exit> {
    let report = desk::report(folders)?;
    desk::print_report(&report, context);
    if !context.json {
        print::next(if report.shards.iter().all(ShardReport::is_unsent) {
            format!("aacorn submit{}", desk::typed(args))
        } else {
            desk::next_after_results(args)
        });
    }
    Ok(if report.is_complete() { Exit::Complete } else { Exit::Incomplete })
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "give seconds as a number")?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}
