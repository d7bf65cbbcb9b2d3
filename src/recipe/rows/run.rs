//! What `generate` leaves beside the batch files of rows: which rows there were, and what was asked about each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::overrides::Overrides;
use crate::rows::Columns;

const RUN: &str = "_run.json";

/// `batch_<label>_<run>_run.json`: one run over a table of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunFile {
    /// The run's id, part of the names of its batch files.
    pub run: String,
    /// The name of the folder of batch files.
    pub label: String,
    /// The recipe.
    pub recipe: String,
    /// Its version then.
    pub version: u32,
    /// Where the rows came from.
    pub input: PathBuf,
    /// The format that they had.
    pub format: String,
    /// Digest of the rows, and of what was asked about them.
    pub dataset: String,
    /// Which time these rows are asked about in this way, from 0.
    pub round: u32,
    /// The model asked for.
    pub model: String,
    /// Who was to answer.
    pub provider: String,
    /// When.
    pub created_at: String,
    /// Rows of the table.
    pub rows: u64,
    /// Those that have a request, of this run or an earlier one.
    pub planned: u64,
    /// Those of them that an earlier run had asked about in the same way.
    pub reused: u64,
    /// Those without a request, by why.
    pub skipped: BTreeMap<Skip, u64>,
    /// Texts that were cut at `max_chars`.
    pub cut: u64,
    /// The file of the rows, beside this one.
    pub rows_file: String,
    /// What the person said over the recipe.
    #[serde(default)]
    pub overrides: Overrides,
}

/// Why a row has no request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Skip {
    /// A condition does not hold for it.
    NotWanted,
    /// It has no id.
    NoId,
    /// It has no text.
    Blank,
    /// An earlier row has its id.
    Duplicate,
    /// A row to be joined is not there.
    NoMatch,
    /// The recipe's templates make no prompt of it, or none that the provider takes.
    Unrendered,
}

impl Skip {
    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotWanted => "not_wanted",
            Self::NoId => "no_id",
            Self::Blank => "blank",
            Self::Duplicate => "duplicate",
            Self::NoMatch => "no_match",
            Self::Unrendered => "unrendered",
        }
    }
}

/// A line of the file of rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowLine {
    /// Line of the input, from 1.
    pub line: u64,
    /// The row's own id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The request that asks about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_id: Option<String>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<Skip>,
    /// How many characters its text had, where it was cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cut: Option<usize>,
    /// Its columns, untouched.
    pub row: Columns,
}

impl RunFile {
    /// The name of this file.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("batch_{}_{}{RUN}", self.label, self.run)
    }

    /// The name of the file of rows.
    #[must_use]
    pub fn rows_name(label: &str, run: &str) -> String {
        format!("batch_{label}_{run}_rows.zst")
    }
}

/// Whether a file is a run's, by its name.
#[must_use]
pub fn is_run_file(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.starts_with("batch_") && name.ends_with(RUN))
}
