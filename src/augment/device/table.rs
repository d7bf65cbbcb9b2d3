//! Weighted choices as integers.

use std::sync::OnceLock;

use super::Slip;
use crate::augment::engine::{Cause, Symbol};

/// Slips rarer than this share of their row are left out.
const RAREST: f64 = 1.0 / 2000.0;

/// What may come of one character.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// What comes.
    pub to: Symbol,
    /// Why.
    pub cause: Cause,
    /// It comes instead of the character; else after it.
    pub instead: bool,
}

/// All that may come of one character, likeliest first.
#[derive(Debug, Default)]
pub struct Row {
    choices: Box<[Choice]>,
    draw: Draw,
}

impl Row {
    /// What may come, likeliest first.
    pub fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// Each with its share in 65,536ths.
    pub fn weights(&self) -> impl Iterator<Item = (&Choice, u32)> {
        self.choices.iter().zip(self.draw.shares())
    }

    /// One of them.
    #[inline]
    pub fn choose(&self, bits: u16) -> Option<&Choice> {
        self.choices.get(self.draw.index(bits))
    }
}

/// Shares in 65,536ths, to be drawn by 16 bits.
#[derive(Debug, Default)]
pub struct Draw {
    /// The sum of the shares so far, then sums beyond all until the last of these is full; counting those that are not above a draw needs no
    /// branch.
    upto: Box<[[i32; Self::AT_ONCE]]>,
    length: usize,
}

impl Draw {
    const AT_ONCE: usize = 8;

    /// Of sums, each with its own share in it, up to 65,536.
    pub fn new(upto: impl Iterator<Item = u32>) -> Self {
        let upto: Vec<i32> = upto.map(|upto| upto as i32).collect();
        let full = |some: &[i32]| std::array::from_fn(|at| some.get(at).copied().unwrap_or(i32::MAX));
        Self { upto: upto.chunks(Self::AT_ONCE).map(full).collect(), length: upto.len() }
    }

    /// The first whose sum is above `bits`; at or beyond the number of shares when none is.
    #[inline]
    pub fn index(&self, bits: u16) -> usize {
        let above =
            |sums: &[i32; Self::AT_ONCE]| sums.iter().map(|sum| i32::from(*sum <= i32::from(bits))).sum::<i32>();
        self.upto.iter().map(above).sum::<i32>() as usize
    }

    /// The shares.
    pub fn shares(&self) -> impl Iterator<Item = u32> {
        let mut before = 0;
        self.upto.as_flattened()[..self.length]
            .iter()
            .map(move |upto| (upto - std::mem::replace(&mut before, *upto)) as u32)
    }
}

/// For each character and circumstance, what may come of it; a row is computed when it is first asked for.
#[derive(Debug)]
pub struct Table {
    contexts: usize,
    rows: Vec<OnceLock<Row>>,
}

impl Table {
    /// A table of `count` characters in `contexts` circumstances each.
    pub fn new(count: usize, contexts: u8) -> Self {
        let contexts = usize::from(contexts);
        Self { contexts, rows: (0..count * contexts).map(|_| OnceLock::new()).collect() }
    }

    /// What may come of a character, by its number, in a circumstance.
    pub fn row(&self, number: u16, context: u8, slips: impl FnOnce() -> Vec<Slip>) -> &Row {
        self.rows[usize::from(number) * self.contexts + usize::from(context)].get_or_init(|| quantised(slips()))
    }
}

/// The weights in 65,536ths, likeliest first.
fn quantised(mut slips: Vec<Slip>) -> Row {
    let total: f64 = slips.iter().map(|slip| slip.weight).sum();
    slips.retain(|slip| slip.weight >= total * RAREST);
    slips.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.to.cmp(&b.to)));
    let total: f64 = slips.iter().map(|slip| slip.weight).sum();
    let mut sum = 0.0;
    let upto = slips.iter().map(|slip| {
        sum += slip.weight;
        (sum / total * 65536.0 + 0.5) as u32
    });
    let draw = Draw::new(upto);
    let choices = slips.iter().map(|slip| Choice { to: slip.to.into(), cause: slip.cause, instead: slip.instead });
    Row { choices: choices.collect(), draw }
}
