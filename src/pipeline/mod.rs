//! All stages in a row: `aacorn run`.
//!
//! What is there already is not made again: plan items that the batch folder holds, jobs that the ledger knows, results
//! that are here. So a run that was stopped anywhere goes on when it is started again, and a finished one has nothing to do.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use tokio::runtime::Runtime;

use crate::assets::Assets;
use crate::language::Languages;
use crate::ledger::Ledger;
use crate::model::{Clock, Locale, Provider, Tally};
use crate::progress::{Progress, go_on};
use crate::serve::Phrasebook;
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
    /// Requests of these locales that wait for another provider than this run's.
    pub elsewhere: u64,
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
}

/// Generates, submits, watches, fetches, processes and augments.
///
/// # Errors
/// Those of the stages; [`Error::Usage`] for a provider that cannot be run yet.
pub fn run(assets: &Assets, languages: &Arc<Languages>, options: &Options, progress: &dyn Progress) -> Result<Report> {
    if options.generate.provider != Provider::Local {
        let detail = "run works with the local provider; for others: generate, submit the files, process, augment";
        return Err(Error::Usage(format!("--provider {}: {detail}", options.generate.provider)));
    }
    generate::generate(assets, languages, &options.generate, progress)?;
    go_on(progress)?;
    let (shards, elsewhere) = shards(&options.generate)?;
    answer(&shards, languages, options, progress)?;
    go_on(progress)?;
    let folders: Vec<PathBuf> = folders(&options.generate).collect();
    let processed = process::process(
        &process::Options {
            responses: folders.clone(),
            metadata: folders,
            output: process::Output::Folder(options.output.clone()),
            fresh: false,
            max_line: crate::files::MAX_LINE_BYTES,
            jobs: options.jobs,
        },
        progress,
    )?;
    let augmented = augment(&processed, languages, options, progress)?;
    Ok(report(options, &processed, &augmented, elsewhere))
}

/// The batch files of this run's locales: those for its provider, and how many wait for another.
fn shards(options: &generate::Options) -> Result<(Vec<jobs::Shard>, u64)> {
    let mut ours = Vec::new();
    let mut elsewhere = 0;
    for (folder, locale) in folders(options).zip(&options.locales) {
        for path in generate::existing_shards(&folder, locale)? {
            match generate::provider_of(&path)? {
                Some(provider) if provider == options.provider.name() => ours.push(jobs::Shard { path }),
                _ => elsewhere += 1,
            }
        }
    }
    Ok((ours, elsewhere))
}

fn folders(options: &generate::Options) -> impl Iterator<Item = PathBuf> {
    options.locales.iter().map(|locale| options.out.join(locale.as_str()))
}

/// Has all shards answered by the server inside this program.
fn answer(shards: &[jobs::Shard], languages: &Arc<Languages>, options: &Options, progress: &dyn Progress) -> Result<()> {
    let folder = &options.generate.out;
    let runtime = Runtime::new().map_err(|error| Error::Usage(format!("cannot start a runtime: {error}")))?;
    runtime.block_on(async {
        let ledger = Ledger::open(folder, Clock::new(options.now))?;
        let engine = Arc::new(Phrasebook::new(Arc::clone(languages)));
        let local = jobs::Local::start(folder, engine, options.now).await?;
        let answered = jobs::complete(shards, local.api(), &ledger, progress).await;
        local.stop(&ledger).await?;
        answered.map(drop)
    })
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
        let options = augment::Options { input, seed: options.generate.seed, jobs: options.jobs, edits: false, profiles: Vec::new() };
        report.files.extend(augment::augment(&options, languages, progress)?.files);
    }
    Ok(report)
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
        });
    }
    let mut total = Tally::default();
    locales.iter().for_each(|locale| total.add(&locale.tally));
    Report { complete: processed.complete && augmented.complete(), locales, total, elsewhere }
}
