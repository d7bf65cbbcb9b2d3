//! One ordered list of errors for an utterance on a device; a severity is its shortest prefix of the right distance.
//!
//! An error of cost *c* changes the distance to the source by at most *c*. So when the distance after the whole list equals
//! the sum of the costs, it does so after each prefix: one comparison proves all severities, and that they are nested.
//! Where it does not, the first error that spoils it is found by bisection, dropped with all that follow, and drawn anew in
//! its kind, so that exactness does not bend the mix.

use super::bits::Bits;
use super::class::Class;
use super::edit::{Cause, Edit, Kind, Op};
use super::edits::Edits;
use super::proof::Proof;
use super::source::Source;
use super::spelled::Spelled;
use super::symbol::{FIRST_CLUSTER, Symbol};
use crate::augment::device::Device;
use crate::augment::severity::{PerSeverity, SEVERITIES, targets};
use crate::random::Stream;

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
    /// The places in the text of each severity's errors.
    places: [Bits; SEVERITIES.len()],
    reached: PerSeverity,
    spelled: Spelled,
    proof: Proof,
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
            proved = self.proof.spoiler(&self.edits, source, proved);
            self.wanted = Some(self.edits.all()[proved].kind);
            self.edits.truncate(proved);
            spoiled += 1;
            if !more || spoiled > 24 + goal {
                break;
            }
        }
        while self.edits.cost() < goal && self.search(source, device, stream) {}
        self.settle(source, &targets);
        self.spelled.spell(&self.edits, source);
    }

    /// The distance of each severity's text from the source.
    #[must_use]
    pub fn reached(&self) -> &PerSeverity {
        &self.reached
    }

    /// The errors of a severity in the order of the text, each with its new text.
    pub fn in_text_order(&self, severity: usize) -> impl Iterator<Item = (&Edit, &str)> + Clone {
        self.spelled.edits(&self.edits, &self.places[severity])
    }

    /// The number of new graphemes of `edit`.
    #[must_use]
    pub fn new_len(&self, edit: &Edit) -> usize {
        self.edits.new_symbols(edit).len()
    }

    /// Appends the text of a severity to `out`, as UTF-8.
    pub fn write(&self, source: &Source, severity: usize, out: &mut Vec<u8>) {
        self.spelled.write(&self.edits, &self.places[severity], source, out);
    }

    /// Whether no severity's text holds a character that JSON escapes; false is not certain.
    #[must_use]
    pub fn plain(&self) -> bool {
        self.spelled.plain()
    }

    fn is_exact(&mut self, source: &mut Source) -> bool {
        self.proof.is_exact(&self.edits, source)
    }

    /// Adds errors until the last target; false when the device has no more to give.
    fn extend(&mut self, source: &Source, device: &Device, stream: &mut Stream, targets: &PerSeverity) -> bool {
        let patience = 4 + source.len() as u32;
        let mut misses = 0;
        let mut targets = targets.iter().peekable();
        while let Some(target) = targets.peek() {
            if self.edits.cost() >= **target {
                targets.next();
                continue;
            }
            self.room = **target - self.edits.cost();
            // 16 bits for the kind, 24 for what else the device decides, 24 for the place.
            let bits = stream.bits();
            let kind = self.next_kind(device, bits as u16, stream);
            let of_place = (bits >> 40) as u32;
            let at = if kind <= Kind::Transposition {
                source.place(of_place)
            } else {
                Some(((u64::from(of_place) * source.len() as u64) >> 24) as usize)
            };
            let bits = (bits >> 16) as u32 & 0xFF_FFFF;
            match at.map_or(Offer::Refused, |at| self.propose(source, device, kind, at, bits)) {
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

    /// The kind of the next error, by `bits` and, where they ask for one that has no room, by more of the stream.
    fn next_kind(&mut self, device: &Device, mut bits: u16, stream: &mut Stream) -> Kind {
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
            match device.kind(bits) {
                Kind::Transposition if room < 2 => self.owed += 1,
                kind => return kind,
            }
            bits = stream.bits() as u16;
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
                let known =
                    device.instead(source.key(at), 0).choices().iter().map(|choice| choice.to).chain(device.letters());
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

    fn settle(&mut self, source: &Source, targets: &PerSeverity) {
        let (mut length, mut cost) = (0, 0);
        for (severity, target) in targets.iter().enumerate() {
            while cost < *target && length < self.edits.all().len() {
                cost += self.edits.all()[length].cost;
                length += 1;
            }
            self.edits.places_of(length, source, &mut self.places[severity]);
            self.reached[severity] = cost;
        }
    }
}
