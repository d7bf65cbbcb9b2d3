//! `aacorn submit`: batch files become jobs at a provider, once.

use serde_json::json;

use super::desk::{self, DeskArgs};
use super::generate::provider_parser;
use super::{Context, Exit, print};
use crate::Result;
use crate::jobs::{Desk, Submitted, submit};
use crate::model::Provider;
use crate::provider::connect;

/// Send batch files to a provider. What was sent before is not sent again.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    desk: DeskArgs,
    /// Who is to answer.
    #[arg(long, default_value = "openai", value_parser = provider_parser())]
    provider: Provider,
    /// Also send shards again whose jobs have ended: they are paid again.
    #[arg(long)]
    again: bool,
}

/// Runs the command.
pub fn run(args: Args, context: &Context) -> Result<Exit> {
    let folders = args.desk.folders(context)?;
    let api = connect(args.provider, args.desk.connection(None, None))?;
    let runtime = desk::runtime()?;
    let mut submitted = Vec::new();
    for folder in &folders {
        let desk = Desk { api: api.as_ref(), ledger: &folder.ledger, progress: &context.progress };
        submitted.extend(runtime.block_on(submit(desk, &folder.shards, args.again))?);
    }
    if context.json {
        print_json(&submitted);
    } else {
        submitted.iter().for_each(print_one);
        print::next(format_args!("aacorn watch{}", desk::typed(&args.desk)));
    }
    let any_new = submitted.iter().any(|one| matches!(one, Submitted::New(_) | Submitted::Resumed(_)));
    Ok(if any_new { Exit::Complete } else { Exit::Failure })
}

fn print_one(submitted: &Submitted) {
    match submitted {
        Submitted::New(job) | Submitted::Resumed(job) => {
            let id = job.remote.as_deref().unwrap_or_default();
            print::line(format_args!("{}: job {id} at {}, {} requests", job.shard, job.provider, job.requests));
        }
        Submitted::Known(job) => {
            let id = job.remote.as_deref().unwrap_or("without id");
            print::line(format_args!(
                "{}: it is job {id} at {} already ({}); --again sends it once more when that has ended",
                job.shard, job.provider, job.status
            ));
        }
        Submitted::Answered(shard) => {
            let output = shard.output();
            print::line(format_args!(
                "{}: its results are here already, in {}; --again sends it all the same",
                shard.path.display(),
                output.display()
            ));
        }
    }
}

fn print_json(submitted: &[Submitted]) {
    let entries: Vec<_> = submitted
        .iter()
        .map(|one| match one {
            Submitted::New(job) => json!({"outcome": "new", "job": job}),
            Submitted::Resumed(job) => json!({"outcome": "resumed", "job": job}),
            Submitted::Known(job) => json!({"outcome": "known", "job": job}),
            Submitted::Answered(shard) => json!({"outcome": "answered", "shard": shard.path}),
        })
        .collect();
    print::json(&json!({"submitted": entries}));
}
