//! What the server remembers, in SQLite: files, batches, and the answers of batches under way.

mod batches;
mod files;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Mutex;

use serde_json::{Map, Value};

use super::blobs::Blobs;
use super::objects::{Batch, FileObject};
use crate::Result;
use crate::model::Clock;
use crate::sqlite::{self, Database};
pub(super) use batches::output_id;

const SCHEMA: &str = "
    CREATE TABLE files (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        sha256 TEXT NOT NULL,
        purpose TEXT NOT NULL,
        expires_at INTEGER,
        deleted INTEGER NOT NULL DEFAULT 0,
        object TEXT NOT NULL
    ) STRICT;
    CREATE TABLE batches (
        seq INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        status TEXT NOT NULL,
        input_file_id TEXT NOT NULL,
        output_seconds INTEGER,
        object TEXT NOT NULL
    ) STRICT;
    CREATE TABLE answers (
        batch INTEGER NOT NULL REFERENCES batches (seq),
        line INTEGER NOT NULL,
        ok INTEGER NOT NULL,
        text TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX answers_in_order ON answers (batch, line);
";

/// The database, and the bytes of its files beside it.
#[derive(Debug)]
pub(in crate::serve) struct Store {
    database: Database,
    blobs: Blobs,
    clock: Clock,
    filing: Mutex<()>,
}

/// A file to be recorded.
#[derive(Debug)]
pub(in crate::serve) struct NewFile {
    pub purpose: &'static str,
    pub filename: String,
    pub bytes: u64,
    /// Seconds it is kept; for ever when `None`.
    pub seconds: Option<i64>,
}

/// A batch to be recorded.
#[derive(Debug)]
pub(in crate::serve) struct NewBatch {
    pub input_file_id: String,
    pub endpoint: String,
    pub completion_window: String,
    /// Seconds in which it must be done.
    pub seconds: i64,
    pub metadata: Option<Map<String, Value>>,
    /// Seconds its result files are kept; for ever when `None`.
    pub output_seconds: Option<i64>,
}

/// A batch, and what is not in its object.
#[derive(Debug, Clone)]
pub(in crate::serve) struct Job {
    pub seq: i64,
    pub output_seconds: Option<i64>,
    pub batch: Batch,
}

/// One answered line of a batch: a line of its output file, or of its error file.
#[derive(Debug)]
pub(in crate::serve) struct Answered {
    pub line: u64,
    pub ok: bool,
    pub text: String,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
}

/// Which part of a list is asked for.
#[derive(Debug)]
pub(in crate::serve) struct Range<'a> {
    pub after: Option<&'a str>,
    pub limit: usize,
    pub ascending: bool,
    /// Files only: of that purpose.
    pub purpose: Option<&'a str>,
}

impl Store {
    /// Opens the state below `folder`.
    pub fn open(folder: &Path, clock: Clock) -> Result<Self> {
        let database = Database::open(&folder.join("server.sqlite"), &[SCHEMA])?;
        let known: HashSet<String> = database.read(|db| {
            db.prepare("SELECT id FROM files WHERE deleted = 0")?.query_map([], |row| row.get(0))?.collect()
        })?;
        let blobs = Blobs::open(folder.join("files"), |name| known.contains(name))?;
        Ok(Self { database, blobs, clock, filing: Mutex::new(()) })
    }

    /// The bytes of files.
    pub fn blobs(&self) -> &Blobs {
        &self.blobs
    }

    fn list<T: serde::de::DeserializeOwned>(&self, select: &str, values: &[&dyn sqlite::ToSql]) -> Result<Vec<T>> {
        self.database.read(|db| db.prepare_cached(select)?.query_map(values, |row| sqlite::json(row, 0))?.collect())
    }

    fn file_object(&self, id: String, new: NewFile) -> FileObject {
        let created_at = self.clock.seconds();
        FileObject {
            object: "file".to_owned(),
            id,
            purpose: new.purpose.to_owned(),
            filename: new.filename,
            bytes: new.bytes,
            created_at,
            expires_at: new.seconds.map(|seconds| created_at + seconds),
            status: "processed".to_owned(),
            status_details: None,
        }
    }

    fn moment(&self) -> String {
        self.clock.now().as_nanosecond().to_string()
    }
}

/// The condition that a row comes after the one whose id is parameter 3.
fn after(table: &str, ascending: bool) -> String {
    let sign = if ascending { '>' } else { '<' };
    format!("(?3 IS NULL OR seq {sign} (SELECT seq FROM {table} WHERE id = ?3))")
}

fn text(object: &impl serde::Serialize) -> String {
    serde_json::to_string(object).expect("objects are plain data")
}
