//! What the server remembers, in SQLite: files, batches, and the answers of batches under way.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Mutex;

use serde_json::{Map, Value};

use super::blobs::{Blobs, Received};
use super::ids;
use super::objects::{Batch, BatchUsage, Counts, FileObject, Status};
use crate::Result;
use crate::model::Clock;
use crate::sqlite::{self, Answer, Connection, Database, OptionalExtension, Transaction, params};

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
pub(super) struct Store {
    database: Database,
    blobs: Blobs,
    clock: Clock,
    filing: Mutex<()>,
}

/// A file to be recorded.
#[derive(Debug)]
pub(super) struct NewFile {
    pub purpose: &'static str,
    pub filename: String,
    pub bytes: u64,
    /// Seconds it is kept; for ever when `None`.
    pub seconds: Option<i64>,
}

/// A batch to be recorded.
#[derive(Debug)]
pub(super) struct NewBatch {
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
pub(super) struct Job {
    pub seq: i64,
    pub output_seconds: Option<i64>,
    pub batch: Batch,
}

/// One answered line of a batch: a line of its output file, or of its error file.
#[derive(Debug)]
pub(super) struct Answered {
    pub line: u64,
    pub ok: bool,
    pub text: String,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
}

/// Which part of a list is asked for.
#[derive(Debug)]
pub(super) struct Range<'a> {
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

    /// Records a file that has arrived. The same content under the same name gets another id each time.
    pub fn add_file(&self, new: NewFile, sha256: &str, received: Received) -> Result<FileObject> {
        let _one_at_a_time = self.filing.lock();
        let before: i64 = self.database.read(|db| {
            let of_that_content = "SELECT count(*) FROM files WHERE sha256 = ?1";
            db.query_row(of_that_content, [sha256], |row| row.get(0))
        })?;
        let parts = [sha256, &new.filename, &self.moment(), &before.to_string()];
        let id = ids::mint("file-", &parts.map(str::as_bytes));
        received.keep(&self.blobs.path(&id))?;
        let file = self.file_object(id, new);
        self.database.write(|tx| insert_file(tx, &file, sha256))?;
        Ok(file)
    }

    /// The file `id`, unless it was deleted or has expired.
    pub fn file(&self, id: &str) -> Result<Option<FileObject>> {
        let now = self.clock.seconds();
        let living = "SELECT object FROM files WHERE id = ?1 AND deleted = 0 AND coalesce(expires_at > ?2, 1)";
        self.database.read(|db| db.query_row(living, params![id, now], |row| sqlite::json(row, 0)).optional())
    }

    /// Files, and one more than asked for when there are more.
    pub fn files(&self, range: &Range<'_>) -> Result<Vec<FileObject>> {
        let now = self.clock.seconds();
        let order = if range.ascending { "ASC" } else { "DESC" };
        let select = format!(
            "SELECT object FROM files WHERE deleted = 0 AND coalesce(expires_at > ?1, 1)
                 AND (?2 IS NULL OR purpose = ?2) AND {} ORDER BY seq {order} LIMIT ?4",
            after("files", range.ascending)
        );
        self.list(&select, params![now, range.purpose, range.after, range.limit as i64 + 1])
    }

    /// Deletes the file `id`; `false` when there is none.
    pub fn delete_file(&self, id: &str) -> Result<bool> {
        let deleted = self.database.write(|tx| {
            tx.execute("UPDATE files SET deleted = 1 WHERE id = ?1 AND deleted = 0", [id]).map(|n| n > 0)
        })?;
        if deleted {
            self.blobs.remove(id)?;
        }
        Ok(deleted)
    }

    /// Whether a batch that has not ended reads the file `id`.
    pub fn is_being_read(&self, id: &str) -> Result<bool> {
        let reading = "SELECT 1 FROM batches WHERE input_file_id = ?1
                       AND status NOT IN ('failed', 'completed', 'expired', 'cancelled')";
        self.database.read(|db| db.prepare(reading)?.exists([id]))
    }

    /// Records a batch, in the state `validating`.
    pub fn add_batch(&self, new: NewBatch) -> Result<Batch> {
        let created_at = self.clock.seconds();
        let metadata = serde_json::to_string(&new.metadata).expect("metadata are strings");
        let moment = self.moment();
        self.database.write(|tx| {
            let count = "SELECT count(*) FROM batches WHERE input_file_id = ?1";
            let before: i64 = tx.query_row(count, [&new.input_file_id], |row| row.get(0))?;
            let parts = [&new.input_file_id, &new.endpoint, &metadata, &moment, &before.to_string()];
            let batch = Batch {
                id: ids::mint("batch_", &parts.map(|part| part.as_bytes())),
                object: "batch".to_owned(),
                endpoint: new.endpoint,
                model: None,
                errors: None,
                input_file_id: new.input_file_id,
                completion_window: new.completion_window,
                status: Status::Validating,
                output_file_id: None,
                error_file_id: None,
                created_at,
                in_progress_at: None,
                expires_at: Some(created_at + new.seconds),
                finalizing_at: None,
                completed_at: None,
                failed_at: None,
                expired_at: None,
                cancelling_at: None,
                cancelled_at: None,
                request_counts: Counts::default(),
                usage: Some(BatchUsage::default()),
                metadata: new.metadata,
            };
            tx.execute(
                "INSERT INTO batches (id, status, input_file_id, output_seconds, object) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![batch.id, batch.status.name(), batch.input_file_id, new.output_seconds, text(&batch)],
            )?;
            Ok(batch)
        })
    }

    /// The batch `id`.
    pub fn batch(&self, id: &str) -> Result<Option<Batch>> {
        let select = "SELECT object FROM batches WHERE id = ?1";
        self.database.read(|db| db.query_row(select, [id], |row| sqlite::json(row, 0)).optional())
    }

    /// Batches, the newest first, and one more than asked for when there are more.
    pub fn batches(&self, range: &Range<'_>) -> Result<Vec<Batch>> {
        let select = format!(
            "SELECT object FROM batches WHERE {} ORDER BY seq DESC LIMIT ?4",
            after("batches", range.ascending)
        );
        // The first two places are of the other list.
        self.list(&select, params![0, 0, range.after, range.limit as i64 + 1])
    }

    /// The oldest batch in one of the states `among`.
    pub fn next(&self, among: &[Status]) -> Result<Option<Job>> {
        let names: Vec<_> = among.iter().map(|status| format!("'{}'", status.name())).collect();
        let select = format!(
            "SELECT seq, output_seconds, object FROM batches WHERE status IN ({}) ORDER BY seq LIMIT 1",
            names.join(", ")
        );
        self.database.read(|db| {
            let job = |row: &sqlite::Row<'_>| {
                Ok(Job { seq: row.get(0)?, output_seconds: row.get(1)?, batch: sqlite::json(row, 2)? })
            };
            db.query_row(&select, [], job).optional()
        })
    }

    /// Changes the batch `id` in one transaction and gives it as it is then.
    pub fn change(&self, id: &str, change: impl FnOnce(&mut Batch)) -> Result<Batch> {
        self.database.write(|tx| change_batch(tx, id, change))
    }

    /// The lines of a batch that are answered.
    pub fn answered(&self, seq: i64) -> Result<HashSet<u64>> {
        self.database.read(|db| {
            db.prepare("SELECT line FROM answers WHERE batch = ?1")?
                .query_map([seq], |row| row.get::<_, i64>(0).map(i64::cast_unsigned))?
                .collect()
        })
    }

    /// Records answers, then counts them, in one transaction; gives the batch as it is then.
    pub fn add_answers(&self, job: &Job, answers: &[Answered]) -> Result<Batch> {
        self.database.write(|tx| {
            let mut insert =
                tx.prepare_cached("INSERT INTO answers (batch, line, ok, text) VALUES (?1, ?2, ?3, ?4)")?;
            for answer in answers {
                insert.execute(params![job.seq, answer.line.cast_signed(), answer.ok, answer.text])?;
            }
            change_batch(tx, &job.batch.id, |batch| {
                let counts = &mut batch.request_counts;
                let usage = batch.usage.get_or_insert_default();
                for answer in answers {
                    *if answer.ok { &mut counts.completed } else { &mut counts.failed } += 1;
                    usage.input_tokens += answer.prompt_tokens;
                    usage.output_tokens += answer.completion_tokens;
                    usage.total_tokens += answer.prompt_tokens + answer.completion_tokens;
                }
            })
        })
    }

    /// Up to `limit` answers of one kind, in the order of their lines, from the line after `line`.
    pub fn answers_after(&self, seq: i64, ok: bool, line: u64, limit: usize) -> Result<Vec<(u64, String)>> {
        let select = "SELECT line, text FROM answers WHERE batch = ?1 AND ok = ?2 AND line > ?3 ORDER BY line LIMIT ?4";
        self.database.read(|db| {
            db.prepare_cached(select)?
                .query_map(params![seq, ok, line.cast_signed(), limit as i64], |row| {
                    Ok((row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?))
                })?
                .collect()
        })
    }

    /// Ends a batch: its result files, whose bytes are in place, are recorded, and its answers are let go.
    /// `no_errors` is the id of an error file that is not there.
    pub fn finish(
        &self,
        job: &Job,
        status: Status,
        output: Option<NewFile>,
        errors: Option<NewFile>,
        no_errors: Option<String>,
    ) -> Result<Batch> {
        let output = output.map(|new| self.file_object(output_id(&job.batch, "output"), new));
        let errors = errors.map(|new| self.file_object(output_id(&job.batch, "error"), new));
        let now = self.clock.seconds();
        self.database.write(|tx| {
            for file in output.iter().chain(&errors) {
                insert_file(tx, file, "")?;
            }
            tx.execute("DELETE FROM answers WHERE batch = ?1", [job.seq])?;
            change_batch(tx, &job.batch.id, |batch| {
                batch.enter(status, now);
                batch.output_file_id = output.map(|file| file.id);
                batch.error_file_id = errors.map(|file| file.id).or(no_errors);
            })
        })
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

/// The id of a result file.
pub(super) fn output_id(batch: &Batch, kind: &str) -> String {
    ids::mint("file-", &[batch.id.as_bytes(), kind.as_bytes()])
}

/// The condition that a row comes after the one whose id is parameter 3.
fn after(table: &str, ascending: bool) -> String {
    let sign = if ascending { '>' } else { '<' };
    format!("(?3 IS NULL OR seq {sign} (SELECT seq FROM {table} WHERE id = ?3))")
}

fn text(object: &impl serde::Serialize) -> String {
    serde_json::to_string(object).expect("objects are plain data")
}

fn insert_file(tx: &Transaction<'_>, file: &FileObject, sha256: &str) -> Answer<()> {
    tx.execute(
        "INSERT INTO files (id, sha256, purpose, expires_at, object) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![file.id, sha256, file.purpose, file.expires_at, text(file)],
    )
    .map(drop)
}

fn change_batch(db: &Connection, id: &str, change: impl FnOnce(&mut Batch)) -> Answer<Batch> {
    let select = "SELECT object FROM batches WHERE id = ?1";
    let mut batch: Batch = db.query_row(select, [id], |row| sqlite::json(row, 0))?;
    change(&mut batch);
    db.execute(
        "UPDATE batches SET status = ?2, object = ?3 WHERE id = ?1",
        params![id, batch.status.name(), text(&batch)],
    )?;
    Ok(batch)
}
