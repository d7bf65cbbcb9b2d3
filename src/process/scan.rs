//! One look at every line of a file: what it is, whose, and where.

use std::collections::BTreeMap;

use crate::Result;
use crate::crew::in_order;
use crate::dialect::{Glance, LineKind, glance};
use crate::files::{Block, Blocks};
use crate::model::Stray;
use crate::progress::{Progress, Task};
use crate::random::id_digest;

use super::inputs::Inputs;
use super::place::Place;
use super::report::Numbers;

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
    pub broken: BTreeMap<Stray, Numbers>,
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
    let open = || Blocks::open(inputs.source(file), limit);
    let mut numbers = 0..open()?.count();
    let mut looked = Looked::default();
    let mut before = 0u32;
    let next = |number: &mut u64| Ok(numbers.next().map(|next| *number = next).is_some());
    let look = |blocks: &mut Blocks, number: &u64, part: &mut Part| {
        *part = look(&blocks.read(*number)?, file);
        Ok(())
    };
    let hand_on = |part: &mut Part| {
        for mut seen in part.seen.drain(..) {
            seen.place = seen.place.after(before);
            sink(seen)?;
        }
        for (stray, line) in &part.broken {
            looked.broken.entry(*stray).or_default().add(u64::from(before.saturating_add(*line)));
        }
        looked.lines += part.written;
        before = before.saturating_add(part.lines);
        task.advance(part.bytes);
        Ok(())
    };
    in_order(rayon::current_num_threads(), progress, next, open, look, hand_on)?;
    Ok(looked)
}

fn look(block: &Block<'_>, file: usize) -> Part {
    let mut part = Part { bytes: block.len() as u64, ..Part::default() };
    for line in block.lines() {
        part.lines = line.number as u32;
        if line.bytes.is_empty() && !line.too_long {
            continue;
        }
        part.written += 1;
        if line.too_long {
            part.broken.push((Stray::LineTooLong, part.lines));
            continue;
        }
        match glance(line.bytes) {
            Ok(Glance { kind, id, locale }) => part.seen.push(Seen {
                kind,
                id: id.map(|id| id_digest(id.as_bytes())),
                locale: locale.map(Into::into),
                place: Place::new(file, line.offset, line.bytes.len(), part.lines),
            }),
            Err(_) => part.broken.push((Stray::NotJson, part.lines)),
        }
    }
    part
}
