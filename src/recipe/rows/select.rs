//! Which rows are asked about.

use serde_json::Value;

use crate::rows::{Columns, get};
use crate::{Error, Result};

/// A condition on a row: `col=value`, `col!=value`, `col` (not blank), `!col` (blank).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The column's text is this.
    Is(String, String),
    /// It is not, or the column is not there.
    IsNot(String, String),
    /// The column holds something.
    Has(String),
    /// The column is not there, or holds nothing.
    Lacks(String),
}

impl Condition {
    /// Reads a condition. Columns may be dotted names.
    ///
    /// # Errors
    /// [`Error::Usage`] when it names no column.
    pub fn parse(text: &str) -> Result<Self> {
        let own = |text: &str| text.trim().to_owned();
        let condition = if let Some((column, value)) = text.split_once("!=") {
            Self::IsNot(own(column), own(value))
        } else if let Some((column, value)) = text.split_once('=') {
            Self::Is(own(column), own(value.strip_prefix('=').unwrap_or(value)))
        } else if let Some(column) = text.trim().strip_prefix('!') {
            Self::Lacks(own(column))
        } else {
            Self::Has(own(text))
        };
        let (Self::Is(column, _) | Self::IsNot(column, _) | Self::Has(column) | Self::Lacks(column)) = &condition;
        if column.is_empty() {
            let forms = "write COLUMN=VALUE, COLUMN!=VALUE, COLUMN (holds something) or '!COLUMN' (holds nothing)";
            return Err(Error::Usage(format!("--where `{text}`: {forms}")));
        }
        Ok(condition)
    }

    /// Whether it holds for a row.
    #[must_use]
    pub fn holds(&self, columns: &Columns) -> bool {
        let is = |column: &str, value: &str| {
            get(columns, column).is_some_and(|found| match found {
                Value::String(text) => text == value,
                Value::Null => value.is_empty(),
                Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
                    found.to_string().as_str() == value
                }
            })
        };
        match self {
            Self::Is(column, value) => is(column, value),
            Self::IsNot(column, value) => !is(column, value),
            Self::Has(column) => !get(columns, column).is_none_or(is_blank),
            Self::Lacks(column) => get(columns, column).is_none_or(is_blank),
        }
    }
}

/// Whether a value says nothing: null, white space, an empty list or object.
#[must_use]
pub fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Conditions that all must hold.
#[derive(Debug, Clone, Default)]
pub struct Selection(Vec<Condition>);

impl Selection {
    /// Reads conditions.
    ///
    /// # Errors
    /// As [`Condition::parse`].
    pub fn parse(conditions: &[String]) -> Result<Self> {
        conditions.iter().map(|text| Condition::parse(text)).collect::<Result<_>>().map(Self)
    }

    /// Whether all hold for a row.
    #[must_use]
    pub fn holds(&self, columns: &Columns) -> bool {
        self.0.iter().all(|condition| condition.holds(columns))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn conditions_look_at_text_numbers_and_what_is_missing() {
        let row = json!({"kind": "video", "n": 2, "tags": [], "note": " ", "aacorn": {"version": 1}, "a.b": "x"});
        let row = row.as_object().unwrap();
        for (text, holds) in [
            ("kind=video", true),
            ("kind = video", true),
            ("kind!=video", false),
            ("n=2", true),
            ("n!=3", true),
            ("aacorn.version != 2", true),
            ("a.b=x", true),
            ("!tags", true),
            ("tags", false),
            ("!note", true),
            ("kind", true),
            ("!other", true),
            ("other=", false),
            ("other!=1", true),
        ] {
            assert_eq!(Condition::parse(text).unwrap().holds(row), holds, "{text}");
        }
        assert!(Condition::parse("=x").is_err() && Condition::parse("!").is_err());
    }
}
