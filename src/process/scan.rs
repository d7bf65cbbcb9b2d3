//! One look at every line of a file: what it is, whose, and where.

use crate::Result;
use crate::crew::in_order;
use crate::dialect::{Glance, LineKind, glance};
use crate::files::{Block, Blocks};
use crate::model::Stray;
use crate::progress::{Progress, Task};
use crate::random::id_digest;

use super::inputs::Inputs;
use super::place::Place;

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

#[derive(Debug, Default)]
struct Part {
    bytes: u64,
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
    let mut looked = Looked::default();
    let mut before = 0u32;
    let next = |block: &mut Option<Block>| {
        *block = blocks.next()?;
        Ok(block.is_some())
    };
    let look = |(): &mut (), block: &Option<Block>, part: &mut Part| {
        *part = block.as_ref().map(|block| look(block, file, limit)).unwrap_or_default();
        Ok(())
    };
    let hand_on = |part: &mut Part| {
        for mut seen in part.seen.drain(..) {
            seen.place = seen.place.after(before);
            sink(seen)?;
        }
        looked.broken.extend(part.broken.iter().map(|(stray, line)| (*stray, u64::from(before + line) + 1)));
        looked.lines += part.written;
        before = before.saturating_add(part.lines);
        task.advance(part.bytes);
        Ok(())
    };
    in_order(rayon::current_num_threads(), progress, next, || (), look, hand_on)?;
    Ok(looked)
}

fn look(block: &Block, file: usize, limit: usize) -> Part {
    let mut part = Part { bytes: block.bytes.len() as u64, ..Part::default() };
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
