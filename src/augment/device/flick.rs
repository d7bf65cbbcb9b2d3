//! Japanese kana on the twelve keys of a phone: a key gives five kana, by the direction of the flick that begins on it; another key voices the
//! kana before it or makes it small.

use std::collections::BTreeMap;

use super::scanning::normal;
use super::{Mix, Model, Slip};
use crate::augment::engine::Cause;
use crate::language;

/// The keys are twice as wide as those of a full layout on the same phone: half of the spread of a finger there (`spatial`).
const SPREAD: f64 = 0.142;

/// Of the substitutions, the share in which the key is right and the flick is not (an assumption: no count is published).
const WRONG_FLICK: f64 = 0.6;

/// Of the wrong flicks, the share that are too short to count, so that the middle kana comes; the rest turn to either side.
const TOO_SHORT: f64 = 0.6;

/// Shares of a finger (`spatial`), repetitions and omissions alike.
const MIX: Mix = Mix { substitution: 552, omission: 244, addition: 143, repetition: 61, ..Mix::ZERO };

/// What the voicing key makes of a kana, and then of that.
const CHAINS: [&str; 29] = [
    "かが",
    "きぎ",
    "くぐ",
    "けげ",
    "こご",
    "さざ",
    "しじ",
    "すず",
    "せぜ",
    "そぞ",
    "ただ",
    "ちぢ",
    "つっづ",
    "てで",
    "とど",
    "はばぱ",
    "ひびぴ",
    "ふぶぷ",
    "へべぺ",
    "ほぼぽ",
    "あぁ",
    "いぃ",
    "うぅゔ",
    "えぇ",
    "おぉ",
    "やゃ",
    "ゆゅ",
    "よょ",
    "わゎ",
];

/// A kana on the table: row and column of its key, the direction (middle, left, up, right, down), and how often the voicing key follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    key: (usize, usize),
    direction: usize,
    voiced: usize,
}

/// The twelve-key table.
#[derive(Debug)]
pub struct Flick {
    rows: Vec<Vec<[Option<char>; 5]>>,
    places: BTreeMap<char, Place>,
}

impl Flick {
    /// The table of a locale.
    #[must_use]
    pub fn new(table: &language::Flick) -> Self {
        let key = |key: &Vec<String>| {
            let mut kana = [None; 5];
            for (kana, text) in kana.iter_mut().zip(key) {
                *kana = text.chars().next();
            }
            kana
        };
        let rows: Vec<Vec<_>> = table.rows.iter().map(|row| row.iter().map(key).collect()).collect();
        let mut places = BTreeMap::new();
        for (row, r) in rows.iter().zip(0..) {
            for (key, c) in row.iter().zip(0..) {
                for (kana, direction) in key.iter().zip(0..) {
                    let Some(kana) = kana else { continue };
                    for (kana, voiced) in chain(*kana).zip(0..) {
                        places.entry(kana).or_insert(Place { key: (r, c), direction, voiced });
                    }
                }
            }
        }
        Self { rows, places }
    }

    fn at(&self, key: (usize, usize), direction: usize, voiced: usize) -> Option<char> {
        let kana = self.rows[key.0][key.1][direction]?;
        chain(kana).nth(voiced).or(Some(kana))
    }

    /// The other keys with the share of touches aimed at `key` that fall on them.
    fn missed(&self, key: (usize, usize)) -> impl Iterator<Item = ((usize, usize), f64)> {
        let keys = self.rows.iter().zip(0..).flat_map(|(row, r)| (0..row.len()).map(move |c| (r, c)));
        keys.filter(move |other| *other != key).map(move |other| {
            let along = |from: usize, to: usize| {
                let middle = to as f64 - from as f64;
                normal((middle + 0.5) / SPREAD) - normal((middle - 0.5) / SPREAD)
            };
            (other, along(key.1, other.1) * along(key.0, other.0))
        })
    }
}

impl Model for Flick {
    fn characters(&self) -> Vec<char> {
        self.places.keys().copied().collect()
    }

    fn instead(&self, meant: char, _: u8) -> Vec<Slip> {
        let Some(&Place { key, direction, voiced }) = self.places.get(&meant) else { return Vec::new() };
        let missed: Vec<_> = self
            .missed(key)
            .filter_map(|(other, weight)| Some((self.at(other, direction, voiced)?, weight, Cause::Miss)))
            .collect();
        let turned: Vec<_> = turns(direction)
            .into_iter()
            .filter_map(|(to, weight, cause)| Some((self.at(key, to, voiced)?, weight, cause)))
            .collect();
        let slips = |ways: Vec<(char, f64, Cause)>, share: f64| {
            let total: f64 = ways.iter().map(|(_, weight, _)| weight).sum();
            ways.into_iter().map(move |(to, weight, cause)| Slip {
                to,
                weight: weight / total * share,
                cause,
                instead: true,
            })
        };
        slips(missed, 1.0 - WRONG_FLICK).chain(slips(turned, WRONG_FLICK)).filter(|slip| slip.to != meant).collect()
    }

    fn besides(&self, meant: char, _: u8) -> Vec<Slip> {
        let Some(place) = self.places.get(&meant) else { return Vec::new() };
        let touched = self.missed(place.key).filter_map(|(other, weight)| {
            let to = self.at(other, 0, 0)?;
            Some(Slip { to, weight, cause: Cause::ExtraKey, instead: false })
        });
        touched.filter(|slip| slip.to != meant).collect()
    }

    fn mix(&self) -> Mix {
        MIX
    }

    fn lapses(&self) -> (Cause, Cause) {
        (Cause::LightPress, Cause::Bounce)
    }
}

/// `kana`, and what the voicing key makes of it.
fn chain(kana: char) -> impl Iterator<Item = char> {
    let found = CHAINS.iter().find(|chain| chain.starts_with(kana));
    std::iter::once(kana).chain(found.into_iter().flat_map(|chain| chain.chars().skip(1)))
}

/// Where a flick in a direction goes wrong: to the middle, or to either side; a tap slips to any side.
fn turns(direction: usize) -> Vec<(usize, f64, Cause)> {
    if direction == 0 {
        return (1..5).map(|to| (to, 0.25, Cause::StrayFlick)).collect();
    }
    // Clockwise: left, up, right, down.
    let turned = |by: usize| (direction - 1 + by) % 4 + 1;
    let aside = (1.0 - TOO_SHORT) / 2.0;
    vec![
        (0, TOO_SHORT, Cause::ShortFlick),
        (turned(1), aside, Cause::StrayFlick),
        (turned(3), aside, Cause::StrayFlick),
    ]
}
