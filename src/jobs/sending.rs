//! One shard on its way to being a job: uploaded once, created once, and looked for when an answer was lost.

use std::time::{Duration, Instant};

use super::pause::{pause, unless_interrupted};
use super::submit::{same_place, wait_for_lock};
use super::{Desk, Shard, queue, twins};
use crate::http::{Failure, Patience};
use crate::ledger::{Job, Phase};
use crate::progress::go_on;
use crate::provider::{RemoteJob, Ticket};
use crate::{Error, Result, fault};

/// From wherever the job is to `created`.
pub(super) async fn go_through(desk: Desk<'_>, shard: &Shard, job: Job, again: bool) -> Result<Job> {
    let ticket = ticket(desk, shard, &job)?;
    let job = if job.phase < Phase::Uploaded && job.upload.is_none() {
        upload(desk, shard, &ticket, job).await?
    } else {
        job
    };
    create(desk, shard, &ticket, job, again).await
}

/// What the job is known by, read from the shard; for shards whose lines name no model, the ledger may know it.
fn ticket(desk: Desk<'_>, shard: &Shard, job: &Job) -> Result<Ticket> {
    let mut ticket = Ticket { begun: begun(job), ..shard.ticket()? };
    if ticket.sha256 != job.sha256 {
        let detail = format!("it has changed since job {} was made of it; give the new one another name", job.id);
        return Err(Error::Data { file: shard.path.display().to_string(), detail });
    }
    if ticket.model.is_none() {
        ticket.model = desk.ledger.model_of(&job.shard)?;
    }
    Ok(ticket)
}

async fn upload(desk: Desk<'_>, shard: &Shard, ticket: &Ticket, mut job: Job) -> Result<Job> {
    let mut waits = desk.api.patience().waits();
    let mut in_doubt = job.phase == Phase::Uploading;
    loop {
        let found = match in_doubt {
            true => {
                settled(desk, async || Ok(unless_interrupted(desk.api.find_upload(ticket), desk.progress).await??))
                    .await?
            }
            false => None,
        };
        if let Some(id) = found {
            return uploaded(desk, &job, Some(id), "found again");
        }
        job = desk.ledger.change(job.id, "uploading", &ticket.upload_name(), |job| job.phase = Phase::Uploading)?;
        fault::point("before-upload");
        match unless_interrupted(desk.api.upload(ticket, &shard.path), desk.progress).await? {
            Ok(id) => {
                fault::point("after-upload");
                return uploaded(desk, &job, id, "");
            }
            Err(failure) => {
                in_doubt = failure.may_have_acted();
                wait_or_fail(desk, failure, waits.next()).await?;
            }
        }
    }
}

fn uploaded(desk: Desk<'_>, job: &Job, id: Option<String>, how: &str) -> Result<Job> {
    let detail = format!("{} {how}", id.as_deref().unwrap_or("with the create"));
    desk.ledger.change(job.id, "uploaded", detail.trim_end(), |job| {
        job.phase = Phase::Uploaded;
        job.upload = id;
    })
}

async fn create(desk: Desk<'_>, shard: &Shard, ticket: &Ticket, mut job: Job, again: bool) -> Result<Job> {
    let mut waits = desk.api.patience().waits();
    let mut in_doubt = job.phase == Phase::Creating;
    loop {
        if in_doubt {
            if let Some(job) = settled(desk, async || look_up(desk, ticket, &job).await).await? {
                return twins::end(desk, ticket, job).await;
            }
            if !desk.api.finds_for_sure() && !again {
                return Err(Error::Usage(format!(
                    "{}: it is not known whether its job exists at {}, which keeps nothing to find it by; look at its \
                     dashboard, and send it with --again if it is not there",
                    job.shard, job.provider
                )));
            }
        }
        go_on(desk.progress)?;
        let detail = if in_doubt { "once more, since no job of it is found" } else { "" };
        job = desk.ledger.change(job.id, "creating", detail, |job| {
            job.phase = Phase::Creating;
            job.doubted |= in_doubt;
        })?;
        fault::point("before-create");
        // Not to be dropped half-way: its answer is what tells that the job exists.
        match desk.api.create(ticket, &shard.path, job.upload.as_deref()).await {
            Ok(remote) => {
                fault::point("after-create");
                let job = created(desk, &job, &remote, "")?;
                fault::point("after-create-noted");
                return twins::end(desk, ticket, job).await;
            }
            Err(failure) => {
                in_doubt = failure.may_have_acted();
                if !in_doubt {
                    let said = failure.to_string();
                    job = desk.ledger.change(job.id, "refused", &said, |job| job.phase = Phase::Uploaded)?;
                }
                let wait = waits.next();
                if wait.is_none() && failure.is_full() && queue::others_under_way(desk, &job)? {
                    return desk
                        .ledger
                        .change(job.id, "waiting", "the queue is full", |job| job.phase = Phase::Waiting);
                }
                wait_or_fail(desk, failure, wait).await?;
            }
        }
    }
}

/// Looks for the job of a shard whose create is in doubt; gives it when it is there. Creates nothing.
pub(super) async fn adopt(desk: Desk<'_>, shard: &Shard, job: Job) -> Result<Option<Job>> {
    same_place(desk, &job)?;
    let _lock = wait_for_lock(desk).await?;
    look_up(desk, &ticket(desk, shard, &job)?, &job).await
}

fn begun(job: &Job) -> i64 {
    job.created_at.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_second)
}

/// Looks again and again until it is found, or until a call that was under way when its answer was lost, or when this
/// program was killed, must have ended. Looked for too soon, it would be made twice.
async fn settled<T>(desk: Desk<'_>, look: impl AsyncFn() -> Result<Option<T>>) -> Result<Option<T>> {
    let settle = desk.api.patience().settle;
    let end = Instant::now() + settle;
    loop {
        let last = Instant::now() >= end;
        let found = look().await?;
        if found.is_some() || last {
            return Ok(found);
        }
        pause(settle / 10, desk.progress).await?;
    }
}

async fn look_up(desk: Desk<'_>, ticket: &Ticket, job: &Job) -> Result<Option<Job>> {
    let known = desk.ledger.known(desk.api.provider().name(), desk.api.home())?;
    let ticket = Ticket { upload: job.upload.clone(), ..ticket.clone() };
    let found = unless_interrupted(desk.api.find(&ticket, &known), desk.progress).await??;
    found.map(|found| created(desk, job, &found, "found again")).transpose()
}

pub(super) fn created(desk: Desk<'_>, job: &Job, remote: &RemoteJob, how: &str) -> Result<Job> {
    let detail = format!("{} {how}", remote.id);
    desk.ledger.change(job.id, "created", detail.trim_end(), |job| {
        job.phase = Phase::Created;
        job.remote = Some(remote.id.clone());
        super::watch::take_over(job, remote);
    })
}

async fn wait_or_fail(desk: Desk<'_>, failure: Failure, wait: Option<Duration>) -> Result<()> {
    match wait {
        Some(wait) if failure.is_retryable() => {
            let wait = Patience::after(&failure, wait);
            if wait >= Duration::from_secs(1) {
                desk.progress.note(&format!("{}: {failure}; trying again in {} s", failure.provider, wait.as_secs()));
            }
            pause(wait, desk.progress).await
        }
        _ => Err(failure.into()),
    }
}
