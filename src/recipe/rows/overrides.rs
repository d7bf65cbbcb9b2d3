//! What the person says over a recipe: columns, conditions, variables, the prompt. It is kept with the run, so that
//! answers are judged by what was asked.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::manifest::{RowRecipe, Template};
use super::sections::{Endpoint, Placement, Stance};
use crate::assets::{self, from_toml};
use crate::rows::Reader;
use crate::{Error, Result};

/// Settings that win over the manifest's.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Overrides {
    /// Columns of the id.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub id: Vec<String>,
    /// Columns of the text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub text: Vec<String>,
    /// Column of the image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Conditions, in place of the manifest's.
    #[serde(rename = "where", skip_serializing_if = "Vec::is_empty")]
    pub wanted: Vec<String>,
    /// Further tables.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub join: Vec<JoinFile>,
    /// The longest text, in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_chars: Option<usize>,
    /// Rows without id or text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_blank: Option<Stance>,
    /// Rows with the id of an earlier row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_duplicate: Option<Stance>,
    /// Variables.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub vars: Map<String, Value>,
    /// The system prompt's template.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// Where requests go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Endpoint>,
    /// Where answers go.
    #[serde(rename = "into", skip_serializing_if = "Option::is_none")]
    pub place: Option<Placement>,
    /// The column of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// A table of `alias` and `canonical`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aliases: Option<PathBuf>,
    /// Requests of a batch file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_size: Option<u64>,
    /// Columns that the answer may replace.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub replace: Vec<String>,
}

impl Overrides {
    /// The files that rows are read from: `input`, and those that are joined to it.
    #[must_use]
    pub fn inputs(&self, input: Option<&Path>) -> Vec<PathBuf> {
        let joined = self.join.iter().map(|join| join.path.clone());
        input.map(Path::to_owned).into_iter().chain(joined).chain(self.aliases.clone()).collect()
    }
}

/// A table to join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinFile {
    /// What templates know the joined row by.
    #[serde(rename = "as")]
    pub name: String,
    /// The table.
    pub path: PathBuf,
    /// The column that both have.
    pub on: String,
}

impl RowRecipe {
    /// The recipe as the person wants it.
    ///
    /// # Errors
    /// [`Error::Usage`] for what does not go together; [`Error::Io`] and [`Error::Line`] when the aliases cannot be read.
    pub fn with(mut self, over: &Overrides) -> Result<Self> {
        let input = &mut self.input;
        let replace = |into: &mut Vec<String>, from: &[String]| {
            if !from.is_empty() {
                *into = from.to_vec();
            }
        };
        replace(&mut input.id, &over.id);
        replace(&mut input.text, &over.text);
        replace(&mut input.wanted, &over.wanted);
        input.max_chars = over.max_chars.or(input.max_chars);
        input.on_blank = over.on_blank.unwrap_or(input.on_blank);
        input.on_duplicate = over.on_duplicate.unwrap_or(input.on_duplicate);
        self.image = over.image.clone().or(self.image);
        self.vars.extend(over.vars.iter().map(|(name, value)| (name.clone(), value.clone())));
        self.output.place = over.place.unwrap_or(self.output.place);
        self.output.replace.extend(over.replace.iter().cloned());
        if let Some(column) = &over.column {
            self.output.column.clone_from(column);
        }
        self.limits.requests = over.batch_size.or(self.limits.requests);
        if let Some(text) = &over.prompt {
            if self.request.endpoint == Endpoint::Embeddings {
                return Err(Error::Usage("--prompt: an embedding has no prompt".to_owned()));
            }
            self.system = Some(Template { file: "--prompt".to_owned(), text: text.clone() });
        }
        if let Some(endpoint) = over.endpoint {
            self.request.endpoint = endpoint;
            if endpoint == Endpoint::Embeddings {
                (self.system, self.schema) = (None, None);
            }
        }
        if let Some(path) = &over.aliases {
            if self.output.aliases.is_none() {
                let detail = format!("--aliases: recipe `{}` has no field for them (`output.aliases`)", self.name);
                return Err(Error::Usage(detail));
            }
            self.aliases = read_aliases(path)?;
        }
        Ok(self)
    }
}

fn read_aliases(path: &Path) -> Result<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    for row in Reader::open(path, None)? {
        let row = row?;
        let text = |name: &str| row.columns.get(name).and_then(Value::as_str).map(|text| text.trim().to_owned());
        match (text("alias"), text("canonical")) {
            (Some(alias), Some(canonical)) if !alias.is_empty() && !canonical.is_empty() => {
                pairs.push((alias, canonical));
            }
            _ => {
                let detail = "a row of aliases has the columns `alias` and `canonical`, both with text".to_owned();
                return Err(Error::Line { path: path.to_owned(), line: row.line, detail });
            }
        }
    }
    Ok(pairs)
}

/// A variable from the text of a file: JSON and TOML as what they hold, anything else as text.
///
/// # Errors
/// [`Error::Data`] when it is not what its extension says.
pub fn variable(path: &str, text: &str) -> Result<Value> {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("json") => serde_json::from_str(text).map_err(|error| Error::data(path, error)),
        Some("toml") => {
            let table: assets::Table = from_toml(path, text)?;
            serde_json::to_value(table).map_err(|error| Error::data(path, error))
        }
        _ => Ok(text.into()),
    }
}
