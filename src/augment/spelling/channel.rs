//! The errors of a device, backwards: from what was typed to the words it may be made of by one error, each with P(typed | word).

use std::collections::HashMap;

use crate::augment::device::{Device, Row};
use crate::augment::engine::{INITIAL_KEPT, Kind, Symbol};

/// The errors of a device by what they give.
#[derive(Debug)]
pub struct Channel {
    /// For what came, what may have been meant instead, with the weight of that error.
    swapped: HashMap<char, Vec<(char, u64)>>,
    /// For a character meant and one that came besides, the weight of that error.
    besides: HashMap<(char, char), u64>,
    /// Letters that leave nothing when they are not registered.
    letters: Vec<char>,
    omission: u64,
    repetition: u64,
    transposition: u64,
}

/// Positions share an error out evenly; this number is divided by theirs.
const POSITIONS: u64 = 5040;

impl Channel {
    /// The errors of `device`, in the first of its circumstances.
    #[must_use]
    pub fn new(device: &Device) -> Self {
        let share = |kind| u64::from(device.share(kind));
        let mut swapped: HashMap<char, Vec<(char, u64)>> = HashMap::new();
        let mut besides = HashMap::new();
        let mut letters = Vec::new();
        let known = device.characters().all().iter().filter(|char| char.is_alphabetic() && !char.is_uppercase());
        for meant in known.copied() {
            let key = device.characters().number(meant);
            let rows = [(device.instead(key, 0), Kind::Substitution), (device.remains(key), Kind::Omission)];
            for (row, kind) in rows {
                for (came, weight) in entries(row) {
                    swapped.entry(came).or_default().push((meant, weight * share(kind)));
                }
            }
            for (came, weight) in entries(device.besides(key, 0)) {
                besides.insert((meant, came), weight * share(Kind::Addition) / 2);
            }
            if device.remains(key).choices().is_empty() {
                letters.push(meant);
            }
        }
        let whole = |kind| share(kind) << 16;
        Self {
            swapped,
            besides,
            letters,
            omission: whole(Kind::Omission),
            repetition: whole(Kind::Repetition),
            transposition: whole(Kind::Transposition),
        }
    }

    /// Calls `found` with each text of which one error makes `typed`, and the weight of that error: its probability, but for a common factor. A text comes
    /// as often as there are errors that lead from it to `typed`.
    pub fn sources(&self, typed: &[char], mut found: impl FnMut(&[char], u64)) {
        let mut meant: Vec<char> = Vec::with_capacity(typed.len() + 1);
        let mut put = |parts: [&[char]; 3], weight: u64| {
            meant.clear();
            parts.iter().for_each(|part| meant.extend_from_slice(part));
            let first = meant.first() != typed.first();
            let weight = weight * POSITIONS / meant.len().max(1) as u64;
            found(&meant, if first { weight / INITIAL_KEPT as u64 } else { weight });
        };
        for at in 0..=typed.len() {
            let (before, rest) = typed.split_at(at);
            for letter in &self.letters {
                put([before, &[*letter], rest], self.omission);
            }
            let Some((came, after)) = rest.split_first() else { continue };
            for (other, weight) in self.swapped.get(came).into_iter().flatten() {
                put([before, &[*other], after], *weight);
            }
            let neighbours = [before.last(), after.first()].into_iter().flatten();
            let extra: u64 = neighbours.filter_map(|meant| self.besides.get(&(*meant, *came))).sum();
            if extra > 0 {
                put([before, &[], after], extra);
            }
            match after.split_first() {
                Some((next, _)) if next == came => put([before, &[], after], self.repetition),
                Some((next, after)) => put([before, &[*next, *came], after], self.transposition),
                None => {}
            }
        }
    }
}

fn entries(row: &Row) -> impl Iterator<Item = (char, u64)> {
    row.weights().filter_map(|(choice, weight)| Some((character(choice.to)?, u64::from(weight))))
}

fn character(symbol: Symbol) -> Option<char> {
    char::from_u32(symbol)
}
