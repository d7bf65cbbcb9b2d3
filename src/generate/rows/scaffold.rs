//! New recipes in the user's own `templates/` folder: a copy of one that is there, or one made of another tool's config.
//! This file owns `serde_norway`.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::assets::{Assets, Folder};
use crate::files::AtomicFile;
use crate::recipe::{Kind, kind, names};
use crate::{Error, Result};

/// Copies the recipe `from` to `root/templates/<name>`; gives the files.
///
/// # Errors
/// [`Error::Usage`] for a name that cannot be, or is taken; [`Error::Io`].
pub fn scaffold(assets: &Assets, root: &Path, name: &str, from: &str) -> Result<Vec<PathBuf>> {
    if kind(assets, from)? != Kind::Rows {
        return Err(Error::Usage(format!("--from {from}: it draws from language packs; copy a recipe over rows")));
    }
    let folder = free(assets, root, name)?;
    let mut made = Vec::new();
    for file in assets.list(Folder::Templates, from) {
        let Some(text) = assets.read(Folder::Templates, &format!("{from}/{file}"))? else { continue };
        let renamed = format!("name = \"{from}\"");
        let text = if file == "recipe.toml" { text.replacen(&renamed, &format!("name = \"{name}\""), 1) } else { text };
        made.push(write(&folder.join(file), &text)?);
    }
    Ok(made)
}

/// A recipe made of another tool's config.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// The files.
    pub files: Vec<PathBuf>,
    /// What is not as it was.
    pub notes: Vec<String>,
    /// The command that does what the config did.
    pub next: String,
}

/// The keys of `openai_batch_api`'s config; `batch_submit_data` is the one that its README does not name.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Config {
    input_file: Option<String>,
    id_column: Option<String>,
    content_column: Option<String>,
    image_url_column: Option<String>,
    image_url: Option<String>,
    prompt: Option<String>,
    batch_size: Option<u64>,
    model_params: Map<String, Value>,
    output_file: Option<String>,
    data_path: Option<String>,
    batch_submit_data: Option<String>,
}

/// Turns a `config.yaml` into the recipe `root/templates/<name>`.
///
/// # Errors
/// [`Error::Data`] when it is not such a config; [`Error::Usage`] for a name that is taken; [`Error::Io`].
pub fn import_yaml(assets: &Assets, root: &Path, config: &Path, name: &str) -> Result<Imported> {
    let text = fs::read_to_string(config).map_err(Error::io("read", config))?;
    let mut config: Config =
        serde_norway::from_str(&text).map_err(|error| Error::data(config.to_string_lossy(), error))?;
    let folder = free(assets, root, name)?;
    let mut notes = Vec::new();
    let mut params = std::mem::take(&mut config.model_params);
    let model = params.remove("model").and_then(|model| model.as_str().map(str::to_owned)).unwrap_or_else(|| {
        notes.push("model_params names no model: gpt-4o-mini is taken".to_owned());
        "gpt-4o-mini".to_owned()
    });
    let limit = params.remove("max_tokens");
    let temperature = params.remove("temperature");
    for taken in ["messages", "stream", "n"] {
        if params.remove(taken).is_some() {
            notes.push(format!("model_params.{taken} is left out: a request has one prompt and one answer"));
        }
    }
    if config.image_url.is_some() && config.image_url_column.is_none() {
        notes.push("`image_url` was never read by that tool; it is taken for image_url_column".to_owned());
        config.image_url_column = config.image_url.take();
    }
    let mut toml = format!(
        "name = {}\nversion = 1\ndescription = \"Imported from a config.yaml\"\n\n[input]\nid = [{}]\ntext = [{}]\n",
        quoted(name),
        quoted(config.id_column.as_deref().unwrap_or("id")),
        quoted(config.content_column.as_deref().unwrap_or("content")),
    );
    toml.push_str("\n[prompt]\nsystem = \"system.tera\"\n");
    if let Some(image) = &config.image_url_column {
        toml.push_str(&format!("image = {}\nimage_detail = \"low\"\n", quoted(image)));
    }
    toml.push_str("\n[request]\n");
    for (key, value) in [("temperature", temperature), ("max_tokens", limit)] {
        if let Some(value) = value {
            toml.push_str(&format!("{key} = {value}\n"));
        }
    }
    toml.push_str(&format!("\n[request.models]\nopenai = {}\nlocal = \"phrasebook-1\"\n", quoted(&model)));
    if !params.is_empty() {
        toml.push_str("\n[request.params]\n");
        for (key, value) in &params {
            toml.push_str(&format!("{} = {}\n", quoted(key), inline(value)));
        }
    }
    toml.push_str("\n[output]\ninto = \"merge\"\ncolumn = \"api_output\"\n");
    if let Some(size) = config.batch_size {
        toml.push_str(&format!("\n[limits]\nrequests = {size}\n"));
    }
    let prompt = config.prompt.unwrap_or_default().trim().to_owned();
    let prompt = if prompt.contains("{{") || prompt.contains("{%") {
        format!("{{% raw %}}{prompt}{{% endraw %}}")
    } else {
        prompt
    };
    let files = vec![write(&folder.join("recipe.toml"), &toml)?, write(&folder.join("system.tera"), &prompt)?];
    let (input, output) = (config.input_file.unwrap_or_else(|| "input.csv".to_owned()), config.output_file);
    let output = output.unwrap_or_else(|| "output.csv".to_owned());
    let output_csv = changed(&output, "output_file", &mut notes);
    let input_csv = changed(&input, "input_file", &mut notes);
    if config.data_path.is_some() || config.batch_submit_data.is_some() {
        notes.push(
            "data_path and batch_submit_data are not needed: batch files and their ledger are in batch_files/"
                .to_owned(),
        );
    }
    notes.push(
        "ids stay text: 007 stays 007; a row without an answer is there with aacorn.status, and listed in the rejects"
            .to_owned(),
    );
    let next = format!("aacorn run --recipe {name} --provider openai --input {input_csv} --output {output_csv}");
    Ok(Imported { files, notes, next })
}

/// A pickle's name with an extension that can be read and written here.
fn changed(path: &str, key: &str, notes: &mut Vec<String>) -> String {
    match path.strip_suffix(".pkl").or_else(|| path.strip_suffix(".pickle")) {
        Some(stem) => {
            let how = "pickles run code when they are read, so they are not read here: pandas.read_pickle(…).to_csv(…, index=False)";
            notes.push(format!("{key}: {stem}.csv in place of {path}; {how}"));
            format!("{stem}.csv")
        }
        None => path.to_owned(),
    }
}

fn free(assets: &Assets, root: &Path, name: &str) -> Result<PathBuf> {
    let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if name.is_empty() || !name.bytes().all(fine) {
        return Err(Error::Usage(format!("`{name}`: a recipe's name has small letters, digits and hyphens")));
    }
    let folder = root.join(Folder::Templates.name()).join(name);
    if folder.exists() || names(assets)?.iter().any(|known| known == name) {
        return Err(Error::Usage(format!("there is a recipe `{name}` already: take another name")));
    }
    Ok(folder)
}

fn write(path: &Path, text: &str) -> Result<PathBuf> {
    let mut file = AtomicFile::create(path)?;
    file.put(text.as_bytes())?;
    if !text.ends_with('\n') {
        file.put(b"\n")?;
    }
    file.finish()
}

/// A text as TOML writes it: the same as JSON.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A JSON value as a value of TOML on one line.
fn inline(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|(key, value)| format!("{} = {}", quoted(key), inline(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Null => quoted(""),
        other => other.to_string(),
    }
}
