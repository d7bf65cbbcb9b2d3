//! Direct touch: the finger lands around the middle of the key, as a two-dimensional normal distribution over real geometry.

use super::board::{Board, Key};
use super::scanning::normal;
use super::{Mix, Model, Slip};
use crate::augment::engine::Cause;

/// Spread of touches in key widths, at which 15 % miss a square key (the error function solved for that rate).
const SPREAD: f64 = 0.284;

/// Shares of error kinds: substitution, omission and insertion as 1.65 : 0.80 : 0.67 (Dhakal et al., CHI 2018, uncorrected errors), three in
/// ten insertions doublings (typos-dict and BEA60k: 25 to 31 %), and 5 % transpositions (BEA60k: 4 %).
const MIX: Mix = Mix { substitution: 502, omission: 244, addition: 143, repetition: 61, transposition: 50 };

/// Of the errors on a character that needs Shift, `AltGr` or a dead key, the share in which that one is missed; the rest miss the letter.
const BARE: f64 = 0.5;

/// A finger on a native layout.
#[derive(Debug)]
pub struct Touch {
    board: Board,
}

impl Touch {
    /// Touches `board`.
    #[must_use]
    pub fn new(board: Board) -> Self {
        Self { board }
    }

    fn neighbours(&self, meant: char, cause: Cause) -> Vec<Slip> {
        let Some(stroke) = self.board.stroke(meant) else { return Vec::new() };
        let aim = &self.board.keys()[stroke.key];
        let others = self.board.keys().iter().enumerate().filter(|(key, _)| *key != stroke.key);
        let slips = others.filter_map(|(index, key)| {
            let to = self.board.with_key(stroke, index).filter(|to| *to != meant)?;
            Some(Slip { to, weight: share(aim, key, SPREAD), cause, instead: cause == Cause::Miss })
        });
        merged(slips)
    }
}

impl Model for Touch {
    fn characters(&self) -> Vec<char> {
        self.board.characters().collect()
    }

    fn instead(&self, meant: char) -> Vec<Slip> {
        let mut slips = self.neighbours(meant, Cause::Miss);
        let bare = self.board.stroke(meant).and_then(|stroke| self.board.bare(stroke));
        if let Some((to, cause)) = bare.filter(|(to, _)| *to != meant) {
            let missed: f64 = slips.iter().map(|slip| slip.weight).sum();
            let weight = if missed > 0.0 { missed * BARE / (1.0 - BARE) } else { 1.0 };
            slips.push(Slip { to, weight, cause, instead: true });
        }
        slips
    }

    fn besides(&self, meant: char) -> Vec<Slip> {
        self.neighbours(meant, Cause::ExtraKey)
    }

    fn mix(&self) -> Mix {
        MIX
    }

    fn lapses(&self) -> (Cause, Cause) {
        (Cause::LightPress, Cause::Bounce)
    }
}

/// The share of touches aimed at the middle of `aim` that land on `key`.
fn share(aim: &Key, key: &Key, spread: f64) -> f64 {
    // On a key wider than high one aims at the nearest part of its middle line.
    let reach = (aim.width - 1.0) / 2.0;
    let aim_x = key.x.clamp(aim.x - reach, aim.x + reach);
    let across = |from: f64, to: f64| normal(to / spread) - normal(from / spread);
    let (left, right) = (key.x - key.width / 2.0 - aim_x, key.x + key.width / 2.0 - aim_x);
    let (top, bottom) = (key.y - 0.5 - aim.y, key.y + 0.5 - aim.y);
    across(left, right) * across(top, bottom)
}

/// One slip for each character, with the weights of all its keys.
fn merged(slips: impl Iterator<Item = Slip>) -> Vec<Slip> {
    let mut found: Vec<Slip> = Vec::new();
    for slip in slips {
        match found.iter_mut().find(|known| known.to == slip.to) {
            Some(known) => known.weight += slip.weight,
            None => found.push(slip),
        }
    }
    found
}
