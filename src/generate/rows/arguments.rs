//! What the person says over a recipe, looked over before anything is read.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::Options;
use crate::assets::Assets;
use crate::model::Provider;
use crate::recipe::rows::{Endpoint, RowRecipe};
use crate::rows::{Format, Reader};
use crate::{Error, Result};

/// The recipe's parameters under the person's.
pub(super) fn params(recipe: &RowRecipe, options: &Options) -> Map<String, Value> {
    let mut params = recipe.request.params.clone();
    params.extend(options.params.iter().map(|(key, value)| (key.clone(), value.clone())));
    params
}

/// The parameters that must not take the place of what is made here. A recipe without a schema may ask for a form itself.
pub(super) fn checked(recipe: &RowRecipe, params: &Map<String, Value>) -> Map<String, Value> {
    let own = recipe.request.params.get("response_format").filter(|_| recipe.schema.is_none());
    params
        .iter()
        .filter(|(key, value)| !(*key == "response_format" && own == Some(value)))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

/// The model to ask.
pub(super) fn model(recipe: &RowRecipe, options: &Options) -> Result<String> {
    let swapped = options.overrides.endpoint == Some(Endpoint::Embeddings);
    if swapped && options.model.is_none() && options.provider != Provider::Local {
        let detail = "the recipe's models write texts: give --model, such as text-embedding-3-small";
        return Err(Error::Usage(format!("--endpoint embeddings: {detail}")));
    }
    options.model.clone().or_else(|| recipe.request.models.get(options.provider.name()).cloned()).ok_or_else(|| {
        Error::Usage(format!("recipe `{}` names no model for {}: give --model", recipe.name, options.provider))
    })
}

/// Refuses endpoints that only OpenAI has, at others.
pub(super) fn only_openai(recipe: &RowRecipe, provider: Provider) -> Result<()> {
    let openai = matches!(provider, Provider::OpenAi | Provider::Local);
    if recipe.request.endpoint == Endpoint::Chat || openai {
        return Ok(());
    }
    let path = recipe.request.endpoint.path();
    Err(Error::Usage(format!("{path} is OpenAI's: with --provider {provider} the endpoint is chat")))
}

/// The rows, and what they are called.
pub(super) fn open(assets: &Assets, recipe: &RowRecipe, options: &Options) -> Result<(Reader, PathBuf)> {
    if let Some(path) = &options.input {
        return Ok((Reader::open(path, options.format)?, path.clone()));
    }
    let Some(path) = &recipe.input.path else {
        return Err(Error::Usage(format!("recipe `{}` asks about rows: give --input FILE", recipe.name)));
    };
    let shown = PathBuf::from(format!("templates/{}/{path}", recipe.name));
    let text =
        recipe.file(assets, path)?.ok_or_else(|| Error::data(shown.to_string_lossy(), "there is no such file"))?;
    let format = Format::told(&shown)?.0;
    let reader = Box::new(std::io::Cursor::new(text.into_bytes()));
    Ok((Reader::new(reader, &shown, Some(format), crate::rows::Cells::Text)?, shown))
}
