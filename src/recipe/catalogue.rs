//! Which recipes there are, and of which kind each is.

use serde::Deserialize;

use super::manifest::read;
use crate::assets::{Assets, Folder, Value, from_toml};
use crate::{Error, Result};

/// Where a recipe's plan items come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// They are drawn from language packs.
    Packs,
    /// They are the rows of a table or list.
    Rows,
}

/// The names of all recipes: folders of `templates/` with a `recipe.toml`.
///
/// # Errors
/// [`Error::Io`] when a folder of the user's cannot be read.
pub fn names(assets: &Assets) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for name in assets.list(Folder::Templates, "") {
        if assets.read(Folder::Templates, &format!("{name}/recipe.toml"))?.is_some() {
            names.push(name);
        }
    }
    Ok(names)
}

/// The kind of the recipe of that name.
///
/// # Errors
/// [`Error::Usage`] when there is none of that name; [`Error::Data`] when its manifest is no TOML.
pub fn kind(assets: &Assets, name: &str) -> Result<Kind> {
    #[derive(Deserialize)]
    struct Peek {
        generator: Option<Value>,
    }
    let names = names(assets)?;
    if !names.iter().any(|known| known == name) {
        return Err(Error::Usage(format!("unknown recipe `{name}`; there are {}", names.join(", "))));
    }
    let peek: Peek = from_toml(&format!("templates/{name}/recipe.toml"), &read(assets, name, "recipe.toml")?)?;
    Ok(if peek.generator.is_some() { Kind::Packs } else { Kind::Rows })
}
