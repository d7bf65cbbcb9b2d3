//! `recipe.toml` as it is written: its sections and what their keys mean.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::mend::Mend;
use crate::recipe::Severity;

/// What to do about a row that cannot be asked about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stance {
    /// Nothing is written before it is mended.
    #[default]
    Refuse,
    /// The row is passed on without an answer, and listed.
    Skip,
}

/// `[input]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// The input when none is given, in the recipe's folder.
    pub path: Option<String>,
    /// Columns that may hold the id: of each row the first that is not blank. None: rows are numbered.
    #[serde(default)]
    pub id: Vec<String>,
    /// Columns that may hold the text that is asked about: of each row the first that is not blank. None: any row will do.
    #[serde(default)]
    pub text: Vec<String>,
    /// Rows without id or text.
    #[serde(default)]
    pub on_blank: Stance,
    /// Rows whose id an earlier row has.
    #[serde(default)]
    pub on_duplicate: Stance,
    /// The longest text that is sent, in characters (Unicode scalar values); what is behind is cut off and told.
    pub max_chars: Option<usize>,
    /// Only rows for which all of these hold are asked about; the others are passed on.
    #[serde(default, rename = "where")]
    pub wanted: Vec<String>,
    /// Further tables of the recipe's folder, which go with the rows of `path` alone.
    #[serde(default)]
    pub join: Vec<Join>,
}

/// `[[input.join]]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// The table, in the recipe's folder.
    pub path: String,
    /// The column that both have.
    pub on: String,
    /// What templates know the joined row by.
    #[serde(rename = "as")]
    pub name: String,
}

/// Where a request goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Endpoint {
    /// Chat completions, or what the provider has in their place.
    #[default]
    Chat,
    /// OpenAI's Responses.
    Responses,
    /// OpenAI's embeddings: no prompt, a vector for each text.
    Embeddings,
}

impl Endpoint {
    /// Its path at OpenAI.
    #[must_use]
    pub fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Responses => "/v1/responses",
            Self::Embeddings => "/v1/embeddings",
        }
    }
}

/// `[request]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Where it goes.
    #[serde(default)]
    pub endpoint: Endpoint,
    pub(super) schema: Option<String>,
    /// The name a schema has at the providers that want one.
    #[serde(default = "default_schema_name")]
    pub schema_name: String,
    /// Sampling temperature.
    pub temperature: Option<f64>,
    /// Limit of an answer, in tokens.
    pub max_tokens: Option<u32>,
    /// Further parameters of the body, in the provider's words, passed through untouched.
    #[serde(default)]
    pub params: Map<String, Value>,
    /// The model of each provider.
    pub models: BTreeMap<String, String>,
}

fn default_schema_name() -> String {
    "answer".to_owned()
}

/// Where an answer goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Placement {
    /// Its fields become columns of the row.
    #[default]
    Merge,
    /// All of it becomes one column.
    Nested,
    /// Each answer becomes a file of its own.
    FilePerRow,
}

/// What becomes of a row without an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unanswered {
    /// It is there, and its `aacorn.status` says why it has none.
    #[default]
    Keep,
    /// It is left out.
    Drop,
}

/// `[output]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Where an answer goes.
    #[serde(default, rename = "into")]
    pub place: Placement,
    /// The column of an answer that is text or a list, and of a nested one; dots name a place inside a column.
    #[serde(default = "default_column")]
    pub column: String,
    /// Columns of the input that the answer may replace.
    #[serde(default)]
    pub replace: Vec<String>,
    /// A column for when it was answered.
    pub stamp: Option<String>,
    /// Rows without an answer.
    #[serde(default)]
    pub unanswered: Unanswered,
    /// What to mend in an answer before it is judged: by field (`tags[]`), what is done to its texts.
    #[serde(default)]
    pub mend: BTreeMap<String, Vec<Mend>>,
    /// Words that stand for others.
    pub aliases: Option<Aliases>,
    /// Templates that say what is wrong with an answer.
    #[serde(default)]
    pub(super) check: Vec<CheckFile>,
    /// For `file-per-row`: the extension of the files, `json` unless the answer is a text.
    pub extension: Option<String>,
    /// A list in the answer whose items become a table of their own.
    pub explode: Option<Explode>,
}

fn default_column() -> String {
    "answer".to_owned()
}

/// `[output.aliases]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Aliases {
    /// The field whose texts are looked up: `tags[]`.
    pub field: String,
    /// A table of `alias` and `canonical`, in the recipe's folder.
    pub path: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CheckFile {
    pub template: String,
    pub on_fail: Severity,
}

/// `[output.explode]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Explode {
    /// The list.
    pub field: String,
    /// The file name of the table.
    pub file: String,
    /// Columns of the row that go with each item.
    #[serde(default)]
    pub keep: Vec<String>,
}

/// `[limits]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The most requests of a batch file; never above the provider's own limit.
    pub requests: Option<u64>,
    /// The most bytes of a batch file; never above the provider's own limit.
    pub bytes: Option<u64>,
    /// `run` sends nothing to a provider whose estimated price is above this, in US dollars, or not known.
    pub max_cost_usd: Option<f64>,
    /// The same rows may be asked about again.
    #[serde(default)]
    pub allow_same_dataset: bool,
    /// `run` removes the files that it left at a provider when it has the results.
    #[serde(default)]
    pub clean_up: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    pub name: String,
    pub version: u32,
    pub description: String,
    #[serde(default)]
    pub input: Input,
    #[serde(default)]
    pub prompt: Prompt,
    #[serde(default)]
    pub vars: Map<String, Value>,
    pub request: Request,
    pub output: Output,
    #[serde(default)]
    pub limits: Limits,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Prompt {
    pub system: Option<String>,
    pub user: Option<String>,
    pub image: Option<String>,
    pub image_detail: Option<String>,
}
