//! A create whose answer was lost may arrive after it was looked for and sent once more. Then there are two jobs of one
//! shard: the younger is asked to end.

use super::Desk;
use super::pause::unless_interrupted;
use super::watch::take_over;
use crate::Result;
use crate::ledger::Job;
use crate::provider::Ticket;

/// Looks for a second job of a shard whose create was repeated, keeps the older and ends the younger. Nothing for all
/// others, and at providers that keep nothing to find a job by.
pub(super) async fn end(desk: Desk<'_>, ticket: &Ticket, mut job: Job) -> Result<Job> {
    if !job.doubted || !desk.api.finds_for_sure() {
        return Ok(job);
    }
    let ticket = Ticket { upload: job.upload.clone(), ..ticket.clone() };
    loop {
        let known = desk.ledger.known(desk.api.provider().name(), desk.api.home())?;
        let Some(twin) = unless_interrupted(desk.api.find(&ticket, &known), desk.progress).await?? else {
            return Ok(job);
        };
        let Some(id) = job.remote.clone() else { return Ok(job) };
        let ours = unless_interrupted(desk.api.poll(&id), desk.progress).await??;
        let (keep, end) = if twin.created < ours.created { (twin, ours) } else { (ours, twin) };
        let how = if end.status.is_terminal() { "had ended by itself" } else { "was asked to end" };
        if !end.status.is_terminal() {
            let patience = desk.api.patience();
            patience.repeat(|| desk.api.cancel(&end.id)).await?;
        }
        desk.progress.note(&format!(
            "{}: two jobs of it came to be, for the answer to the first create was lost; {} is kept, {} {how}: what it \
             had answered by then may be billed",
            job.shard, keep.id, end.id
        ));
        // The event is what makes the twin known.
        job = desk.ledger.change(job.id, crate::ledger::TWIN, &end.id, |job| {
            job.remote = Some(keep.id.clone());
            take_over(job, &keep);
        })?;
    }
}

/// The same from what the ledger knows, without reading the shard.
pub(super) async fn end_of(desk: Desk<'_>, job: Job) -> Result<Job> {
    let ticket = Ticket {
        run: job.run.clone(),
        shard: job.shard.rsplit('/').next().unwrap_or_default().to_owned(),
        sha256: job.sha256.clone(),
        bytes: job.bytes,
        requests: job.requests,
        model: None,
        begun: 0,
        upload: job.upload.clone(),
    };
    end(desk, &ticket, job).await
}
