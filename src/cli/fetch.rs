//! `aacorn fetch`: results of jobs that have ended.

use super::desk::{self, DeskArgs};
use super::{Context, Exit, watch};
use crate::Result;
use crate::jobs::fetch;

/// Fetch the results of jobs that have ended. Results that are here are left alone.
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
            runtime.block_on(fetch(group.desk(context), &group.shards))?;
        }
    }
    watch::finish(&args.desk, &folders, context)
}
