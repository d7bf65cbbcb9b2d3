//! Whether errors are exact: the distance of the text from the source is the sum of their costs, and every grapheme stands alone.
//!
//! What is exact after some errors is exact after any smaller number of them, so the first that spoils a list is found by bisection.

use unicode_segmentation::UnicodeSegmentation;

use super::bits::Bits;
use super::distance::{Id, ROW_PADDING, Walk};
use super::edits::{Edits, NEW_PADDING};
use super::source::Source;
use super::spelled::put;

/// Proofs, with room that is used again.
#[derive(Debug, Default)]
pub struct Proof {
    places: Bits,
    masks: Vec<u64>,
    ids: Vec<Id>,
}

impl Proof {
    /// Whether `edits` are exact.
    pub fn is_exact(&mut self, edits: &Edits, source: &mut Source) -> bool {
        let exact = self.costs(edits, source, edits.places(), edits.cost());
        exact && (!source.fragile || stand_alone(edits, source, edits.all().len()))
    }

    /// The number of edits before the first that is not exact with those before it; the first `exact` are, all together are not.
    pub fn spoiler(&mut self, edits: &Edits, source: &mut Source, mut exact: usize) -> usize {
        let mut spoiled = edits.all().len();
        let mut places = std::mem::take(&mut self.places);
        while spoiled - exact > 1 {
            // Late errors have more neighbours to get in the way of.
            let middle = exact + 2 * (spoiled - exact) / 3;
            edits.places_of(middle, source, &mut places);
            let cost = edits.all()[..middle].iter().map(|edit| edit.cost).sum();
            if self.costs(edits, source, &places, cost) && (!source.fragile || stand_alone(edits, source, middle)) {
                exact = middle;
            } else {
                spoiled = middle;
            }
        }
        self.places = places;
        exact
    }

    /// Whether the text after the edits at `places` is `cost` away from the source.
    fn costs(&mut self, edits: &Edits, source: &mut Source, places: &Bits, cost: u32) -> bool {
        if source.pattern.is_narrow() {
            self.narrow(edits, source, places) == cost
        } else {
            self.wide(edits, source, places) == cost
        }
    }

    /// The distance, for a source of at most 64 graphemes; what stands before the first edit and after the last is alike on both sides.
    fn narrow(&mut self, edits: &Edits, source: &Source, places: &Bits) -> u32 {
        let (row, new) = (source.pattern.row(), edits.masks());
        let most = row.len() + new.len();
        if self.masks.len() < most {
            self.masks.resize(most, 0);
        }
        let text = &mut self.masks[..most];
        let mut ordered = edits.in_text_order(places).peekable();
        let Some(first) = ordered.peek().map(|edit| edit.start) else { return 0 };
        let (mut at, mut end) = (first, 0);
        for edit in ordered {
            end = put::<ROW_PADDING, _>(text, end, row, at, edit.start);
            end = put::<NEW_PADDING, _>(text, end, new, edit.out.0, edit.out.1);
            at = edit.start + edit.len;
        }
        let mut walk = Walk::new(first as usize);
        text[..end].iter().for_each(|mask| walk.step(*mask));
        walk.distance(at as usize)
    }

    fn wide(&mut self, edits: &Edits, source: &mut Source, places: &Bits) -> u32 {
        let text = &mut self.ids;
        text.clear();
        let mut at = 0;
        for edit in edits.in_text_order(places) {
            text.extend_from_slice(&source.pattern.ids()[at..edit.start as usize]);
            text.extend(edits.new_symbols(edit).iter().map(|symbol| source.pattern.id(*symbol)));
            at = (edit.start + edit.len) as usize;
        }
        text.extend_from_slice(&source.pattern.ids()[at..]);
        source.pattern.distance(text)
    }
}

/// Whether the text after each of the first `length` edits divides into the graphemes it was put together from.
fn stand_alone(edits: &Edits, source: &Source, length: usize) -> bool {
    let mut places = Bits::default();
    (1..=length).all(|length| {
        edits.places_of(length, source, &mut places);
        let (mut text, mut ends, mut at) = (String::new(), Vec::new(), 0);
        for edit in edits.in_text_order(&places) {
            copy(source, at, edit.start as usize, &mut text, &mut ends);
            for &symbol in edits.new_symbols(edit) {
                source.clusters.write(symbol, &mut text);
                ends.push(text.len());
            }
            at = (edit.start + edit.len) as usize;
        }
        copy(source, at, source.len(), &mut text, &mut ends);
        text.grapheme_indices(true).map(|(start, grapheme)| start + grapheme.len()).eq(ends)
    })
}

fn copy(source: &Source, from: usize, to: usize, text: &mut String, ends: &mut Vec<usize>) {
    for at in from..to {
        text.push_str(source.slice(at, at + 1));
        ends.push(text.len());
    }
}
