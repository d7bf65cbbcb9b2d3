//! Shards become jobs: uploaded once, created once.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};

use super::alike::{self, Alike};
use super::pause::pause;
use super::queue::{self, found_queue_full};
use super::sending::go_through;
use super::{AT_ONCE, Desk, Shard};
use crate::ledger::{Job, Lock, NewJob, Phase};
use crate::model::Provider;
use crate::progress::go_on;
use crate::{Error, Result};

/// What became of one shard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submitted {
    /// It has a new job.
    New(Job),
    /// Its job had been begun before, and is now known to be created.
    Resumed(Job),
    /// It has this job, or shares it with another of the same bytes, and no other is made.
    Known(Job),
    /// There is no room for it in the provider's queue: `watch` sends it when others have ended.
    Waiting(Job),
    /// Its results are here, although no job of it is known: fetched by hand, or by another ledger.
    Answered(Shard),
}

impl Submitted {
    /// The job, unless there is none.
    #[must_use]
    pub fn job(&self) -> Option<&Job> {
        match self {
            Self::New(job) | Self::Resumed(job) | Self::Known(job) | Self::Waiting(job) => Some(job),
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
    submit_within(desk, shards, again, None).await
}

/// The same, with at most `room` tokens of prompts under way at the provider at a time; the others wait for `watch`.
///
/// # Errors
/// As [`submit`]; [`Error::Usage`] for a shard that alone has more tokens.
pub async fn submit_within(desk: Desk<'_>, shards: &[Shard], again: bool, room: Option<u64>) -> Result<Vec<Submitted>> {
    let mut submitted = Vec::new();
    submit_into(desk, shards, again, room, &mut submitted).await?;
    Ok(submitted)
}

/// The same, adding to `submitted`, which holds after an error what was submitted before it.
///
/// # Errors
/// As [`submit_within`].
pub async fn submit_into(
    desk: Desk<'_>,
    shards: &[Shard],
    again: bool,
    room: Option<u64>,
    submitted: &mut Vec<Submitted>,
) -> Result<()> {
    let _lock = wait_for_lock(desk).await?;
    queue::check_room(shards, room, desk.progress)?;
    let task = desk.progress.task("submit", "", Some(shards.len() as u64), "shards");
    let names: HashSet<String> = shards.iter().map(|shard| shard.name(desk.ledger.folder())).collect();
    let one = async |shard: &Shard| {
        let done = submit_one(desk, shard, again, room, &names).await?;
        if done.is_some() {
            task.advance(1);
        }
        Ok::<_, Error>(done)
    };
    let mut done = Vec::new();
    // Where room is short, those that come first go first.
    let at_once = if room.is_some() { 1 } else { AT_ONCE };
    let mut stream = std::pin::pin!(stream::iter(shards).map(one).buffered(at_once));
    let mut failed = None;
    while let Some(next) = stream.next().await {
        match next {
            Ok(next) => done.push(next),
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    for (shard, done) in shards.iter().zip(done) {
        submitted.extend(match (done, &failed) {
            // A batch file of the same bytes was under way then, and has its job now.
            (None, None) => submit_one(desk, shard, again, room, &HashSet::new()).await?,
            (done, _) => done,
        });
    }
    failed.map_or(Ok(()), Err)
}

pub(super) async fn wait_for_lock(desk: Desk<'_>) -> Result<Lock> {
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

/// Submits one shard; `None` when one of `names` has the same bytes and is under way.
async fn submit_one(
    desk: Desk<'_>,
    shard: &Shard,
    again: bool,
    room: Option<u64>,
    names: &HashSet<String>,
) -> Result<Option<Submitted>> {
    go_on(desk.progress)?;
    let ticket = shard.ticket()?;
    let name = shard.name(desk.ledger.folder());
    let is_over = |job: &Job| matches!(job.phase, Phase::Ended | Phase::Fetched | Phase::Lost);
    if let Some(job) = desk.ledger.job_of(&name)? {
        if job.sha256 != ticket.sha256 {
            let detail = format!("it has changed since job {} was made of it; give the new one another name", job.id);
            return Err(Error::Data { file: shard.path.display().to_string(), detail });
        }
        let renew = (again && is_over(&job)) || is_lost_here(desk, &job) || found_queue_full(&job);
        if !renew && job.phase >= Phase::Created {
            return Ok(Some(Submitted::Known(job)));
        }
        if !renew {
            return go_on_with(desk, shard, job, again, room).await.map(Some);
        }
    } else if !again && shard.output().exists() {
        return Ok(Some(Submitted::Answered(shard.clone())));
    } else {
        match alike::look(desk, &ticket, &name)? {
            Alike::Begun(job) if names.contains(&job.shard) => return Ok(None),
            Alike::Begun(job) => {
                let other = Some(alike::shard_of(desk, &job)).filter(|other| other.path.is_file());
                let sent = go_on_with(desk, other.as_ref().unwrap_or(shard), job, again, room).await?;
                return Ok(Some(match sent {
                    Submitted::Resumed(job) => Submitted::Resumed(alike::share(desk, shard, &job)?),
                    waiting => waiting,
                }));
            }
            Alike::Created(job) if !(again && is_over(&job)) => {
                return Ok(Some(Submitted::Known(alike::share(desk, shard, &job)?)));
            }
            Alike::Created(_) | Alike::None => {}
        }
    }
    let job = desk.ledger.begin(&NewJob {
        shard: name,
        run: ticket.run.clone(),
        sha256: ticket.sha256.clone(),
        bytes: ticket.bytes,
        requests: ticket.requests,
        provider: desk.api.provider().name().to_owned(),
        home: desk.api.home().to_owned(),
        service: desk.api.service().to_owned(),
        room,
    })?;
    send(desk, shard, job, again, Submitted::New).await.map(Some)
}

/// Goes on with a job that was begun before.
async fn go_on_with(desk: Desk<'_>, shard: &Shard, job: Job, again: bool, room: Option<u64>) -> Result<Submitted> {
    let job = bring_here(desk, job)?;
    let job = match room {
        Some(_) if job.phase < Phase::Uploaded => desk.ledger.change(job.id, "room", "", |job| job.room = room)?,
        _ => job,
    };
    send(desk, shard, job, again, Submitted::Resumed).await
}

/// Sends a job, unless there is no room for it.
async fn send(
    desk: Desk<'_>,
    shard: &Shard,
    job: Job,
    again: bool,
    sent: impl FnOnce(Job) -> Submitted,
) -> Result<Submitted> {
    let job = match queue::admit(desk, shard, job, false)? {
        job if job.phase == Phase::Waiting => job,
        job => go_through(desk, shard, job, again).await?,
    };
    Ok(if job.phase == Phase::Waiting { Submitted::Waiting(job) } else { sent(job) })
}

/// A job of the server inside this program, whose state was thrown away before the results were fetched: making it
/// again costs nothing.
fn is_lost_here(desk: Desk<'_>, job: &Job) -> bool {
    let local = Provider::Local.name();
    job.phase == Phase::Lost && job.provider == local && desk.api.provider().name() == local
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
        desk.api.service().clone_into(&mut job.service);
        (job.phase, job.upload) = (Phase::Planned, None);
    })
}

pub(super) fn same_place(desk: Desk<'_>, job: &Job) -> Result<()> {
    if job.provider == desk.api.provider().name() && job.home == desk.api.home() {
        return Ok(());
    }
    Err(Error::Usage(format!(
        "{} was begun at {} ({}), and it is not known whether its job exists there; finish it there first",
        job.shard, job.provider, job.home
    )))
}
