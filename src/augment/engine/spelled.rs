//! The errors of one utterance as bytes, and the texts they make.

use super::bits::Bits;
use super::edit::Edit;
use super::edits::Edits;
use super::source::{PADDING, Source};

/// Bytes after the new graphemes; most are no longer than that.
const NEW_PADDING: usize = 8;

/// Edits, spelled.
#[derive(Debug, Default)]
pub struct Spelled {
    /// The new graphemes as UTF-8, then [`NEW_PADDING`] more bytes.
    new: Vec<u8>,
    /// By edit, in the order they were drawn.
    pieces: Vec<Piece>,
    plain: bool,
}

/// An edit as bytes.
#[derive(Debug, Clone, Copy)]
struct Piece {
    /// What it replaces in the text of the source.
    old: (u32, u32),
    /// What it brings, in the new text.
    new: (u32, u32),
}

impl Spelled {
    /// Spells `edits`.
    pub fn spell(&mut self, edits: &Edits, source: &Source) {
        self.new.clear();
        self.pieces.clear();
        for edit in edits.all() {
            let first = self.new.len() as u32;
            for symbol in edits.new_symbols(edit) {
                source.clusters.write_bytes(*symbol, &mut self.new);
            }
            let start = |at: u32| source.start(at as usize) as u32;
            let old = (start(edit.start), start(edit.start + edit.len));
            self.pieces.push(Piece { old, new: (first, self.new.len() as u32) });
        }
        self.plain = source.plain() && !self.new.iter().any(|byte| matches!(byte, 0..0x20 | b'"' | b'\\'));
        self.new.extend_from_slice(&[0; NEW_PADDING]);
    }

    /// The edits at `places` in the order of the text, each with its new text.
    pub fn edits<'a>(
        &'a self,
        edits: &'a Edits,
        places: &'a Bits,
    ) -> impl Iterator<Item = (&'a Edit, &'a str)> + Clone {
        places.iter().map(|place| {
            let index = edits.index(place);
            let (start, end) = self.pieces[index].new;
            let new = std::str::from_utf8(&self.new[start as usize..end as usize]);
            (&edits.all()[index], new.expect("graphemes are spelled whole"))
        })
    }

    /// Whether no text of these edits holds a character that JSON escapes.
    pub fn plain(&self) -> bool {
        self.plain
    }

    /// Appends the text after the edits at `places` to `out`, as UTF-8.
    pub fn write(&self, edits: &Edits, places: &Bits, source: &Source, out: &mut Vec<u8>) {
        let start = out.len();
        let text = source.padded();
        out.resize(start + text.len() + self.new.len(), 0);
        let room = &mut out[start..];
        let (mut end, mut at) = (0, 0);
        for place in places.iter() {
            let piece = self.pieces[edits.index(place)];
            end = put::<PADDING, _>(room, end, text, at, piece.old.0);
            end = put::<NEW_PADDING, _>(room, end, &self.new, piece.new.0, piece.new.1);
            at = piece.old.1;
        }
        end = put::<PADDING, _>(room, end, text, at, source.text().len() as u32);
        out.truncate(start + end);
    }
}

/// Copies `from[start..stop]` to `room[end..]` and says where that ends. Short pieces are copied as `N`, which needs no call: `from` and
/// `room` have that much room after what counts.
#[inline]
pub fn put<const N: usize, T: Copy>(room: &mut [T], end: usize, from: &[T], start: u32, stop: u32) -> usize {
    let (start, length) = (start as usize, (stop - start) as usize);
    if length <= N {
        room[end..end + N].copy_from_slice(&from[start..start + N]);
    } else {
        room[end..end + length].copy_from_slice(&from[start..start + length]);
    }
    end + length
}
