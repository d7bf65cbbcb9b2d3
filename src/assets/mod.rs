//! The data that ships in the binary, and the folders that override it.
//!
//! A file of the same path in the user's `languages/` or `templates/` folder replaces the embedded one; files there
//! that are not embedded are added. This module owns `rust-embed` and `toml`.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rust_embed::RustEmbed;
use serde::de::DeserializeOwned;

use crate::{Error, Result};

pub use toml::{Table, Value};

/// Reads `text` as TOML; `file` is how an error names it.
///
/// # Errors
/// [`Error::Data`] with the line and what is wrong there.
pub fn from_toml<T: DeserializeOwned>(file: &str, text: &str) -> Result<T> {
    toml::from_str(text).map_err(|error| Error::data(file, error))
}

#[derive(RustEmbed)]
#[folder = "languages/"]
struct Languages;

#[derive(RustEmbed)]
#[folder = "templates/"]
struct Templates;

/// Which of the two embedded folders.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    /// `languages/`: packs and keyboards.
    Languages,
    /// `templates/`: recipes.
    Templates,
}

impl Folder {
    /// Its name, as in `languages/en/pack.toml`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Languages => "languages",
            Self::Templates => "templates",
        }
    }
}

/// Embedded files under the overrides of one project folder.
#[derive(Debug, Clone, Default)]
pub struct Assets {
    root: Option<PathBuf>,
}

impl Assets {
    /// Embedded files only.
    #[must_use]
    pub fn embedded() -> Self {
        Self { root: None }
    }

    /// Embedded files, overridden by `root/languages` and `root/templates` where those exist.
    #[must_use]
    pub fn with_overrides(root: impl Into<PathBuf>) -> Self {
        Self { root: Some(root.into()) }
    }

    /// The project folder; the current one where none was named.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.root.as_deref().unwrap_or(Path::new("."))
    }

    /// The text of `path` (with `/`, relative to `folder`), or `None` when there is no such file.
    ///
    /// # Errors
    /// [`Error::Io`] when an override cannot be read; [`Error::Data`] when it is not UTF-8.
    pub fn read(&self, folder: Folder, path: &str) -> Result<Option<String>> {
        let shown = || format!("{}/{path}", folder.name());
        let bytes = match self.override_path(folder, path).filter(|file| file.is_file()) {
            Some(file) => Cow::Owned(fs::read(&file).map_err(Error::io("read", &file))?),
            None => match embedded(folder, path) {
                Some(bytes) => bytes,
                None => return Ok(None),
            },
        };
        let text = String::from_utf8(bytes.into_owned()).map_err(|error| Error::data(shown(), error))?;
        Ok(Some(text.strip_prefix('\u{FEFF}').map(str::to_owned).unwrap_or(text)))
    }

    /// The names directly below `path` in `folder` (`""` is its top), sorted: files and folders alike.
    #[must_use]
    pub fn list(&self, folder: Folder, path: &str) -> BTreeSet<String> {
        let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
        let mut names: BTreeSet<String> = embedded_paths(folder)
            .filter_map(|file| Some(file.strip_prefix(prefix.as_str())?.split('/').next()?.to_owned()))
            .collect();
        if let Some(entries) = self.override_path(folder, path).and_then(|dir| fs::read_dir(dir).ok()) {
            names.extend(entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()));
        }
        names
    }

    fn override_path(&self, folder: Folder, path: &str) -> Option<PathBuf> {
        Some(self.root.as_ref()?.join(folder.name()).join(Path::new(path)))
    }
}

fn embedded(folder: Folder, path: &str) -> Option<Cow<'static, [u8]>> {
    match folder {
        Folder::Languages => Languages::get(path),
        Folder::Templates => Templates::get(path),
    }
    .map(|file| file.data)
}

fn embedded_paths(folder: Folder) -> Box<dyn Iterator<Item = Cow<'static, str>>> {
    match folder {
        Folder::Languages => Box::new(Languages::iter()),
        Folder::Templates => Box::new(Templates::iter()),
    }
}
