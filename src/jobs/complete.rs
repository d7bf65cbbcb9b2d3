//! Submit, watch and fetch in one call: what `run` does between `generate` and `process`.

use super::pause::pause;
use super::report::Report;
use super::submit::found_queue_full;
use super::{Desk, Shard, fetch, submit, watch};
use crate::ledger::{Ledger, Phase};
use crate::model::Provider;
use crate::progress::Progress;
use crate::provider::BatchApi;
use crate::{Error, Result};

/// Brings the results of all `shards` here, going on wherever an earlier call stopped.
///
/// # Errors
/// As [`submit`], [`watch`] and [`fetch`]. A job that failed or lost rows is no error: the report tells.
pub async fn complete(
    shards: &[Shard],
    api: &dyn BatchApi,
    ledger: &Ledger,
    progress: &dyn Progress,
) -> Result<Report> {
    let desk = Desk { api, ledger, progress };
    forget_what_the_local_server_forgot(desk, shards).await?;
    let mut waiting = usize::MAX;
    loop {
        submit(desk, shards, false).await?;
        watch(desk, shards).await?;
        let report = fetch(desk, shards).await?;
        // Those that found the queue full are sent again, as long as each round gets fewer of them.
        let turned_away = turned_away(desk, shards)?;
        if turned_away == 0 || turned_away >= waiting {
            return Ok(report);
        }
        waiting = turned_away;
        progress.note(&format!("{turned_away} shards found the provider's queue full; sending them again"));
        pause(api.pace().longest, progress).await?;
    }
}

fn turned_away(desk: Desk<'_>, shards: &[Shard]) -> Result<usize> {
    let mut count = 0;
    for shard in shards {
        let job = desk.ledger.job_of(&shard.name(desk.ledger.folder()))?;
        count += usize::from(job.is_some_and(|job| found_queue_full(&job)));
    }
    Ok(count)
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
