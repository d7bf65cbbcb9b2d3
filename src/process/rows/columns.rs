//! What an answer adds to the columns of its row.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::price::{Money, Prices};
use crate::recipe::rows::{Placement, RowLine, RowRecipe};
use crate::rows::{Columns, set};

/// The column of provenance.
const AACORN: &str = "aacorn";

/// A record of an answer to a row.
#[derive(Debug, Deserialize)]
pub(super) struct Record {
    pub answer: Value,
    pub metadata: Metadata,
    #[serde(default)]
    pub repairs: Vec<String>,
    #[serde(default)]
    pub qc: Vec<String>,
}

/// Where it came from.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    #[serde(default)]
    pub generated_at: Option<String>,
    #[serde(default)]
    pub provider: Option<String>,
    #[serde(default)]
    pub model: Option<String>,
    #[serde(default)]
    pub plan: Map<String, Value>,
    #[serde(default)]
    pub usage: Map<String, Value>,
}

impl Metadata {
    /// Tokens of request and answer, where they were counted.
    pub fn tokens(&self) -> Option<(u64, u64)> {
        let tokens = |names: &[&str]| names.iter().find_map(|name| self.usage.get(*name).and_then(Value::as_u64));
        let input = tokens(&["prompt_tokens", "input_tokens", "promptTokenCount"])?;
        let thought = tokens(&["thoughtsTokenCount"]).unwrap_or(0);
        Some((input, tokens(&["completion_tokens", "output_tokens", "candidatesTokenCount"]).unwrap_or(0) + thought))
    }

    /// What they cost in a batch, where tokens and price are known.
    pub fn cost(&self, prices: &Prices, asked: &str) -> Option<Money> {
        let price = self.model.as_deref().and_then(|model| prices.find(model)).or_else(|| prices.find(asked))?;
        let (input, output) = self.tokens()?;
        Some(price.batch.cost(input, output))
    }
}

/// Why a row has no answer.
pub(super) struct Without<'a> {
    pub status: &'a str,
    pub reason: Option<&'a str>,
    pub detail: Option<&'a str>,
}

/// Writes columns in the form of one output.
pub(super) struct Columnist<'a> {
    pub recipe: &'a RowRecipe,
    pub asked: &'a str,
    pub prices: &'a Prices,
    /// Provenance is a column for each of its fields, not one nested column.
    pub flat: bool,
}

impl Columnist<'_> {
    /// The row with its answer.
    pub fn answered(&self, entry: &RowLine, record: &Record, status: &str, file: Option<&str>) -> Columns {
        let mut columns = entry.row.clone();
        self.place(&mut columns, &record.answer, file);
        if let (Some(stamp), Some(at)) = (&self.recipe.output.stamp, &record.metadata.generated_at) {
            columns.insert(stamp.clone(), at.as_str().into());
        }
        let metadata = &record.metadata;
        let tokens = metadata.tokens();
        let mut facts = vec![
            ("status", Value::from(status)),
            ("custom_id", entry.custom_id.clone().into()),
            ("recipe", self.recipe.name.clone().into()),
            ("version", metadata.plan.get("version").cloned().unwrap_or_default()),
            ("prompt_hash", metadata.plan.get("prompt_hash").cloned().unwrap_or_default()),
            ("provider", metadata.provider.clone().into()),
            ("model", metadata.model.clone().into()),
            ("answered_at", metadata.generated_at.clone().into()),
            ("input_tokens", tokens.map(|(input, _)| input).into()),
            ("output_tokens", tokens.map(|(_, output)| output).into()),
            ("cost_usd", metadata.cost(self.prices, self.asked).map(Money::as_dollars).into()),
        ];
        let listed = |names: &[String]| Value::from(names.to_vec());
        if !record.repairs.is_empty() {
            facts.push(("repairs", listed(&record.repairs)));
        }
        if !record.qc.is_empty() {
            facts.push(("qc", listed(&record.qc)));
        }
        facts.extend(entry.cut.map(|chars| ("text_cut_from_chars", chars.into())));
        self.provenance(&mut columns, facts);
        columns
    }

    /// The row without one. Answers of an earlier run that are in it stay.
    pub fn unanswered(&self, entry: &RowLine, without: &Without<'_>) -> Columns {
        let mut columns = entry.row.clone();
        if self.recipe.output.place != Placement::Nested {
            for name in self.recipe.answer_columns() {
                columns.entry(name).or_insert(Value::Null);
            }
        }
        let mut facts = vec![("status", Value::from(without.status))];
        facts.extend(entry.custom_id.as_deref().map(|id| ("custom_id", id.into())));
        facts.extend(without.reason.map(|reason| ("reason", reason.into())));
        facts.extend(without.detail.filter(|detail| !detail.is_empty()).map(|detail| ("detail", detail.into())));
        self.provenance(&mut columns, facts);
        columns
    }

    fn place(&self, columns: &mut Columns, answer: &Value, file: Option<&str>) {
        match (self.recipe.output.place, answer, file) {
            (_, _, Some(file)) => drop(columns.insert("file".to_owned(), file.into())),
            (Placement::Merge, Value::Object(fields), None) if self.recipe.schema.is_some() => {
                for (name, value) in fields {
                    columns.insert(name.clone(), value.clone());
                }
            }
            (_, answer, None) => set(columns, &self.recipe.output.column, answer.clone()),
        }
    }

    fn provenance(&self, columns: &mut Columns, facts: Vec<(&str, Value)>) {
        let flat = self.flat || columns.keys().any(|name| name.starts_with("aacorn."));
        if flat {
            columns.retain(|name, _| !name.starts_with("aacorn."));
            columns.extend(facts.into_iter().map(|(name, value)| (format!("{AACORN}.{name}"), value)));
        } else {
            let facts: Map<String, Value> = facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            columns.insert(AACORN.to_owned(), Value::Object(facts));
        }
    }
}
