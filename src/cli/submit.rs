//! `aacorn submit`: batch files become jobs at a provider, once.

use serde_json::json;

use super::cost::PriceArgs;
use super::desk::{self, DeskArgs, Folder};
use super::generate::{provider_parser, service_parser};
use super::{Context, Exit, print};
use crate::dialect::{Dialect, Service};
use crate::jobs::{CostOptions, Desk, Shard, Submitted, check_requests, check_room, cost, submit_into, unsent};
use crate::ledger::Phase;
use crate::model::Provider;
use crate::price::Money;
use crate::provider::{BatchApi, connect};
use crate::{Error, Result};

/// Send batch files to a provider. What was sent before is not sent again.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    desk: DeskArgs,
    /// Who is to answer.
    #[arg(long, default_value = "openai", value_parser = provider_parser())]
    provider: Provider,
    /// Which service of OpenAI's shape, where the base URL does not tell.
    #[arg(long, value_name = "NAME", value_parser = service_parser())]
    service: Option<&'static Service>,
    /// Have at most so many tokens of prompts under way there; the other batch files wait, and `watch` sends them.
    #[arg(long, value_name = "N")]
    max_queued_tokens: Option<u64>,
    /// Do not look the requests over before they are sent.
    #[arg(long)]
    unchecked: bool,
    /// Also send shards again whose jobs have ended: they are paid again.
    #[arg(long)]
    again: bool,
    /// Stop before the batch files given cost more than this, by the estimate of `aacorn cost`.
    #[arg(long, value_name = "DOLLARS")]
    max_cost: Option<String>,
    #[command(flatten)]
    prices: PriceArgs,
}

/// Runs the command.
pub fn run(args: Args, context: &Context) -> Result<Exit> {
    let mut budget = args.budget()?;
    let mut folders = args.desk.folders(context)?;
    args.leave_others(&mut folders)?;
    let named = args.service.map_or("", |service| service.name.as_str());
    let api = connect(args.provider, args.desk.connection(None, named, None))?;
    // All folders are looked over and priced before anything of the first is sent.
    if !args.unchecked {
        let service = Service::named(api.service()).unwrap_or_else(|_| Service::openai());
        for folder in &folders {
            let new = unsent(&folder.ledger, &folder.shards)?;
            check_requests(&new, args.provider, service, &context.progress)?;
        }
    }
    let mut affordable = Vec::new();
    for folder in &folders {
        check_room(&folder.shards, args.max_queued_tokens, &context.progress)?;
        affordable.push(match &mut budget {
            Some(budget) => budget.affordable(&folder.shards, context)?,
            None => folder.shards.len(),
        });
    }
    let held_back: usize = folders.iter().zip(&affordable).map(|(folder, most)| folder.shards.len() - most).sum();
    let mut submitted = Vec::new();
    let sent = send(&args, api.as_ref(), &folders, &affordable, context, &mut submitted);
    if let Err(error) = sent {
        if !submitted.is_empty() {
            show(&submitted, context);
        }
        if any_new(&submitted) && Exit::from(&error) == Exit::Usage {
            // The code of arguments says that nothing was done.
            print::error(&error);
            return Ok(Exit::Failure);
        }
        return Err(error);
    }
    show(&submitted, context);
    if !context.json {
        let report = desk::report(&folders)?;
        let settled = report.is_settled() && held_back == 0;
        print::next(match settled {
            true => desk::next_after_results(&args.desk),
            false if submitted.is_empty() => {
                format!("aacorn cost{} says what each costs; then a higher --max-cost", desk::typed(&args.desk))
            }
            false => format!("aacorn watch{}", desk::typed(&args.desk)),
        });
    }
    if held_back > 0 {
        let most = args.max_cost.as_deref().unwrap_or_default();
        let files = print::count(held_back as u64, "batch file");
        let were = if held_back == 1 { "was" } else { "were" };
        print::note(format_args!("{files} {were} not sent: that would cost more than ${most}"));
        return Ok(Exit::Incomplete);
    }
    if !any_new(&submitted) {
        print::note("nothing was sent: all of it had been sent before");
    }
    Ok(Exit::Complete)
}

/// Sends what can be paid of each folder; `submitted` holds what was, whatever comes after it.
fn send(
    args: &Args,
    api: &dyn BatchApi,
    folders: &[Folder],
    affordable: &[usize],
    context: &Context,
    submitted: &mut Vec<Submitted>,
) -> Result<()> {
    let runtime = desk::runtime()?;
    for (folder, affordable) in folders.iter().zip(affordable) {
        let desk = Desk { api, ledger: &folder.ledger, progress: &context.progress };
        let shards = &folder.shards[..*affordable];
        runtime.block_on(submit_into(desk, shards, args.again, args.max_queued_tokens, submitted))?;
    }
    Ok(())
}

fn any_new(submitted: &[Submitted]) -> bool {
    submitted.iter().any(|one| matches!(one, Submitted::New(_) | Submitted::Resumed(_) | Submitted::Waiting(_)))
}

fn show(submitted: &[Submitted], context: &Context) {
    if context.json {
        print_json(submitted);
    } else {
        submitted.iter().for_each(print_one);
    }
}

/// What may still be spent.
struct Budget {
    left: Money,
    options: CostOptions,
}

impl Args {
    /// Leaves batch files for other providers out, unless they were named themselves.
    fn leave_others(&self, folders: &mut [Folder]) -> Result<()> {
        let dialect = Dialect::from(self.provider).name();
        let ours =
            |shard: &Shard| self.desk.paths.contains(&shard.path) || shard.dialect().is_none_or(|own| own == dialect);
        let count = |folders: &[Folder]| folders.iter().map(|folder| folder.shards.len()).sum::<usize>();
        let before = count(folders);
        folders.iter_mut().for_each(|folder| folder.shards.retain(ours));
        let after = count(folders);
        if after == 0 && before > 0 {
            let provider = self.provider.name();
            let detail = "no batch file there is for it: generate some with the same --provider";
            return Err(Error::Usage(format!("--provider {provider}: {detail}")));
        }
        if after < before {
            let files = print::count((before - after) as u64, "batch file");
            print::note(format_args!("{files} for another provider left out"));
        }
        Ok(())
    }

    fn budget(&self) -> Result<Option<Budget>> {
        let Some(most) = &self.max_cost else { return Ok(None) };
        let left = Money::dollars(most)
            .ok_or_else(|| Error::Usage(format!("--max-cost {most}: give dollars, such as 12.50")))?;
        Ok(Some(Budget { left, options: self.prices.options()? }))
    }
}

impl Budget {
    /// How many of the shards can be paid, from the first; those that have been sent before count too, so that the same
    /// command twice spends no more.
    fn affordable(&mut self, shards: &[Shard], context: &Context) -> Result<usize> {
        for (at, cost) in cost(shards, &self.options, &context.progress)?.into_iter().enumerate() {
            let Some(price) = cost.actual.and_then(|bill| bill.batch).or(cost.estimate.batch) else {
                let detail = "the cost is not known: give --price-in, --price-out and --expected-output";
                return Err(Error::Usage(format!("--max-cost: {}: {detail}", cost.shard)));
            };
            match self.left.minus(price) {
                Some(left) => self.left = left,
                None => {
                    self.left = Money::default();
                    return Ok(at);
                }
            }
        }
        Ok(shards.len())
    }
}

fn print_one(submitted: &Submitted) {
    match submitted {
        Submitted::New(job) | Submitted::Resumed(job) => {
            let id = job.remote.as_deref().unwrap_or_default();
            print::line(format_args!("{}: job {id} at {}, {} requests", job.shard, job.provider, job.requests));
        }
        Submitted::Known(job) => {
            let id = job.remote.as_deref().unwrap_or("without id");
            let when = if job.phase < Phase::Ended { " when that has ended" } else { "" };
            print::line(format_args!(
                "{}: it is job {id} at {} already ({}); --again sends it once more{when}",
                job.shard, job.provider, job.status
            ));
        }
        Submitted::Waiting(job) => {
            print::line(format_args!("{}: waits for room in the queue of {}; watch sends it", job.shard, job.provider));
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
            Submitted::Waiting(job) => json!({"outcome": "waiting", "job": job}),
            Submitted::Answered(shard) => json!({"outcome": "answered", "shard": shard.path}),
        })
        .collect();
    print::json(&json!({"submitted": entries}));
}
