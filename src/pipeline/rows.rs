//! `aacorn run` for recipes over rows: requests, answers, and the table with its answers.
//!
//! What is there already is not made again, so a run that was stopped anywhere goes on when it is started again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::runtime::Runtime;

use super::{Answers, answer_here, problems, remote};
use crate::assets::Assets;
use crate::dialect::Service;
use crate::jobs::{Cleaned, CostOptions, Desk, Shard};
use crate::language::Languages;
use crate::ledger::Ledger;
use crate::model::Clock;
use crate::price::{Money, Prices};
use crate::progress::{Progress, go_on};
use crate::provider::BatchApi;
use crate::recipe::rows::RowRecipe;
use crate::rows::Format;
use crate::{Error, Result, files, generate, jobs, process};

/// What to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// What to ask about, of whom.
    pub generate: generate::rows::Options,
    /// A file, or a folder.
    pub output: PathBuf,
    /// Threads; 0 for as many as the machine has.
    pub jobs: usize,
    /// Fixes every clock.
    pub now: Option<Timestamp>,
    /// How the answers are come by.
    pub answers: Answers,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Report {
    /// What was asked.
    pub generated: generate::rows::Report,
    /// What was answered.
    pub table: process::rows::Report,
    /// What the provider said of jobs that failed as a whole.
    pub problems: Vec<String>,
    /// What was removed at the provider.
    pub cleaned: Option<Cleaned>,
}

/// Generates, submits, watches, fetches, processes.
///
/// # Errors
/// Those of the stages; [`Error::Refused`] when it would cost more than the recipe allows, or nobody knows how much.
pub fn run(assets: &Assets, languages: &Arc<Languages>, options: &Options, progress: &dyn Progress) -> Result<Report> {
    let runtime = Runtime::new().map_err(|error| Error::Usage(format!("cannot start a runtime: {error}")))?;
    // Before anything is written: a key that is not there is better known now.
    let api = remote(&options.answers, options.generate.provider, Service::openai())?;
    let recipe = RowRecipe::load(assets, &options.generate.recipe)?.with(&options.generate.overrides)?;
    check_output(assets, &recipe, options)?;
    let limits = &recipe.limits;
    let mut asking = options.generate.clone();
    asking.again |= limits.allow_same_dataset && last_is_done(assets, options)?;
    let generated = generate::rows::generate(assets, &asking, progress)?;
    go_on(progress)?;
    let shards = shards(&generated, options)?;
    let ledger = Ledger::open(&options.generate.out, Clock::new(options.now))?;
    if api.is_some() {
        let unsent = jobs::unsent(&ledger, &shards)?;
        jobs::check_requests(&unsent, options.generate.provider, Service::openai(), progress)?;
        if let Some(most) = limits.max_cost_usd {
            affordable(&unsent, most, answer_tokens(&recipe, options), progress)?;
        }
    }
    let answered = match (&api, shards.is_empty()) {
        (_, true) => None,
        (Some(api), false) => {
            let room = options.answers.room();
            Some(runtime.block_on(jobs::complete_within(&shards, api.as_ref(), &ledger, progress, room))?)
        }
        (None, false) => {
            let answers = answer_here(&shards, languages, &options.answers, options.now, &ledger, progress);
            Some(runtime.block_on(answers)?)
        }
    };
    go_on(progress)?;
    let table = process::rows::TableRun { folder: generated.folder.clone(), run: generated.run.clone() };
    let processing = process::rows::Options {
        responses: vec![generated.folder.clone()],
        output: options.output.clone(),
        fresh: false,
        max_line: files::MAX_LINE_BYTES,
        index_bytes: process::INDEX_BYTES,
        jobs: options.jobs,
        languages: Arc::clone(languages),
    };
    let table = process::rows::process(assets, &table, &processing, progress)?;
    let cleaned = match api.as_deref().filter(|_| limits.clean_up) {
        Some(api) => Some(runtime.block_on(clean_up(&shards, api, &ledger, progress))?),
        None => None,
    };
    let problems = answered.as_ref().map(problems).unwrap_or_default();
    Ok(Report { generated, table, problems, cleaned })
}

/// The batch files of the table: this run's, and those of earlier runs whose answers count still.
fn shards(generated: &generate::rows::Report, options: &Options) -> Result<Vec<Shard>> {
    let mut ours = Vec::new();
    for path in generate::existing_shards(&generated.folder, &generated.run.label)? {
        if generate::provider_of(&path)?.as_deref() == Some(options.generate.provider.name()) {
            ours.push(Shard { path });
        }
    }
    Ok(ours)
}

/// Whether the last run over these rows has all its results, so that "again" means anew and not on.
fn last_is_done(assets: &Assets, options: &Options) -> Result<bool> {
    let label = generate::rows::label(assets, &options.generate)?;
    let folder = options.generate.out.join(&label);
    let shards = generate::existing_shards(&folder, &label)?;
    if !Ledger::exists(&options.generate.out) {
        return Ok(false);
    }
    let ledger = Ledger::open(&options.generate.out, Clock::new(options.now))?;
    let shards: Vec<Shard> = shards.into_iter().map(|path| Shard { path }).collect();
    let here = |shard: &Shard| {
        let job = ledger.job_of(&shard.name(ledger.folder()))?;
        Ok::<_, Error>(job.is_some_and(|job| job.phase == crate::ledger::Phase::Fetched))
    };
    for shard in &shards {
        if !here(shard)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The rows must have a place to go before anyone is paid for an answer.
fn check_output(assets: &Assets, recipe: &RowRecipe, options: &Options) -> Result<()> {
    let Options { generate, output, .. } = options;
    let label = generate::rows::label(assets, generate)?;
    let told = generate.input.as_deref().or(recipe.input.path.as_deref().map(Path::new)).map(Format::told);
    let own = generate.format.or_else(|| Some(told?.ok()?.0)).unwrap_or(Format::Jsonl);
    process::rows::check_output(recipe, output, &label, own, &generate.overrides, generate.input.as_deref())
}

/// The longest that an answer may be, in tokens; what answers mostly have where there is no limit.
fn answer_tokens(recipe: &RowRecipe, options: &Options) -> u64 {
    const USUAL: u64 = 500;
    let limits = ["max_completion_tokens", "max_tokens", "max_output_tokens"];
    let told = |params: &Map<String, Value>| limits.iter().find_map(|name| params.get(*name)?.as_u64());
    let own = || told(&recipe.request.params).or(recipe.request.max_tokens.map(u64::from));
    told(&options.generate.params).or_else(own).unwrap_or(USUAL)
}

/// Refuses to send what may cost more than the recipe allows, when answers are as long as they may be.
fn affordable(shards: &[Shard], most: f64, answer_tokens: u64, progress: &dyn Progress) -> Result<()> {
    let asking = CostOptions { prices: Prices::load(None)?, given: None, expected_output: Some(answer_tokens) };
    let mut sum = Money::default();
    for cost in jobs::cost(shards, &asking, progress)? {
        let Some(price) = cost.estimate.batch else {
            let detail = "no price is known for it, and the recipe has limits.max_cost_usd: submit it by hand";
            return Err(Error::Refused(format!("model `{}`: {detail} with --price-in and --price-out", cost.model)));
        };
        sum = sum.plus(price);
    }
    if sum.as_dollars() > most {
        let detail = "take fewer rows with --limit, or raise the limit in your own copy of the recipe";
        return Err(Error::Refused(format!("this may cost up to {sum}, limits.max_cost_usd is {most}: {detail}")));
    }
    Ok(())
}

async fn clean_up(shards: &[Shard], api: &dyn BatchApi, ledger: &Ledger, progress: &dyn Progress) -> Result<Cleaned> {
    let mut cleaned = Cleaned::default();
    let leftovers = jobs::leftovers(ledger, shards, &[])?;
    let here: Vec<_> = leftovers.remote.into_iter().filter(|file| file.home == api.home()).collect();
    jobs::clean_remote(Desk { api, ledger, progress }, &here, &mut cleaned).await?;
    Ok(cleaned)
}
