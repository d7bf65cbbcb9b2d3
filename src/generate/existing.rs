//! What a folder of batch files already holds.

use std::collections::BTreeSet;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use memchr::memmem;
use serde::Deserialize;

use crate::files::Lines;
use crate::model::Locale;
use crate::{Error, Result};

/// How far into a request line its id can stand: it comes first in every dialect.
const HEAD_BYTES: usize = 128;

/// The request files of `label`, a locale or the name of a table, in its folder of batch files, sorted by name. A missing
/// folder holds none.
///
/// # Errors
/// [`Error::Io`] when the folder is there and cannot be read.
pub fn shards(folder: &Path, label: &str) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("read folder", folder)(error)),
    };
    let mark = format!("_batch_{label}_");
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(Error::io("read folder", folder))?;
        let name = entry.file_name();
        let is_shard = name.to_str().is_some_and(|name| {
            let dialect = name.split_once(mark.as_str()).map(|(dialect, _)| dialect);
            matches!(dialect, Some("openai" | "anthropic" | "gemini")) && name.ends_with(".jsonl")
        });
        if is_shard {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// The index after the last plan item of (locale, seed) in `folder`: 0 when there is none.
///
/// # Errors
/// [`Error::Io`] when a file cannot be read.
pub fn next_index(folder: &Path, locale: &Locale, seed: u64) -> Result<u64> {
    let mut next = 0;
    for_each_index(folder, locale, seed, |index| next = next.max(index + 1))?;
    Ok(next)
}

/// The plan items below `end` of (locale, seed) that `folder` does not hold, as ranges in order.
///
/// # Errors
/// [`Error::Io`] when a file cannot be read.
pub fn gaps(folder: &Path, locale: &Locale, seed: u64, end: u64) -> Result<Vec<Range<u64>>> {
    let mut there = BTreeSet::new();
    for_each_index(folder, locale, seed, |index| {
        there.insert(index);
    })?;
    let mut gaps = Vec::new();
    let mut start = 0;
    for index in there.into_iter().take_while(|index| *index < end).chain([end]) {
        if start < index {
            gaps.push(start..index);
        }
        start = index + 1;
    }
    Ok(gaps)
}

fn for_each_index(folder: &Path, locale: &Locale, seed: u64, mut found: impl FnMut(u64)) -> Result<()> {
    let mark = format!("\"{locale}-{seed}-");
    let finder = memmem::Finder::new(mark.as_bytes());
    for path in shards(folder, locale.as_str())? {
        let mut lines = Lines::open(&path)?;
        while let Some(line) = lines.next()? {
            let head = &line.bytes[..line.bytes.len().min(HEAD_BYTES)];
            if let Some(index) = finder.find(head).and_then(|at| leading_number(&head[at + mark.len()..])) {
                found(index);
            }
        }
    }
    Ok(())
}

/// The provider that the requests of a batch file were made for, as its metadata file says; `None` when that is not there or
/// does not say.
///
/// # Errors
/// [`Error::Io`] when it is there and cannot be read.
pub fn provider_of(shard: &Path) -> Result<Option<String>> {
    #[derive(Deserialize)]
    struct Planned {
        metadata: Metadata,
    }
    #[derive(Deserialize)]
    struct Metadata {
        provider: String,
    }
    let Some(path) = metadata_file(shard).filter(|path| path.is_file()) else { return Ok(None) };
    let mut lines = Lines::open(&path)?;
    let first = lines.next()?.and_then(|line| serde_json::from_slice::<Planned>(line.bytes).ok());
    Ok(first.map(|planned| planned.metadata.provider))
}

/// `batch_<locale>_<dialect>_<run>_metadata.jsonl` of `<dialect>_batch_<locale>_<run>.jsonl`, and of its retries, which
/// end in `-r1`, `-r2` …
fn metadata_file(shard: &Path) -> Option<PathBuf> {
    let (dialect, rest) = shard.file_stem()?.to_str()?.split_once("_batch_")?;
    let (locale, run) = rest.split_once('_')?;
    let run = run.rsplit_once("-r").filter(|(_, number)| number.parse::<u32>().is_ok()).map_or(run, |(run, _)| run);
    Some(shard.with_file_name(format!("batch_{locale}_{dialect}_{run}_metadata.jsonl")))
}

fn leading_number(bytes: &[u8]) -> Option<u64> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&bytes[..digits]).ok()?.parse().ok()
}
