//! Finding the input files of a stage below a folder.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The `.jsonl`, `.ndjson` and `.json` files, and such with `.gz` or `.zst` after it, at or below `path`, sorted by path; `path` itself when it is a file.
///
/// Names that start with a dot are passed over: they are unfinished or not ours. So are links to folders, and pipes.
///
/// # Errors
/// [`Error::Missing`] (called `what`) when nothing is at `path`; [`Error::Io`] when a folder cannot be read.
pub fn jsonl_files(path: &Path, what: &'static str) -> Result<Vec<PathBuf>> {
    let meta =
        fs::metadata(path).map_err(|_| Error::Missing { what, path: path.to_owned(), hint_text: String::new() })?;
    if !meta.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    visit(path, &mut found)?;
    found.sort();
    Ok(found)
}

fn visit(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(Error::io("read folder", folder))? {
        let entry = entry.map_err(Error::io("read folder", folder))?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = entry.path();
        let kind = entry.file_type().map_err(Error::io("read", &path))?;
        if kind.is_dir() {
            visit(&path, found)?;
        } else if is_lines(&path) && fs::metadata(&path).map_err(Error::io("read", &path))?.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

fn is_lines(path: &Path) -> bool {
    let plain = match path.extension() {
        Some(ext) if ext == "gz" || ext == "zst" => path.with_extension(""),
        _ => path.to_owned(),
    };
    plain.extension().is_some_and(|ext| ext == "jsonl" || ext == "ndjson" || ext == "json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_searched_at_any_depth_and_hidden_names_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b/c/d.jsonl", "a.jsonl", ".aacorn-x.part", "b/.hidden/e.jsonl", "b/note.txt"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = jsonl_files(folder.path(), "input").unwrap();
        let names: Vec<_> = found.iter().map(|path| path.strip_prefix(folder.path()).unwrap()).collect();
        assert_eq!(names, [Path::new("a.jsonl"), Path::new("b/c/d.jsonl")]);
    }
}
