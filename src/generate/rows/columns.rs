//! The columns that a recipe needs, and those that its answers may not take.

use crate::recipe::rows::{Joins, Placement, RowRecipe};
use crate::rows::Reader;
use crate::{Error, Result};

/// A file that says its columns must have those that the recipe needs.
pub(super) fn check_columns(recipe: &RowRecipe, joins: &Joins, reader: &Reader) -> Result<()> {
    let Some(header) = reader.header() else { return Ok(()) };
    let has = |name: &String| {
        let first = name.split('.').next().unwrap_or(name);
        header.iter().any(|column| column == name || column == first) || joins.names().any(|joined| joined == first)
    };
    let lacks = |names: &[String]| !names.is_empty() && !names.iter().any(has);
    let there = header.join(", ");
    let input = &recipe.input;
    let say = |what: &str, names: &[String], option: &str| {
        let names = names.join("`, `");
        Err(Error::Usage(format!("the input has no {what} `{names}`; it has {there}: name it with {option}")))
    };
    if lacks(&input.id) {
        return say("id column", &input.id, "--id COLUMN");
    }
    if lacks(&input.text) && recipe.image.as_ref().is_none_or(|image| !has(image)) {
        return say("text column", &input.text, "--text COLUMN");
    }
    if let Some(image) = recipe.image.as_ref().filter(|image| !has(image)) {
        return say("image column", std::slice::from_ref(image), "--image COLUMN");
    }
    match unreplaced(recipe).iter().find(|name| header.contains(name)) {
        Some(name) => Err(Error::Refused(replaces(name))),
        None => Ok(()),
    }
}

/// Columns of the answer that may not be in the input.
pub(super) fn unreplaced(recipe: &RowRecipe) -> Vec<String> {
    let nested = recipe.output.place == Placement::Nested && recipe.output.column.contains('.');
    let mut names = if nested { Vec::new() } else { recipe.answer_columns() };
    names.extend(recipe.output.stamp.clone());
    names.retain(|name| !recipe.output.replace.contains(name));
    names
}

/// What is wrong with an input that has the column `name`.
pub(super) fn replaces(name: &str) -> String {
    format!(
        "the answer would replace the column `{name}` of the input: allow it with --replace {name}, or name another with --column"
    )
}
