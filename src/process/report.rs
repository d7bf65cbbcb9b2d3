//! What a run found, counted: the equation per locale, strays apart.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::model::{Reason, Stray, Tally};

use super::inputs::Inputs;

/// How many ids a report names for each reason and locale.
const EXAMPLES: usize = 5;
/// How many strays of a kind are listed with their lines; all are counted.
pub(super) const LISTED: u64 = 1000;

/// The outcome of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Every planned request has a record, no metadata was damaged, and every file could be read to its end.
    pub complete: bool,
    /// All locales together.
    pub total: Tally,
    /// By locale code.
    pub locales: BTreeMap<String, LocaleReport>,
    /// Result lines that belong to no planned request.
    pub strays: Strays,
    /// Lines of metadata files that plan nothing that can be read; what they planned is not in the equation.
    pub damaged_metadata: Damaged,
    /// Requests that were planned once more in a later file or line; each counts once.
    pub planned_twice: u64,
    /// The files that were read.
    pub files: Vec<FileReport>,
    /// By output file, what it is made of, in order.
    pub outputs: Vec<OutputReport>,
}

/// What became of the requests of a locale.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LocaleReport {
    /// planned = accepted + rejected + missing; its strays are those that name one of its requests.
    pub tally: Tally,
    /// Of the accepted, those that an earlier run had accepted and this one has no better answer for.
    pub kept: u64,
    /// Accepted records with a repair, by its name.
    pub repaired: BTreeMap<&'static str, u64>,
    /// Accepted records with a flag, by the rule's name.
    pub flagged: BTreeMap<&'static str, u64>,
    /// Rules that could not be applied to an accepted record, because its metadata does not say what was asked for.
    pub not_applied: BTreeMap<&'static str, u64>,
    /// Some ids, by what became of them: a reason, or `missing`.
    pub examples: BTreeMap<String, Vec<String>>,
}

/// A line of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct At {
    /// The file.
    pub file: PathBuf,
    /// Line number, from 1.
    pub line: u64,
}

/// Damaged lines: all counted, the first listed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Damaged {
    /// How many.
    pub count: u64,
    /// Where they are.
    pub listed: Vec<At>,
}

/// Strays: all counted, the first of each kind listed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Strays {
    /// By kind.
    pub counts: BTreeMap<Stray, u64>,
    /// Where they are.
    pub listed: BTreeMap<Stray, Vec<At>>,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileReport {
    /// Its path.
    pub file: PathBuf,
    /// What it was read for: `metadata` or `results`.
    pub read_for: &'static str,
    /// Lines that are not blank.
    pub lines: u64,
    /// Lines of that kind; a file with none is another tool's, and was passed over.
    pub used: u64,
    /// Why only a part of it could be read.
    pub problem: Option<String>,
}

/// An output file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutputReport {
    /// The records.
    pub records: PathBuf,
    /// The rejects; absent when there are none.
    pub rejects: Option<PathBuf>,
    /// Its locales.
    pub locales: Vec<String>,
    /// Whether a file of records is there.
    pub written: bool,
    /// What it is made of, in order.
    pub sources: Vec<Source>,
}

/// The part of an output that one metadata file planned. Later runs put theirs in their place by it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The metadata file's name; empty for records of unknown origin.
    pub metadata: String,
    /// Records.
    pub records: u64,
    /// Rejects.
    pub rejects: u64,
}

impl Report {
    /// The part of a locale, made when it is not there yet.
    pub(super) fn locale(&mut self, code: &str) -> &mut LocaleReport {
        if !self.locales.contains_key(code) {
            self.locales.insert(code.to_owned(), LocaleReport::default());
        }
        self.locales.get_mut(code).expect("it has just been put there")
    }

    /// Adds it all up.
    pub(super) fn finish(&mut self) {
        self.total = Tally::default();
        for locale in self.locales.values() {
            self.total.add(&locale.tally);
        }
        self.total.strays = self.strays.counts.clone();
        let whole = self.files.iter().all(|file| file.problem.is_none());
        self.complete = self.total.complete() && self.damaged_metadata.count == 0 && whole;
    }

    /// The report of an output alone: its own locales, and what belongs to none.
    pub(super) fn of_output(&self, output: &OutputReport) -> Self {
        let mut part = Self { outputs: vec![output.clone()], ..self.clone() };
        part.locales.retain(|code, _| output.locales.contains(code));
        part.finish();
        part
    }

    /// The files that hold no line of any kind that was looked for.
    #[must_use]
    pub fn passed_over(&self) -> Vec<&Path> {
        let used: BTreeSet<&Path> = self.files.iter().filter(|file| file.used > 0).map(|file| &*file.file).collect();
        let written = self.files.iter().filter(|file| file.lines > 0).map(|file| &*file.file);
        written.collect::<BTreeSet<_>>().difference(&used).copied().collect()
    }

    /// The likeliest causes when nothing was accepted, with their counts, at most three.
    #[must_use]
    pub fn causes(&self) -> Vec<(String, u64)> {
        let reasons = self.total.rejected.iter().map(|(reason, count)| (explain_reason(*reason).to_owned(), *count));
        let strays = self.total.strays.iter().map(|(stray, count)| (explain_stray(*stray).to_owned(), *count));
        let missing = (
            "requests have no result line: are the results of this batch in --responses?".to_owned(),
            self.total.missing,
        );
        let mut causes: Vec<_> = reasons.chain(strays).chain([missing]).filter(|(_, count)| *count > 0).collect();
        causes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        causes.truncate(3);
        causes
    }
}

impl LocaleReport {
    pub(super) fn add(&mut self, other: Self) {
        self.tally.add(&other.tally);
        self.kept += other.kept;
        for (into, from) in [
            (&mut self.repaired, other.repaired),
            (&mut self.flagged, other.flagged),
            (&mut self.not_applied, other.not_applied),
        ] {
            for (name, count) in from {
                *into.entry(name).or_default() += count;
            }
        }
        for (what, ids) in other.examples {
            let examples = self.examples.entry(what).or_default();
            examples.extend(ids);
            examples.truncate(EXAMPLES);
        }
    }

    /// Counts a reject.
    pub(super) fn rejected(&mut self, reason: Reason, id: &str) {
        *self.tally.rejected.entry(reason).or_default() += 1;
        self.example(&reason.to_string(), id);
    }

    /// Names an id, where there are not enough yet.
    pub(super) fn example(&mut self, what: &str, id: &str) {
        let examples = self.examples.entry(what.to_owned()).or_default();
        if examples.len() < EXAMPLES {
            examples.push(id.to_owned());
        }
    }
}

impl Damaged {
    pub(super) fn add(&mut self, file: &Path, numbers: &Numbers) {
        let room = (LISTED as usize).saturating_sub(self.listed.len());
        self.count += numbers.count;
        self.listed.extend(numbers.first.iter().take(room).map(|line| At::new(file, *line)));
    }
}

/// Lines of a file by number: all counted, the first kept.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    pub count: u64,
    pub first: Vec<u64>,
}

impl Numbers {
    pub fn add(&mut self, line: u64) {
        self.count += 1;
        if self.count <= LISTED {
            self.first.push(line);
        }
    }
}

impl Strays {
    pub(super) fn add(&mut self, stray: Stray, file: &Path, line: u64) {
        let count = self.counts.entry(stray).or_default();
        *count += 1;
        if *count <= LISTED {
            self.listed.entry(stray).or_default().push(At::new(file, line));
        }
    }

    /// Adds `count` strays, of which the first are `listed` by file and line.
    pub(super) fn add_many<'a>(&mut self, stray: Stray, count: u64, listed: impl Iterator<Item = (&'a Path, u64)>) {
        if count > 0 {
            let before = self.counts.entry(stray).or_default();
            let room = LISTED.saturating_sub(*before) as usize;
            *before += count;
            self.listed.entry(stray).or_default().extend(listed.take(room).map(|(file, line)| At::new(file, line)));
        }
    }
}

impl At {
    pub(super) fn new(file: &Path, line: u64) -> Self {
        Self { file: file.to_owned(), line }
    }
}

impl FileReport {
    pub(super) fn new(inputs: &Inputs, file: usize, read_for: &'static str, lines: u64, used: u64) -> Self {
        let problem = inputs.problem(file).map(str::to_owned);
        Self { file: inputs.path(file).to_owned(), read_for, lines, used, problem }
    }
}

fn explain_reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Refused => "answers were refused by the model",
        Reason::Filtered => "answers were cut by the provider's content filter",
        Reason::Truncated => "answers reached the token limit: raise max_tokens and send them again",
        Reason::Failed => "requests failed at the provider: their messages are in the rejects",
        Reason::Expired => "requests expired before they were reached: send them again",
        Reason::Cancelled => "requests were cancelled before they were reached",
        Reason::Empty => "answers are empty",
        Reason::Unparseable => "answers are not JSON",
        Reason::Invalid => "answers are JSON, but not conversations of the form that was asked for",
        Reason::Mispaired => "answers belong to another request",
    }
}

fn explain_stray(stray: Stray) -> &'static str {
    match stray {
        Stray::NoId => "result lines name no request: is this a file of batch results?",
        Stray::UnknownId => {
            "result lines name requests that no metadata holds: does --metadata belong to these results?"
        }
        Stray::NotJson => "lines are not JSON: is the download whole?",
        Stray::LineTooLong => "lines are longer than --max-line",
        Stray::Duplicate => "result lines answer a request that another line answers too",
    }
}
