//! A batch file and its retries are a family: `<dialect>_batch_<name>.jsonl`, `…<name>-r1.jsonl`, `…<name>-r2.jsonl`, of
//! whatever dialects. What belongs together is told from the name after the dialect.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Shard;
use super::shards::{DIALECTS, without_retry};
use crate::dialect::Dialect;
use crate::files::jsonl_files;
use crate::{Error, Result};

/// The families that `shards` are of, each with all its members on disk, the first before its retries.
pub(super) fn families(shards: &[Shard]) -> Result<Vec<Vec<Shard>>> {
    let mut names: BTreeMap<(PathBuf, String), Vec<Shard>> = BTreeMap::new();
    for shard in shards {
        names.entry(name_of(shard)).or_default().push(shard.clone());
    }
    let mut families = Vec::new();
    for ((folder, name), mut members) in names {
        let here = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.clone() };
        for path in jsonl_files(&here, "batch files")? {
            let beside = path.file_name().map(|file| folder.join(file)).unwrap_or_default();
            let other = Shard { path: beside };
            let is_member = other.path.is_file()
                && name_of(&other) == (folder.clone(), name.clone())
                && (other.dialect().is_some() || members.iter().any(|member| member.dialect().is_none()));
            if is_member && !members.contains(&other) {
                members.push(other);
            }
        }
        members.sort_by_key(number_of);
        if number_of(&members[0]) > 0 {
            let detail = format!("the first batch file of {name}, whose requests this repeats, is not beside it");
            return Err(Error::Data { file: members[0].path.display().to_string(), detail });
        }
        families.push(members);
    }
    Ok(families)
}

/// The first of the family that `shard` is of; itself where it is that, or nothing else is beside it.
pub(super) fn first(shard: &Shard) -> Shard {
    let key = shard.key();
    let (name, number) = without_retry(&key);
    let (Some(own), true) = (shard.dialect(), number > 0) else { return shard.clone() };
    let others = DIALECTS.into_iter().filter(|dialect| *dialect != own);
    std::iter::once(own)
        .chain(others)
        .map(|dialect| shard.path.with_file_name(format!("{dialect}_batch_{name}.jsonl")))
        .find(|path| path.is_file())
        .map_or_else(|| shard.clone(), |path| Shard { path })
}

/// The path of the next member of a family, in `dialect` where the names tell that.
pub(super) fn next(members: &[Shard], dialect: Option<Dialect>) -> PathBuf {
    let first = &members[0];
    let number = members.iter().map(number_of).max().unwrap_or(0) + 1;
    let key = first.key();
    let name = match (first.dialect(), dialect) {
        (Some(own), dialect) => format!("{}_batch_{key}-r{number}.jsonl", dialect.map_or(own, Dialect::name)),
        (None, _) => format!("{key}-r{number}.jsonl"),
    };
    first.path.with_file_name(name)
}

fn name_of(shard: &Shard) -> (PathBuf, String) {
    let folder = shard.path.parent().map(PathBuf::from).unwrap_or_default();
    (folder, without_retry(&shard.key()).0.to_owned())
}

fn number_of(shard: &Shard) -> u32 {
    without_retry(&shard.key()).1
}
