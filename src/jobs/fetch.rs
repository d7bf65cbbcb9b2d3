//! Result files come to disk, whole or not at all.

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::pause::unless_interrupted;
use super::report::Report;
use super::{AT_ONCE, Desk, Shard, watch};
use crate::Result;
use crate::http::Downloaded;
use crate::ledger::{Job, Phase};

/// Fetches the results of those `shards` whose jobs have ended; those that are here already are left alone.
///
/// # Errors
/// [`crate::Error::Provider`] at the first result that cannot be had; those before it stay.
pub async fn fetch(desk: Desk<'_>, shards: &[Shard]) -> Result<Report> {
    let task = desk.progress.task("fetch", "", Some(shards.len() as u64), "shards");
    let one = async |shard: &Shard| {
        if let Some(job) = desk.ledger.job_of(&shard.name(desk.ledger.folder()))? {
            let job = if job.phase == Phase::Created { watch::poll(desk, job).await? } else { job };
            if job.phase == Phase::Ended || (job.phase == Phase::Fetched && is_gone(shard, &job)) {
                fetch_job(desk, shard, job).await?;
            }
        }
        task.advance(1);
        Ok::<_, crate::Error>(())
    };
    stream::iter(shards).map(one).buffered(AT_ONCE).try_collect::<()>().await?;
    Report::of(desk.ledger, shards)
}

/// Whether a file that was fetched is no longer here.
#[must_use]
pub fn is_gone(shard: &Shard, job: &Job) -> bool {
    (job.output_rows.is_some_and(|rows| rows > 0) && !shard.output().exists())
        || (job.error_rows.is_some_and(|rows| rows > 0) && !shard.errors().exists())
}

/// Fetches both files of a job that has ended, in whatever way it ended.
pub(super) async fn fetch_job(desk: Desk<'_>, shard: &Shard, job: Job) -> Result<Job> {
    let none = Downloaded { path: None, bytes: 0, rows: 0 };
    let get = async |file: &Option<String>, to: &std::path::Path| match file {
        Some(file) => unless_interrupted(desk.api.fetch(file, to), desk.progress).await?.map_err(Into::into),
        None => Ok::<_, crate::Error>(none.clone()),
    };
    let output = get(&job.output, &shard.output()).await?;
    let errors = get(&job.errors, &shard.errors()).await?;
    let detail = format!("{} answers, {} errors of {} requests", output.rows, errors.rows, job.requests);
    desk.ledger.change(job.id, "fetched", &detail, |job| {
        job.phase = Phase::Fetched;
        job.output_rows = Some(output.rows);
        job.error_rows = Some(errors.rows);
    })
}
