//! The name of the folder of a table's batch files.

use std::path::Path;

use super::Options;
use crate::assets::Assets;
use crate::recipe::rows::RowRecipe;
use crate::{Error, Result};

/// The name of the folder of batch files that [`super::generate`] writes to.
///
/// # Errors
/// As [`super::generate`], for a wrong recipe, input or name.
pub fn label(assets: &Assets, options: &Options) -> Result<String> {
    let recipe = RowRecipe::load(assets, &options.recipe)?;
    match (&options.label, &options.input, &recipe.input.path) {
        (Some(label), ..) => checked_label(label),
        (None, Some(input), _) => Ok(label_of(&recipe.name, input)),
        (None, None, path) => Ok(label_of(&recipe.name, Path::new(path.as_deref().unwrap_or_default()))),
    }
}

/// `tag-videos` for the recipe `tag` over `videos.csv`.
fn label_of(recipe: &str, input: &Path) -> String {
    let name = input.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let stem = name.split('.').next().unwrap_or_default();
    let mut label = recipe.to_owned();
    let mut gap = true;
    for char in stem.chars() {
        if char.is_ascii_alphanumeric() {
            if std::mem::take(&mut gap) {
                label.push('-');
            }
            label.push(char);
        } else {
            gap = true;
        }
    }
    label.truncate(60);
    label
}

fn checked_label(label: &str) -> Result<String> {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !label.is_empty() && label.len() <= 60 && label.bytes().all(fine) {
        return Ok(label.to_owned());
    }
    Err(Error::Usage(format!("--name {label}: letters, digits and hyphens, at most 60: it stands in file names")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_made_of_recipe_and_input() {
        assert_eq!(label_of("tag", Path::new("a/My Videos (2).v1.csv")), "tag-my-videos-2");
        assert_eq!(label_of("tag", Path::new("-")), "tag");
        assert_eq!(label_of("tag", Path::new("видео.csv")), "tag");
        assert!(checked_label("a_b").is_err() && checked_label("../x").is_err() && checked_label("a-B1").is_ok());
    }
}
