//! Result files come to disk, whole or not at all.

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::pause::unless_interrupted;
use super::report::Report;
use super::{AT_ONCE, Desk, Shard, watch};
use crate::files::Lines;
use crate::http::Downloaded;
use crate::ledger::{Job, Phase};
use crate::{Error, Result, fault};

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
        Ok::<_, Error>(())
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
    fault::point("before-download");
    let none = Downloaded { path: None, bytes: 0, rows: 0 };
    let get = async |file: &Option<String>, to: &std::path::Path| match file {
        Some(file) => unless_interrupted(desk.api.fetch(file, to), desk.progress).await?.map_err(Into::into),
        None => Ok::<_, Error>(none.clone()),
    };
    let output = get(&job.output, &shard.output()).await?;
    let errors = get(&job.errors, &shard.errors()).await?;
    fault::point("after-download");
    if !desk.api.finds_for_sure() && !answers_this(shard)? {
        std::fs::remove_file(shard.output()).map_err(Error::io("remove", &shard.output()))?;
        let id = job.remote.clone().unwrap_or_default();
        let lost = |job: &mut Job| (job.phase, job.output) = (Phase::Lost, None);
        desk.ledger.change(job.id, "lost", &format!("{id}: its results belong to other requests"), lost)?;
        return Err(Error::Provider {
            provider: job.provider,
            detail: format!(
                "the results of {id} belong to other requests than those of {}; submit it with --again",
                job.shard
            ),
            retryable: false,
        });
    }
    let detail = format!("{} answers, {} errors of {} requests", output.rows, errors.rows, job.requests);
    desk.ledger.change(job.id, "fetched", &detail, |job| {
        job.phase = Phase::Fetched;
        job.output_rows = Some(output.rows);
        job.error_rows = Some(errors.rows);
    })
}

/// Whether the first of the results that are here is of a request of this shard. A job that was found again by its time
/// and size only may be somebody else's.
fn answers_this(shard: &Shard) -> Result<bool> {
    if !shard.output().is_file() {
        return Ok(true);
    }
    let mut results = Lines::open(&shard.output())?;
    let Some(first) = results.next()? else { return Ok(true) };
    let Some(id) = id_of(first.bytes) else { return Ok(true) };
    let mut requests = Lines::open(&shard.path)?;
    while let Some(line) = requests.next()? {
        if id_of(line.bytes).as_ref() == Some(&id) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn id_of(line: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Named {
        custom_id: String,
    }
    serde_json::from_slice::<Named>(line).ok().map(|named| named.custom_id)
}
