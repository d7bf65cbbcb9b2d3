//! A row of the ledger.

use serde::Serialize;

use crate::sqlite::{Answer, Row, Transaction, params};

/// How far a job has come on this side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing was sent: there is no room for it in the provider's queue.
    Waiting,
    /// Nothing was sent.
    Planned,
    /// The upload is about to be sent, or was and its id is not known.
    Uploading,
    /// The upload's id is known.
    Uploaded,
    /// The create is about to be sent, or was and its id is not known: to be looked up before it is repeated.
    Creating,
    /// The job's id is known.
    Created,
    /// The provider has ended it.
    Ended,
    /// Its result files are here.
    Fetched,
    /// The provider no longer knows it.
    Lost,
}

impl Phase {
    const ALL: [Self; 9] = [
        Self::Waiting,
        Self::Planned,
        Self::Uploading,
        Self::Uploaded,
        Self::Creating,
        Self::Created,
        Self::Ended,
        Self::Fetched,
        Self::Lost,
    ];

    /// As it stands in the ledger.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Planned => "planned",
            Self::Uploading => "uploading",
            Self::Uploaded => "uploaded",
            Self::Creating => "creating",
            Self::Created => "created",
            Self::Ended => "ended",
            Self::Fetched => "fetched",
            Self::Lost => "lost",
        }
    }

    /// A word that a later version wrote counts as the beginning of doubt: look before you create.
    fn read(name: &str) -> Self {
        Self::ALL.into_iter().find(|phase| phase.name() == name).unwrap_or(Self::Creating)
    }
}

/// A job to be begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// The shard's path, relative to the ledger's folder.
    pub shard: String,
    /// The run that made it.
    pub run: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// Its requests.
    pub requests: u64,
    /// Whose job it will be.
    pub provider: String,
    /// Where: the base URL, never with a secret in it.
    pub home: String,
    /// Which service of OpenAI's shape; empty elsewhere.
    pub service: String,
    /// How many tokens of prompts may be under way with it, where that was limited.
    pub room: Option<u64>,
}

/// One shard at one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Job {
    /// Row number.
    pub id: i64,
    /// The shard's path, relative to the ledger's folder.
    pub shard: String,
    /// The run that made it.
    pub run: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// Its requests.
    pub requests: u64,
    /// Which job of this content, from 1.
    pub attempt: u32,
    /// Whose job.
    pub provider: String,
    /// Where.
    pub home: String,
    /// Which service of OpenAI's shape; empty elsewhere, and in ledgers of older versions.
    pub service: String,
    /// How far it has come here.
    pub phase: Phase,
    /// The upload's id.
    pub upload: Option<String>,
    /// The job's id at the provider.
    pub remote: Option<String>,
    /// The provider's status, or empty.
    pub status: String,
    /// Where the answers are.
    pub output: Option<String>,
    /// Where the errors are.
    pub errors: Option<String>,
    /// The provider's count of requests.
    pub total: u64,
    /// Answered, by the provider's count.
    pub completed: u64,
    /// Answered with an error, by the provider's count.
    pub failed: u64,
    /// Why it failed, as JSON.
    pub problems: String,
    /// Rows of the output file, once it is here.
    pub output_rows: Option<u64>,
    /// Rows of the error file, once it is here.
    pub error_rows: Option<u64>,
    /// Tokens of its prompts, estimated, once they were counted.
    pub tokens: Option<u64>,
    /// How many tokens of prompts may be under way with it, where that was limited.
    pub room: Option<u64>,
    /// Whether its create was repeated after one whose answer was lost, so that there may be a twin.
    pub doubted: bool,
    /// Whether its files at the provider were removed.
    pub cleaned: bool,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339.
    pub updated_at: String,
}

pub(super) const COLUMNS: &str = "id, shard, run, sha256, bytes, requests, attempt, provider, home, phase, upload, \
    coalesce(remote, shared), status, output, errors, total, completed, failed, problems, output_rows, error_rows, created_at, updated_at, \
    service, tokens, room, doubted, cleaned";

pub(super) fn read(row: &Row<'_>) -> Answer<Job> {
    let count = |index| row.get::<_, i64>(index).map(i64::cast_unsigned);
    let rows = |index| row.get::<_, Option<i64>>(index).map(|rows| rows.map(i64::cast_unsigned));
    Ok(Job {
        id: row.get(0)?,
        shard: row.get(1)?,
        run: row.get(2)?,
        sha256: row.get(3)?,
        bytes: count(4)?,
        requests: count(5)?,
        attempt: row.get(6)?,
        provider: row.get(7)?,
        home: row.get(8)?,
        phase: Phase::read(&row.get::<_, String>(9)?),
        upload: row.get(10)?,
        remote: row.get(11)?,
        status: row.get(12)?,
        output: row.get(13)?,
        errors: row.get(14)?,
        total: count(15)?,
        completed: count(16)?,
        failed: count(17)?,
        problems: row.get(18)?,
        output_rows: rows(19)?,
        error_rows: rows(20)?,
        created_at: row.get(21)?,
        updated_at: row.get(22)?,
        service: row.get(23)?,
        tokens: rows(24)?,
        room: rows(25)?,
        doubted: row.get(26)?,
        cleaned: row.get(27)?,
    })
}

/// Puts in a row for another batch file of the same bytes, which shares the job of the row `id`.
pub(super) fn share(tx: &Transaction<'_>, id: i64, shard: &str, phase: Phase, now: &str) -> Answer<i64> {
    tx.execute(
        "INSERT INTO jobs (shard, run, sha256, bytes, requests, attempt, provider, home, service, phase, upload, shared,
             status, output, errors, total, completed, failed, problems, output_rows, error_rows, tokens, cleaned,
             created_at, updated_at)
         SELECT ?2, run, sha256, bytes, requests,
             (SELECT max(attempt) + 1 FROM jobs AS same WHERE same.sha256 = jobs.sha256), provider, home, service, ?3,
             upload, coalesce(remote, shared), status, output, errors, total, completed, failed, problems, output_rows,
             error_rows, tokens, cleaned, created_at, ?4
         FROM jobs WHERE id = ?1",
        params![id, shard, phase.name(), now],
    )?;
    Ok(tx.last_insert_rowid())
}

pub(super) fn write(tx: &Transaction<'_>, job: &Job) -> Answer<()> {
    tx.execute(
        "UPDATE jobs SET phase = ?2, upload = ?3, remote = iif(shared IS NULL, ?4, NULL),
             shared = iif(shared IS NULL, NULL, ?4), status = ?5, output = ?6, errors = ?7, total = ?8,
             completed = ?9, failed = ?10, problems = ?11, output_rows = ?12, error_rows = ?13, updated_at = ?14,
             provider = ?15, home = ?16, service = ?17, tokens = ?18, room = ?19, doubted = ?20, cleaned = ?21
         WHERE id = ?1",
        params![
            job.id,
            job.phase.name(),
            job.upload,
            job.remote,
            job.status,
            job.output,
            job.errors,
            job.total.cast_signed(),
            job.completed.cast_signed(),
            job.failed.cast_signed(),
            job.problems,
            job.output_rows.map(u64::cast_signed),
            job.error_rows.map(u64::cast_signed),
            job.updated_at,
            job.provider,
            job.home,
            job.service,
            job.tokens.map(u64::cast_signed),
            job.room.map(u64::cast_signed),
            job.doubted,
            job.cleaned,
        ],
    )
    .map(drop)
}
