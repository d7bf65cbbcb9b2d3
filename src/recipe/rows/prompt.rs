//! The prompts of a row: its columns, joined rows and variables in the recipe's templates.

use std::collections::HashSet;

use serde_json::Value;
use tera::{Context, Kwargs, State, Tera};

use super::ident::text_of;
use super::manifest::{RowRecipe, Template};
use super::sections::Endpoint;
use super::select::is_blank;
use crate::assets::{Assets, Folder};
use crate::rows::{Columns, get};
use crate::{Error, Result};

/// Names that templates know besides the columns.
const RESERVED: [&str; 4] = ["id", "text", "row", "vars"];

/// Renders the prompts of rows.
#[derive(Debug)]
pub struct RowPrompter {
    tera: Tera,
    /// Files of the templates, in the order they are rendered: the system prompt's, where there is one, then the user's.
    system: Option<String>,
    user: Option<String>,
    /// What the templates show.
    shown: HashSet<String>,
    vars: Value,
    text: Vec<String>,
    image: Option<String>,
    max_chars: Option<usize>,
}

/// The prompts of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The system prompt, where the recipe has one.
    pub system: Option<String>,
    /// The user prompt; for an embedding the text itself.
    pub user: String,
    /// The address of an image.
    pub image: Option<String>,
    /// How many characters the text had, where it was cut.
    pub cut: Option<usize>,
}

/// Adds what every template of a recipe over rows may use.
///
/// # Errors
/// [`Error::Data`] with file and line when the template cannot be read.
pub(super) fn add(tera: &mut Tera, template: &Template) -> Result<()> {
    tera.add_raw_template(&template.file, template.text.trim()).map_err(|error| Error::data(&template.file, error))
}

/// A Tera with the filters of recipes, and nothing escaped: a prompt is text, not a web page.
pub(super) fn tera(assets: &Assets) -> Tera {
    let mut tera = Tera::new();
    tera.autoescape_on(Vec::<&str>::new());
    tera.register_filter("json", |value: tera::Value, _: Kwargs, _: &State<'_>| {
        serde_json::to_string(&value).map_err(|error| tera::Error::message(error.to_string()))
    });
    let files = assets.clone();
    tera.register_function("data_file", move |arguments: Kwargs, _: &State<'_>| {
        let path = arguments.must_get::<String>("path")?;
        let folder = [Folder::Languages, Folder::Templates].into_iter().find_map(|folder| {
            let below = path.strip_prefix(folder.name())?.strip_prefix('/')?;
            files.read(folder, below).ok().flatten()
        });
        folder
            .ok_or_else(|| tera::Error::message(format!("data_file: there is no `{path}` in languages/ or templates/")))
    });
    tera
}

impl RowPrompter {
    /// Reads the templates of a recipe.
    ///
    /// # Errors
    /// [`Error::Data`] when one does not parse.
    pub fn new(assets: &Assets, recipe: &RowRecipe) -> Result<Self> {
        let mut tera = tera(assets);
        let embeds = recipe.request.endpoint == Endpoint::Embeddings;
        let templates: Vec<&Template> =
            if embeds { Vec::new() } else { recipe.system.iter().chain([&recipe.user]).collect() };
        let mut shown = HashSet::new();
        for template in &templates {
            add(&mut tera, template)?;
            let names =
                tera.get_template_variables(&template.file).map_err(|error| Error::data(&template.file, error))?;
            shown.extend(names.into_iter().map(str::to_owned));
        }
        Ok(Self {
            tera,
            system: recipe.system.as_ref().map(|template| template.file.clone()).filter(|_| !embeds),
            user: (!embeds).then(|| recipe.user.file.clone()),
            shown,
            vars: Value::Object(recipe.vars.clone()),
            text: recipe.input.text.clone(),
            image: recipe.image.clone(),
            max_chars: recipe.input.max_chars,
        })
    }

    /// The columns that the templates show, sorted; reserved names left out.
    #[must_use]
    pub fn columns(&self) -> Vec<&str> {
        let mut names: Vec<&str> =
            self.shown.iter().map(String::as_str).filter(|name| !RESERVED.contains(name)).collect();
        names.sort_unstable();
        names
    }

    /// Renders the prompts of a row, joined rows among its columns. `None` when there is nothing to ask about.
    ///
    /// # Errors
    /// What is wrong, with the template and the variable.
    pub fn render(&self, id: &str, columns: &Columns) -> Result<Option<Rendered>, String> {
        let image = self.image(columns)?;
        let (text, cut) = match text_of(columns, &self.text, self.max_chars) {
            Some((text, cut)) => (Some(text), cut),
            None => (None, None),
        };
        if !self.text.is_empty() && text.is_none() && image.is_none() {
            return Ok(None);
        }
        let text = text.unwrap_or_default();
        let Some(user) = &self.user else {
            return Ok(Some(Rendered { system: None, user: text.into_owned(), image: None, cut }));
        };
        let mut context = Context::new();
        for name in &self.shown {
            match name.as_str() {
                "id" => context.insert("id", id),
                "text" => context.insert("text", &text),
                "row" => context.insert("row", columns),
                "vars" => context.insert("vars", &self.vars),
                name => {
                    if let Some(value) = columns.get(name) {
                        context.insert(name.to_owned(), value);
                    }
                }
            }
        }
        let render =
            |file: &String| self.tera.render(file, &context).map_err(|error| format!("{file}: {}", one_line(&error)));
        let system = self.system.as_ref().map(render).transpose()?;
        Ok(Some(Rendered { system, user: render(user)?, image, cut }))
    }

    fn image(&self, columns: &Columns) -> Result<Option<String>, String> {
        let value = self.image.as_ref().and_then(|name| get(columns, name)).filter(|value| !is_blank(value));
        let Some(value) = value else { return Ok(None) };
        let address = value.as_str().map(str::trim).unwrap_or_default();
        let known = ["https://", "http://", "data:image/"].iter().any(|start| address.starts_with(start));
        let name = self.image.as_deref().unwrap_or_default();
        if known {
            Ok(Some(address.to_owned()))
        } else {
            Err(format!("`{name}` is neither an address (https://…) nor a data URL (data:image/…)"))
        }
    }
}

/// What Tera says, without its drawing of the template.
pub(super) fn one_line(error: &tera::Error) -> String {
    let mut said = Vec::new();
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = source {
        said.extend(error.to_string().lines().next().map(|line| line.trim_end_matches(':').to_owned()));
        source = error.source();
    }
    said.dedup();
    said.join(": ")
}
