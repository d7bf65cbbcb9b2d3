//! What an earlier run left in an output, to be united with what is new.

use std::ops::Range;
use std::path::Path;

use serde::Deserialize;

use crate::Result;
use crate::progress::{Progress, Silent};

use super::Options;
use super::index::Index;
use super::inputs::{Inputs, Role};
use super::output::Target;
use super::scan::scan;

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
    sources: Vec<LeftSource>,
}

#[derive(Debug, Deserialize)]
struct LeftSource {
    metadata: String,
    records: u64,
    rejects: u64,
}

impl Previous {
    /// Finds what is left, numbered from `number`. Lines of requests that are planned become their last candidates.
    pub fn find(
        target: &Target,
        number: &mut u64,
        index: &mut Index,
        inputs: &mut Inputs,
        options: &Options,
        progress: &dyn Progress,
    ) -> Result<Self> {
        if options.fresh {
            return Ok(Self::default());
        }
        let sources = sources(&target.report_path());
        let counts =
            |count: fn(&LeftSource) -> u64| sources.iter().map(|source| (&*source.metadata, count(source))).collect();
        let mut read = |path: &Path, role, counts| part(path, role, counts, number, index, inputs, options, progress);
        let records = read(&target.records, Role::Records, counts(|source| source.records))?;
        let rejects = read(&target.rejects, Role::Rejects, counts(|source| source.rejects))?;
        Ok(Self { records, rejects })
    }
}

#[allow(clippy::too_many_arguments, reason = "each is another thing, and there is one call")]
fn part(
    path: &Path,
    role: Role,
    counts: Vec<(&str, u64)>,
    number: &mut u64,
    index: &mut Index,
    inputs: &mut Inputs,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Vec<(String, Range<u64>)>> {
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let file = inputs.add(path, role);
    let (start, mut nameless) = (*number, 0u64);
    scan(inputs, file, options.max_line, progress, &Silent, |seen| {
        index.earlier(seen.id, seen.place, *number)?;
        nameless += u64::from(seen.id.is_none());
        *number += 1;
        Ok(())
    })?;
    if nameless > 0 {
        let path = path.display();
        progress
            .note(&format!("{path}: {nameless} records without custom_id are kept as they are; --fresh starts over"));
    }
    // A file that is not as its report says was changed by hand: its lines are then of unknown origin.
    if counts.iter().map(|(_, count)| count).sum::<u64>() != *number - start {
        return Ok(vec![(String::new(), start..*number)]);
    }
    let mut end = start;
    let mut stretch = |(name, count): (&str, u64)| {
        end += count;
        (name.to_owned(), end - count..end)
    };
    Ok(counts.into_iter().map(&mut stretch).filter(|(_, numbers)| !numbers.is_empty()).collect())
}

fn sources(report: &Path) -> Vec<LeftSource> {
    let left = std::fs::read(report).ok().and_then(|bytes| serde_json::from_slice::<Left>(&bytes).ok());
    left.unwrap_or_default().outputs.into_iter().next().unwrap_or_default().sources
}
