//! Room in the provider's queue: how many tokens of prompts may be under way, and who waits for others to end.

use std::collections::HashSet;

use super::{Desk, Shard, cost};
use crate::ledger::{Job, NewJob, Phase};
use crate::progress::Progress;
use crate::provider::{Problem, Status};
use crate::{Error, Result};

/// The provider's code for a job that was too much for its queue.
const QUEUE_FULL: &str = "token_limit_exceeded";

/// A job that the provider turned away because too many tokens were under way: nothing of it was answered or billed, and
/// it may be sent again when others have ended.
pub(super) fn found_queue_full(job: &Job) -> bool {
    let problems: Vec<Problem> = serde_json::from_str(&job.problems).unwrap_or_default();
    job.phase >= Phase::Ended
        && job.status == Status::Failed.name()
        && !problems.is_empty()
        && problems.iter().all(|problem| problem.code == QUEUE_FULL)
}

/// Refuses a shard that would never fit, before anything is sent.
///
/// # Errors
/// [`Error::Usage`] naming it.
pub fn check_room(shards: &[Shard], room: Option<u64>, progress: &dyn Progress) -> Result<()> {
    let Some(room) = room else { return Ok(()) };
    for shard in shards {
        let tokens = cost::prompt_tokens(shard, progress)?;
        if tokens > room {
            return Err(Error::Usage(format!(
                "{}: about {tokens} tokens of prompts, and --max-queued-tokens {room} would never let it go: generate \
                 fewer requests at a time",
                shard.path.display()
            )));
        }
    }
    Ok(())
}

/// Lets a job go when there is room for it, else lets it wait: with a limit on tokens, while those under way and its own
/// are more; one that was turned away, while another is under way.
/// When one has just ended (`freed`), the next may try.
pub(super) fn admit(desk: Desk<'_>, shard: &Shard, job: Job, freed: bool) -> Result<Job> {
    if job.phase >= Phase::Uploading || (job.room.is_none() && job.phase != Phase::Waiting) {
        return Ok(job);
    }
    let full = match job.room {
        Some(room) => {
            let mut tokens = counted(desk, shard, &job)?;
            for other in under_way(desk, &job)? {
                let shard = Shard { path: desk.ledger.folder().join(&other.shard) };
                tokens += counted(desk, &shard, &other)?;
            }
            tokens > room
        }
        None => !freed && others_under_way(desk, &job)?,
    };
    let (phase, event) = if full { (Phase::Waiting, "waiting") } else { (Phase::Planned, "admitted") };
    if job.phase == phase { Ok(job) } else { desk.ledger.change(job.id, event, "", |job| job.phase = phase) }
}

/// Begins the next attempt at a job that was turned away; it waits.
pub(super) fn requeue(desk: Desk<'_>, job: &Job) -> Result<Job> {
    let next = desk.ledger.begin(&NewJob {
        shard: job.shard.clone(),
        run: job.run.clone(),
        sha256: job.sha256.clone(),
        bytes: job.bytes,
        requests: job.requests,
        provider: job.provider.clone(),
        home: job.home.clone(),
        service: job.service.clone(),
        room: job.room,
    })?;
    desk.ledger.change(next.id, "waiting", "the queue was full", |next| {
        next.phase = Phase::Waiting;
        // The file is there still.
        next.upload.clone_from(&job.upload);
        next.tokens = job.tokens;
    })
}

/// Whether other jobs are under way at the same place.
pub(super) fn others_under_way(desk: Desk<'_>, job: &Job) -> Result<bool> {
    Ok(!under_way(desk, job)?.is_empty())
}

/// The jobs that the ones which wait are waiting for, but for those that are watched.
pub(super) fn unwatched(desk: Desk<'_>, queued: &[(&Shard, Job)], watched: &[Shard]) -> Result<Vec<Job>> {
    let Some((_, job)) = queued.first() else { return Ok(Vec::new()) };
    let names: HashSet<String> = watched.iter().map(|shard| shard.name(desk.ledger.folder())).collect();
    let mut jobs = under_way(desk, job)?;
    jobs.retain(|job| job.phase == Phase::Created && !names.contains(&job.shard));
    Ok(jobs)
}

fn under_way(desk: Desk<'_>, job: &Job) -> Result<Vec<Job>> {
    let mut jobs = desk.ledger.jobs()?;
    jobs.retain(|other| {
        let is_there = (Phase::Uploading..=Phase::Created).contains(&other.phase);
        is_there && other.id != job.id && (&other.provider, &other.home) == (&job.provider, &job.home)
    });
    Ok(jobs)
}

/// The tokens of a job's prompts, counted once. A batch file that is gone counts as nothing.
fn counted(desk: Desk<'_>, shard: &Shard, job: &Job) -> Result<u64> {
    if let Some(tokens) = job.tokens {
        return Ok(tokens);
    }
    if !shard.path.is_file() {
        return Ok(0);
    }
    let tokens = cost::prompt_tokens(shard, desk.progress)?;
    desk.ledger.change(job.id, "counted", &format!("{tokens} tokens"), |job| job.tokens = Some(tokens))?;
    Ok(tokens)
}
