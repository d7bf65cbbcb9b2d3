//! `aacorn cancel`: asks jobs to end.

use super::desk::{self, DeskArgs};
use super::{Context, Exit, print};
use crate::Result;
use crate::jobs::cancel;

/// Ask the jobs of batch files to end. What was answered by then can still be fetched.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    desk: DeskArgs,
}

/// Runs the command.
pub fn run(args: Args, context: &Context) -> Result<Exit> {
    let folders = args.desk.folders(context)?;
    let runtime = desk::runtime()?;
    for folder in &folders {
        for group in folder.groups(&args.desk, None)? {
            runtime.block_on(cancel(group.desk(context), &group.shards))?;
        }
    }
    let report = desk::report(&folders)?;
    desk::print_report(&report, context);
    if !context.json {
        print::next(desk::next(&args.desk, &report));
    }
    Ok(Exit::Complete)
}
