//! The conservation equation, counted.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Reason, Stray};

/// planned = accepted + rejected + missing; strays apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Requests that were planned.
    pub planned: u64,
    /// Those that gave a record.
    pub accepted: u64,
    /// Those with an answer that is no record, by reason.
    pub rejected: BTreeMap<Reason, u64>,
    /// Those with no result line at all.
    pub missing: u64,
    /// Result lines that belong to no planned request, by kind.
    pub strays: BTreeMap<Stray, u64>,
}

impl Tally {
    /// All rejects together.
    #[must_use]
    pub fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// All strays together.
    #[must_use]
    pub fn strays_total(&self) -> u64 {
        self.strays.values().sum()
    }

    /// Whether the equation holds. It always must; a stage that finds it broken has a bug and says so.
    #[must_use]
    pub fn balances(&self) -> bool {
        self.planned == self.accepted + self.rejected_total() + self.missing
    }

    /// Whether every planned request gave a record.
    #[must_use]
    pub fn complete(&self) -> bool {
        self.planned == self.accepted
    }

    /// Adds another tally to this one.
    pub fn add(&mut self, other: &Self) {
        self.planned += other.planned;
        self.accepted += other.accepted;
        self.missing += other.missing;
        for (reason, count) in &other.rejected {
            *self.rejected.entry(*reason).or_default() += count;
        }
        for (stray, count) in &other.strays {
            *self.strays.entry(*stray).or_default() += count;
        }
    }
}
