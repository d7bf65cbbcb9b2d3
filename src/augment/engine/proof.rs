//! Whether errors are exact: the distance of the text from the source is the sum of their costs, and every grapheme stands alone.
//!
//! What is exact after some errors is exact after any smaller number of them, so the first that spoils a list is found by bisection.

use unicode_segmentation::UnicodeSegmentation;

use super::distance::{Id, Walk};
use super::edits::Edits;
use super::source::Source;

/// Whether the first `length` of `edits` are exact. `text` is room that is used again.
pub fn is_exact(edits: &Edits, source: &mut Source, length: usize, text: &mut Vec<Id>) -> bool {
    let exact = if source.pattern.is_narrow() {
        narrow(edits, source, length)
    } else {
        let cost: u32 = edits.all()[..length].iter().map(|edit| edit.cost).sum();
        wide(edits, source, length, text) == cost
    };
    exact && (!source.fragile || stand_alone(edits, source, length))
}

/// The number of edits before the first that is not exact with those before it; the first `exact` are, all together are not.
pub fn spoiler(edits: &Edits, source: &mut Source, mut exact: usize, text: &mut Vec<Id>) -> usize {
    let mut spoiled = edits.all().len();
    while spoiled - exact > 1 {
        // Late errors have more neighbours to get in the way of.
        let middle = exact + 2 * (spoiled - exact) / 3;
        if is_exact(edits, source, middle, text) {
            exact = middle;
        } else {
            spoiled = middle;
        }
    }
    exact
}

/// Whether the distance is the cost, for a source of at most 64 graphemes; what stands before the first edit and after the last is alike on
/// both sides.
fn narrow(edits: &Edits, source: &Source, length: usize) -> bool {
    let row = source.pattern.row();
    let mut ordered = edits.in_text_order(length).peekable();
    let Some(first) = ordered.peek() else { return true };
    let (mut at, mut cost) = (first.start as usize, 0);
    let mut walk = Walk::new(at);
    for edit in ordered {
        walk.steps(&row[at..edit.start as usize]);
        match edit.out.1 - edit.out.0 {
            0 => {}
            1 => walk.step(edit.mask),
            _ => edits.new_symbols(edit).iter().for_each(|symbol| walk.step(source.pattern.mask(*symbol))),
        }
        at = (edit.start + edit.len) as usize;
        cost += edit.cost;
    }
    walk.distance(at) == cost
}

fn wide(edits: &Edits, source: &mut Source, length: usize, text: &mut Vec<Id>) -> u32 {
    text.clear();
    let mut at = 0;
    for edit in edits.in_text_order(length) {
        text.extend_from_slice(&source.pattern.ids()[at..edit.start as usize]);
        text.extend(edits.new_symbols(edit).iter().map(|symbol| source.pattern.id(*symbol)));
        at = (edit.start + edit.len) as usize;
    }
    text.extend_from_slice(&source.pattern.ids()[at..]);
    source.pattern.distance(text)
}

/// Whether the text after each of the first `length` edits divides into the graphemes it was put together from.
fn stand_alone(edits: &Edits, source: &Source, length: usize) -> bool {
    (1..=length).all(|length| {
        let (mut text, mut ends, mut at) = (String::new(), Vec::new(), 0);
        for edit in edits.in_text_order(length) {
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
