//! One ordered list of errors for an utterance on a device; a severity is its shortest prefix of the right distance.
//!
//! An error of cost *c* changes the distance to the source by at most *c*. So when the distance after the whole list equals
//! the sum of the costs, it does so after each prefix: one comparison proves all severities, and that they are nested.
//! Where it does not, the first error that spoils it is found by bisection, dropped with all that follow, and drawn anew in
//! its kind, so that exactness does not bend the mix.

use super::distance::Id;
use super::edit::{Cause, Edit, Kind, Op};
use super::source::{Class, Source};
use super::symbol::{FIRST_CLUSTER, Symbol};
use crate::augment::device::Device;
use crate::augment::severity::{PerSeverity, targets};
use crate::random::Stream;

/// Marks of the graphemes and gaps that an error has used up.
const CONSUMED: u8 = 1;
const DELETED: u8 = 2;
const GAP: u8 = 4;

/// Of the errors that would hit the first letter of a word, one in this many is kept: 2 to 3 % of real errors do, where a fifth of letters are first
/// (typos-dict 0.14.4 and BEA60k, counted).
const INITIAL_KEPT: u32 = 8;

/// The errors of one (turn, layout, access).
#[derive(Debug, Default)]
pub struct Plan {
    edits: Vec<Edit>,
    /// New graphemes of the edits.
    store: Vec<Symbol>,
    /// Indices of the edits in the order of the text.
    order: Vec<u32>,
    used: Vec<u8>,
    text: Vec<Id>,
    /// The kind that the next error must have, because one of that kind was dropped.
    wanted: Option<Kind>,
    /// The distance left before the next target.
    room: u32,
    /// How the errors of this utterance lean.
    leaning: u8,
    /// Transpositions that were drawn where only one more error had room.
    owed: u32,
    lengths: PerSeverity,
    reached: PerSeverity,
}

impl Plan {
    /// Draws the errors of `source` on `device`.
    pub fn draw(&mut self, source: &mut Source, device: &Device, stream: &mut Stream) {
        let targets = targets(source.len());
        self.clear(source.len());
        self.leaning = device.leaning(stream);
        let goal = targets[targets.len() - 1];
        let mut spoiled = 0;
        loop {
            let more = self.extend(source, device, stream, &targets);
            if self.is_exact(source, self.edits.len()) {
                break;
            }
            self.wanted = Some(self.drop_spoiler(source));
            spoiled += 1;
            if !more || spoiled > 24 + goal {
                break;
            }
        }
        while self.cost() < goal && self.search(source, device, stream) {}
        self.settle(&targets);
    }

    /// The distance of each severity's text from the source.
    #[must_use]
    pub fn reached(&self) -> &PerSeverity {
        &self.reached
    }

    /// The errors of a severity, in the order of the text.
    pub fn in_text_order(&self, severity: usize) -> impl Iterator<Item = &Edit> + Clone {
        let length = self.lengths[severity];
        self.order.iter().filter(move |at| **at < length).map(|at| &self.edits[*at as usize])
    }

    /// Appends the new graphemes of `edit` to `out`.
    pub fn write_new(&self, source: &Source, edit: &Edit, out: &mut String) {
        for &symbol in self.new_symbols(edit) {
            source.clusters.write(symbol, out);
        }
    }

    /// The number of new graphemes of `edit`.
    #[must_use]
    pub fn new_len(&self, edit: &Edit) -> usize {
        (edit.out.1 - edit.out.0) as usize
    }

    /// Appends the text of a severity to `out`, as UTF-8.
    pub fn write(&self, source: &Source, severity: usize, out: &mut Vec<u8>) {
        let mut at = 0;
        for edit in self.in_text_order(severity) {
            out.extend_from_slice(source.bytes(at, edit.start as usize));
            for &symbol in self.new_symbols(edit) {
                source.clusters.write_bytes(symbol, out);
            }
            at = (edit.start + edit.len) as usize;
        }
        out.extend_from_slice(source.bytes(at, source.len()));
    }

    fn new_symbols(&self, edit: &Edit) -> &[Symbol] {
        &self.store[edit.out.0 as usize..edit.out.1 as usize]
    }

    fn clear(&mut self, length: usize) {
        self.edits.clear();
        self.store.clear();
        self.order.clear();
        self.used.clear();
        self.used.resize(length + 1, 0);
        self.wanted = None;
        self.owed = 0;
    }

    fn cost(&self) -> u32 {
        self.edits.iter().map(|edit| edit.cost).sum()
    }

    /// Adds errors until the last target; false when the device has no more to give.
    fn extend(&mut self, source: &Source, device: &Device, stream: &mut Stream, targets: &PerSeverity) -> bool {
        let mut cost = self.cost();
        let patience = 4 + source.len() as u32;
        let mut misses = 0;
        while let Some(target) = targets.iter().find(|target| **target > cost) {
            self.room = target - cost;
            let kind = self.next_kind(device, stream);
            let bits = stream.bits();
            let at = (((bits & 0xFFFF_FFFF) * source.len() as u64) >> 32) as usize;
            match self.propose(source, device, kind, at, (bits >> 32) as u32) {
                Some(edit) => {
                    cost += edit.cost;
                    self.add(edit);
                    misses = 0;
                }
                None => {
                    misses += 1;
                    if misses > 4 * patience {
                        return false;
                    }
                    self.wanted = (misses % patience != 0).then_some(kind);
                }
            }
        }
        true
    }

    /// The kind of the next error.
    fn next_kind(&mut self, device: &Device, stream: &mut Stream) -> Kind {
        let room = self.room;
        if let Some(kind) = self.wanted.take() {
            if kind != Kind::Transposition || room >= 2 {
                return kind;
            }
            self.owed += 1;
        }
        if self.owed > 0 && room >= 2 {
            self.owed -= 1;
            return Kind::Transposition;
        }
        loop {
            match device.kind(stream.bits() as u16) {
                Kind::Transposition if room < 2 => self.owed += 1,
                kind => return kind,
            }
        }
    }

    /// An error of `kind` at grapheme `at` that has room, when the device can make it there and nothing stands
    /// against it.
    fn propose(&mut self, source: &Source, device: &Device, kind: Kind, at: usize, bits: u32) -> Option<Edit> {
        let class = source.class(at);
        if kind <= Kind::Transposition
            && (class.has(Class::SPARED) || (class.has(Class::INITIAL) && !(bits >> 17).is_multiple_of(INITIAL_KEPT)))
        {
            return None;
        }
        let from = self.store.len();
        let edit = device.propose(source, kind, at, self.leaning, bits, &mut self.store);
        self.seal(source, edit.filter(|edit| edit.cost <= self.room), from)
    }

    /// Gives an edit the symbols pushed since `from`, or takes them back when it does not fit.
    fn seal(&mut self, source: &Source, edit: Option<Edit>, from: usize) -> Option<Edit> {
        let sealed = edit.map(|edit| Edit { out: (from as u32, self.store.len() as u32), ..edit });
        let fits = sealed.filter(|edit| self.fits(source, edit));
        if fits.is_none() {
            self.store.truncate(from);
        }
        fits
    }

    fn fits(&self, source: &Source, edit: &Edit) -> bool {
        let (start, end) = (edit.start as usize, (edit.start + edit.len) as usize);
        if edit.len == 0 {
            let deleted = |at: usize| self.used[at] & DELETED != 0;
            if self.used[start] & GAP != 0 || (start > 0 && deleted(start - 1)) || deleted(start) {
                return false;
            }
        }
        if self.used[start..end].iter().any(|used| used & CONSUMED != 0) {
            return false;
        }
        if edit.len > 1 && self.used[start + 1..end].iter().any(|used| used & GAP != 0) {
            return false;
        }
        if edit.op == Op::Delete {
            // Beside an insertion it would be a substitution; at the ends it could leave nothing, or a space.
            let before_end = end == source.len() && start > 0;
            return start > 0
                && self.used[start..=end].iter().all(|used| used & GAP == 0)
                && !(before_end
                    && (source.class(start - 1).has(Class::SPACE) || self.used[start - 1] & CONSUMED != 0));
        }
        let blank = |symbol: &Symbol| char::from_u32(*symbol).is_some_and(char::is_whitespace);
        let new = self.new_symbols(edit);
        !(start == 0 && new.first().is_some_and(blank) || end == source.len() && new.last().is_some_and(blank))
    }

    fn add(&mut self, edit: Edit) {
        self.mark(&edit);
        // An insertion stands before what replaces the grapheme at its place.
        let place = |edit: &Edit| 2 * edit.start + u32::from(edit.len > 0);
        let here = place(&edit);
        let after = self.order.iter().rposition(|other| place(&self.edits[*other as usize]) < here);
        self.order.insert(after.map_or(0, |at| at + 1), self.edits.len() as u32);
        self.edits.push(edit);
    }

    fn mark(&mut self, edit: &Edit) {
        let (start, end) = (edit.start as usize, (edit.start + edit.len) as usize);
        if edit.len == 0 {
            self.used[start] |= GAP;
        }
        let mark = if edit.op == Op::Delete { CONSUMED | DELETED } else { CONSUMED };
        for used in &mut self.used[start..end] {
            *used |= mark;
        }
        for inner in self.used.iter_mut().take(end).skip(start + 1) {
            *inner |= GAP;
        }
        if edit.op == Op::Delete && end + 1 == self.used.len() {
            self.used[start - 1] |= CONSUMED;
        }
    }

    /// Keeps the longest exact prefix; returns the kind of the error after it.
    fn drop_spoiler(&mut self, source: &mut Source) -> Kind {
        let (mut exact, mut spoiled) = (0, self.edits.len());
        while spoiled - exact > 1 {
            let middle = exact.midpoint(spoiled);
            if self.is_exact(source, middle) {
                exact = middle;
            } else {
                spoiled = middle;
            }
        }
        let kind = self.edits[exact].kind;
        self.truncate(exact);
        kind
    }

    fn truncate(&mut self, length: usize) {
        if let Some(dropped) = self.edits.get(length) {
            self.store.truncate(dropped.out.0 as usize);
        }
        self.edits.truncate(length);
        self.order.retain(|at| (*at as usize) < length);
        self.used.fill(0);
        for at in 0..length {
            let edit = self.edits[at];
            self.mark(&edit);
        }
    }

    /// Whether the distance after the first `length` edits is the sum of their costs, and every grapheme still stands alone.
    fn is_exact(&mut self, source: &mut Source, length: usize) -> bool {
        self.text.clear();
        let mut at = 0;
        for index in self.order.iter().filter(|index| (**index as usize) < length) {
            let edit = &self.edits[*index as usize];
            self.text.extend_from_slice(&source.pattern.ids()[at..edit.start as usize]);
            let new = &self.store[edit.out.0 as usize..edit.out.1 as usize];
            self.text.extend(new.iter().map(|symbol| source.pattern.id(*symbol)));
            at = (edit.start + edit.len) as usize;
        }
        self.text.extend_from_slice(&source.pattern.ids()[at..]);
        let cost: u32 = self.edits[..length].iter().map(|edit| edit.cost).sum();
        source.pattern.distance(&self.text) == cost && (!source.fragile || self.stands_alone(source, length))
    }

    /// Whether the text after each of the first `length` edits divides into the graphemes it was put together from.
    fn stands_alone(&self, source: &Source, length: usize) -> bool {
        use unicode_segmentation::UnicodeSegmentation;
        (1..=length).all(|length| {
            let (mut text, mut ends, mut at) = (String::new(), Vec::new(), 0);
            for edit in self.order.iter().filter(|index| (**index as usize) < length) {
                let edit = &self.edits[*edit as usize];
                copy(source, at, edit.start as usize, &mut text, &mut ends);
                for &symbol in self.new_symbols(edit) {
                    source.clusters.write(symbol, &mut text);
                    ends.push(text.len());
                }
                at = (edit.start + edit.len) as usize;
            }
            copy(source, at, source.len(), &mut text, &mut ends);
            text.grapheme_indices(true).map(|(start, grapheme)| start + grapheme.len()).eq(ends)
        })
    }

    /// Looks through every error there could be for one that adds exactly its cost: first where errors may fall, then anywhere.
    fn search(&mut self, source: &mut Source, device: &Device, stream: &mut Stream) -> bool {
        let turn = stream.index(source.len());
        for spare in [true, false] {
            for step in 0..source.len() {
                let at = (turn + step) % source.len();
                if spare && source.class(at).has(Class::SPARED) {
                    continue;
                }
                let symbol = source.symbol(at);
                let known = device.instead(source.key(at), 0).iter().map(|choice| choice.to).chain(device.letters());
                let known: Vec<Symbol> = known.filter(|other| *other != symbol && *other < FIRST_CLUSTER).collect();
                let substituted = known.iter().map(|new| (Op::Substitute, (at, 1), Some(*new)));
                let inserted = std::iter::once(&symbol).chain(&known).map(|new| (Op::Insert, (at + 1, 0), Some(*new)));
                let deleted = std::iter::once((Op::Delete, (at, 1), None));
                let found = substituted.chain(inserted).chain(deleted).find(|(op, graphemes, new)| {
                    let from = self.store.len();
                    self.store.extend(new);
                    let (kind, cause) = match op {
                        Op::Delete => (Kind::Omission, Cause::LightPress),
                        Op::Insert if *new == Some(symbol) => (Kind::Repetition, Cause::Bounce),
                        Op::Insert => (Kind::Addition, Cause::ExtraKey),
                        _ => (Kind::Substitution, Cause::Miss),
                    };
                    let edit = Edit::new(kind, *op, cause, *graphemes, 1);
                    let Some(edit) = self.seal(source, Some(edit), from) else { return false };
                    self.add(edit);
                    let length = self.edits.len();
                    let exact = self.is_exact(source, length);
                    if !exact {
                        self.truncate(length - 1);
                    }
                    exact
                });
                if found.is_some() {
                    return true;
                }
            }
        }
        false
    }

    fn settle(&mut self, targets: &PerSeverity) {
        let (mut length, mut cost) = (0, 0);
        for (severity, target) in targets.iter().enumerate() {
            while cost < *target && length < self.edits.len() {
                cost += self.edits[length].cost;
                length += 1;
            }
            self.lengths[severity] = length as u32;
            self.reached[severity] = cost;
        }
    }
}

fn copy(source: &Source, from: usize, to: usize, text: &mut String, ends: &mut Vec<usize>) {
    for at in from..to {
        text.push_str(source.slice(at, at + 1));
        ends.push(text.len());
    }
}
