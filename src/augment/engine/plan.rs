//! One ordered list of errors for an utterance on a device; a severity is its shortest prefix of the right distance.
//!
//! An error of cost *c* changes the distance to the source by at most *c*. So when the distance after the whole list equals
//! the sum of the costs, it does so after each prefix: one comparison proves all severities, and that they are nested.
//! Where it does not, the first error that spoils it is found by bisection, dropped with all that follow, and drawn anew in
//! its kind, so that exactness does not bend the mix.

use super::distance::Id;
use super::edit::{Cause, Edit, Kind, Op};
use super::edits::Edits;
use super::proof;
use super::source::{Class, Source};
use super::symbol::{FIRST_CLUSTER, Symbol};
use crate::augment::device::Device;
use crate::augment::severity::{PerSeverity, SEVERITIES, targets};
use crate::random::Stream;

/// Of the errors that would hit the first letter of a word, one in this many is kept: 2 to 3 % of real errors do, where a fifth of letters are first
/// (typos-dict 0.14.4 and BEA60k, counted).
const INITIAL_KEPT: u32 = 8;

/// Kinds whose errors may cost more than is left before the next target; they are made up for when there is room again.
const LONG: [Kind; 3] = [Kind::DroppedWord, Kind::KeyRepeat, Kind::Prediction];

/// How often they are tried again before another kind is.
const TRIES: u32 = 8;

/// What became of an error that was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Offer {
    Made,
    /// It costs more than is left.
    NoRoom,
    /// The device does not err so there, or something stands against it.
    Refused,
}

/// The errors of one (turn, layout, access).
#[derive(Debug, Default)]
pub struct Plan {
    edits: Edits,
    /// The kind that the next error must have, because one of that kind was dropped.
    wanted: Option<Kind>,
    /// The distance left before the next target.
    room: u32,
    /// How the errors of this utterance lean.
    leaning: u8,
    /// Transpositions that were drawn where only one more error had room.
    owed: u32,
    /// Errors of the `LONG` kinds that were drawn where they had no room.
    owed_long: [u32; LONG.len()],
    /// The cost at which they were last tried again, and how often.
    tried: (u32, u32),
    lengths: PerSeverity,
    reached: PerSeverity,
    /// Room for comparisons.
    text: Vec<Id>,
}

impl Plan {
    /// Draws the errors of `source` on `device`.
    pub fn draw(&mut self, source: &mut Source, device: &Device, stream: &mut Stream) {
        self.draw_upto(source, device, SEVERITIES.len() - 1, stream);
    }

    /// Draws the errors of `source` on `device` as far as `severity`; the severities beyond get the same ones.
    pub fn draw_upto(&mut self, source: &mut Source, device: &Device, severity: usize, stream: &mut Stream) {
        let mut targets = targets(source.len());
        let last = targets[severity];
        targets[severity..].fill(last);
        self.edits.clear(source.len());
        self.wanted = None;
        self.owed = 0;
        self.owed_long = [0; LONG.len()];
        self.tried = (0, 0);
        self.leaning = device.leaning(stream);
        let goal = targets[targets.len() - 1];
        let (mut spoiled, mut proved) = (0, 0);
        loop {
            let more = self.extend(source, device, stream, &targets);
            if self.is_exact(source) {
                break;
            }
            proved = proof::spoiler(&self.edits, source, proved, &mut self.text);
            self.wanted = Some(self.edits.all()[proved].kind);
            self.edits.truncate(proved);
            spoiled += 1;
            if !more || spoiled > 24 + goal {
                break;
            }
        }
        while self.edits.cost() < goal && self.search(source, device, stream) {}
        self.settle(&targets);
        self.edits.spell(source);
    }

    /// The distance of each severity's text from the source.
    #[must_use]
    pub fn reached(&self) -> &PerSeverity {
        &self.reached
    }

    /// The errors of a severity in the order of the text, each with its new text.
    pub fn in_text_order(&self, severity: usize) -> impl Iterator<Item = (&Edit, &str)> + Clone {
        self.edits.spelled(self.lengths[severity] as usize)
    }

    /// The number of new graphemes of `edit`.
    #[must_use]
    pub fn new_len(&self, edit: &Edit) -> usize {
        self.edits.new_symbols(edit).len()
    }

    /// Appends the text of a severity to `out`, as UTF-8.
    pub fn write(&self, source: &Source, severity: usize, out: &mut Vec<u8>) {
        self.edits.write(source, self.lengths[severity] as usize, out);
    }

    /// Whether no severity's text holds a character that JSON escapes; false is not certain.
    #[must_use]
    pub fn plain(&self) -> bool {
        self.edits.plain()
    }

    fn is_exact(&mut self, source: &mut Source) -> bool {
        proof::is_exact(&self.edits, source, self.edits.all().len(), &mut self.text)
    }

    /// Adds errors until the last target; false when the device has no more to give.
    fn extend(&mut self, source: &Source, device: &Device, stream: &mut Stream, targets: &PerSeverity) -> bool {
        let patience = 4 + source.len() as u32;
        let mut misses = 0;
        while let Some(target) = targets.iter().find(|target| **target > self.edits.cost()) {
            self.room = target - self.edits.cost();
            let kind = self.next_kind(device, stream);
            let bits = stream.bits();
            let at = (((bits & 0xFFFF_FFFF) * source.len() as u64) >> 32) as usize;
            match self.propose(source, device, kind, at, (bits >> 32) as u32) {
                Offer::Made => {
                    misses = 0;
                    continue;
                }
                Offer::NoRoom => self.owe(kind),
                Offer::Refused => self.wanted = (misses % patience + 1 != patience).then_some(kind),
            }
            misses += 1;
            if misses > 4 * patience {
                return false;
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
        if room >= 2
            && let Some(kind) = self.owed_long()
        {
            return kind;
        }
        loop {
            match device.kind(stream.bits() as u16) {
                Kind::Transposition if room < 2 => self.owed += 1,
                kind => return kind,
            }
        }
    }

    fn owe(&mut self, kind: Kind) {
        if let Some(at) = LONG.iter().position(|long| *long == kind) {
            self.owed_long[at] += 1;
        }
    }

    /// A long error that is owed, unless it was tried often enough at this cost.
    fn owed_long(&mut self) -> Option<Kind> {
        let at = self.owed_long.iter().position(|owed| *owed > 0)?;
        let cost = self.edits.cost();
        if self.tried.0 != cost {
            self.tried = (cost, 0);
        }
        if self.tried.1 == TRIES {
            return None;
        }
        self.tried.1 += 1;
        self.owed_long[at] -= 1;
        Some(LONG[at])
    }

    /// Adds an error of `kind` at grapheme `at` that has room, when the device can make it there and nothing stands
    /// against it.
    fn propose(&mut self, source: &Source, device: &Device, kind: Kind, at: usize, bits: u32) -> Offer {
        let class = source.class(at);
        if kind <= Kind::Transposition
            && (class.has(Class::SPARED) || (class.has(Class::INITIAL) && !(bits >> 17).is_multiple_of(INITIAL_KEPT)))
        {
            return Offer::Refused;
        }
        let (leaning, room) = (self.leaning, self.room);
        let mut dear = false;
        let made = self.edits.offer(source, |new| {
            let edit = device.propose(source, kind, at, leaning, bits, new)?;
            dear = edit.cost > room;
            (!dear).then_some(edit)
        });
        match (made, dear) {
            (true, _) => Offer::Made,
            (false, true) => Offer::NoRoom,
            (false, false) => Offer::Refused,
        }
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
                    let (kind, cause) = match op {
                        Op::Delete => (Kind::Omission, Cause::LightPress),
                        Op::Insert if *new == Some(symbol) => (Kind::Repetition, Cause::Bounce),
                        Op::Insert => (Kind::Addition, Cause::ExtraKey),
                        _ => (Kind::Substitution, Cause::Miss),
                    };
                    let edit = Edit::new(kind, *op, cause, *graphemes, 1);
                    let offered = self.edits.offer(source, |store| {
                        store.extend(new);
                        Some(edit)
                    });
                    if !offered {
                        return false;
                    }
                    let exact = self.is_exact(source);
                    if !exact {
                        self.edits.truncate(self.edits.all().len() - 1);
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
            for edit in &self.edits.all()[length..] {
                if cost >= *target {
                    break;
                }
                cost += edit.cost;
                length += 1;
            }
            self.lengths[severity] = length as u32;
            self.reached[severity] = cost;
        }
    }
}
