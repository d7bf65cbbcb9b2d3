//! How the jobs are: asked once. And asking them to end.

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::pause::unless_interrupted;
use super::report::Report;
use super::{AT_ONCE, Desk, Shard, sending, watch};
use crate::Result;
use crate::ledger::{Job, Phase};

/// Asks once after each job that has not ended, and looks for those whose create was in doubt.
///
/// # Errors
/// [`crate::Error::Provider`] at the first job that cannot be asked after.
pub async fn status(desk: Desk<'_>, shards: &[Shard]) -> Result<Report> {
    let ask = async |shard: &Shard| match desk.ledger.job_of(&shard.name(desk.ledger.folder()))? {
        Some(job) if job.phase == Phase::Created => watch::poll(desk, job).await.map(drop),
        Some(job) if job.phase == Phase::Creating => sending::adopt(desk, shard, job).await.map(drop),
        _ => Ok(()),
    };
    stream::iter(shards).map(ask).buffered(AT_ONCE).try_collect::<()>().await?;
    Report::of(desk.ledger, shards)
}

/// Asks the jobs that have not ended to end; what is answered by then stays, and can be fetched.
///
/// # Errors
/// [`crate::Error::Provider`] at the first job that cannot be asked.
pub async fn cancel(desk: Desk<'_>, shards: &[Shard]) -> Result<Report> {
    let ask = async |shard: &Shard| {
        let job = desk.ledger.job_of(&shard.name(desk.ledger.folder()))?;
        match job {
            Some(job) if job.phase == Phase::Created => cancel_job(desk, job).await,
            _ => Ok(()),
        }
    };
    stream::iter(shards).map(ask).buffered(AT_ONCE).try_collect::<()>().await?;
    Report::of(desk.ledger, shards)
}

async fn cancel_job(desk: Desk<'_>, job: Job) -> Result<()> {
    let Some(id) = job.remote.clone() else { return Ok(()) };
    let job = watch::poll(desk, job).await?;
    if job.phase != Phase::Created || job.status == "cancelling" {
        return Ok(());
    }
    let patience = desk.api.patience();
    let remote = unless_interrupted(patience.repeat(|| desk.api.cancel(&id)), desk.progress).await??;
    watch::note(desk, job, &remote).map(drop)
}
