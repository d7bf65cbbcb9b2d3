//! What became of the shards.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Shard;
use crate::Result;
use crate::files::Lines;
use crate::ledger::{Ledger, Phase};
use crate::provider::Problem;

/// What became of each shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// In the order they were given.
    pub shards: Vec<ShardReport>,
}

/// What became of one shard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShardReport {
    /// The batch file.
    pub shard: PathBuf,
    /// Whose job it is; `None` when it has none.
    pub provider: Option<String>,
    /// The job's id there.
    pub job: Option<String>,
    /// How far it has come here.
    pub phase: Option<Phase>,
    /// The provider's status.
    pub status: String,
    /// Its requests.
    pub requests: u64,
    /// Answered, by the provider's count.
    pub completed: u64,
    /// Answered with an error, by the provider's count.
    pub failed: u64,
    /// The output file, when it is here.
    pub output: Option<PathBuf>,
    /// Its rows.
    pub output_rows: u64,
    /// The error file, when it is here.
    pub errors: Option<PathBuf>,
    /// Its rows.
    pub error_rows: u64,
    /// Why the job failed.
    pub problems: Vec<Problem>,
    /// When the job was begun, RFC 3339.
    pub created_at: Option<String>,
}

impl Report {
    /// Reads the ledger.
    ///
    /// # Errors
    /// [`crate::Error::Database`].
    pub fn of(ledger: &Ledger, shards: &[Shard]) -> Result<Self> {
        let shards = shards.iter().map(|shard| ShardReport::of(ledger, shard)).collect::<Result<_>>()?;
        Ok(Self { shards })
    }

    /// Whether every shard is here with an answer to each of its requests.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.shards.iter().all(ShardReport::is_complete)
    }

    /// Whether nothing more is to come: every job is done with, and of the shards without one results are here.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.shards.iter().all(|shard| match shard.phase {
            Some(phase) => matches!(phase, Phase::Fetched | Phase::Lost),
            None => !shard.is_unsent(),
        })
    }
}

impl ShardReport {
    fn of(ledger: &Ledger, shard: &Shard) -> Result<Self> {
        let job = ledger.job_of(&shard.name(ledger.folder()))?;
        let here = |path: PathBuf, rows: Option<u64>| rows.is_some_and(|rows| rows > 0).then_some(path);
        let Some(job) = job else { return Self::without_job(shard) };
        Ok(Self {
            shard: shard.path.clone(),
            provider: Some(job.provider),
            job: job.remote,
            phase: Some(job.phase),
            status: job.status,
            requests: job.requests,
            completed: job.completed,
            failed: job.failed,
            output: here(shard.output(), job.output_rows),
            output_rows: job.output_rows.unwrap_or(0),
            errors: here(shard.errors(), job.error_rows),
            error_rows: job.error_rows.unwrap_or(0),
            problems: serde_json::from_str(&job.problems).unwrap_or_default(),
            created_at: Some(job.created_at),
        })
    }

    /// Whether no job of it is known and nothing of it is here.
    #[must_use]
    pub fn is_unsent(&self) -> bool {
        self.phase.is_none() && self.output.is_none() && self.errors.is_none()
    }

    /// Of a shard that no job is known of, its files tell.
    fn without_job(shard: &Shard) -> Result<Self> {
        let there = |path: PathBuf| path.exists().then_some(path);
        let (output, errors) = (there(shard.output()), there(shard.errors()));
        let count = |path: &Option<PathBuf>| path.as_deref().map_or(Ok(0), rows);
        let any = output.is_some() || errors.is_some();
        Ok(Self {
            shard: shard.path.clone(),
            provider: None,
            job: None,
            phase: None,
            status: String::new(),
            requests: if any { rows(&shard.path)? } else { 0 },
            completed: 0,
            failed: 0,
            output_rows: count(&output)?,
            output,
            error_rows: count(&errors)?,
            errors,
            problems: Vec::new(),
            created_at: None,
        })
    }

    /// Whether it is here with an answer to each of its requests.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        match self.phase {
            // Where errors stand among the answers, the provider's count of them is all there is to tell.
            Some(phase) => phase == Phase::Fetched && self.output_rows == self.requests && self.failed == 0,
            None => self.output.is_some() && self.output_rows >= self.requests,
        }
    }
}

/// Lines that are not blank.
fn rows(path: &Path) -> Result<u64> {
    let mut lines = Lines::open(path)?;
    let mut rows = 0;
    while let Some(line) = lines.next()? {
        rows += u64::from(!line.bytes.is_empty());
    }
    Ok(rows)
}
