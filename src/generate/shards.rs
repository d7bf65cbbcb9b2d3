//! Batch files: pairs of a request file and its metadata file, within the provider's limits.

use std::ops::Range;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use crate::dialect::{Dialect, Limits};
use crate::files::AtomicFile;
use crate::model::Locale;
use crate::random::fingerprint;
use crate::{Error, Result};

/// A batch file with its metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shard {
    /// The request file, which goes to the provider.
    pub requests_file: PathBuf,
    /// The metadata file, which stays.
    pub metadata_file: PathBuf,
    /// Requests in it.
    pub requests: u64,
    /// Bytes of the request file.
    pub bytes: u64,
}

/// The id of a run: `YYYYMMDD_HHMMSS_<8 hex>`, in UTC; the hex is of all that tells one run from another.
pub fn run_id<'a>(
    now: Timestamp,
    seed: u64,
    recipe: &str,
    parts: impl Iterator<Item = (&'a Locale, &'a [Range<u64>])>,
) -> String {
    let mut text = format!("{}|{seed}|{recipe}", now.as_nanosecond());
    for (locale, indices) in parts {
        text.push_str(&format!("|{locale}:{indices:?}"));
    }
    format!("{}_{}", now.strftime("%Y%m%d_%H%M%S"), fingerprint(text.as_bytes(), 8))
}

/// Writes the batch files of one locale, or of one table of rows.
pub(super) struct ShardWriter<'a> {
    folder: &'a Path,
    label: &'a str,
    run: &'a str,
    dialect: Dialect,
    limits: Limits,
    open: Vec<Open>,
    metadata: Vec<u8>,
}

struct Open {
    requests_file: AtomicFile,
    metadata_file: AtomicFile,
    requests: u64,
}

impl<'a> ShardWriter<'a> {
    /// Files below `folder`, named after `label`, which is a locale or the name of a table.
    pub(super) fn new(folder: &'a Path, label: &'a str, run: &'a str, dialect: Dialect, limits: Limits) -> Self {
        Self { folder, label, run, dialect, limits, open: Vec::new(), metadata: Vec::new() }
    }

    /// Keeps to these limits where they are below the provider's.
    pub(super) fn within(mut self, requests: Option<u64>, bytes: Option<u64>) -> Self {
        self.limits.requests = requests.unwrap_or(u64::MAX).min(self.limits.requests);
        self.limits.bytes = bytes.unwrap_or(u64::MAX).min(self.limits.bytes);
        self
    }

    /// Adds a request line and its metadata line, in a new file when the current one is full.
    pub(super) fn write(&mut self, line: &[u8], metadata: &impl Serialize) -> Result<()> {
        let full = self.open.last().is_none_or(|shard| {
            shard.requests >= self.limits.requests
                || shard.requests_file.bytes() + line.len() as u64 + 1 > self.limits.bytes
        });
        if full {
            let (requests, metadata) = self.names(None);
            self.open.push(Open {
                requests_file: AtomicFile::create(&requests)?,
                metadata_file: AtomicFile::create(&metadata)?,
                requests: 0,
            });
        }
        let shard = self.open.last_mut().expect("one was opened above");
        let object = line.strip_suffix(b"}").expect("a request line is a JSON object");
        self.metadata.clear();
        self.metadata.extend_from_slice(object);
        self.metadata.extend_from_slice(b",\"metadata\":");
        serde_json::to_writer(&mut self.metadata, metadata).expect("metadata is plain data");
        self.metadata.push(b'}');
        shard.metadata_file.write_line(&self.metadata)?;
        shard.requests_file.write_line(line)?;
        shard.requests += 1;
        Ok(())
    }

    /// Puts all files under their names: `-NN` is appended to the run only where there are several. A request file appears after
    /// its metadata, so whoever finds one finds the other.
    pub(super) fn finish(mut self) -> Result<Vec<Shard>> {
        let several = self.open.len() > 1;
        let mut shards = Vec::new();
        for (nth, Open { requests_file, metadata_file, requests }) in
            std::mem::take(&mut self.open).into_iter().enumerate()
        {
            let (requests_path, metadata_path) = self.names(several.then_some(nth + 1));
            if requests_path.exists() {
                let detail = "a batch file of this run is there already: give another --start or --seed";
                return Err(Error::Usage(format!("{}: {detail}", requests_path.display())));
            }
            let bytes = requests_file.bytes();
            let metadata_file = metadata_file.finish_as(&metadata_path)?;
            let requests_file = requests_file.finish_as(&requests_path)?;
            shards.push(Shard { requests_file, metadata_file, requests, bytes });
        }
        Ok(shards)
    }

    fn names(&self, nth: Option<usize>) -> (PathBuf, PathBuf) {
        let (dialect, label, run) = (self.dialect.name(), self.label, self.run);
        let nth = nth.map(|nth| format!("-{nth:02}")).unwrap_or_default();
        (
            self.folder.join(format!("{dialect}_batch_{label}_{run}{nth}.jsonl")),
            self.folder.join(format!("batch_{label}_{dialect}_{run}{nth}_metadata.jsonl")),
        )
    }
}
