//! What an earlier run left in an output, to be united with what is new.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::Result;
use crate::progress::{Progress, Silent};

use super::Options;
use super::inputs::{Inputs, Role};
use super::output::Target;
use super::place::Place;
use super::plan::Plan;
use super::scan::scan;

/// Lines of an earlier run that this one has no request for, by the metadata file that planned them.
#[derive(Debug, Default)]
pub(super) struct Previous {
    pub records: BTreeMap<String, Vec<Place>>,
    pub rejects: BTreeMap<String, Vec<Place>>,
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
    /// Finds what is left. Lines of requests that are planned become their last candidates.
    pub fn find(
        target: &Target,
        plan: &mut Plan,
        inputs: &mut Inputs,
        options: &Options,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let mut previous = Self::default();
        if options.fresh {
            return Ok(previous);
        }
        let sources = sources(&target.report_path());
        let counts =
            |count: fn(&LeftSource) -> u64| sources.iter().map(|source| (&*source.metadata, count(source))).collect();
        let mut read = |path: &Path, role, counts| part(path, role, counts, plan, inputs, options, progress);
        previous.records = read(&target.records, Role::Records, counts(|source| source.records))?;
        previous.rejects = read(&target.rejects, Role::Rejects, counts(|source| source.rejects))?;
        plan.sort_answers();
        Ok(previous)
    }
}

fn part(
    path: &Path,
    role: Role,
    counts: Vec<(&str, u64)>,
    plan: &mut Plan,
    inputs: &mut Inputs,
    options: &Options,
    progress: &dyn Progress,
) -> Result<BTreeMap<String, Vec<Place>>> {
    let mut left = BTreeMap::new();
    if !path.is_file() {
        return Ok(left);
    }
    let file = inputs.add(path, role);
    let mut unplanned = Vec::new();
    let (mut number, mut hint, mut nameless) = (0u64, 0, 0u64);
    scan(inputs, file, options.max_line, progress, &Silent, |seen| {
        match seen.id.and_then(|id| plan.find(id, hint)) {
            Some(ordinal) => {
                plan.answer(ordinal, seen.place);
                hint = ordinal + 1;
            }
            None => unplanned.push((number, seen.place)),
        }
        nameless += u64::from(seen.id.is_none());
        number += 1;
        Ok(())
    })?;
    if nameless > 0 {
        let path = path.display();
        progress
            .note(&format!("{path}: {nameless} records without custom_id are kept as they are; --fresh starts over"));
    }
    // A file that is not as its report says was changed by hand: its lines are then of unknown origin.
    let known = counts.iter().map(|(_, count)| count).sum::<u64>() == number;
    let mut counts = counts.into_iter().filter(|_| known);
    let (mut name, mut end) = ("", 0);
    for (number, place) in unplanned {
        while known && number >= end {
            let Some((next, count)) = counts.next() else { break };
            (name, end) = (next, end + count);
        }
        left.entry(name.to_owned()).or_insert_with(Vec::new).push(place);
    }
    Ok(left)
}

fn sources(report: &Path) -> Vec<LeftSource> {
    let left = std::fs::read(report).ok().and_then(|bytes| serde_json::from_slice::<Left>(&bytes).ok());
    left.unwrap_or_default().outputs.into_iter().next().unwrap_or_default().sources
}
