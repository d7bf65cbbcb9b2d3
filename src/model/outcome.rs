//! What became of one request, whatever the provider that answered it.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What stands in every free text of a sample that the offline engine gives for a prompt it does not know. No record may hold it.
pub const SAMPLE_MARK: &str = "sample, not a model's answer";

/// Why a planned request gave no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The model declined to answer.
    Refused,
    /// The provider's content filter cut the answer.
    Filtered,
    /// The answer reached its token limit; never repaired, always retryable.
    Truncated,
    /// The provider answered with an error.
    Failed,
    /// The batch ended before this request was reached.
    Expired,
    /// The batch was cancelled before this request was reached.
    Cancelled,
    /// There was an answer, with nothing in it.
    Empty,
    /// The answer is not one JSON object, and could not be made one without guessing.
    Unparseable,
    /// The answer is JSON, but not what was asked for.
    Invalid,
    /// The answer belongs to another request.
    Mispaired,
}

/// Why a result line belongs to no planned request. Strays are counted outside the equation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stray {
    /// The line names no request.
    NoId,
    /// The line names a request that no metadata file holds.
    UnknownId,
    /// The line is not JSON.
    NotJson,
    /// The line is longer than the limit.
    LineTooLong,
    /// Another line answers the same request; the first success wins.
    Duplicate,
}

/// Writes a unit variant as it stands in files: `no_id`.
fn name(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => unreachable!("unit variants are written as strings"),
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&name(self))
    }
}

impl fmt::Display for Stray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&name(self))
    }
}

/// What a result line says of its request.
#[derive(Debug)]
pub enum Outcome<'a> {
    /// The model answered.
    Answer(Answer<'a>),
    /// It did not.
    Failure(Failure),
}

/// A model's answer, not yet judged.
#[derive(Debug, Default)]
pub struct Answer<'a> {
    /// The text of the answer, meant to be JSON.
    pub text: Cow<'a, str>,
    /// The provider's word for why the answer ended.
    pub finish_reason: Option<Cow<'a, str>>,
    /// The model that answered, as the provider names it.
    pub model: Option<Cow<'a, str>>,
    /// When it answered, in seconds since 1970-01-01T00:00:00Z.
    pub created: Option<i64>,
    /// Tokens used, as the provider counts them: its JSON as it stands.
    pub usage: Option<Cow<'a, str>>,
    /// A lone surrogate in the text became U+FFFD.
    pub replaced: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The class.
    pub reason: Reason,
    /// The provider's own words, or empty.
    pub detail: String,
}
