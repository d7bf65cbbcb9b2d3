//! `recipe.toml` and the schema beside it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::assets::{Assets, Folder, from_toml};
use crate::{Error, Result};

/// A recipe's manifest, read and checked.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// Its name, that of its folder.
    pub name: String,
    /// Counted up when its prompts or its schema change.
    pub version: u32,
    /// What it grows, in a sentence.
    pub description: String,
    /// What a request carries unless the user says otherwise.
    pub request: RequestDefaults,
    /// Numbers of turns a conversation can have.
    pub turns: Vec<u32>,
    /// How severe each rule is that this recipe says something of; the others are as they are by themselves.
    pub rules: Rules,
    /// Scenarios with one of these tags are never drawn.
    pub exclude_tags: Vec<String>,
    /// The JSON schema of a right answer, within the strict subset of the providers.
    pub schema: Value,
}

/// What a request carries unless the user says otherwise.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestDefaults {
    /// File name of the schema.
    schema: String,
    /// The name a schema has at the providers that want one.
    pub schema_name: String,
    /// Sampling temperature.
    pub temperature: f64,
    /// Limit of an answer, in tokens.
    pub max_tokens: u32,
    /// The model of each provider.
    pub models: BTreeMap<String, String>,
}

/// Severities by the name of the rule.
pub type Rules = BTreeMap<String, Severity>;

/// What becomes of an answer that breaks a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The rule is not looked at.
    Off,
    /// It is a record, with the rule's name in its `qc`.
    Flag,
    /// It is no record.
    Reject,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    name: String,
    version: u32,
    description: String,
    generator: Generator,
    request: RequestDefaults,
    plan: Plan,
    #[serde(default)]
    rules: Rules,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Generator {
    Aac,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    turns: Vec<u32>,
    #[serde(default)]
    exclude_tags: Vec<String>,
}

impl Recipe {
    /// Reads the recipe of that name.
    ///
    /// # Errors
    /// [`Error::Data`] when it is not there, or a field is unknown, missing or wrong.
    pub fn load(assets: &Assets, name: &str) -> Result<Self> {
        let file = format!("templates/{name}/recipe.toml");
        let text = read(assets, name, "recipe.toml")?;
        let manifest: Manifest = from_toml(&file, &text)?;
        let Manifest { name: named, version, description, generator: Generator::Aac, request, plan, rules } = manifest;
        if named != name {
            return Err(Error::data(file, format!("its name is `{named}`, its folder's is `{name}`")));
        }
        if plan.turns.is_empty() || plan.turns.iter().any(|turns| *turns < 2) {
            return Err(Error::data(file, "plan.turns: give one or more numbers of 2 or above"));
        }
        let schema = serde_json::from_str(&read(assets, name, &request.schema)?)
            .map_err(|error| Error::data(format!("templates/{name}/{}", request.schema), error))?;
        let Plan { turns, exclude_tags } = plan;
        Ok(Self { name: named, version, description, request, turns, exclude_tags, rules, schema })
    }

    /// How records name the template they came from: `aac@1/en`.
    #[must_use]
    pub fn template_id(&self, language: &str) -> String {
        format!("{}@{}/{language}", self.name, self.version)
    }
}

/// The text of a file of a recipe.
pub(super) fn read(assets: &Assets, recipe: &str, file: &str) -> Result<String> {
    let path = format!("{recipe}/{file}");
    assets
        .read(Folder::Templates, &path)?
        .ok_or_else(|| Error::data(format!("templates/{path}"), "there is no such file"))
}
