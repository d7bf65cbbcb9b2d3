//! All stages in a row: `aacorn run`.
//!
//! What is there already is not made again: plan items that the batch folder holds, jobs that the ledger knows, results
//! that are here. So a run that was stopped anywhere goes on when it is started again, and a finished one has nothing to do.

pub mod rows;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use tokio::runtime::{Handle, Runtime};

use crate::assets::Assets;
use crate::dialect::{Service, decode};
use crate::files::Lines;
use crate::http::Key;
use crate::language::Languages;
use crate::ledger::Ledger;
use crate::model::{Clock, Locale, Outcome, Provider, Tally};
use crate::progress::{Progress, go_on};
use crate::provider::{BatchApi, Connection, Place, connect};
use crate::recipe::Recipe;
use crate::serve::{self, Engine, Live, Phrasebook};
use crate::{Error, Result, augment, generate, jobs, process};

/// What to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// What to ask for, of whom, and the folder of the batch files.
    pub generate: generate::Options,
    /// Folder of records and corpus.
    pub output: PathBuf,
    /// Threads; 0 for as many as the machine has.
    pub jobs: usize,
    /// Fixes every clock.
    pub now: Option<Timestamp>,
    /// How the answers are come by.
    pub answers: Answers,
}

/// How the answers are come by.
#[derive(Debug, Clone)]
pub enum Answers {
    /// The server inside this program, the phrasebook behind it.
    Phrasebook,
    /// The server inside this program, a chat endpoint of OpenAI's shape behind it.
    Upstream {
        /// Its base URL: `http://127.0.0.1:11434/v1`.
        base_url: String,
        /// Its key, if it wants one.
        key: Option<Key>,
    },
    /// The provider's batch API.
    Remote {
        /// Its base URL, when it is not the usual one.
        base_url: Option<String>,
        /// The environment variable of its key, when it is not the usual one.
        key_env: Option<String>,
        /// Tokens of prompts that may be under way at a time, where that is limited.
        room: Option<u64>,
    },
}

impl Answers {
    /// Tokens of prompts that may be under way at a time; `None` for no limit.
    fn room(&self) -> Option<u64> {
        if let Self::Remote { room, .. } = self { *room } else { None }
    }
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Every planned request has an augmented record.
    pub complete: bool,
    /// By locale, in the order asked for.
    pub locales: Vec<LocaleReport>,
    /// All locales together.
    pub total: Tally,
    /// Batch files of these locales that were made for this run's provider.
    pub batch_files: u64,
    /// Those of them that had no answers before this run.
    pub asked: u64,
    /// Those of them whose answers are the phrasebook's.
    pub by_phrasebook: u64,
    /// Batch files of these locales that were made for another provider than this run's.
    pub elsewhere: u64,
    /// What the provider said of jobs that failed as a whole, with their batch files.
    pub problems: Vec<String>,
}

/// What came of a locale.
#[derive(Debug, Serialize)]
pub struct LocaleReport {
    /// The locale.
    pub locale: Locale,
    /// planned = accepted + rejected + missing.
    pub tally: Tally,
    /// Turns of people who use AAC.
    pub aac_turns: u64,
    /// Noisy variants of them.
    pub variants: u64,
    /// The corpus, when there is a record.
    pub corpus: Option<PathBuf>,
    /// Files of this locale in both folders.
    pub files: u64,
}

/// Generates, submits, watches, fetches, processes and augments.
///
/// # Errors
/// Those of the stages.
pub fn run(assets: &Assets, languages: &Arc<Languages>, options: &Options, progress: &dyn Progress) -> Result<Report> {
    let runtime = Runtime::new().map_err(|error| Error::Usage(format!("cannot start a runtime: {error}")))?;
    // Before anything is written: a key that is not there is better known now.
    let remote = remote(&options.answers, options.generate.provider, options.generate.service)?;
    generate::generate(assets, languages, &options.generate, progress)?;
    go_on(progress)?;
    let (shards, elsewhere) = shards(&options.generate)?;
    let ledger = Ledger::open(&options.generate.out, Clock::new(options.now))?;
    let asked = shards.iter().filter(|shard| !shard.output().exists()).count() as u64;
    let answered = match remote {
        Some(api) => {
            let (provider, service) = (options.generate.provider, options.generate.service);
            jobs::check_requests(&jobs::unsent(&ledger, &shards)?, provider, service, progress)?;
            runtime.block_on(jobs::complete_within(&shards, api.as_ref(), &ledger, progress, options.answers.room()))?
        }
        None => runtime.block_on(answer_here(&shards, languages, &options.answers, options.now, &ledger, progress))?,
    };
    go_on(progress)?;
    let folders: Vec<PathBuf> = folders(&options.generate).collect();
    let processed = process::process(
        &process::Options {
            responses: folders.clone(),
            metadata: folders,
            output: process::Output::Folder(options.output.clone()),
            fresh: false,
            max_line: crate::files::MAX_LINE_BYTES,
            index_bytes: process::INDEX_BYTES,
            jobs: options.jobs,
            languages: Arc::clone(languages),
            rules: Recipe::load(assets, &options.generate.recipe)?.rules,
            rows: None,
        },
        progress,
    )?;
    let augmented = augment(&processed, languages, options, progress)?;
    let mut report = report(options, &processed, &augmented, elsewhere);
    report.problems = problems(&answered);
    report.batch_files = shards.len() as u64;
    report.asked = asked;
    for shard in &shards {
        report.by_phrasebook += u64::from(is_by_phrasebook(shard)?);
    }
    Ok(report)
}

/// The batch files of this run's locales: those for its provider, and how many wait for another.
fn shards(options: &generate::Options) -> Result<(Vec<jobs::Shard>, u64)> {
    let mut ours = Vec::new();
    let mut elsewhere = 0;
    for (folder, locale) in folders(options).zip(&options.locales) {
        for path in generate::existing_shards(&folder, locale.as_str())? {
            match generate::provider_of(&path)? {
                Some(provider) if provider == options.provider.name() => ours.push(jobs::Shard { path }),
                _ => elsewhere += 1,
            }
        }
    }
    Ok((ours, elsewhere))
}

/// Whether the answers to a batch file are the phrasebook's, as the first of them says.
fn is_by_phrasebook(shard: &jobs::Shard) -> Result<bool> {
    let path = shard.output();
    if !path.exists() {
        return Ok(false);
    }
    let mut lines = Lines::open(&path)?;
    let first = lines.next()?.and_then(|line| std::str::from_utf8(line.bytes).ok());
    let outcome = first.and_then(|line| decode(line).ok()).map(|decoded| decoded.outcome);
    Ok(matches!(outcome, Some(Outcome::Answer(answer)) if answer.model.as_deref() == Some(serve::PHRASEBOOK)))
}

fn folders(options: &generate::Options) -> impl Iterator<Item = PathBuf> {
    options.locales.iter().map(|locale| options.out.join(locale.as_str()))
}

/// A client of the provider's batch API, when that is to answer.
fn remote(answers: &Answers, provider: Provider, service: &Service) -> Result<Option<Box<dyn BatchApi>>> {
    let Answers::Remote { base_url, key_env, .. } = answers else { return Ok(None) };
    let place = base_url.as_deref().map_or(Place::Usual, Place::Given);
    let named = if service == Service::openai() { "" } else { &service.name };
    let connection = Connection { place, service: named, key_env: key_env.as_deref(), interval: None };
    connect(provider, connection).map(Some)
}

/// Has all shards answered by the server inside this program.
async fn answer_here(
    shards: &[jobs::Shard],
    languages: &Arc<Languages>,
    answers: &Answers,
    now: Option<Timestamp>,
    ledger: &Ledger,
    progress: &dyn Progress,
) -> Result<jobs::Report> {
    let engine: Arc<dyn Engine> = match answers {
        Answers::Upstream { base_url, key } => Arc::new(Live::new(base_url, key.clone(), Handle::current())?),
        Answers::Phrasebook | Answers::Remote { .. } => Arc::new(Phrasebook::new(Arc::clone(languages))),
    };
    let local = jobs::Local::start(ledger.folder(), engine, now).await?;
    let answered = jobs::complete(shards, local.api(), ledger, progress).await;
    local.stop(ledger).await?;
    answered
}

fn augment(
    processed: &process::Report,
    languages: &Languages,
    options: &Options,
    progress: &dyn Progress,
) -> Result<augment::Report> {
    let mut report = augment::Report::default();
    for output in processed.outputs.iter().filter(|output| output.records.exists()) {
        go_on(progress)?;
        let input = augment::Input::File { path: output.records.clone(), locale: None, output: None };
        let options = augment::Options {
            input,
            seed: augment::DEFAULT_SEED,
            jobs: options.jobs,
            edits: false,
            profiles: Vec::new(),
            dictionaries: None,
        };
        report.files.extend(augment::augment(&options, languages, progress)?.files);
    }
    Ok(report)
}

/// `<batch file>: <message>`, for each job that failed as a whole.
fn problems(answered: &jobs::Report) -> Vec<String> {
    let told = |shard: &jobs::ShardReport| {
        let name = shard.shard.file_name().unwrap_or_default().to_string_lossy().into_owned();
        shard.problems.iter().map(|problem| format!("{name}: {}", problem.message)).collect::<Vec<_>>()
    };
    answered.shards.iter().flat_map(told).collect()
}

fn count_files(folder: &Path) -> u64 {
    fs::read_dir(folder).map_or(0, |entries| {
        entries.flatten().filter(|entry| !entry.file_name().as_encoded_bytes().starts_with(b".")).count() as u64
    })
}

fn report(options: &Options, processed: &process::Report, augmented: &augment::Report, elsewhere: u64) -> Report {
    let mut locales = Vec::new();
    for locale in &options.generate.locales {
        let tally = processed.locales.get(locale.as_str()).map(|locale| locale.tally.clone()).unwrap_or_default();
        let file = augmented.files.iter().find(|file| file.locale.as_ref() == Some(locale));
        locales.push(LocaleReport {
            locale: locale.clone(),
            tally,
            aac_turns: file.map_or(0, |file| file.aac_turns),
            variants: file.map_or(0, |file| file.variants),
            corpus: file.map(|file| file.output.clone()),
            files: count_files(&options.generate.out.join(locale.as_str()))
                + count_files(&options.output.join(locale.as_str())),
        });
    }
    let mut total = Tally::default();
    locales.iter().for_each(|locale| total.add(&locale.tally));
    Report {
        complete: processed.complete && augmented.complete(),
        locales,
        total,
        batch_files: 0,
        asked: 0,
        by_phrasebook: 0,
        elsewhere,
        problems: Vec::new(),
    }
}
