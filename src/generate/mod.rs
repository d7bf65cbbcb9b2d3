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

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::assets::Assets;
use crate::dialect::{Dialect, Encoder, Endpoint, JsonMode, Requests, Service, Shape};
use crate::language::{Languages, Pack};
use crate::model::{Locale, Provider};
use crate::progress::{Progress, go_on};
use crate::random::{fingerprint, hash};
use crate::recipe::{Knowledge, KnowledgeCounts, PlanItem, Planner, Prompter, Recipe, Source};
use crate::{Error, Result};

pub use existing::{gaps, next_index, provider_of, shards as existing_shards};
pub use lint::{Finding, Lint, lint};
use shards::ShardWriter;
pub use shards::{Shard, run_id};
pub use skeleton::{Skeleton, Task, skeleton};

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

fn model(recipe: &Recipe, options: &Options) -> Result<String> {
    if options.provider == Provider::OpenAi && options.service.own_model && options.model.is_none() {
        let what = if options.service.name == "azure" { "deployment" } else { "model" };
        return Err(Error::Usage(format!("{}: name your {what} with --model", options.service.name)));
    }
    options.model.clone().or_else(|| recipe.request.models.get(options.provider.name()).cloned()).ok_or_else(|| {
        Error::Usage(format!("recipe `{}` names no model for {}: give --model", recipe.name, options.provider))
    })
}

/// A locale, ready to be written.
struct Work {
    locale: Locale,
    /// Which plan items, in order, none twice.
    indices: Vec<Range<u64>>,
    planner: Planner,
    prompter: Prompter,
}

impl Work {
    fn prepare(
        assets: &Assets,
        languages: &Languages,
        recipe: &Recipe,
        locale: &Locale,
        knowledge: Option<&Arc<Knowledge>>,
        options: &Options,
    ) -> Result<Self> {
        let pack: Arc<Pack> = languages.pack(locale)?;
        let next = || next_index(&options.out.join(locale.as_str()), locale, options.seed);
        let indices = match options.amount {
            Amount::More { num, start } => {
                let start = start.map_or_else(next, Ok)?;
                let end =
                    start.checked_add(num).ok_or_else(|| Error::Usage("--start and --num: too large".to_owned()))?;
                std::iter::once(start..end).collect()
            }
            Amount::UpTo(end) => gaps(&options.out.join(locale.as_str()), locale, options.seed, end)?,
        };
        let last = indices.last().map_or(0, |range| range.end);
        let longest = custom_id(locale, options.seed, last, "ffffff");
        if longest.len() > 64 {
            return Err(Error::Usage(format!(
                "the id `{longest}` would have more than 64 characters: take a smaller --seed"
            )));
        }
        let mut planner = Planner::new(Arc::clone(&pack), locale, recipe, options.seed)?;
        if let Some(knowledge) = knowledge {
            planner = planner.with_knowledge(Arc::clone(knowledge))?;
        }
        Ok(Self { locale: locale.clone(), indices, planner, prompter: Prompter::new(assets, recipe, pack, locale)? })
    }

    fn write(
        &mut self,
        recipe: &Recipe,
        model: &str,
        run: &str,
        options: &Options,
        progress: &dyn Progress,
        done: &mut dyn FnMut(u64),
    ) -> Result<Vec<Shard>> {
        let dialect = Dialect::from(options.provider);
        let service = options.service;
        let encoder = Encoder::at(
            service,
            dialect,
            &Shape {
                endpoint: Endpoint::Chat,
                model,
                schema_name: &recipe.request.schema_name,
                schema: Some(&recipe.schema),
                json_mode: options.json_mode,
                max_tokens: Some(recipe.request.max_tokens),
                temperature: Some(recipe.request.temperature),
                params: &options.params,
            },
            self.prompter.system(),
        );
        let system_hash = hash(self.prompter.system().as_bytes());
        let folder = options.out.join(self.locale.as_str());
        let limits = if dialect == Dialect::OpenAi { service.limits() } else { dialect.limits() };
        let mut writer = ShardWriter::new(&folder, self.locale.as_str(), run, dialect, limits);
        let mut requests = Requests::new(options.provider, service);
        let (mut prompt, mut line, mut hashed) = (Vec::new(), Vec::new(), Vec::new());
        for (nth, index) in (0u64..).zip(self.indices.iter().cloned().flatten()) {
            if nth % STRIDE == 0 {
                go_on(progress)?;
                done(STRIDE.min(nth));
            }
            let item = self.planner.item(index);
            self.prompter.user(&item, &mut prompt)?;
            let user = std::str::from_utf8(&prompt).map_err(|error| Error::data("templates", error))?;
            hashed.clear();
            hashed.extend_from_slice(system_hash.as_bytes());
            hashed.extend_from_slice(&prompt);
            let prompt_hash = fingerprint(&hashed, 32);
            let custom_id = custom_id(&self.locale, options.seed, index, &prompt_hash[..6]);
            line.clear();
            encoder.write(&custom_id, user, &mut line);
            if nth == 0 {
                // The others differ from it in their id and prompt only.
                requests
                    .accept(&line)
                    .map_err(|wrong| Error::Usage(format!("what was asked for cannot be sent: {wrong}")))?;
            }
            writer.write(
                &line,
                &Metadata {
                    recipe: &recipe.name,
                    template_id: &recipe.template_id(self.locale.language()),
                    lang_code: &self.locale,
                    created_at: options.now,
                    provider: options.provider,
                    model,
                    plan: Plan { seed: options.seed, index, prompt_hash: &prompt_hash, item: &item },
                },
            )?;
        }
        writer.finish()
    }
}

/// The id that joins a request with its result: `en-GB-7-0-1a2b3c`.
fn custom_id(locale: &Locale, seed: u64, index: u64, hash: &str) -> String {
    format!("{locale}-{seed}-{index}-{hash}")
}

/// The `metadata` of a metadata line; `template_id`, `lang_code` and `created_at` are the Python reference's names.
#[derive(Serialize)]
struct Metadata<'a> {
    recipe: &'a str,
    template_id: &'a str,
    lang_code: &'a Locale,
    created_at: Timestamp,
    provider: Provider,
    model: &'a str,
    plan: Plan<'a>,
}

#[derive(Serialize)]
struct Plan<'a> {
    seed: u64,
    index: u64,
    prompt_hash: &'a str,
    #[serde(flatten)]
    item: &'a PlanItem<'a>,
}
