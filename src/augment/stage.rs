//! The stage over files: which are its inputs, where their outputs go, and what is said at the end.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::augment::chunk::Chunk;
use crate::augment::kits::Kits;
use crate::augment::profile::Profile;
use crate::augment::record::Writer;
use crate::augment::worker::{Done, Worker};
use crate::augment::written::Written;
use crate::crew::in_order;
use crate::files::{Lines, jsonl_files};
use crate::language::Languages;
use crate::model::{Locale, Tally};
use crate::progress::Progress;
use crate::{Error, Result};

/// What `process` calls its records, after the locale.
const RECORDS: &str = "_all_conversations.jsonl";

/// What to augment, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which files.
    pub input: Input,
    /// Seed: the same seed gives the same bytes.
    pub seed: u64,
    /// Threads; 0 for as many as the machine has.
    pub jobs: usize,
    /// Write the edit logs of the noisy variants as well.
    pub edits: bool,
    /// Profiles whose variants are added to those of the guide's columns.
    pub profiles: Vec<Profile>,
    /// The folder of the Hunspell dictionaries by which corrected forms are spelled.
    pub dictionaries: Option<PathBuf>,
}

/// The seed that is taken when none is given; `run` always takes it, so that a later run never changes the noise of earlier records.
pub const DEFAULT_SEED: u64 = 1;

/// The files of the stage.
#[derive(Debug, Clone)]
pub enum Input {
    /// One file.
    File {
        /// The file of records.
        path: PathBuf,
        /// Its locale; by default each record says its own.
        locale: Option<Locale>,
        /// Where the records go; by default `augmented_<name>` beside the input.
        output: Option<PathBuf>,
    },
    /// Every `<locale>_all_conversations.jsonl` at or below a folder.
    Folder {
        /// The folder.
        path: PathBuf,
        /// Which locales; every one there is when empty.
        locales: Vec<Locale>,
    },
}

/// What the stage did.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// File by file.
    pub files: Vec<FileReport>,
}

/// What became of one file.
#[derive(Debug, Serialize)]
pub struct FileReport {
    /// The locale, where the file has one.
    pub locale: Option<Locale>,
    /// What was read.
    pub input: PathBuf,
    /// What was written.
    pub output: PathBuf,
    /// The rejects, when there are any.
    pub rejects: Option<PathBuf>,
    /// Records: planned are the lines that are not blank.
    pub tally: Tally,
    /// Turns of people who use AAC.
    pub aac_turns: u64,
    /// Noisy variants.
    pub variants: u64,
    /// Noisy variants whose distance is not the one asked for, because no such text was found.
    pub short: u64,
}

impl Report {
    /// Whether every record was augmented.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.files.iter().all(|file| file.tally.complete())
    }
}

/// Augments files.
///
/// # Errors
/// [`Error::Missing`] when there is no input; [`Error::Usage`] when the output would be the input; [`Error::UnknownLocale`],
/// [`Error::Data`] for a locale without usable keyboards; [`Error::Io`]; [`Error::Interrupted`]. Outputs that stood there
/// are then as they were.
pub fn augment(options: &Options, languages: &Languages, progress: &dyn Progress) -> Result<Report> {
    let jobs = jobs(&options.input, progress)?;
    let run = || {
        let files = jobs.iter().map(|job| job.run(options, languages, progress)).collect::<Result<_>>()?;
        Ok(Report { files })
    };
    if options.jobs == 1 {
        return run();
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.jobs).build();
    pool.map_err(|error| Error::Usage(format!("cannot start {} threads: {error}", options.jobs)))?.install(run)
}

/// One file to be augmented.
struct Job {
    input: PathBuf,
    output: PathBuf,
    rejects: PathBuf,
    /// The locale of every record.
    locale: Option<Locale>,
    /// The locale the file is called by.
    called: Option<Locale>,
}

fn jobs(input: &Input, progress: &dyn Progress) -> Result<Vec<Job>> {
    match input {
        Input::File { path, locale, output } => Ok(vec![Job::new(path, locale.clone(), output.clone())?]),
        Input::Folder { path, locales } => {
            let files = jsonl_files(path, "folder of conversations")?;
            let found = files.into_iter().filter_map(|file| Some((called(&file)?, file)));
            let found: Vec<_> = found.filter(|(locale, _)| locales.is_empty() || locales.contains(locale)).collect();
            let missing: Vec<_> =
                locales.iter().filter(|locale| !found.iter().any(|(found, _)| found == *locale)).collect();
            if found.is_empty() {
                let name = missing.first().map_or("<locale>", |locale| locale.as_str());
                let hint_text = format!("no {name}{RECORDS} at any depth: run `aacorn process` first");
                return Err(Error::Missing { what: "conversations", path: path.clone(), hint_text });
            }
            for locale in missing {
                progress.note(&format!("{locale}: no {locale}{RECORDS} below {}", path.display()));
            }
            found.into_iter().map(|(locale, file)| Job::new(&file, Some(locale), None)).collect()
        }
    }
}

/// The locale by which a file is called, when it has the name that `process` gives.
fn called(path: &Path) -> Option<Locale> {
    Locale::parse(path.file_name()?.to_str()?.strip_suffix(RECORDS)?)
}

impl Job {
    fn new(input: &Path, locale: Option<Locale>, output: Option<PathBuf>) -> Result<Self> {
        if !input.is_file() {
            let hint_text = "a file of conversations, one JSON object a line".to_owned();
            return Err(Error::Missing { what: "input", path: input.to_owned(), hint_text });
        }
        let name = input.file_name().unwrap_or_default().to_string_lossy();
        let output = output.unwrap_or_else(|| input.with_file_name(format!("augmented_{name}")));
        let same = |path: &Path| matches!((fs::canonicalize(path), fs::canonicalize(input)), (Ok(a), Ok(b)) if a == b);
        if same(&output) {
            return Err(Error::Usage(format!("the output is the input: {}", output.display())));
        }
        let called = locale.clone().or_else(|| called(input));
        let stem = match &called {
            Some(locale) => locale.to_string(),
            None => input.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        };
        let rejects = output.with_file_name(format!("{stem}_augment_rejects.jsonl"));
        if same(&rejects) {
            return Err(Error::Usage(format!("the rejects would replace the input: {}", rejects.display())));
        }
        Ok(Self { input: input.to_owned(), output, rejects, locale, called })
    }

    fn run(&self, options: &Options, languages: &Languages, progress: &dyn Progress) -> Result<FileReport> {
        let kits = Kits::new(options, languages, progress);
        if let Some(locale) = &self.locale {
            kits.get(locale)?;
        }
        let bytes = fs::metadata(&self.input).map_err(Error::io("read", &self.input))?.len();
        let what = self.called.as_ref().map_or("", Locale::as_str);
        let task = progress.task("augment", what, Some(bytes), "bytes");
        let mut written = Written::new(&self.output, &self.rejects)?;
        let sink = |done: &mut Done| {
            task.advance(done.read);
            written.take(done)
        };
        let writer = || Writer::new(options.edits, !options.profiles.is_empty());
        let worker = || Ok(Worker::new(&kits, self.locale.as_ref(), writer()));
        let mut lines = Lines::open(&self.input)?;
        let next = |chunk: &mut Chunk| chunk.fill(&mut lines);
        let work = |worker: &mut Worker<'_>, chunk: &Chunk, done: &mut Done| {
            worker.work(chunk, done);
            Ok(())
        };
        let jobs = if options.jobs == 1 { 1 } else { rayon::current_num_threads() };
        in_order(jobs, progress, next, worker, work, sink)?;
        let (tally, counts, rejects) = written.finish(&self.rejects)?;
        Ok(FileReport {
            locale: self.called.clone(),
            input: self.input.clone(),
            output: self.output.clone(),
            rejects: rejects.then(|| self.rejects.clone()),
            tally,
            aac_turns: counts.aac_turns,
            variants: counts.variants,
            short: counts.short,
        })
    }
}
