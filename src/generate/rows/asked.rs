//! What was asked before: requests and runs in the folder of a table, and the ids of this run's rows.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use crate::dialect::glance;
use crate::files::Lines;
use crate::random::{hash, id_digest};
use crate::recipe::rows::{RunFile, custom_id, is_run_file};
use crate::{Error, Result};

use super::super::existing::shards;

/// Digests of ids: those of requests that are there, and those of rows and requests of this run.
pub(super) struct Asked {
    there: HashSet<[u64; 2]>,
    rows: HashSet<[u64; 2]>,
    requests: HashSet<[u64; 2]>,
    runs: Vec<RunFile>,
}

impl Asked {
    /// Reads what is in `folder`; a missing one holds nothing.
    pub fn read(folder: &Path, label: &str) -> Result<Self> {
        let mut there = HashSet::new();
        for path in shards(folder, label)? {
            let mut lines = Lines::open(&path)?;
            while let Some(line) = lines.next()? {
                if let Some(id) = glance(line.bytes).ok().and_then(|glance| glance.id) {
                    there.insert(id_digest(id.as_bytes()));
                }
            }
        }
        Ok(Self { there, rows: HashSet::new(), requests: HashSet::new(), runs: runs(folder)? })
    }

    /// Whether no earlier row of this run has this id.
    pub fn first(&mut self, id: &str) -> bool {
        self.rows.insert(id_digest(id.as_bytes()))
    }

    /// The id of the request that asks `body` about the row `id`, and the hash of what it asks.
    pub fn name(&self, recipe: &str, id: &str, body: &str, again: bool) -> (String, String) {
        let round = self.round(again);
        let hash = if round == 0 { hash(body.as_bytes()) } else { hash(format!("{round}|{body}").as_bytes()) };
        (custom_id(recipe, id, &hash), hash[..32].to_owned())
    }

    /// Whether nobody asked this before.
    ///
    /// # Errors
    /// [`Error::Refused`] when two rows of this run have the same one.
    pub fn is_new(&mut self, custom_id: &str) -> Result<bool> {
        let digest = id_digest(custom_id.as_bytes());
        if !self.requests.insert(digest) {
            return Err(Error::Refused(format!(
                "two rows would have the request id {custom_id}: change one of their ids"
            )));
        }
        Ok(!self.there.contains(&digest))
    }

    /// The run that asked just this.
    pub fn run_of(&self, dataset: &str, again: bool) -> Option<RunFile> {
        self.runs.iter().rev().find(|run| run.dataset == dataset && !again).cloned()
    }

    /// How many runs there were.
    pub fn runs(&self) -> usize {
        self.runs.len()
    }

    /// Which time it is asked, from 0: the last time goes on, unless it is to be asked again.
    pub fn round(&self, again: bool) -> u32 {
        let last = self.runs.iter().map(|run| run.round).max().unwrap_or(0);
        if again && !self.runs.is_empty() { last + 1 } else { last }
    }
}

/// The runs in `folder`, oldest first.
pub(super) fn runs(folder: &Path) -> Result<Vec<RunFile>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::io("read folder", folder)(error)),
    };
    let mut runs: Vec<RunFile> = Vec::new();
    for entry in entries {
        let path = entry.map_err(Error::io("read folder", folder))?.path();
        if is_run_file(&path) {
            let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
            let read = serde_json::from_slice(&bytes);
            runs.push(read.map_err(|error| Error::data(path.to_string_lossy(), error))?);
        }
    }
    runs.sort_by(|a, b| a.run.cmp(&b.run));
    Ok(runs)
}
