//! Shards become jobs: uploaded once, created once.

use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::pause::{pause, unless_interrupted};
use super::{AT_ONCE, Desk, Shard};
use crate::http::{Failure, Patience};
use crate::ledger::{Job, Lock, NewJob, Phase};
use crate::model::Provider;
use crate::progress::go_on;
use crate::provider::{Problem, RemoteJob, Status, Ticket};
use crate::{Error, Result, fault};

/// What became of one shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submitted {
    /// It has a new job.
    New(Job),
    /// Its job had been begun before, and is now known to be created.
    Resumed(Job),
    /// It has this job, and no other is made.
    Known(Job),
    /// Its results are here, although no job of it is known: fetched by hand, or by another ledger.
    Answered(Shard),
}

impl Submitted {
    /// The job, unless there is none.
    #[must_use]
    pub fn job(&self) -> Option<&Job> {
        match self {
            Self::New(job) | Self::Resumed(job) | Self::Known(job) => Some(job),
            Self::Answered(_) => None,
        }
    }
}

/// Makes a job of each shard that has none. With `again`, also of those whose job has ended.
///
/// One process at a time does this in a folder; others wait for it.
///
/// # Errors
/// [`Error::Provider`] at the first call that fails for good; the shards before it have their jobs.
pub async fn submit(desk: Desk<'_>, shards: &[Shard], again: bool) -> Result<Vec<Submitted>> {
    let _lock = wait_for_lock(desk).await?;
    let task = desk.progress.task("submit", "", Some(shards.len() as u64), "shards");
    let one = async |shard: &Shard| {
        let submitted = submit_one(desk, shard, again).await?;
        task.advance(1);
        Ok::<_, Error>(submitted)
    };
    stream::iter(shards).map(one).buffered(AT_ONCE).try_collect().await
}

async fn wait_for_lock(desk: Desk<'_>) -> Result<Lock> {
    let mut told = false;
    loop {
        if let Some(lock) = desk.ledger.lock()? {
            return Ok(lock);
        }
        if !told {
            desk.progress.note("another aacorn is submitting from this folder; waiting for it");
            told = true;
        }
        pause(Duration::from_millis(100), desk.progress).await?;
    }
}

async fn submit_one(desk: Desk<'_>, shard: &Shard, again: bool) -> Result<Submitted> {
    go_on(desk.progress)?;
    let ticket = shard.ticket()?;
    let name = shard.name(desk.ledger.folder());
    if let Some(job) = desk.ledger.job_with(&ticket.sha256)? {
        let ended = matches!(job.phase, Phase::Ended | Phase::Fetched | Phase::Lost);
        let renew = (again && ended) || is_lost_here(desk, &job) || found_queue_full(&job);
        if !renew && job.phase >= Phase::Created {
            return Ok(Submitted::Known(job));
        }
        if !renew {
            let job = bring_here(desk, job)?;
            return go_through(desk, shard, ticket, job, again).await.map(Submitted::Resumed);
        }
    } else if let Some(job) = desk.ledger.job_of(&name)? {
        let detail = format!("it has changed since job {} was made of it; give the new one another name", job.id);
        return Err(Error::Data { file: shard.path.display().to_string(), detail });
    } else if !again && shard.output().exists() {
        return Ok(Submitted::Answered(shard.clone()));
    }
    let job = desk.ledger.begin(&NewJob {
        shard: name,
        run: ticket.run.clone(),
        sha256: ticket.sha256.clone(),
        bytes: ticket.bytes,
        requests: ticket.requests,
        provider: desk.api.provider().name().to_owned(),
        home: desk.api.home().to_owned(),
        service: String::new(),
        room: None,
    })?;
    go_through(desk, shard, ticket, job, again).await.map(Submitted::New)
}

/// A job of the server inside this program, whose state was thrown away before the results were fetched: making it
/// again costs nothing.
fn is_lost_here(desk: Desk<'_>, job: &Job) -> bool {
    let local = Provider::Local.name();
    job.phase == Phase::Lost && job.provider == local && desk.api.provider().name() == local
}

/// A job that the provider turned away because too many tokens were under way: nothing of it was answered or billed, and
/// it may be sent again when others have ended.
pub(super) fn found_queue_full(job: &Job) -> bool {
    let problems: Vec<Problem> = serde_json::from_str(&job.problems).unwrap_or_default();
    job.phase >= Phase::Ended
        && job.status == Status::Failed.name()
        && !problems.is_empty()
        && problems.iter().all(|problem| problem.code == "token_limit_exceeded")
}

/// A job that was begun elsewhere is begun here, but not when it may exist there: uploads cost nothing, jobs do.
fn bring_here(desk: Desk<'_>, job: Job) -> Result<Job> {
    let (provider, home) = (desk.api.provider().name(), desk.api.home());
    if job.phase == Phase::Creating {
        same_place(desk, &job)?;
    }
    if job.provider == provider && job.home == home {
        return Ok(job);
    }
    desk.ledger.change(job.id, "moved", &format!("to {provider} at {home}"), |job| {
        provider.clone_into(&mut job.provider);
        home.clone_into(&mut job.home);
        (job.phase, job.upload) = (Phase::Planned, None);
    })
}

fn same_place(desk: Desk<'_>, job: &Job) -> Result<()> {
    if job.provider == desk.api.provider().name() && job.home == desk.api.home() {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "{} was begun at {} ({}), and it is not known whether its job exists there; finish it there first",
        job.shard, job.provider, job.home
    )))
}

/// From wherever the job is to `created`.
async fn go_through(desk: Desk<'_>, shard: &Shard, mut ticket: Ticket, job: Job, again: bool) -> Result<Job> {
    ticket.begun = begun(&job);
    let job = if job.phase < Phase::Uploaded { upload(desk, shard, &ticket, job).await? } else { job };
    create(desk, shard, &ticket, job, again).await
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
                return Ok(job);
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
        job = desk.ledger.change(job.id, "creating", "", |job| job.phase = Phase::Creating)?;
        fault::point("before-create");
        // Not to be dropped half-way: its answer is what tells that the job exists.
        match desk.api.create(ticket, &shard.path, job.upload.as_deref()).await {
            Ok(remote) => {
                fault::point("after-create");
                let job = created(desk, &job, &remote, "")?;
                fault::point("after-create-noted");
                return Ok(job);
            }
            Err(failure) => {
                in_doubt = failure.may_have_acted();
                if !in_doubt {
                    let said = failure.to_string();
                    job = desk.ledger.change(job.id, "refused", &said, |job| job.phase = Phase::Uploaded)?;
                }
                wait_or_fail(desk, failure, waits.next()).await?;
            }
        }
    }
}

/// Looks for the job of a shard whose create is in doubt; gives it when it is there. Creates nothing.
pub(super) async fn adopt(desk: Desk<'_>, shard: &Shard, job: Job) -> Result<Option<Job>> {
    same_place(desk, &job)?;
    let _lock = wait_for_lock(desk).await?;
    let ticket = Ticket { begun: begun(&job), ..shard.ticket()? };
    look_up(desk, &ticket, &job).await
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
    let found = unless_interrupted(desk.api.find(ticket, &known), desk.progress).await??;
    found.map(|found| created(desk, job, &found, "found again")).transpose()
}

fn created(desk: Desk<'_>, job: &Job, remote: &RemoteJob, how: &str) -> Result<Job> {
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
