//! The index on disk: what is known of ids and of requests is sorted into piles, each of which fits in memory.
//!
//! Planned ids and lines that name an id go to piles by the id, so that each pile can be joined by itself. What the join finds
//! goes, with the requests, to piles by the request's place in the plan: the windows that are settled one after the other.

use std::ops::Range;
use std::path::Path;

use crate::Result;
use crate::files::Piles;
use crate::progress::{Progress, go_on};

use super::super::place::Place;
use super::memory::Memory;
use super::window::{Entry, Window};
use super::{Id, Left, Twice, Unknown};

/// Bytes of a planned id while its pile is joined.
const PLANNED_BYTES: usize = size_of::<(Id, u64)>();

/// The part of the limit that one window may have for each of its requests: 40 bytes for it, 24 for each line that answers it
/// beyond the first, and as much again while it is read.
const WINDOW_BYTES: usize = 128;

/// A line that is no earlier run's has no number there.
const NO_NUMBER: u64 = u64::MAX;

/// Bytes that are written together, where the index may take `limit` bytes: there are as many such buffers as piles.
pub(super) fn block_bytes(limit: usize) -> usize {
    (limit / 256).clamp(4 << 10, 64 << 10)
}

/// All planned requests, and what is known of them.
#[derive(Debug)]
pub(super) struct Spilled {
    count: usize,
    /// How many piles there are by id.
    parts: usize,
    /// Requests in a window, and lines in one of those that are left.
    width: usize,
    /// By id: id, ordinal and locale.
    planned: Piles<3>,
    /// By id: id, place, number.
    lines: Piles<5>,
    /// By id, after the join: each id that is planned, in order.
    ids: Piles<2>,
    /// By window: ordinal and locale, place of the metadata.
    entries: Piles<3>,
    /// By window: ordinal, place of a line that answers it; no place where it was planned before.
    answers: Piles<3>,
    /// By number: number and place of lines of an earlier run that belong to no request.
    left: Piles<3>,
}

impl Spilled {
    /// An index for `count` requests that takes at most about `limit` bytes of memory.
    pub fn create(folder: &Path, limit: usize, count: usize) -> Result<Self> {
        let block = block_bytes(limit);
        Ok(Self {
            count,
            parts: (count * PLANNED_BYTES).div_ceil((limit / 2).max(PLANNED_BYTES)).max(1),
            width: (limit / WINDOW_BYTES).max(1),
            planned: Piles::create(folder, block)?,
            lines: Piles::create(folder, block)?,
            ids: Piles::create(folder, block)?,
            entries: Piles::create(folder, block)?,
            answers: Piles::create(folder, block)?,
            left: Piles::create(folder, block)?,
        })
    }

    /// All that is in memory goes to disk.
    pub fn of(memory: &Memory, folder: &Path, limit: usize) -> Result<Self> {
        let mut spilled = Self::create(folder, limit, memory.ids.len())?;
        for ((id, entry), ordinal) in memory.ids.iter().zip(&memory.window.entries).zip(0..) {
            if entry.counts() {
                spilled.plan(*id, ordinal, *entry)?;
            }
        }
        for (ordinal, place) in memory.window.answers() {
            spilled.answered(ordinal, place)?;
        }
        for (number, place) in &memory.left {
            spilled.leave(*number, *place)?;
        }
        Ok(spilled)
    }

    /// Adds a planned request.
    pub fn plan(&mut self, id: Id, ordinal: u32, entry: Entry) -> Result<()> {
        let what = u64::from(ordinal) << 16 | u64::from(entry.locale);
        self.planned.push(self.part(id), [id[0], id[1], what])?;
        let [first, second] = entry.metadata.words();
        self.entries.push(ordinal as usize / self.width, [what, first, second])
    }

    /// Adds a line that names an id; `number` where it is an earlier run's.
    pub fn line(&mut self, id: Id, place: Place, number: Option<u64>) -> Result<()> {
        let [first, second] = place.words();
        self.lines.push(self.part(id), [id[0], id[1], first, second, number.unwrap_or(NO_NUMBER)])
    }

    /// Adds a line of an earlier run that belongs to no request.
    pub fn leave(&mut self, number: u64, place: Place) -> Result<()> {
        let [first, second] = place.words();
        self.left.push((number / self.width as u64) as usize, [number, first, second])
    }

    /// Brings requests and the lines that answer them together.
    pub fn join(&mut self, twice: &mut Twice, unknown: &mut Unknown, progress: &dyn Progress) -> Result<()> {
        let task = progress.task("join", "index", Some(self.parts as u64), "parts");
        let (planned, lines) = (self.planned.take()?, self.lines.take()?);
        for part in 0..self.parts {
            go_on(progress)?;
            let mut requests: Vec<(Id, u64)> = Vec::with_capacity(planned.len(part));
            planned.read(part, |[high, low, what]| {
                requests.push(([high, low], what));
                Ok(())
            })?;
            requests.sort_unstable();
            let mut before = None;
            for (id, what) in &requests {
                if before.replace(*id) == Some(*id) {
                    self.answered((what >> 16) as u32, Place::NONE)?;
                    *twice.entry(*what as u16).or_default() += 1;
                } else {
                    self.ids.push(part, *id)?;
                }
            }
            requests.dedup_by_key(|(id, _)| *id);
            lines.read(part, |[high, low, first, second, number]| {
                let place = Place::from_words([first, second]);
                match requests.binary_search_by_key(&[high, low], |(id, _)| *id) {
                    Ok(at) => self.answered((requests[at].1 >> 16) as u32, place),
                    Err(_) if number == NO_NUMBER => {
                        unknown.add(place);
                        Ok(())
                    }
                    Err(_) => self.leave(number, place),
                }
            })?;
            task.advance(1);
        }
        Ok(())
    }

    /// Whether a request of that id is planned; known after the join.
    pub fn contains(&self, id: Id) -> Result<bool> {
        let part = self.part(id);
        let mut range = 0..self.ids.len(part);
        while !range.is_empty() {
            let middle = range.start + range.len() / 2;
            match self.ids.get(part, middle)?.cmp(&id) {
                std::cmp::Ordering::Equal => return Ok(true),
                std::cmp::Ordering::Less => range.start = middle + 1,
                std::cmp::Ordering::Greater => range.end = middle,
            }
        }
        Ok(false)
    }

    /// The window with the request of that ordinal, and the ordinals that are in it.
    pub fn window(&self, ordinal: u32) -> Result<(Window, Range<u32>)> {
        let number = ordinal as usize / self.width;
        let (start, end) = (number * self.width, ((number + 1) * self.width).min(self.count));
        let mut window = Window::new(vec![Entry::new(Place::NONE, 0); end - start]);
        self.entries.read(number, |[what, first, second]| {
            let metadata = Place::from_words([first, second]);
            window.entries[(what >> 16) as usize - start] = Entry::new(metadata, what as u16);
            Ok(())
        })?;
        self.answers.read(number, |[ordinal, first, second]| {
            let at = ordinal as usize - start;
            match Place::from_words([first, second]).some() {
                Some(place) => window.answer(at as u32, place),
                None => window.entries[at].metadata = Place::NONE,
            }
            Ok(())
        })?;
        window.sort();
        Ok((window, start as u32..end as u32))
    }

    /// Lines that are left, of the numbers around that one.
    pub fn left(&self, number: u64) -> Result<Left> {
        let width = self.width as u64;
        let pile = number / width;
        let mut lines = Vec::new();
        self.left.read(pile as usize, |[number, first, second]| {
            lines.push((number, Place::from_words([first, second])));
            Ok(())
        })?;
        lines.sort_unstable();
        Ok(Left { lines, numbers: pile * width..(pile + 1) * width })
    }

    fn answered(&mut self, ordinal: u32, place: Place) -> Result<()> {
        let [first, second] = place.words();
        self.answers.push(ordinal as usize / self.width, [u64::from(ordinal), first, second])
    }

    /// The pile of an id: ids are hashes, so that piles are of about the same size.
    fn part(&self, [high, _]: Id) -> usize {
        ((u128::from(high) * self.parts as u128) >> 64) as usize
    }
}
