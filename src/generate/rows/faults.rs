//! What is wrong with rows, with their lines: refused before anyone pays, or listed.

use std::collections::BTreeMap;
use std::path::Path;

use crate::recipe::rows::{Skip, Stance};
use crate::{Error, Result};

/// How many faults of a kind are told with their lines; all are counted.
const LISTED: u64 = 10;

#[derive(Default)]
pub(super) struct Faults {
    refused: BTreeMap<Skip, Kind>,
    skipped: BTreeMap<Skip, Kind>,
}

#[derive(Default)]
struct Kind {
    count: u64,
    lines: Vec<String>,
}

impl Faults {
    pub fn add(&mut self, skip: Skip, stance: Stance, line: u64, detail: impl FnOnce() -> String) {
        let kinds = if stance == Stance::Refuse { &mut self.refused } else { &mut self.skipped };
        let kind = kinds.entry(skip).or_default();
        kind.count += 1;
        if kind.count <= LISTED {
            kind.lines.push(format!("line {line}: {}", detail()));
        }
    }

    /// Whether nothing is refused so far.
    pub fn none(&self) -> bool {
        self.refused.is_empty()
    }

    /// Refuses the input when a row of it must be refused.
    pub fn refuse(&self, input: &Path, rows: u64) -> Result<()> {
        if self.none() {
            return Ok(());
        }
        let count: u64 = self.refused.values().map(|kind| kind.count).sum();
        let mut text =
            format!("{}: {count} of {rows} rows cannot be asked about; nothing was written", input.display());
        for kind in self.refused.values() {
            for line in &kind.lines {
                text.push_str(&format!("\n  {line}"));
            }
            if kind.count > LISTED {
                text.push_str(&format!("\n  … and {} more like these", kind.count - LISTED));
            }
        }
        let hints = [
            (
                &[Skip::NoId, Skip::Blank, Skip::NoMatch][..],
                "mend the input; or: --on-blank skip passes rows without id, text or joined row on without an answer",
            ),
            (&[Skip::Duplicate], "mend the input; or: --on-duplicate skip passes on all rows of an id but the first"),
            (
                &[Skip::Unrendered],
                "mend the input or the templates; a field of `vars` that is not defined is given with --var NAME=VALUE, \
                 `lang` with --lang",
            ),
        ];
        for (kinds, hint) in hints {
            if kinds.iter().any(|kind| self.refused.contains_key(kind)) {
                text.push_str(&format!("\n{hint}"));
            }
        }
        Err(Error::Refused(text))
    }

    /// The rows that were passed on, the first of each kind with their lines.
    pub fn listed(&self) -> Vec<String> {
        let mut listed = Vec::new();
        for kind in self.skipped.values() {
            listed.extend(kind.lines.iter().cloned());
            if kind.count > LISTED {
                listed.push(format!("… and {} more like these", kind.count - LISTED));
            }
        }
        listed
    }
}
