//! One look at every line of a file: what it is, whose, and where.

use rayon::prelude::*;

use crate::Result;
use crate::dialect::{Glance, LineKind, glance};
use crate::files::{Block, Blocks};
use crate::model::Stray;
use crate::progress::{Progress, Task, go_on};
use crate::random::id_digest;

use super::inputs::Inputs;
use super::place::Place;

/// Blocks that are read ahead and looked at together, for each thread.
const BLOCKS_A_THREAD: usize = 8;

/// A line of JSON.
#[derive(Debug)]
pub(super) struct Seen {
    pub kind: LineKind,
    pub id: Option<[u64; 2]>,
    pub locale: Option<Box<str>>,
    pub place: Place,
}

/// What a look at a file found besides the lines that it handed on.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// Lines that are not blank.
    pub lines: u64,
    /// Lines that are no JSON, or too long, by number.
    pub broken: Vec<(Stray, u64)>,
}

struct Part {
    lines: u32,
    written: u64,
    seen: Vec<Seen>,
    broken: Vec<(Stray, u32)>,
}

/// Looks at the lines of a file and hands each that is JSON to `sink`, in order.
pub(super) fn scan(
    inputs: &Inputs,
    file: usize,
    limit: usize,
    progress: &dyn Progress,
    task: &dyn Task,
    mut sink: impl FnMut(Seen) -> Result<()> + Send,
) -> Result<Looked> {
    let mut blocks = Blocks::open(inputs.source(file), limit)?;
    let ahead = rayon::current_num_threads() * BLOCKS_A_THREAD;
    let mut read = || -> Result<Vec<Block>> { (0..ahead).map_while(|_| blocks.next().transpose()).collect() };
    let mut looked = Looked::default();
    let mut before = 0u32;
    let mut hand_on = |parts: Vec<Part>| -> Result<()> {
        for part in parts {
            for mut seen in part.seen {
                seen.place = seen.place.after(before);
                sink(seen)?;
            }
            looked.broken.extend(part.broken.iter().map(|(stray, line)| (*stray, u64::from(before + line) + 1)));
            looked.lines += part.written;
            before = before.saturating_add(part.lines);
        }
        Ok(())
    };
    // One group is looked at while the next is read and the one before is handed on.
    let (mut group, mut waiting) = (read()?, Vec::new());
    while !group.is_empty() {
        go_on(progress)?;
        let look = || group.par_iter().with_max_len(1).map(|block| look(block, file, limit)).collect::<Vec<_>>();
        let parts = std::mem::take(&mut waiting);
        let (parts, (next, handed)) = rayon::join(look, || rayon::join(&mut read, || hand_on(parts)));
        handed?;
        waiting = parts;
        task.advance(group.iter().map(|block| block.bytes.len() as u64).sum());
        group = next?;
    }
    hand_on(waiting)?;
    Ok(looked)
}

fn look(block: &Block, file: usize, limit: usize) -> Part {
    let mut part = Part { lines: 0, written: 0, seen: Vec::new(), broken: Vec::new() };
    if block.too_long {
        return Part { lines: 1, written: 1, broken: vec![(Stray::LineTooLong, 0)], ..part };
    }
    for line in block.lines() {
        part.lines = line.number + 1;
        if line.bytes.is_empty() {
            continue;
        }
        part.written += 1;
        if line.bytes.len() > limit {
            part.broken.push((Stray::LineTooLong, line.number));
            continue;
        }
        match glance(line.bytes) {
            Ok(Glance { kind, id, locale }) => part.seen.push(Seen {
                kind,
                id: id.map(|id| id_digest(id.as_bytes())),
                locale: locale.map(Into::into),
                place: Place::new(file, line.offset, line.bytes.len(), line.number + 1),
            }),
            Err(_) => part.broken.push((Stray::NotJson, line.number)),
        }
    }
    part
}
