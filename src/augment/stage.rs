//! The stage over files: which are its inputs, where their outputs go, and what is said at the end.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use serde::Serialize;

use crate::augment::augmenter::Augmenter;
use crate::augment::crew::{Chunk, in_order};
use crate::augment::profile::Profile;
use crate::augment::record::{Counts, Rejection, Writer};
use crate::augment::splice::{Record, Unreadable, string, write_string};
use crate::files::{AtomicFile, Line, Lines, jsonl_files};
use crate::language::Languages;
use crate::model::{Locale, Reason, Tally};
use crate::progress::Progress;
use crate::{Error, Result};

/// What `process` calls its records, after the locale.
const RECORDS: &str = "_all_conversations.jsonl";

/// The bytes of a line over the limit that its reject keeps.
const KEPT_BYTES: usize = 4096;

/// What to augment, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Which files.
    pub input: Input,
    /// Seed: the same seed gives the same bytes.
    pub seed: u64,
    /// Threads.
    pub jobs: usize,
    /// Write the edit logs of the noisy variants as well.
    pub edits: bool,
    /// Profiles whose variants are added to those of the guide's columns.
    pub profiles: Vec<Profile>,
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
    let mut report = Report::default();
    for job in jobs(&options.input, progress)? {
        report.files.push(job.run(options, languages, progress)?);
    }
    Ok(report)
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
        let kits = Kits { languages, options, made: RwLock::default() };
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
        let worker = || Worker { kits: &kits, locale: self.locale.as_ref(), last: None, writer: writer() };
        in_order(Lines::open(&self.input)?, options.jobs, progress, worker, Worker::work, sink)?;
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

/// The augmenters made so far.
struct Kits<'a> {
    languages: &'a Languages,
    options: &'a Options,
    made: RwLock<HashMap<Locale, Arc<Augmenter>>>,
}

impl Kits<'_> {
    fn get(&self, locale: &Locale) -> Result<Arc<Augmenter>> {
        let made = self.made.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(augmenter) = made.get(locale) {
            return Ok(Arc::clone(augmenter));
        }
        drop(made);
        let keyboards = self.languages.keyboards(locale)?;
        let rules = self.languages.text_rules(locale)?;
        let augmenter = Arc::new(Augmenter::new(locale, &keyboards, &rules, &self.options.profiles, self.options.seed));
        let mut made = self.made.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        made.insert(locale.clone(), Arc::clone(&augmenter));
        Ok(augmenter)
    }
}

/// What a chunk gave.
#[derive(Debug, Default)]
struct Done {
    records: Vec<u8>,
    rejects: Vec<u8>,
    read: u64,
    tally: Tally,
    counts: Counts,
}

struct Worker<'a> {
    kits: &'a Kits<'a>,
    locale: Option<&'a Locale>,
    /// The augmenter of the line before, which is mostly the one of the next.
    last: Option<(Locale, Arc<Augmenter>)>,
    writer: Writer,
}

impl Worker<'_> {
    fn work(&mut self, chunk: &Chunk, done: &mut Done) {
        done.records.clear();
        done.rejects.clear();
        done.tally = Tally::default();
        done.counts = Counts::default();
        done.read = chunk.len() as u64;
        for line in chunk.lines() {
            done.tally.planned += 1;
            match self.line(&line, &mut done.records) {
                Ok(counts) => {
                    done.records.push(b'\n');
                    done.tally.accepted += 1;
                    done.counts.aac_turns += counts.aac_turns;
                    done.counts.variants += counts.variants;
                    done.counts.short += counts.short;
                }
                Err(rejection) => {
                    *done.tally.rejected.entry(rejection.reason).or_default() += 1;
                    write_reject(&line, &rejection, &mut done.rejects);
                }
            }
        }
    }

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<u8>) -> Result<Counts, Rejection> {
        let unparseable = |detail: String| Rejection { reason: Reason::Unparseable, detail };
        if line.too_long {
            return Err(unparseable("the line is too long".to_owned()));
        }
        let text = std::str::from_utf8(line.bytes).map_err(|error| unparseable(error.to_string()))?;
        let record = Record::read(text).map_err(|error| match error {
            Unreadable::Broken(broken) => unparseable(broken.to_string()),
            Unreadable::NoObject => Rejection::invalid("not a JSON object"),
        })?;
        let locale = match self.locale {
            Some(locale) => Cow::Borrowed(locale),
            None => Cow::Owned(own_locale(&record)?),
        };
        let augmenter = match &self.last {
            Some((of, augmenter)) if *of == *locale => augmenter,
            _ => {
                let augmenter = self.kits.get(&locale).map_err(|error| Rejection::invalid(error.to_string()))?;
                &self.last.insert((locale.into_owned(), augmenter)).1
            }
        };
        self.writer.write(augmenter, text, &record, out)
    }
}

/// The locale that a record says it is in.
fn own_locale(record: &Record<'_>) -> Result<Locale, Rejection> {
    let metadata = record.members.get("metadata").and_then(|value| Record::read(value).ok());
    let code = metadata.as_ref().and_then(|metadata| metadata.members.get("lang_code")).and_then(string);
    let code = code.ok_or_else(|| Rejection::invalid("no `metadata.lang_code`: name the locale with --lang"))?;
    Locale::parse(&code).ok_or_else(|| Rejection::invalid(format!("`{code}` is not a locale such as en-GB")))
}

fn write_reject(line: &Line<'_>, rejection: &Rejection, out: &mut Vec<u8>) {
    let kept = if line.too_long { &line.bytes[..line.bytes.len().min(KEPT_BYTES)] } else { line.bytes };
    out.extend_from_slice(
        format!("{{\"line\":{},\"reason\":\"{}\",\"detail\":", line.number, rejection.reason).as_bytes(),
    );
    write_string(out, |out| out.extend_from_slice(rejection.detail.as_bytes()));
    out.extend_from_slice(b",\"raw\":");
    write_string(out, |out| out.extend_from_slice(String::from_utf8_lossy(kept).as_bytes()));
    out.extend_from_slice(b"}\n");
}

/// The files being written, and the sums.
struct Written {
    records: AtomicFile,
    rejects: Option<AtomicFile>,
    rejects_path: PathBuf,
    tally: Tally,
    counts: Counts,
}

impl Written {
    fn new(records: &Path, rejects: &Path) -> Result<Self> {
        Ok(Self {
            records: AtomicFile::create(records)?,
            rejects: None,
            rejects_path: rejects.to_owned(),
            tally: Tally::default(),
            counts: Counts::default(),
        })
    }

    fn take(&mut self, done: &mut Done) -> Result<()> {
        self.records.put(&done.records)?;
        if !done.rejects.is_empty() {
            if self.rejects.is_none() {
                self.rejects = Some(AtomicFile::create(&self.rejects_path)?);
            }
            if let Some(rejects) = &mut self.rejects {
                rejects.put(&done.rejects)?;
            }
        }
        self.tally.add(&done.tally);
        self.counts.aac_turns += done.counts.aac_turns;
        self.counts.variants += done.counts.variants;
        self.counts.short += done.counts.short;
        Ok(())
    }

    /// Puts the files under their names; a reject file of an earlier run goes when there are no rejects now.
    fn finish(self, rejects_path: &Path) -> Result<(Tally, Counts, bool)> {
        let any = self.rejects.is_some();
        match self.rejects {
            Some(rejects) => drop(rejects.finish()?),
            None if rejects_path.exists() => {
                fs::remove_file(rejects_path).map_err(Error::io("remove", rejects_path))?;
            }
            None => {}
        }
        self.records.finish()?;
        Ok((self.tally, self.counts, any))
    }
}
