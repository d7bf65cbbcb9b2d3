//! Which recipe planned what is processed: its rules judge the answers.

use std::path::{Path, PathBuf};

use crate::files::{self, Lines, jsonl_files};
use crate::json::{Broken, Kind, Reader};
use crate::{Error, Result};

/// The recipe that the metadata at or below `paths` names in the first line of each file; `None` where no line names one.
///
/// # Errors
/// [`Error::Usage`] when there are several, which have rules of their own; [`Error::Missing`] and [`Error::Io`] for the files.
pub fn recipe_of(paths: &[PathBuf]) -> Result<Option<String>> {
    let mut found: Option<(String, PathBuf)> = None;
    for path in paths {
        for file in jsonl_files(path, "metadata")? {
            let Some(name) = named(&file)? else { continue };
            match &found {
                Some((first, at)) if *first != name => {
                    let (at, file) = (at.display(), file.display());
                    let detail = "process the requests of one recipe at a time";
                    return Err(Error::Usage(format!("{at} is of recipe `{first}`, {file} of `{name}`: {detail}")));
                }
                Some(_) => {}
                None => found = Some((name, file)),
            }
        }
    }
    Ok(found.map(|(name, _)| name))
}

/// The recipe that the first line of a file names.
fn named(path: &Path) -> Result<Option<String>> {
    if !path.is_file() {
        return Ok(None);
    }
    let mut lines = Lines::new(files::open(path)?, path);
    let first = loop {
        match lines.next()? {
            Some(line) if line.bytes.is_empty() => {}
            Some(line) => break std::str::from_utf8(line.bytes).ok(),
            None => return Ok(None),
        }
    };
    Ok(first.and_then(|line| recipe(line).ok().flatten()))
}

fn recipe(line: &str) -> Result<Option<String>, Broken> {
    let mut found = None;
    let mut request = false;
    let mut reader = Reader::new(line);
    reader.object(|key, reader| match key.raw() {
        "metadata" if reader.peek()? == Kind::Object => reader.object(|key, reader| match key.raw() {
            "recipe" => {
                found = reader.string_or_skip()?.map(|name| name.to_str().into_owned());
                Ok(())
            }
            _ => reader.pass(),
        }),
        "body" | "params" | "request" => {
            request = true;
            reader.pass()
        }
        _ => reader.pass(),
    })?;
    Ok(found.filter(|_| request))
}
