//! The errors of one utterance, in the order they were drawn and in that of the text; which graphemes and gaps they use up.

use super::edit::{Edit, Op};
use super::source::{Class, PADDING, Source};
use super::symbol::Symbol;

/// Marks of the graphemes and gaps that an error has used up.
const CONSUMED: u8 = 1;
const DELETED: u8 = 2;
const GAP: u8 = 4;
/// The gap lies within an error, where nothing can come.
const CLOSED: u8 = 8;

/// Errors that do not get in each other's way.
#[derive(Debug, Default)]
pub struct Edits {
    all: Vec<Edit>,
    /// Their new graphemes.
    store: Vec<Symbol>,
    /// Places in the text with the indices of the edits there, in the order of the text.
    order: Vec<(u32, u32)>,
    used: Vec<u8>,
    cost: u32,
    /// The new graphemes as UTF-8.
    new: Vec<u8>,
    pieces: Vec<Piece>,
    plain: bool,
}

/// An edit as bytes, in the order of the text.
#[derive(Debug, Clone, Copy)]
struct Piece {
    index: u32,
    /// What it replaces in the text of the source.
    old: (u32, u32),
    /// What it brings, in the new text.
    new: (u32, u32),
}

impl Edits {
    /// Forgets all, for a source of `length` graphemes.
    pub fn clear(&mut self, length: usize) {
        self.all.clear();
        self.store.clear();
        self.order.clear();
        self.used.clear();
        self.used.resize(length + 1, 0);
        self.cost = 0;
    }

    /// The edits in the order they were drawn.
    pub fn all(&self) -> &[Edit] {
        &self.all
    }

    /// The sum of their costs.
    pub fn cost(&self) -> u32 {
        self.cost
    }

    /// The first `length` edits in the order of the text.
    pub fn in_text_order(&self, length: usize) -> impl Iterator<Item = &Edit> + Clone {
        let drawn = self.order.iter().filter(move |(_, at)| (*at as usize) < length);
        drawn.map(|(_, at)| &self.all[*at as usize])
    }

    /// The new graphemes of an edit.
    pub fn new_symbols(&self, edit: &Edit) -> &[Symbol] {
        &self.store[edit.out.0 as usize..edit.out.1 as usize]
    }

    /// Asks `make` for an edit whose new graphemes it pushes, and takes it when it fits; says whether.
    #[inline]
    pub fn offer(&mut self, source: &Source, make: impl FnOnce(&mut Vec<Symbol>) -> Option<Edit>) -> bool {
        let from = self.store.len();
        if let Some(mut edit) = make(&mut self.store) {
            edit.out = (from as u32, self.store.len() as u32);
            if let [only] = self.store[from..] {
                edit.mask = source.pattern.mask(only);
            }
            if self.fits(source, &edit) {
                self.add(edit);
                return true;
            }
        }
        self.store.truncate(from);
        false
    }

    fn fits(&self, source: &Source, edit: &Edit) -> bool {
        let (start, end) = (edit.start as usize, (edit.start + edit.len) as usize);
        if edit.len == 0 && self.used[start] & (GAP | CLOSED) != 0 {
            return false;
        }
        if self.used[start..end].iter().any(|used| used & CONSUMED != 0) {
            return false;
        }
        if edit.len > 1 && self.used[start + 1..end].iter().any(|used| used & GAP != 0) {
            return false;
        }
        if self.cancels(edit) {
            return false;
        }
        if edit.op == Op::Delete {
            // At the ends it could leave nothing, or a space.
            let before_end = end == source.len() && start > 0;
            return start > 0
                && !(before_end
                    && (source.class(start - 1).has(Class::SPACE) || self.used[start - 1] & CONSUMED != 0));
        }
        let blank = |symbol: &Symbol| char::from_u32(*symbol).is_some_and(char::is_whitespace);
        let new = self.new_symbols(edit);
        !(start == 0 && new.first().is_some_and(blank) || end == source.len() && new.last().is_some_and(blank))
    }

    /// Whether with `edit` a run of errors without a grapheme between them would hold both a deletion and an insertion: as
    /// substitutions of the whole run they would cost less. Most lists that are not exact are so for this reason.
    fn cancels(&self, edit: &Edit) -> bool {
        let (mut first, mut last) = (edit.start as usize, (edit.start + edit.len) as usize);
        let mut found = self.used[first..last].iter().fold(0, |found, used| found | used);
        while first > 0 && self.used[first - 1] & CONSUMED != 0 {
            first -= 1;
            found |= self.used[first];
        }
        while last + 1 < self.used.len() && self.used[last] & CONSUMED != 0 {
            found |= self.used[last];
            last += 1;
        }
        found |= self.used[last] & GAP;
        let deletion = edit.op == Op::Delete || found & DELETED != 0;
        deletion && (edit.len == 0 || found & GAP != 0)
    }

    #[inline]
    fn add(&mut self, edit: Edit) {
        self.mark(&edit);
        self.cost += edit.cost;
        // An insertion stands before what replaces the grapheme at its place.
        let place = 2 * edit.start + u32::from(edit.len > 0);
        let mut at = self.order.len();
        self.order.push((place, self.all.len() as u32));
        while at > 0 && self.order[at - 1].0 >= place {
            self.order.swap(at - 1, at);
            at -= 1;
        }
        self.all.push(edit);
    }

    #[inline]
    fn mark(&mut self, edit: &Edit) {
        let (start, end) = (edit.start as usize, (edit.start + edit.len) as usize);
        if edit.len == 0 {
            self.used[start] |= GAP;
            return;
        }
        let mark = if edit.op == Op::Delete { CONSUMED | DELETED } else { CONSUMED };
        self.used[start] |= mark;
        for used in &mut self.used[start + 1..end] {
            *used |= mark | CLOSED;
        }
        if edit.op == Op::Delete && end + 1 == self.used.len() {
            self.used[start - 1] |= CONSUMED;
        }
    }

    /// Keeps the first `length`.
    pub fn truncate(&mut self, length: usize) {
        if let Some(dropped) = self.all.get(length) {
            self.store.truncate(dropped.out.0 as usize);
        }
        self.all.truncate(length);
        self.order.retain(|(_, at)| (*at as usize) < length);
        self.used.fill(0);
        self.cost = 0;
        for at in 0..length {
            let edit = self.all[at];
            self.mark(&edit);
            self.cost += edit.cost;
        }
    }

    /// Makes ready for [`Edits::write`].
    pub fn spell(&mut self, source: &Source) {
        self.new.clear();
        self.pieces.clear();
        for (_, index) in &self.order {
            let edit = &self.all[*index as usize];
            let first = self.new.len() as u32;
            for symbol in &self.store[edit.out.0 as usize..edit.out.1 as usize] {
                source.clusters.write_bytes(*symbol, &mut self.new);
            }
            let start = |at: u32| source.start(at as usize) as u32;
            let old = (start(edit.start), start(edit.start + edit.len));
            self.pieces.push(Piece { index: *index, old, new: (first, self.new.len() as u32) });
        }
        self.plain = source.plain() && !self.new.iter().any(|byte| matches!(byte, 0..0x20 | b'"' | b'\\'));
        self.new.extend_from_slice(&[0; PADDING]);
    }

    /// The first `length` edits in the order of the text, each with its new text; after [`Edits::spell`].
    pub fn spelled(&self, length: usize) -> impl Iterator<Item = (&Edit, &str)> + Clone {
        let drawn = self.pieces.iter().filter(move |piece| (piece.index as usize) < length);
        drawn.map(|piece| {
            let new = &self.new[piece.new.0 as usize..piece.new.1 as usize];
            let new = std::str::from_utf8(new).expect("graphemes are spelled whole");
            (&self.all[piece.index as usize], new)
        })
    }

    /// Whether no text of these edits holds a character that JSON escapes.
    pub fn plain(&self) -> bool {
        self.plain
    }

    /// Appends the text after the first `length` edits to `out`, as UTF-8; after [`Edits::spell`].
    pub fn write(&self, source: &Source, length: usize, out: &mut Vec<u8>) {
        let start = out.len();
        let text = source.padded();
        out.resize(start + text.len() + self.new.len(), 0);
        let room = &mut out[start..];
        let (mut end, mut at) = (0, 0);
        for piece in &self.pieces {
            if (piece.index as usize) < length {
                end = put(room, end, text, at, piece.old.0);
                end = put(room, end, &self.new, piece.new.0, piece.new.1);
                at = piece.old.1;
            }
        }
        end = put(room, end, text, at, source.text().len() as u32);
        out.truncate(start + end);
    }
}

/// Copies `from[start..stop]` to `room[end..]` and says where that ends. Short pieces are copied at one length, which needs no call: `from` and
/// `room` have that much room after what counts.
#[inline]
fn put(room: &mut [u8], end: usize, from: &[u8], start: u32, stop: u32) -> usize {
    let (start, length) = (start as usize, (stop - start) as usize);
    if length <= PADDING {
        room[end..end + PADDING].copy_from_slice(&from[start..start + PADDING]);
    } else {
        room[end..end + length].copy_from_slice(&from[start..start + length]);
    }
    end + length
}
