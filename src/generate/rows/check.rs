//! Looking a recipe over before it is used: templates, schema, and prompts of a sample.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::super::check_params;
use crate::assets::{Assets, Folder};
use crate::model::Provider;
use crate::recipe::rows::{Joins, Overrides, RowJudge, RowPrompter, RowRecipe, Selection, source_id};
use crate::recipe::{Kind, Recipe, kind, schema};
use crate::rows::{Cells, Format, Reader};
use crate::{Error, Result};

/// Rows of a sample that are rendered.
const SHOWN: usize = 2;

/// What a recipe's check found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// The recipe.
    pub recipe: String,
    /// Its version.
    pub version: u32,
    /// What would keep it from being sent, or its answers from being kept.
    pub faults: Vec<String>,
    /// What is worth knowing.
    pub notes: Vec<String>,
    /// The prompts of the first rows.
    pub prompts: Vec<Shown>,
}

/// The prompts of a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// The row's id.
    pub id: String,
    /// The system prompt.
    pub system: Option<String>,
    /// The user prompt.
    pub user: String,
}

/// Checks the recipe of that name, with the rows of `input`, or of its own sample.
///
/// # Errors
/// [`Error::Data`] for a manifest, template or schema that cannot be read at all; [`Error::Usage`] when there is none of that
/// name; those of reading the input.
pub fn check(assets: &Assets, name: &str, input: Option<&Path>, lang: Option<&str>) -> Result<Checked> {
    if kind(assets, name)? == Kind::Packs {
        let recipe = Recipe::load(assets, name)?;
        let mut checked = Checked { recipe: recipe.name.clone(), version: recipe.version, ..Checked::default() };
        checked.schema(&recipe.schema);
        checked.notes.push("its templates are checked with each pack: aacorn languages lint LOCALE".to_owned());
        return Ok(checked);
    }
    let mut over = Overrides::default();
    over.vars.extend(lang.map(|lang| ("lang".to_owned(), lang.into())));
    let recipe = RowRecipe::load(assets, name)?.with(&over)?;
    let mut checked = Checked { recipe: recipe.name.clone(), version: recipe.version, ..Checked::default() };
    RowJudge::new(assets, &recipe)?;
    Selection::parse(&recipe.input.wanted)?;
    if let Some(schema) = &recipe.schema {
        checked.schema(schema);
    }
    for provider in Provider::ALL {
        if !recipe.request.models.contains_key(provider.name()) {
            checked.notes.push(format!("request.models names no model for {provider}: it takes --model"));
        }
        if let Err(error) = check_params(provider, None, &super::checked(&recipe, &recipe.request.params)) {
            checked.faults.push(format!("request.params for {provider}: {error}"));
        }
    }
    let prompter = RowPrompter::new(assets, &recipe)?;
    let Some(reader) = sample(assets, &recipe, input)? else {
        let columns = prompter.columns().join(", ");
        checked.notes.push(format!("no sample to render: give --input FILE with the columns {columns}"));
        return Ok(checked);
    };
    let joins = Joins::read(assets, &recipe, &over, input.is_none())?;
    for (nth, row) in reader.take(SHOWN).enumerate() {
        let row = row?;
        let mut columns = row.columns;
        let place = format!("{}:{}", row.file.display(), row.line);
        let id = if recipe.input.id.is_empty() {
            (nth + 1).to_string()
        } else {
            match source_id(&columns, &recipe.input.id) {
                Some(id) => id.into_owned(),
                None => {
                    checked.faults.push(format!("{place}: no id: {} hold nothing", recipe.input.id.join(", ")));
                    continue;
                }
            }
        };
        if let Err(detail) = joins.add(&mut columns) {
            checked.faults.push(format!("{place}: {detail}"));
            continue;
        }
        match prompter.render(&id, &columns) {
            Ok(Some(prompt)) => checked.prompts.push(Shown { id, system: prompt.system, user: prompt.user }),
            Ok(None) => checked
                .notes
                .push(format!("{place}: nothing to ask about: {} hold nothing", recipe.input.text.join(", "))),
            Err(detail) => checked.faults.push(format!("{place}: row `{id}`: {detail}")),
        }
    }
    Ok(checked)
}

impl Checked {
    fn schema(&mut self, schema: &serde_json::Value) {
        for gap in schema::gaps(schema) {
            let text = format!(
                "schema{}: {}",
                if gap.at.is_empty() { String::new() } else { format!(" {}", gap.at) },
                gap.detail
            );
            if gap.refused { self.faults.push(text) } else { self.notes.push(text) }
        }
    }
}

/// The rows to render: those given, the recipe's own input, or a file of its folder called `sample`.
fn sample(assets: &Assets, recipe: &RowRecipe, input: Option<&Path>) -> Result<Option<Reader>> {
    if let Some(path) = input {
        return Reader::open(path, None).map(Some);
    }
    let files = assets.list(Folder::Templates, &recipe.name);
    let named = files.iter().find(|name| name.starts_with("sample.") && Format::told(Path::new(name)).is_ok());
    let Some(name) = recipe.input.path.as_ref().or(named) else { return Ok(None) };
    let text = recipe.file(assets, name)?.ok_or_else(|| Error::data(name.clone(), "there is no such file"))?;
    let path = PathBuf::from(format!("templates/{}/{name}", recipe.name));
    let format = Format::told(&path)?.0;
    let reader = Box::new(std::io::Cursor::new(text.into_bytes()));
    Reader::new(reader, &path, Some(format), Cells::Text).map(Some)
}
