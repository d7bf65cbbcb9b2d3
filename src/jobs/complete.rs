//! Submit, watch and fetch in one call: what `run` does between `generate` and `process`.

use super::report::Report;
use super::{Desk, Shard, fetch, submit_within, watch};
use crate::ledger::{Ledger, Phase};
use crate::model::Provider;
use crate::progress::Progress;
use crate::provider::BatchApi;
use crate::{Error, Result};

/// Brings the results of all `shards` here, going on wherever an earlier call stopped.
///
/// # Errors
/// As [`submit_within`], [`watch`] and [`fetch`]. A job that failed or lost rows is no error: the report tells.
pub async fn complete(
    shards: &[Shard],
    api: &dyn BatchApi,
    ledger: &Ledger,
    progress: &dyn Progress,
) -> Result<Report> {
    complete_within(shards, api, ledger, progress, None).await
}

/// The same, with at most `room` tokens of prompts under way at a time.
///
/// # Errors
/// As [`complete`].
pub async fn complete_within(
    shards: &[Shard],
    api: &dyn BatchApi,
    ledger: &Ledger,
    progress: &dyn Progress,
    room: Option<u64>,
) -> Result<Report> {
    let desk = Desk { api, ledger, progress };
    forget_what_the_local_server_forgot(desk, shards).await?;
    submit_within(desk, shards, false, room).await?;
    watch(desk, shards).await?;
    fetch(desk, shards).await
}

/// The state of the local server is a folder that may be thrown away at any time: jobs that it no longer knows are lost,
/// and made again for free. Elsewhere a job that is not found is an error, for another may have to be paid.
async fn forget_what_the_local_server_forgot(desk: Desk<'_>, shards: &[Shard]) -> Result<()> {
    if desk.api.provider() != Provider::Local {
        return Ok(());
    }
    for shard in shards {
        let Some(job) = desk.ledger.job_of(&shard.name(desk.ledger.folder()))? else { continue };
        let unfetched = matches!(job.phase, Phase::Created | Phase::Ended);
        let thrown_away = job.phase == Phase::Fetched && job.output_rows > Some(0) && !shard.output().exists();
        let Some(id) = job.remote.as_deref().filter(|_| unfetched || thrown_away) else { continue };
        match desk.api.poll(id).await {
            Ok(_) => {}
            Err(failure) if failure.status() == Some(404) => {
                watch::lose(desk, &job, &failure)?;
            }
            Err(failure) => return Err(Error::from(failure)),
        }
    }
    Ok(())
}
