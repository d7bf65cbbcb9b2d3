//! What became of the rows of a table.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use crate::model::{Reason, Tally};
use crate::price::Money;
use crate::recipe::rows::Skip;

/// Values of a list that are counted at most, and those that are told.
const COUNTED: usize = 10_000;
const TOLD: usize = 20;

/// The outcome for a table.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Every row that was asked about has an answer, and all files could be read.
    pub complete: bool,
    /// The name of its folder of batch files.
    pub label: String,
    /// The run.
    pub run: String,
    /// The recipe and its version: `tag@1`.
    pub recipe: String,
    /// Rows of the table: those asked about and those skipped.
    pub rows: u64,
    /// Of the rows that were asked about: planned = accepted + rejected + missing.
    pub tally: Tally,
    /// Of the accepted, those that are samples of the offline engine, not answers of a model.
    pub samples: u64,
    /// Rows that were not asked about, by why.
    pub skipped: BTreeMap<Skip, u64>,
    /// Answers with a mend, by its name.
    pub repaired: BTreeMap<String, u64>,
    /// Answers that failed a check that only flags, by its name.
    pub flagged: BTreeMap<String, u64>,
    /// Why answers were rejected, the most frequent first, with a row's id.
    pub reasons: Vec<Rejected>,
    /// Tokens of the requests that were answered.
    pub input_tokens: u64,
    /// Tokens of their answers.
    pub output_tokens: u64,
    /// What these cost in a batch; `None` where a price is not known.
    pub cost_usd: Option<Money>,
    /// The most frequent values of each list of texts in the answers, with their counts.
    pub values: BTreeMap<String, Vec<(String, u64)>>,
    /// The rows with their answers.
    pub output: PathBuf,
    /// The rows without an answer, where there are any.
    pub rejects: Option<PathBuf>,
    /// A list of the answers as a table of its own.
    pub exploded: Option<PathBuf>,
    /// The records: answers as they were read, before they were joined.
    pub records: PathBuf,
    /// What settling the results found.
    pub settled: super::super::Report,
}

/// Rows whose answers were rejected for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rejected {
    /// The class.
    pub reason: Reason,
    /// The detail of the first.
    pub detail: String,
    /// How many of the class.
    pub count: u64,
    /// The id of the first row.
    pub example: String,
}

impl Report {
    pub(super) fn rejected(&mut self, reason: Reason, detail: &str, id: &str) {
        *self.tally.rejected.entry(reason).or_default() += 1;
        match self.reasons.iter_mut().find(|rejected| rejected.reason == reason) {
            Some(rejected) => rejected.count += 1,
            None => {
                let (detail, example) = (detail.to_owned(), id.to_owned());
                self.reasons.push(Rejected { reason, detail, count: 1, example });
            }
        }
    }

    pub(super) fn finish(&mut self, values: Values) {
        self.reasons.sort_by_key(|rejected| std::cmp::Reverse(rejected.count));
        self.values = values.told();
        let whole = self.settled.files.iter().all(|file| file.problem.is_none());
        self.tally.strays.clone_from(&self.settled.total.strays);
        self.complete = self.tally.complete() && self.settled.damaged_metadata.count == 0 && whole;
    }
}

/// Counts the texts in lists of the answers.
#[derive(Debug, Default)]
pub(super) struct Values(BTreeMap<String, HashMap<String, u64>>);

impl Values {
    pub fn count(&mut self, answer: &Value) {
        for (name, value) in answer.as_object().into_iter().flatten() {
            let Some(items) = value.as_array().filter(|items| !items.is_empty() && items.iter().all(Value::is_string))
            else {
                continue;
            };
            let counts = self.0.entry(name.clone()).or_default();
            for text in items.iter().filter_map(Value::as_str) {
                if let Some(count) = counts.get_mut(text) {
                    *count += 1;
                } else if counts.len() < COUNTED {
                    counts.insert(text.to_owned(), 1);
                }
            }
        }
    }

    fn told(self) -> BTreeMap<String, Vec<(String, u64)>> {
        let most = |counts: HashMap<String, u64>| {
            let mut sorted: Vec<(String, u64)> = counts.into_iter().collect();
            sorted.sort_by(|(a, x), (b, y)| y.cmp(x).then_with(|| a.cmp(b)));
            sorted.truncate(TOLD);
            sorted
        };
        self.0.into_iter().map(|(name, counts)| (name, most(counts))).collect()
    }
}
