//! Weighted choices as integers.

use std::sync::OnceLock;

use super::Slip;
use crate::augment::engine::{Cause, Symbol};

/// Slips rarer than this share of their row are left out.
const RAREST: f64 = 1.0 / 2000.0;

/// What may come of one character.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// It is drawn by numbers below this one that no earlier choice takes.
    below: u32,
    /// What comes.
    pub to: Symbol,
    /// Why.
    pub cause: Cause,
    /// It comes instead of the character; else after it.
    pub instead: bool,
}

/// For each character and circumstance, what may come of it; a row is computed when it is first asked for.
#[derive(Debug)]
pub struct Table {
    contexts: usize,
    rows: Vec<OnceLock<Box<[Choice]>>>,
}

impl Table {
    /// A table of `count` characters in `contexts` circumstances each.
    pub fn new(count: usize, contexts: u8) -> Self {
        let contexts = usize::from(contexts);
        Self { contexts, rows: (0..count * contexts).map(|_| OnceLock::new()).collect() }
    }

    /// What may come of a character, by its number, in a circumstance.
    pub fn row(&self, number: u16, context: u8, slips: impl FnOnce() -> Vec<Slip>) -> &[Choice] {
        self.rows[usize::from(number) * self.contexts + usize::from(context)].get_or_init(|| quantised(slips()))
    }
}

/// The weights in 65,536ths, likeliest first.
fn quantised(mut slips: Vec<Slip>) -> Box<[Choice]> {
    let total: f64 = slips.iter().map(|slip| slip.weight).sum();
    slips.retain(|slip| slip.weight >= total * RAREST);
    slips.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.to.cmp(&b.to)));
    let total: f64 = slips.iter().map(|slip| slip.weight).sum();
    let mut sum = 0.0;
    let choices = slips.iter().map(|slip| {
        sum += slip.weight;
        let below = (sum / total * 65536.0 + 0.5) as u32;
        Choice { below, to: slip.to.into(), cause: slip.cause, instead: slip.instead }
    });
    choices.collect()
}

/// What a row holds, each with its share in 65,536ths.
pub fn weights(row: &[Choice]) -> impl Iterator<Item = (&Choice, u32)> {
    let mut before = 0;
    row.iter().map(move |choice| (choice, choice.below - std::mem::replace(&mut before, choice.below)))
}

/// One of a row.
pub fn choose(row: &[Choice], bits: u16) -> Option<&Choice> {
    row.iter().find(|choice| u32::from(bits) < choice.below)
}
