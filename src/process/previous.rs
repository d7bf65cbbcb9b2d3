//! What an earlier run left in an output, to be united with what is new.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::dialect::LineKind;
use crate::progress::{Progress, Silent};
use crate::{Error, Result};

use super::Options;
use super::index::Index;
use super::inputs::{Inputs, Role};
use super::output::Target;
use super::scan::scan;

/// The longest line of an output that is read again, in bytes: any that was once accepted.
const OWN_LINE_BYTES: usize = 2 << 30;

/// Lines of an earlier run, by the metadata file that planned them: their numbers among all such lines. Those that this run has
/// no request for are left in the index under these numbers.
#[derive(Debug, Default)]
pub(super) struct Previous {
    pub records: Vec<(String, Range<u64>)>,
    pub rejects: Vec<(String, Range<u64>)>,
}

/// The part of an earlier report that says in what order its lines stand.
#[derive(Debug, Default, Deserialize)]
struct Left {
    #[serde(default)]
    outputs: Vec<LeftOutput>,
}

#[derive(Debug, Default, Deserialize)]
struct LeftOutput {
    records: PathBuf,
    sources: Vec<LeftSource>,
}

#[derive(Debug, Deserialize)]
struct LeftSource {
    metadata: String,
    records: u64,
    rejects: u64,
}

/// Finds what is left in the outputs of a run.
pub(super) struct Finder<'a> {
    pub index: &'a mut Index,
    pub inputs: &'a mut Inputs,
    pub options: &'a Options,
    pub progress: &'a dyn Progress,
    /// How many lines have been found.
    pub found: u64,
}

impl Finder<'_> {
    /// Finds what is left in an output. Lines of requests that are planned become their last candidates.
    pub fn find(&mut self, target: &Target) -> Result<Previous> {
        if self.options.fresh {
            return Ok(Previous::default());
        }
        let sources = sources(target);
        let counts =
            |count: fn(&LeftSource) -> u64| sources.iter().map(|source| (&*source.metadata, count(source))).collect();
        Ok(Previous {
            records: self.part(&target.records, Role::Records, counts(|source| source.records))?,
            rejects: self.part(&target.rejects, Role::Rejects, counts(|source| source.rejects))?,
        })
    }

    fn part(&mut self, path: &Path, role: Role, counts: Vec<(&str, u64)>) -> Result<Vec<(String, Range<u64>)>> {
        if !path.is_file() {
            return Ok(Vec::new());
        }
        let file = self.inputs.add(path, role);
        let (start, mut nameless) = (self.found, 0u64);
        let kind = if role == Role::Records { LineKind::Record } else { LineKind::Other };
        let looked = scan(self.inputs, file, OWN_LINE_BYTES, self.progress, &Silent, |seen| {
            if seen.kind != kind && self.options.rows.is_none() {
                return Err(spoiled(path, seen.place.line()));
            }
            self.index.earlier(seen.id, seen.place, self.found)?;
            nameless += u64::from(seen.id.is_none());
            self.found += 1;
            Ok(())
        })?;
        if let Some(line) = looked.broken.values().filter_map(|numbers| numbers.first.first()).min() {
            return Err(spoiled(path, *line));
        }
        if nameless > 0 {
            let path = path.display();
            self.progress.note(&format!(
                "{path}: {nameless} records without custom_id are kept as they are; --fresh starts over"
            ));
        }
        // A file that is not as its report says was changed by hand: its lines are then of unknown origin.
        if counts.iter().map(|(_, count)| count).sum::<u64>() != self.found - start {
            return Ok(vec![(String::new(), start..self.found)]);
        }
        let mut end = start;
        let mut stretch = |(name, count): (&str, u64)| {
            end += count;
            (name.to_owned(), end - count..end)
        };
        Ok(counts.into_iter().map(&mut stretch).filter(|(_, numbers)| !numbers.is_empty()).collect())
    }
}

/// What an earlier report says of the output of that name: two outputs may share a folder, and so a report.
fn sources(target: &Target) -> Vec<LeftSource> {
    let left = std::fs::read(target.report_path()).ok().and_then(|bytes| serde_json::from_slice::<Left>(&bytes).ok());
    let of_it = |output: &LeftOutput| output.records.file_name() == target.records.file_name();
    left.unwrap_or_default().outputs.into_iter().find(of_it).unwrap_or_default().sources
}

fn spoiled(path: &Path, line: u64) -> Error {
    let detail =
        "no line that `process` has written whole; nothing was changed: mend or remove it, or name another --output";
    Error::Line { path: path.to_owned(), line, detail: detail.to_owned() }
}
