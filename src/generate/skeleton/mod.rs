//! A new locale as empty files: every entry that must be written, with what another pack says there beside it as a comment.
//!
//! A skeleton says `status = "skeleton"`, so that it is not listed and no `all` takes it; the lint does.

mod base;
mod region;

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::assets::{Assets, Folder};
use crate::files::AtomicFile;
use crate::language::Languages;
use crate::model::Locale;
use crate::{Error, Result};

/// What was made, and what is to be written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skeleton {
    /// The new locale.
    pub locale: Locale,
    /// The locale whose texts stand beside the entries.
    pub from: Locale,
    /// The files, in the order in which they are best written.
    pub files: Vec<Task>,
}

/// A file of a skeleton.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Task {
    /// The file.
    pub path: PathBuf,
    /// What must be written there.
    pub write: String,
}

/// A file to be made: its folder, its path in it, its text, and what must be written there.
struct Blank {
    folder: Folder,
    path: String,
    text: String,
    write: &'static str,
}

/// Makes the skeleton of `locale` below `project`; the files of its base language too, where that is new.
///
/// # Errors
/// [`Error::Usage`] when there is such a locale already; nothing is written then. [`Error::UnknownLocale`] for `from`; [`Error::Io`].
pub fn skeleton(
    assets: &Assets,
    languages: &Languages,
    locale: &Locale,
    from: &Locale,
    project: &Path,
) -> Result<Skeleton> {
    if assets.list(Folder::Languages, "").contains(locale.as_str()) {
        return Err(Error::Usage(format!("languages/{locale}/ is there already; nothing was changed")));
    }
    let pack = languages.pack(from)?;
    let keyboards = languages.keyboards(from)?;
    let language = locale.language();
    let mut blanks = Vec::new();
    if !assets.list(Folder::Languages, "").contains(language) {
        blanks.extend(base::blanks(language, from, &pack, &keyboards, languages.text_rules(from)?));
    }
    blanks.extend(region::blanks(
        locale,
        &pack,
        !assets.list(Folder::Languages, "keyboards").contains(&format!("{locale}.toml")),
    ));
    let mut files = Vec::new();
    for Blank { folder, path, text, write } in blanks {
        let path = project.join(folder.name()).join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(Error::io("create folder", parent))?;
        }
        let mut file = AtomicFile::create(&path)?;
        file.put(text.as_bytes())?;
        file.finish()?;
        files.push(Task { path, write: write.to_owned() });
    }
    Ok(Skeleton { locale: locale.clone(), from: from.clone(), files })
}

/// A line `key = ""`, with what stands there in another language as a comment.
fn empty(out: &mut String, key: &str, there: &str) {
    let _ = writeln!(out, "{key} = \"\"  # {there}");
}

/// A list of phrases, each with its id and an empty text.
fn phrases<'a>(out: &mut String, list: &str, entries: impl Iterator<Item = (&'a str, &'a str)>) {
    for (id, text) in entries {
        let _ = writeln!(out, "\n[[{list}]]\nid = \"{id}\"");
        empty(out, "text", text);
    }
}
