//! Stage 1: plan items become requests, in batch files with their metadata.
//!
//! A locale's batch files stand in `<out>/<locale>/`, under the names of the guide:
//! `openai_batch_<locale>_<run>.jsonl`, which goes to the provider, and `batch_<locale>_openai_<run>_metadata.jsonl`, which
//! stays: the same line plus a nested `metadata` with the whole plan item.

mod existing;
mod lint;
pub mod rows;
mod shards;
mod skeleton;
mod work;

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::assets::Assets;
use crate::dialect::{Dialect, JsonMode, Requests, Service};
use crate::language::Languages;
use crate::model::{Locale, Provider};
use crate::progress::{Progress, go_on};
use crate::recipe::{Knowledge, KnowledgeCounts, Recipe, Source};
use crate::{Error, Result};

pub use existing::{gaps, next_index, provider_of, shards as existing_shards};
pub use lint::{Finding, Lint, lint};
pub use shards::{Shard, run_id};
pub use skeleton::{Skeleton, Task, skeleton};
use work::Work;

/// Requests between two looks at whether the person wants to stop.
const STRIDE: u64 = 1024;

/// What to generate.
#[derive(Debug, Clone)]
pub struct Options {
    /// Recipe's name.
    pub recipe: String,
    /// Locales, each once.
    pub locales: Vec<Locale>,
    /// How many plan items a locale.
    pub amount: Amount,
    /// Seed of the plan.
    pub seed: u64,
    /// Who will answer.
    pub provider: Provider,
    /// Which service, where the provider is `openai`.
    pub service: &'static Service,
    /// The model, or `None` for the recipe's own for that provider.
    pub model: Option<String>,
    /// Parameters that go into each request's body and win over the recipe's.
    pub params: Map<String, Value>,
    /// How strictly the form of the answer is asked for.
    pub json_mode: JsonMode,
    /// Topics from a knowledge file, in place of, or mixed with, the pack's scenarios.
    pub knowledge: Option<Source>,
    /// Folder of the batch files.
    pub out: PathBuf,
    /// The time that names the run and stands in the metadata.
    pub now: Timestamp,
}

/// Which plan items of a locale to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Amount {
    /// `num` from index `start` on; without `start`, after those that the folder holds of this seed.
    More {
        /// How many.
        num: u64,
        /// Index of the first.
        start: Option<u64>,
    },
    /// Those below this index that the folder does not hold yet; none is fine.
    UpTo(u64),
}

/// What was generated.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// The run's id, part of every file name.
    pub run: String,
    /// The model asked for.
    pub model: String,
    /// What became of the entries of the knowledge file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub knowledge: Option<KnowledgeCounts>,
    /// A line for each locale.
    pub locales: Vec<LocaleReport>,
}

/// What was generated for a locale.
#[derive(Debug, Clone, Serialize)]
pub struct LocaleReport {
    /// The locale.
    pub locale: Locale,
    /// Index of the first plan item.
    pub start: u64,
    /// Requests written.
    pub requests: u64,
    /// Batch files with their metadata.
    pub shards: Vec<Shard>,
}

/// Generates the batch files of every locale.
///
/// Nothing is written when an argument, pack or template is wrong. Memory does not grow with `num`.
///
/// # Errors
/// [`Error::Usage`] for no plan items at all or an id that would be too long; [`Error::Data`] for a wrong pack or template; [`Error::Io`];
/// [`Error::Interrupted`] between batch files, those that were finished staying.
pub fn generate(assets: &Assets, languages: &Languages, options: &Options, progress: &dyn Progress) -> Result<Report> {
    if matches!(options.amount, Amount::More { num: 0, .. } | Amount::UpTo(0)) {
        return Err(Error::Usage("--num 0: give the number of conversations a locale, 1 or more".to_owned()));
    }
    check_params(options.provider, options.model.as_ref(), &options.params)?;
    let recipe = Recipe::load(assets, &options.recipe)?;
    let model = model(&recipe, options)?;
    let knowledge = options.knowledge.as_ref().map(Knowledge::read).transpose()?.map(Arc::new);
    let mut works = Vec::new();
    for locale in &options.locales {
        works.push(Work::prepare(assets, languages, &recipe, locale, knowledge.as_ref(), options)?);
    }
    let run = run_id(
        options.now,
        options.seed,
        &recipe.name,
        works.iter().map(|work| (&work.locale, work.indices.as_slice())),
    );
    let knowledge = knowledge.map(|knowledge| knowledge.counts());
    let mut report = Report { run: run.clone(), model: model.clone(), knowledge, locales: Vec::new() };
    for mut work in works {
        go_on(progress)?;
        let requests = work.indices.iter().map(|range| range.end - range.start).sum();
        let start = work.indices.first().map_or(0, |range| range.start);
        let task = progress.task("generate", work.locale.as_str(), Some(requests), "requests");
        let shards = work.write(&recipe, &model, &run, options, progress, &mut |done| task.advance(done))?;
        report.locales.push(LocaleReport { locale: work.locale, start, requests, shards });
    }
    Ok(report)
}

/// Numbers by nature, in any dialect's words.
const NUMBERS: [&str; 10] = [
    "temperature",
    "top_p",
    "topP",
    "top_k",
    "topK",
    "max_tokens",
    "max_completion_tokens",
    "maxOutputTokens",
    "presence_penalty",
    "frequency_penalty",
];

fn check_params(provider: Provider, model: Option<&String>, params: &Map<String, Value>) -> Result<()> {
    for (key, value) in params {
        let reserved = Dialect::from(provider).reserved().iter().find(|(name, _)| name == key);
        if let Some((_, instead)) = reserved {
            return Err(Error::Usage(format!("--param {key}: {instead}")));
        }
        if NUMBERS.contains(&key.as_str()) && !value.is_number() {
            return Err(Error::Usage(format!("--param {key}: {value} is not a number")));
        }
    }
    match model {
        Some(model) if model.trim().is_empty() => Err(Error::Usage("--model: the name is empty".to_owned())),
        _ => Ok(()),
    }
}

/// Looks over the first request of many; the others differ from it in their id and prompt only.
fn check_first(line: &[u8], provider: Provider, service: &'static Service, advice: &str) -> Result<()> {
    let wrong = Requests::new(provider, service).accept(line);
    wrong.map_err(|wrong| Error::Usage(format!("what was asked for would be refused: {wrong}{advice}")))
}

fn model(recipe: &Recipe, options: &Options) -> Result<String> {
    if options.provider == Provider::OpenAi && options.service.own_model && options.model.is_none() {
        let what = if options.service.name == "azure" { "deployment" } else { "model" };
        return Err(Error::Usage(format!("{}: name your {what} with --model", options.service.name)));
    }
    options.model.clone().or_else(|| recipe.request.models.get(options.provider.name()).cloned()).ok_or_else(|| {
        Error::Usage(format!("recipe `{}` names no model for {}: give --model", recipe.name, options.provider))
    })
}
