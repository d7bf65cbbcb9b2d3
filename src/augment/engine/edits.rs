//! The errors of one utterance, in the order they were drawn and in that of the text.

use super::bits::Bits;
use super::class::Class;
use super::edit::{Edit, Op};
use super::source::Source;
use super::symbol::Symbol;
use super::used::Used;

/// Masks after those of the new graphemes; most errors bring no more than that.
pub const NEW_PADDING: usize = 2;

/// Errors that do not get in each other's way.
#[derive(Debug, Default)]
pub struct Edits {
    all: Vec<Edit>,
    /// Their new graphemes.
    store: Vec<Symbol>,
    /// Where a narrow source holds each of those, as bits; then [`NEW_PADDING`] more.
    masks: Vec<u64>,
    /// The places in the text where errors are, see [`place`].
    places: Bits,
    /// By place, the index of the error there.
    at_place: Vec<u32>,
    used: Used,
    cost: u32,
}

impl Edits {
    /// Forgets all, for a source of `length` graphemes.
    pub fn clear(&mut self, length: usize) {
        self.all.clear();
        self.store.clear();
        self.masks.clear();
        self.masks.extend([0; NEW_PADDING]);
        self.at_place.resize(2 * length + 2, 0);
        self.unmark(length);
    }

    fn unmark(&mut self, length: usize) {
        self.places.clear(2 * length + 1);
        self.used.clear(length);
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

    /// The places in the text where they are.
    pub fn places(&self) -> &Bits {
        &self.places
    }

    /// Fills `places` with those of the first `length` edits.
    pub fn places_of(&self, length: usize, source: &Source, places: &mut Bits) {
        places.clear(2 * source.len() + 1);
        self.all[..length].iter().for_each(|edit| places.insert(place(edit)));
    }

    /// The index of the edit at a place.
    pub fn index(&self, place: usize) -> usize {
        self.at_place[place] as usize
    }

    /// The edits at `places`, in the order of the text.
    pub fn in_text_order<'a>(&'a self, places: &'a Bits) -> impl Iterator<Item = &'a Edit> + Clone {
        places.iter().map(|place| &self.all[self.index(place)])
    }

    /// The new graphemes of an edit.
    pub fn new_symbols(&self, edit: &Edit) -> &[Symbol] {
        &self.store[edit.out.0 as usize..edit.out.1 as usize]
    }

    /// For each new grapheme of all edits, where a narrow source holds it, as bits; then [`NEW_PADDING`] more.
    pub fn masks(&self) -> &[u64] {
        &self.masks
    }

    /// Asks `make` for an edit whose new graphemes it pushes, and takes it when it fits; says whether.
    #[inline]
    pub fn offer(&mut self, source: &Source, make: impl FnOnce(&mut Vec<Symbol>) -> Option<Edit>) -> bool {
        let from = self.store.len();
        if let Some(mut edit) = make(&mut self.store) {
            edit.out = (from as u32, self.store.len() as u32);
            if self.fits(source, &edit) {
                self.masks.truncate(from);
                self.masks.extend(self.store[from..].iter().map(|symbol| source.pattern.mask(*symbol)));
                self.masks.extend([0; NEW_PADDING]);
                self.add(edit);
                return true;
            }
        }
        self.store.truncate(from);
        false
    }

    #[inline]
    fn fits(&self, source: &Source, edit: &Edit) -> bool {
        let (start, end) = (edit.start as usize, (edit.start + edit.len) as usize);
        if !self.used.has_room(edit) || self.brings_back(source, edit) {
            return false;
        }
        if edit.op == Op::Delete {
            // At the ends it could leave nothing, or a space.
            let before_end = end == source.len() && start > 0;
            return start > 0
                && !(before_end && (source.class(start - 1).has(Class::SPACE) || self.used.consumed(start - 1)));
        }
        let blank = |symbol: &Symbol| char::from_u32(*symbol).is_some_and(char::is_whitespace);
        let new = self.new_symbols(edit);
        !(start == 0 && new.first().is_some_and(blank) || end == source.len() && new.last().is_some_and(blank))
    }

    /// Whether of `edit` and an error beside it one brings what the other takes away, or doubles a grapheme beside one that is gone: they
    /// cost less than their sum. Most lists that are not exact are so for this reason.
    #[inline]
    fn brings_back(&self, source: &Source, edit: &Edit) -> bool {
        let at = edit.start as usize;
        let (used, meant) = (&self.used, |at: usize| source.symbol(at));
        let inserted = |gap: usize| used.filled(gap).then(|| self.only_new(2 * gap)).flatten();
        let came = |at: usize| used.consumed(at).then(|| self.only_new(2 * at + 1)).flatten();
        let (before, after) = (at > 0, at + 1 < source.len());
        match (edit.op, self.new_symbols(edit)) {
            (Op::Insert, [new]) => {
                before && meant(at - 1) == *new && (used.consumed(at - 1) || at > 1 && used.deleted(at - 2))
                    || at < source.len() && meant(at) == *new && (used.consumed(at) || after && used.deleted(at + 1))
            }
            (Op::Substitute, [new]) if edit.len == 1 => {
                inserted(at) == Some(meant(at))
                    || inserted(at + 1) == Some(meant(at))
                    || before && used.deleted(at - 1) && meant(at - 1) == *new
                    || after && used.deleted(at + 1) && meant(at + 1) == *new
            }
            (Op::Delete, _) if edit.len == 1 => {
                before && (came(at - 1) == Some(meant(at)) || inserted(at - 1) == Some(meant(at - 1)))
                    || after && (came(at + 1) == Some(meant(at)) || inserted(at + 2) == Some(meant(at + 1)))
            }
            _ => false,
        }
    }

    /// The new grapheme of the edit at a place, where it has exactly one.
    fn only_new(&self, place: usize) -> Option<Symbol> {
        let edit = self.all.get(self.index(place)).filter(|edit| self::place(edit) == place)?;
        if let [only] = self.new_symbols(edit) { Some(*only) } else { None }
    }

    #[inline]
    fn add(&mut self, edit: Edit) {
        self.mark(&edit, self.all.len());
        self.all.push(edit);
    }

    #[inline]
    fn mark(&mut self, edit: &Edit, index: usize) {
        let place = place(edit);
        self.places.insert(place);
        self.at_place[place] = index as u32;
        self.cost += edit.cost;
        self.used.mark(edit);
    }

    /// Keeps the first `length`.
    pub fn truncate(&mut self, length: usize) {
        if let Some(dropped) = self.all.get(length) {
            self.store.truncate(dropped.out.0 as usize);
        }
        self.all.truncate(length);
        self.unmark(self.used.len());
        for at in 0..length {
            let edit = self.all[at];
            self.mark(&edit, at);
        }
    }
}

/// Where in the text an edit stands among others: an insertion before what replaces the grapheme at its place. No two edits have the same.
fn place(edit: &Edit) -> usize {
    2 * edit.start as usize + usize::from(edit.len > 0)
}
