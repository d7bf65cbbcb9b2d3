//! Which graphemes and gaps the errors of an utterance have used up, and whether one more can stand among them.

use super::edit::{Edit, Op};

/// What is marked at a grapheme: it was replaced; it is gone; it changed places.
const CONSUMED: u8 = 1;
const DELETED: u8 = 2;
const SWAPPED: u8 = 4;
/// What is marked at the gap before a grapheme: something came there; it lies within an error, where nothing can come.
const FILLED: u8 = 8;
const CLOSED: u8 = 16;

/// Graphemes before and after the text, so that eight around any can be looked at in one word.
const BEFORE: usize = 3;
const AFTER: usize = 6;

/// A mark at each of the eight bytes of a word.
const fn each(mark: u8) -> u64 {
    0x0101_0101_0101_0101 * mark as u64
}

/// The marks of one utterance.
#[derive(Debug, Default)]
pub struct Used(Vec<u8>);

impl Used {
    /// Forgets all, for a source of `length` graphemes.
    pub fn clear(&mut self, length: usize) {
        self.0.clear();
        self.0.resize(BEFORE + length + AFTER, 0);
    }

    /// Number of graphemes.
    pub fn len(&self) -> usize {
        self.0.len() - BEFORE - AFTER
    }

    /// Whether the grapheme at `at` was replaced.
    #[inline]
    pub fn consumed(&self, at: usize) -> bool {
        self.0[BEFORE + at] & CONSUMED != 0
    }

    /// Whether the grapheme at `at` is gone.
    #[inline]
    pub fn deleted(&self, at: usize) -> bool {
        self.0[BEFORE + at] & DELETED != 0
    }

    /// Whether something came before the grapheme at `at`.
    #[inline]
    pub fn filled(&self, at: usize) -> bool {
        self.0[BEFORE + at] & FILLED != 0
    }

    /// Marks what an edit uses up.
    #[inline]
    pub fn mark(&mut self, edit: &Edit) {
        let (start, length) = (BEFORE + edit.start as usize, edit.len as usize);
        if length == 0 {
            self.0[start] |= FILLED;
            return;
        }
        let mark = match edit.op {
            Op::Delete => CONSUMED | DELETED,
            Op::Transpose => CONSUMED | SWAPPED,
            Op::Substitute | Op::Insert => CONSUMED,
        };
        self.0[start] |= mark;
        for used in &mut self.0[start + 1..start + length] {
            *used |= mark | CLOSED;
        }
        if edit.op == Op::Delete && start + length + AFTER == self.0.len() {
            // What is then last must stay.
            self.0[start - 1] |= CONSUMED;
        }
    }

    /// Whether nothing that `edit` needs is used up, and no run of errors without a grapheme between them would hold a deletion and an
    /// insertion, or a transposition and either: the whole run could be had for less.
    #[inline]
    pub fn has_room(&self, edit: &Edit) -> bool {
        let short = (edit.len <= 2).then(|| self.near(edit)).flatten();
        short.unwrap_or_else(|| self.far(edit))
    }

    /// The answer for an edit of at most two graphemes, by the three before it and the five from its first on; `None` when the run goes on
    /// beyond. Without a branch, for which way it went would be chance.
    #[inline]
    fn near(&self, edit: &Edit) -> Option<bool> {
        let (start, length) = (edit.start as usize, edit.len);
        let around: [u8; 8] = self.0[start..start + 8].try_into().expect("eight bytes");
        let window = u64::from_le_bytes(around);
        let own = window >> (8 * BEFORE);
        let graphemes = own & ((1 << (8 * length)) - 1);
        let inner = (own >> 8) & 0xFF & u64::from(length == 2).wrapping_neg();
        let gap = own & u64::from(length == 0).wrapping_neg();
        let taken = graphemes & each(CONSUMED) | inner & u64::from(FILLED) | gap & u64::from(FILLED | CLOSED);

        let consumed = window & each(CONSUMED);
        let after = (!(consumed >> (24 + 8 * length)) & each(1)).trailing_zeros() / 8;
        let before = (!(consumed << 40) & each(1)).leading_zeros() / 8;
        // Where this goes beyond the word, so does the run, and the answer is not taken.
        let run = (1u64.wrapping_shl(8 * (before + length + after)).wrapping_sub(1)) << (24 - 8 * before);
        let gaps = run | 0xFFu64.wrapping_shl(24 + 8 * (length + after));
        let found = window & run;
        let stands =
            stands(edit, found & each(DELETED) != 0, found & each(SWAPPED) != 0, window & gaps & each(FILLED) != 0);
        (before < 3 && after + length < 5).then_some(taken == 0 && stands)
    }

    fn far(&self, edit: &Edit) -> bool {
        let (start, end) = (edit.start as usize, (edit.start + edit.len) as usize);
        let marks = &self.0[BEFORE..];
        let taken = edit.len == 0 && marks[start] & (FILLED | CLOSED) != 0
            || (start..end).any(|at| self.consumed(at))
            || (start + 1..end).any(|at| self.filled(at));
        let first = (0..start).rev().find(|at| !self.consumed(*at)).map_or(0, |at| at + 1);
        let last = (end..self.len()).find(|at| !self.consumed(*at)).unwrap_or(self.len());
        let found = marks[first..last].iter().fold(0, |found, mark| found | mark);
        let filled = (found | marks[last]) & FILLED != 0;
        !taken && stands(edit, found & DELETED != 0, found & SWAPPED != 0, filled)
    }
}

/// Whether an edit stands in a run where something is deleted, swapped or inserted.
#[inline]
fn stands(edit: &Edit, deleted: bool, swapped: bool, inserted: bool) -> bool {
    let (deletes, inserts, swaps) = (edit.op == Op::Delete, edit.len == 0, edit.op == Op::Transpose);
    let again = swaps & swapped;
    let (deleted, swapped, inserted) = (deleted | deletes, swapped | swaps, inserted | inserts);
    !(deleted & inserted | swapped & (deleted | inserted) | again)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::edit::{Cause, Kind};
    use super::*;

    fn edit(op: u8, at: usize, length: usize) -> Edit {
        let (op, len) = match op {
            0 => (Op::Insert, 0),
            1 => (Op::Delete, 1),
            2 => (Op::Transpose, 2),
            3 => (Op::Delete, 3),
            _ => (Op::Substitute, 1),
        };
        Edit::new(Kind::Substitution, op, Cause::Miss, (at.min(length - len), len), 1)
    }

    proptest! {
        #[test]
        fn the_short_way_answers_as_the_long_one(
            length in 3..20usize,
            edits in prop::collection::vec((0..6u8, any::<prop::sample::Index>()), 0..30),
        ) {
            let mut used = Used::default();
            used.clear(length);
            for (op, at) in edits {
                let edit = edit(op, at.index(length + 1), length);
                let far = used.far(&edit);
                prop_assert_eq!(used.has_room(&edit), far);
                // As the callers do, which never delete what is first.
                if far && !(edit.op == Op::Delete && edit.start == 0) {
                    used.mark(&edit);
                }
            }
        }
    }
}
