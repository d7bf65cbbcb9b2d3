//! `aacorn status`: how the jobs are, asked once.

use super::desk::{self, DeskArgs};
use super::{Context, Exit, print};
use crate::Result;
use crate::jobs::status;

/// Show how the jobs of batch files are.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    desk: DeskArgs,
}

/// Runs the command.
pub fn run(args: Args, context: &Context) -> Result<Exit> {
    let folders = args.desk.folders(context)?;
    let runtime = desk::runtime()?;
    let mut trouble = None;
    for folder in &folders {
        for group in folder.groups(&args.desk, None)? {
            // What the ledger knows is shown all the same.
            trouble = trouble.or(runtime.block_on(status(group.desk(context), &group.shards)).err());
        }
    }
    let report = desk::report(&folders)?;
    desk::print_report(&report, context);
    if let Some(error) = trouble {
        return Err(error);
    }
    if !context.json {
        print::next(desk::next(&args.desk, &report));
    }
    Ok(Exit::Complete)
}
