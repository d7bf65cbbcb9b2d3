//! The ledger: which shard is which job at which provider, kept beside the batch files in `ledger.sqlite`.
//!
//! An intent is written before every remote create and the ids right after, so that a crash between the two is seen.
//! Two processes may use it at once; [`Ledger::lock`] lets one of them at a time create jobs.

mod job;
mod schema;

use std::collections::HashSet;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use crate::model::Clock;
use crate::sqlite::{Answer, Database, OptionalExtension, Transaction, params};
use crate::{Error, Result};

pub use job::{Job, NewJob, Phase};

/// The kind of an event that names a second job of the same shard, which was asked to end.
pub const TWIN: &str = "twin";

/// The ledger's file name.
pub const FILE: &str = "ledger.sqlite";

/// The ledger of one folder.
#[derive(Debug)]
pub struct Ledger {
    database: Database,
    folder: PathBuf,
    clock: Clock,
}

/// The right to create jobs; it ends when this is dropped, or the process.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Ledger {
    /// Opens or makes the ledger of `folder`.
    ///
    /// # Errors
    /// [`Error::Io`] when the folder cannot be made, [`Error::Database`] when the ledger cannot be opened.
    pub fn open(folder: &Path, clock: Clock) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(Error::io("make folder", folder))?;
        let database = Database::open(&folder.join(FILE), schema::MIGRATIONS)?;
        Ok(Self { database, folder: folder.to_owned(), clock })
    }

    /// Whether `folder` has a ledger.
    #[must_use]
    pub fn exists(folder: &Path) -> bool {
        folder.join(FILE).is_file()
    }

    /// Its folder; shards are named relative to it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes the right to create jobs; `None` while another process has it.
    ///
    /// # Errors
    /// [`Error::Io`] when the lock file cannot be made.
    pub fn lock(&self) -> Result<Option<Lock>> {
        let path = self.folder.join(".ledger.lock");
        let file = File::create(&path).map_err(Error::io("write", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Error::io("lock", &path)(error)),
        }
    }

    /// All jobs, in the order they were begun.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn jobs(&self) -> Result<Vec<Job>> {
        let select = format!("SELECT {} FROM jobs ORDER BY id", job::COLUMNS);
        self.database.read(|db| db.prepare(&select)?.query_map([], job::read)?.collect())
    }

    /// The job with the row number `id`.
    ///
    /// # Errors
    /// [`Error::Database`], also when there is none.
    pub fn job(&self, id: i64) -> Result<Job> {
        let select = format!("SELECT {} FROM jobs WHERE id = ?1", job::COLUMNS);
        self.database.read(|db| db.query_row(&select, [id], job::read))
    }

    /// The latest job of a shard.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn job_of(&self, shard: &str) -> Result<Option<Job>> {
        let select = format!("SELECT {} FROM jobs WHERE shard = ?1 ORDER BY id DESC LIMIT 1", job::COLUMNS);
        self.database.read(|db| db.query_row(&select, [shard], job::read).optional())
    }

    /// The latest job of this content, under whatever name.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn job_with(&self, sha256: &str) -> Result<Option<Job>> {
        let select = format!("SELECT {} FROM jobs WHERE sha256 = ?1 ORDER BY attempt DESC LIMIT 1", job::COLUMNS);
        self.database.read(|db| db.query_row(&select, [sha256], job::read).optional())
    }

    /// The ids of all jobs at a provider, twins too.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn known(&self, provider: &str, home: &str) -> Result<HashSet<String>> {
        let select = "SELECT coalesce(remote, shared) FROM jobs
            WHERE provider = ?1 AND home = ?2 AND coalesce(remote, shared) IS NOT NULL
            UNION SELECT detail FROM events JOIN jobs ON jobs.id = events.job
            WHERE kind = ?3 AND provider = ?1 AND home = ?2";
        self.database.read(|db| db.prepare(select)?.query_map([provider, home, TWIN], |row| row.get(0))?.collect())
    }

    /// Begins a job, the first of its content or one more attempt.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn begin(&self, new: &NewJob) -> Result<Job> {
        let now = self.clock.now().to_string();
        self.database.write(|tx| {
            let select = "SELECT coalesce(max(attempt), 0) + 1 FROM jobs WHERE sha256 = ?1";
            let attempt: u32 = tx.query_row(select, [&new.sha256], |row| row.get(0))?;
            tx.execute(
                "INSERT INTO jobs (shard, run, sha256, bytes, requests, attempt, provider, home, service, phase, room,
                     created_at, updated_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12)",
                params![
                    new.shard,
                    new.run,
                    new.sha256,
                    new.bytes.cast_signed(),
                    new.requests.cast_signed(),
                    attempt,
                    new.provider,
                    new.home,
                    new.service,
                    Phase::Planned.name(),
                    new.room.map(u64::cast_signed),
                    now
                ],
            )?;
            let id = tx.last_insert_rowid();
            event(tx, id, &now, "planned", &format!("attempt {attempt}, {} requests", new.requests))?;
            tx.query_row(&format!("SELECT {} FROM jobs WHERE id = ?1", job::COLUMNS), [id], job::read)
        })
    }

    /// Notes that the shard `name`, of the same bytes as the job's own, shares that job; gives its own row of it.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn share(&self, job: &Job, name: &str, phase: Phase) -> Result<Job> {
        let now = self.clock.now().to_string();
        self.database.write(|tx| {
            let id = job::share(tx, job.id, name, phase, &now)?;
            event(tx, id, &now, "shared", &format!("the job of {}", job.shard))?;
            tx.query_row(&format!("SELECT {} FROM jobs WHERE id = ?1", job::COLUMNS), [id], job::read)
        })
    }

    /// Changes a job and notes the event, in one transaction; gives the job as it is then.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn change(&self, id: i64, kind: &str, detail: &str, change: impl FnOnce(&mut Job)) -> Result<Job> {
        let now = self.clock.now().to_string();
        self.database.write(|tx| {
            let mut job = tx.query_row(&format!("SELECT {} FROM jobs WHERE id = ?1", job::COLUMNS), [id], job::read)?;
            change(&mut job);
            job.updated_at.clone_from(&now);
            job::write(tx, &job)?;
            event(tx, id, &now, kind, detail)?;
            Ok(job)
        })
    }

    /// Notes the model that a shard asks for, where its lines do not name it.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn note_model(&self, shard: &str, model: &str) -> Result<()> {
        let insert = "INSERT OR REPLACE INTO models (shard, model) VALUES (?1, ?2)";
        self.database.write(|tx| tx.execute(insert, [shard, model]).map(drop))
    }

    /// The model that was noted for a shard.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn model_of(&self, shard: &str) -> Result<Option<String>> {
        let select = "SELECT model FROM models WHERE shard = ?1";
        self.database.read(|db| db.query_row(select, [shard], |row| row.get(0)).optional())
    }

    /// What happened to a job: when, what, and the details.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn events(&self, id: i64) -> Result<Vec<(String, String, String)>> {
        let select = "SELECT at, kind, detail FROM events WHERE job = ?1 ORDER BY id";
        self.database.read(|db| {
            db.prepare(select)?.query_map([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
        })
    }
}

fn event(tx: &Transaction<'_>, job: i64, at: &str, kind: &str, detail: &str) -> Answer<()> {
    tx.execute("INSERT INTO events (job, at, kind, detail) VALUES (?1, ?2, ?3, ?4)", params![job, at, kind, detail])
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(sha256: &str) -> NewJob {
        NewJob {
            shard: "en-GB/a.jsonl".to_owned(),
            run: "r".to_owned(),
            sha256: sha256.to_owned(),
            bytes: 10,
            requests: 2,
            provider: "openai".to_owned(),
            home: "https://host/v1".to_owned(),
            service: "openai".to_owned(),
            room: None,
        }
    }

    #[test]
    fn a_job_is_kept_with_its_events() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path(), Clock::default()).unwrap();
        let job = ledger.begin(&new("s1")).unwrap();
        assert_eq!((job.attempt, job.phase), (1, Phase::Planned));
        let changed = ledger
            .change(job.id, "created", "batch_1", |job| {
                job.phase = Phase::Created;
                job.remote = Some("batch_1".to_owned());
            })
            .unwrap();
        drop(ledger);
        let ledger = Ledger::open(folder.path(), Clock::default()).unwrap();
        assert_eq!(ledger.job_of("en-GB/a.jsonl").unwrap().unwrap(), changed);
        assert_eq!(ledger.job_with("s1").unwrap().unwrap().id, job.id);
        assert_eq!(ledger.known("openai", "https://host/v1").unwrap(), HashSet::from(["batch_1".to_owned()]));
        let kinds: Vec<_> = ledger.events(job.id).unwrap().into_iter().map(|(_, kind, _)| kind).collect();
        assert_eq!(kinds, ["planned", "created"]);
        assert_eq!(ledger.begin(&new("s1")).unwrap().attempt, 2);
    }

    #[test]
    fn two_shards_of_the_same_bytes_may_have_one_job() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path(), Clock::default()).unwrap();
        let job = ledger.begin(&new("s1")).unwrap();
        let job = ledger.change(job.id, "created", "", |job| job.remote = Some("batch_1".to_owned())).unwrap();
        let shared = ledger.share(&job, "en-GB/b.jsonl", Phase::Created).unwrap();
        assert_eq!((shared.remote.as_deref(), shared.attempt), (Some("batch_1"), 2));
        let changed = ledger.change(shared.id, "status", "", |job| job.status = "completed".to_owned()).unwrap();
        assert_eq!(ledger.job_of("en-GB/b.jsonl").unwrap().unwrap(), changed);
        assert_eq!(ledger.job(job.id).unwrap(), job, "each has its own row");
        let lost = ledger.change(shared.id, "lost", "", |job| job.remote = None).unwrap();
        assert_eq!(ledger.job(lost.id).unwrap().remote, None);
        assert_eq!(ledger.known("openai", "https://host/v1").unwrap().len(), 1);
    }

    #[test]
    fn one_at_a_time_has_the_right_to_create() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(folder.path(), Clock::default()).unwrap();
        let other = Ledger::open(folder.path(), Clock::default()).unwrap();
        let lock = ledger.lock().unwrap();
        assert!(lock.is_some() && other.lock().unwrap().is_none());
        drop(lock);
        assert!(other.lock().unwrap().is_some());
    }
}
