//! The work behind an output, in its order: stretches of the plan to settle, and lines of an earlier run to keep.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::Result;

use super::fetch::fetch;
use super::index::{Entry, Index};
use super::inputs::Inputs;
use super::place::Place;
use super::plan::Run;
use super::previous::Previous;
use super::report::Source;
use super::settle::{Settled, Settler};

/// Requests that are settled as one piece of work, and the bytes of answers that end it sooner.
const CHUNK: usize = 256;
const CHUNK_BYTES: usize = 4 << 20;

/// Work on what the index holds in memory.
#[derive(Debug)]
pub(super) enum Work {
    /// Requests to be settled, by their index in the window.
    Settle(Range<usize>),
    /// Records of an earlier run, by their index among the lines that are left.
    Records(Range<usize>),
    /// Rejects of an earlier run, likewise.
    Rejects(Range<usize>),
}

/// Work that is not yet cut into pieces of a good size.
#[derive(Debug)]
enum Stretch {
    /// Ordinals.
    Settle(Range<u32>),
    /// Numbers.
    Records(Range<u64>),
    Rejects(Range<u64>),
}

/// All work behind an output.
#[derive(Debug)]
pub(super) struct Works {
    /// With the index of its source.
    stretches: std::vec::IntoIter<(usize, Stretch)>,
    /// The one that is being cut.
    current: Option<(usize, Stretch)>,
}

impl Works {
    /// The work, and the metadata files that it comes from, both in the order of the output.
    pub fn new<'a>(runs: impl Iterator<Item = &'a Run>, previous: Previous, inputs: &Inputs) -> (Vec<Source>, Self) {
        let mut parts: BTreeMap<String, Vec<Stretch>> = BTreeMap::new();
        for run in runs {
            parts.entry(inputs.name(run.file)).or_default().push(Stretch::Settle(run.range.clone()));
        }
        for (name, numbers) in previous.records {
            parts.entry(name).or_default().push(Stretch::Records(numbers));
        }
        for (name, numbers) in previous.rejects {
            parts.entry(name).or_default().push(Stretch::Rejects(numbers));
        }
        let sources = parts.keys().map(|name| Source { metadata: name.clone(), ..Source::default() }).collect();
        let stretches = parts.into_values().enumerate();
        let stretches: Vec<_> = stretches.flat_map(|(at, part)| part.into_iter().map(move |part| (at, part))).collect();
        (sources, Self { stretches: stretches.into_iter(), current: None })
    }

    /// The next pieces of work, at most `most`, each with the index of its source; none at the end. All are on what `index`
    /// holds until the next call.
    pub fn next(&mut self, index: &mut Index, most: usize) -> Result<Vec<(usize, Work)>> {
        let mut group = Vec::new();
        while group.len() < most {
            let Some((source, mut stretch)) = self.current.take().or_else(|| self.stretches.next()) else { break };
            if !stretch.is_held(index) {
                if !group.is_empty() {
                    self.current = Some((source, stretch));
                    break;
                }
                stretch.hold(index)?;
            }
            group.extend(stretch.cut(index).map(|work| (source, work)));
            self.current = (!stretch.is_empty()).then_some((source, stretch));
        }
        Ok(group)
    }
}

impl Stretch {
    fn is_empty(&self) -> bool {
        match self {
            Self::Settle(ordinals) => ordinals.is_empty(),
            Self::Records(numbers) | Self::Rejects(numbers) => numbers.is_empty(),
        }
    }

    /// Whether its beginning is held.
    fn is_held(&self, index: &Index) -> bool {
        match self {
            Self::Settle(ordinals) => index.held().contains(&ordinals.start),
            Self::Records(numbers) | Self::Rejects(numbers) => index.held_left().contains(&numbers.start),
        }
    }

    fn hold(&self, index: &mut Index) -> Result<()> {
        match self {
            Self::Settle(ordinals) => index.hold(ordinals.start),
            Self::Records(numbers) | Self::Rejects(numbers) => index.hold_left(numbers.start),
        }
    }

    /// Takes a piece of work off its beginning, where there is any in what is held.
    fn cut(&mut self, index: &Index) -> Option<Work> {
        match self {
            Self::Settle(ordinals) => Some(Work::Settle(cut_plan(ordinals, index))),
            Self::Records(numbers) => cut_left(numbers, index).map(Work::Records),
            Self::Rejects(numbers) => cut_left(numbers, index).map(Work::Rejects),
        }
    }
}

fn cut_plan(ordinals: &mut Range<u32>, index: &Index) -> Range<usize> {
    let held = index.held();
    let start = (ordinals.start - held.start) as usize;
    let end = (ordinals.end.min(held.end) - held.start) as usize;
    let mut bytes = 0;
    let fits = |entry: &&Entry| {
        bytes += entry.answer.length() + entry.metadata.length();
        bytes <= CHUNK_BYTES
    };
    let length = index.window().entries[start..end].iter().take(CHUNK).take_while(fits).count().max(1);
    ordinals.start += length as u32;
    start..start + length
}

fn cut_left(numbers: &mut Range<u64>, index: &Index) -> Option<Range<usize>> {
    let (left, end) = (index.left(), numbers.end.min(index.held_left().end));
    let start = left.partition_point(|(number, _)| *number < numbers.start);
    let length = left[start..].iter().take(CHUNK).take_while(|(number, _)| *number < end).count();
    numbers.start = match length {
        CHUNK => left[start + length - 1].0 + 1,
        _ => end,
    };
    (length > 0).then_some(start..start + length)
}

impl Work {
    /// Does it.
    pub fn run(&self, settler: &Settler<'_>) -> Result<Settled> {
        let lines = |range: &Range<usize>| -> Result<Vec<u8>> {
            let left = &settler.plan.index.left()[range.clone()];
            let places: Vec<Place> = left.iter().map(|(_, place)| *place).collect();
            let fetched = fetch(settler.inputs, &places, settler.spares)?;
            Ok((0..places.len()).flat_map(|at| [fetched.line(at), b"\n"]).flatten().copied().collect())
        };
        Ok(match self {
            Self::Settle(range) => settler.settle(range.clone())?,
            Self::Records(range) => {
                Settled { records: lines(range)?, record_count: range.len() as u64, ..Settled::default() }
            }
            Self::Rejects(range) => {
                Settled { rejects: lines(range)?, reject_count: range.len() as u64, ..Settled::default() }
            }
        })
    }

    /// How many requests are settled by it.
    pub fn requests(&self) -> u64 {
        match self {
            Self::Settle(range) => range.len() as u64,
            Self::Records(_) | Self::Rejects(_) => 0,
        }
    }
}
