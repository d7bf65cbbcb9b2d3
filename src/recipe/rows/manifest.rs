//! `recipe.toml` of a recipe over rows, with the files that it names.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::mend::Mend;
use super::overrides::variable;
use crate::assets::{Assets, Folder, from_toml};
use crate::recipe::Severity;
use crate::recipe::manifest::read;
use crate::{Error, Result};

/// A recipe over rows, read and checked.
#[derive(Debug, Clone)]
pub struct RowRecipe {
    /// Its name, that of its folder.
    pub name: String,
    /// Counted up when its prompts or its schema change; stands in the provenance of every answer.
    pub version: u32,
    /// What it does, in a sentence.
    pub description: String,
    /// Which rows, and what of them is asked about.
    pub input: Input,
    /// Template of the system prompt, where there is one.
    pub system: Option<Template>,
    /// Template of the user prompt.
    pub user: Template,
    /// The column that holds the address of an image.
    pub image: Option<String>,
    /// OpenAI's `detail` of images: `low`, `high`, `auto`.
    pub image_detail: Option<String>,
    /// What templates know as `vars`.
    pub vars: Map<String, Value>,
    /// What a request carries.
    pub request: Request,
    /// The JSON schema of a right answer; without one the answer is text.
    pub schema: Option<Value>,
    /// What becomes of the answers.
    pub output: Output,
    /// Templates that say what is wrong with an answer.
    pub checks: Vec<Check>,
    /// Pairs of (alias, canonical) for `output.aliases`.
    pub aliases: Vec<(String, String)>,
    /// Limits of a batch.
    pub limits: Limits,
}

/// A template with the name that errors call it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// `templates/tag/user.tera`, or where else it came from.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// A template that says what is wrong with an answer, and how bad that is.
#[derive(Debug, Clone)]
pub struct Check {
    /// Its name, which stands in `qc`.
    pub name: String,
    /// The template; what it writes is the fault.
    pub template: Template,
    /// What becomes of the answer.
    pub severity: Severity,
}

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
    schema: Option<String>,
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
    check: Vec<CheckFile>,
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
struct CheckFile {
    template: String,
    on_fail: Severity,
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
struct Manifest {
    name: String,
    version: u32,
    description: String,
    #[serde(default)]
    input: Input,
    #[serde(default)]
    prompt: Prompt,
    #[serde(default)]
    vars: Map<String, Value>,
    request: Request,
    output: Output,
    #[serde(default)]
    limits: Limits,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Prompt {
    system: Option<String>,
    user: Option<String>,
    image: Option<String>,
    image_detail: Option<String>,
}

/// The user prompt of a recipe that has none of its own.
const USER: &str = "{{ text }}";

impl RowRecipe {
    /// Reads the recipe of that name.
    ///
    /// # Errors
    /// [`Error::Data`] when a file is not there, or a field is unknown, missing or wrong.
    pub fn load(assets: &Assets, name: &str) -> Result<Self> {
        let file = format!("templates/{name}/recipe.toml");
        let manifest: Manifest = from_toml(&file, &read(assets, name, "recipe.toml")?)?;
        let Manifest { name: named, version, description, input, prompt, vars, request, output, limits } = manifest;
        if named != name {
            return Err(Error::data(file, format!("its name is `{named}`, its folder's is `{name}`")));
        }
        if !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
            return Err(Error::data(
                file,
                "name: small letters, digits and hyphens, for it stands in file names and ids",
            ));
        }
        let template = |path: String| -> Result<Template> {
            Ok(Template { text: read(assets, name, &path)?, file: format!("templates/{name}/{path}") })
        };
        let user = match prompt.user {
            Some(path) => template(path)?,
            None => Template { file: format!("the user prompt of `{name}`"), text: USER.to_owned() },
        };
        let schema = match &request.schema {
            Some(path) => Some(
                serde_json::from_str(&read(assets, name, path)?)
                    .map_err(|error| Error::data(format!("templates/{name}/{path}"), error))?,
            ),
            None => None,
        };
        let mut checks = Vec::new();
        for CheckFile { template: path, on_fail } in &output.check {
            let name = path.rsplit('/').next().unwrap_or(path);
            let name = name.strip_suffix(".tera").unwrap_or(name).to_owned();
            checks.push(Check { name, template: template(path.clone())?, severity: *on_fail });
        }
        let mut recipe = Self {
            name: named,
            version,
            description,
            input,
            system: prompt.system.map(template).transpose()?,
            user,
            image: prompt.image,
            image_detail: prompt.image_detail,
            vars: Map::new(),
            request,
            schema,
            output,
            checks,
            aliases: Vec::new(),
            limits,
        };
        for (key, value) in vars {
            // `{ file = "protocol.json" }` is what the file holds.
            let value = match value.get("file").and_then(Value::as_str) {
                Some(path) => variable(path, &read(assets, name, path)?)?,
                None => value,
            };
            recipe.vars.insert(key, value);
        }
        recipe.check(&file)?;
        Ok(recipe)
    }

    /// How answers name the recipe that they came from: `tag@1`.
    #[must_use]
    pub fn template_id(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }

    /// Texts of the files in the recipe's folder that go with a run: by file name.
    ///
    /// # Errors
    /// [`Error::Io`] when one cannot be read.
    pub fn file(&self, assets: &Assets, path: &str) -> Result<Option<String>> {
        assets.read(Folder::Templates, &format!("{}/{path}", self.name))
    }

    fn check(&self, file: &str) -> Result<()> {
        let wrong = |detail: &str| Err(Error::data(file, detail));
        if self.request.endpoint == Endpoint::Embeddings {
            if self.schema.is_some() || self.system.is_some() {
                return wrong("request.endpoint: an embedding has neither a prompt nor a schema");
            }
            if self.output.place == Placement::Merge && self.output.column.is_empty() {
                return wrong("output.column: name the column of the vectors");
            }
        }
        if self.output.place == Placement::Merge
            && self.schema.as_ref().is_some_and(|schema| schema["type"] != "object")
        {
            return wrong("output.into: only an object can be merged into a row; use \"nested\"");
        }
        if self.limits.requests == Some(0) || self.limits.bytes == Some(0) {
            return wrong("limits: 0 leaves no room for a request");
        }
        Ok(())
    }

    /// The columns that an answer becomes.
    #[must_use]
    pub fn answer_columns(&self) -> Vec<String> {
        let properties = self.schema.as_ref().and_then(|schema| schema["properties"].as_object());
        match (self.output.place, properties) {
            (Placement::Merge, Some(properties)) => properties.keys().cloned().collect(),
            (Placement::Merge | Placement::Nested, _) => vec![self.output.column.clone()],
            (Placement::FilePerRow, _) => vec!["file".to_owned()],
        }
    }
}
