//! Weighted choices as integers.

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
}

/// For each character, what may come of it.
#[derive(Debug)]
pub struct Table {
    rows: Vec<(u32, u32)>,
    choices: Vec<Choice>,
}

impl Table {
    /// Quantises the weights of each row to 65,536ths, likeliest first.
    pub fn new(count: usize, rows: impl Iterator<Item = (u16, Vec<Slip>)>) -> Self {
        let mut table = Self { rows: vec![(0, 0); count], choices: Vec::new() };
        for (number, mut slips) in rows {
            let total: f64 = slips.iter().map(|slip| slip.weight).sum();
            slips.retain(|slip| slip.weight >= total * RAREST);
            slips.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(a.to.cmp(&b.to)));
            let total: f64 = slips.iter().map(|slip| slip.weight).sum();
            let start = table.choices.len();
            let mut sum = 0.0;
            for slip in &slips {
                sum += slip.weight;
                let below = (sum / total * 65536.0 + 0.5) as u32;
                table.choices.push(Choice { below, to: slip.to.into(), cause: slip.cause });
            }
            table.rows[usize::from(number)] = (start as u32, table.choices.len() as u32);
        }
        table
    }

    /// What may come of a character, by its number.
    pub fn row(&self, number: u16) -> &[Choice] {
        let (start, end) = self.rows[usize::from(number)];
        &self.choices[start as usize..end as usize]
    }

    /// One of them.
    pub fn draw(&self, number: u16, bits: u16) -> Option<&Choice> {
        self.row(number).iter().find(|choice| u32::from(bits) < choice.below)
    }
}
