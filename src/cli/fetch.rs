//! `aacorn fetch`: results of jobs that have ended.

use std::path::PathBuf;

use super::desk::{self, DeskArgs};
use super::{Context, Exit, print, watch};
use crate::jobs::{Adoption, adopt, fetch};
use crate::{Error, Result};

/// Fetch the results of jobs that have ended. Results that are here are left alone.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    desk: DeskArgs,
    /// Take results that were downloaded by hand, output and error files alike: each goes to the batch file whose requests
    /// it answers. Asks nobody.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    from: Vec<PathBuf>,
}

/// Runs the command.
pub fn run(args: Args, context: &Context) -> Result<Exit> {
    if let Some(missing) = args.from.iter().find(|file| !file.is_file()) {
        return Err(Error::Missing { what: "file", path: missing.clone(), hint_text: String::new() });
    }
    let folders = args.desk.folders(context)?;
    if args.from.is_empty() {
        let runtime = desk::runtime()?;
        for folder in &folders {
            for group in folder.groups(&args.desk, None)? {
                runtime.block_on(fetch(group.desk(context), &group.shards))?;
            }
        }
    } else {
        let [folder] = folders.as_slice() else {
            return Err(Error::Usage(
                "--from: name batch files of one folder, the one whose results these are".to_owned(),
            ));
        };
        let adoption = adopt(&folder.ledger, &folder.shards, &args.from, &context.progress)?;
        if !context.json {
            show(&adoption);
        }
    }
    watch::finish(&args.desk, &folders, context)
}

fn show(adoption: &Adoption) {
    for adopted in &adoption.adopted {
        let (rows, how) = (print::count(adopted.rows, "row"), if adopted.known { "there already:" } else { "→" });
        print::line(format_args!("{}: {rows} {how} {}", adopted.file.display(), adopted.to.display()));
    }
    for (file, rows) in &adoption.strays {
        let rows = print::count(*rows, "row");
        print::line(format_args!("{}: {rows} that answer no request of these batch files", file.display()));
    }
}
