//! Row-column scanning with a switch: the press comes when the next, or still the previous, row or cell is lit.

use super::board::capital;
use super::grid::Cells;
use super::{Mix, Model, Slip};
use crate::augment::engine::Cause;

/// Mean reaction time over scan period: the rule of 0.65 (Simpson & Koester, RESNA 2006).
const REACTION: f64 = 0.65;
/// Its standard deviation over scan period, at which 15 % of characters go wrong.
const SPREAD: f64 = 0.247;

/// Shares of error kinds: no study reports them apart; wrong selections dominate, missed and doubled ones follow.
const MIX: Mix = Mix { substitution: 720, omission: 180, repetition: 100, ..Mix::ZERO };

/// A grid scanned row by row, then cell by cell.
#[derive(Debug)]
pub struct Scanning {
    cells: Cells,
}

impl Scanning {
    /// Scans `cells`.
    #[must_use]
    pub fn new(cells: Cells) -> Self {
        Self { cells }
    }
}

impl Model for Scanning {
    fn characters(&self) -> Vec<char> {
        self.cells.characters()
    }

    fn instead(&self, meant: char, _: u8) -> Vec<Slip> {
        let Some(place) = self.cells.place(meant) else { return Vec::new() };
        let late = 1.0 - normal((1.0 - REACTION) / SPREAD);
        let early = normal(-REACTION / SPREAD);
        let steps = [
            (self.cells.row_on(place, 1), late, Cause::LateRow),
            (self.cells.row_on(place, -1), early, Cause::EarlyRow),
            (self.cells.cell_on(place, 1), late, Cause::LateCell),
            (self.cells.cell_on(place, -1), early, Cause::EarlyCell),
        ];
        let cased = |char: char| if meant.is_uppercase() { capital(char).unwrap_or(char) } else { char };
        let given = steps
            .into_iter()
            .filter_map(|(to, weight, cause)| Some(Slip { to: cased(to?), weight, cause, instead: true }));
        given.filter(|slip| slip.to != meant).collect()
    }

    fn besides(&self, _: char, _: u8) -> Vec<Slip> {
        Vec::new()
    }

    fn mix(&self) -> Mix {
        MIX
    }

    fn lapses(&self) -> (Cause, Cause) {
        (Cause::MissedSelection, Cause::RepeatedSelection)
    }
}

/// The share of a standard normal distribution below `z`, without the platform's own mathematics.
pub(super) fn normal(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}
