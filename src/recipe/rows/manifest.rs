//! `recipe.toml` of a recipe over rows, with the files that it names.

use serde_json::{Map, Value};

use super::overrides::variable;
use super::sections::{CheckFile, Endpoint, Input, Limits, Manifest, Output, Placement, Request};
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
