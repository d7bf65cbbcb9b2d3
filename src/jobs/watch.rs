//! Asks after jobs until all have ended, and fetches each as it does.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};

use super::fetch::{fetch_job, is_gone};
use super::pause::{pause, unless_interrupted};
use super::report::Report;
use super::screen::Screen;
use super::sending::go_through;
use super::submit::wait_for_lock;
use super::{AT_ONCE, Desk, Shard, queue, twins};
use crate::Result;
use crate::http::Failure;
use crate::ledger::{Job, Phase};
use crate::model::Provider;
use crate::provider::{Pace, RemoteJob, Status};

/// How often a job is sent again that finds the queue full although none of ours is in it.
const ALONE: u32 = 3;

/// Watches the jobs of `shards` and fetches their results, until every one of them is here. Those that wait for room in the
/// provider's queue, and those that it turned away, are sent as others end.
///
/// # Errors
/// [`crate::Error::Provider`] when the provider cannot be reached for long, [`crate::Error::Interrupted`]; all that was
/// fetched until then stays, and the next call goes on.
pub async fn watch(desk: Desk<'_>, shards: &[Shard]) -> Result<Report> {
    let mut waits = Waits::new(desk);
    let mut screen = Screen::new(desk, &open(desk, shards)?);
    let mut turned_away = HashMap::new();
    loop {
        let (queued, open): (Vec<_>, Vec<_>) =
            open(desk, shards)?.into_iter().partition(|(_, job)| job.phase == Phase::Waiting);
        if queued.is_empty() && open.is_empty() {
            return Report::of(desk.ledger, shards);
        }
        let polls = stream::iter(open).map(|(shard, job)| step(desk, shard, job)).buffer_unordered(AT_ONCE);
        let (mut moved, mut freed) = (false, 0);
        for done in polls.collect::<Vec<_>>().await {
            let (shard, job, has_moved) = done?;
            moved |= has_moved;
            screen.show(shard, &job);
            if queue::found_queue_full(&job) {
                line_up(desk, &job, &mut turned_away).await?;
            } else if job.phase > Phase::Created {
                freed += 1;
            }
        }
        moved |= send_queued(desk, &queued, freed).await?;
        for (shard, _) in &queued {
            if let Some(job) = desk.ledger.job_of(&shard.name(desk.ledger.folder()))? {
                screen.show(shard, &job);
            }
        }
        pause(waits.next(moved), desk.progress).await?;
    }
}

/// Lets a job that was turned away wait for its next attempt, unless that is of no use.
async fn line_up(desk: Desk<'_>, job: &Job, alone: &mut HashMap<String, u32>) -> Result<()> {
    if !queue::others_under_way(desk, job)? {
        let tries = alone.entry(job.shard.clone()).or_default();
        *tries += 1;
        if *tries > ALONE {
            desk.progress.note(&format!(
                "{}: the provider's queue is full, and none of these jobs is in it: others of the account fill it, or \
                 this batch file alone is too large; submit it again later, or generate fewer requests at a time",
                job.shard
            ));
            return Ok(());
        }
        pause(desk.api.pace().longest, desk.progress).await?;
    }
    desk.progress
        .note(&format!("{}: the provider's queue is full; it is sent again when others have ended", job.shard));
    queue::requeue(desk, job).map(drop)
}

/// Sends those for which there is room by now, `freed` jobs having ended. Says whether there were any.
async fn send_queued(desk: Desk<'_>, queued: &[(&Shard, Job)], mut freed: usize) -> Result<bool> {
    if queued.is_empty() {
        return Ok(false);
    }
    // Those that fill the queue may be of other batch files than are watched.
    for job in queue::created(desk, queued)? {
        freed += usize::from(poll(desk, job).await?.phase > Phase::Created);
    }
    let _lock = wait_for_lock(desk).await?;
    let mut sent = false;
    for (shard, job) in queued {
        // Another process may have sent it.
        let job = desk.ledger.job(job.id)?;
        let job = if job.phase == Phase::Waiting { queue::admit(desk, shard, job, freed > 0)? } else { job };
        if job.phase == Phase::Planned {
            go_through(desk, shard, job, false).await?;
            freed = freed.saturating_sub(1);
            sent = true;
        }
    }
    Ok(sent)
}

/// The shards whose results are still to come, with their jobs.
fn open<'a>(desk: Desk<'_>, shards: &'a [Shard]) -> Result<Vec<(&'a Shard, Job)>> {
    let mut open = Vec::new();
    for shard in shards {
        let job = desk.ledger.job_of(&shard.name(desk.ledger.folder()))?;
        let is_due = |job: &Job| match job.phase {
            Phase::Waiting | Phase::Created | Phase::Ended => true,
            Phase::Fetched => job.provider != Provider::Local.name() && is_gone(shard, job),
            _ => false,
        };
        open.extend(job.filter(is_due).map(|job| (shard, job)));
    }
    Ok(open)
}

/// Asks once after a job, and fetches it when it has ended. Says whether it has moved.
async fn step<'a>(desk: Desk<'_>, shard: &'a Shard, job: Job) -> Result<(&'a Shard, Job, bool)> {
    let before = (job.phase, job.status.clone(), job.completed + job.failed);
    let mut job = if job.phase == Phase::Created { poll(desk, twins::end_of(desk, job).await?).await? } else { job };
    if matches!(job.phase, Phase::Ended | Phase::Fetched) {
        job = fetch_job(desk, shard, job).await?;
    }
    let moved = before != (job.phase, job.status.clone(), job.completed + job.failed);
    Ok((shard, job, moved))
}

/// Asks once after a job and notes what is new.
pub(super) async fn poll(desk: Desk<'_>, job: Job) -> Result<Job> {
    let Some(id) = job.remote.clone() else { return Ok(job) };
    let remote = match unless_interrupted(desk.api.poll(&id), desk.progress).await? {
        Err(failure) if failure.status() == Some(404) => {
            lose(desk, &job, &failure)?;
            return Err(failure.into());
        }
        answer => answer?,
    };
    note(desk, job, &remote)
}

/// Notes that the provider no longer knows a job. Its id is let go: a server that has lost its state may give it anew.
pub(super) fn lose(desk: Desk<'_>, job: &Job, failure: &Failure) -> Result<()> {
    let detail = format!("{}: {failure}", job.remote.as_deref().unwrap_or_default());
    let lost = |job: &mut Job| (job.phase, job.remote) = (Phase::Lost, None);
    desk.ledger.change(job.id, "lost", &detail, lost).map(drop)
}

/// Writes down what the provider says of a job, when it is news.
pub(super) fn note(desk: Desk<'_>, job: Job, remote: &RemoteJob) -> Result<Job> {
    let mut next = job.clone();
    take_over(&mut next, remote);
    if next == job {
        return Ok(job);
    }
    if remote.status == Status::Unknown && next.status != job.status {
        let id = job.remote.as_deref().unwrap_or_default();
        desk.progress.note(&format!("{id}: the status `{}` is not known here; waiting on", remote.word));
    }
    let kind = if next.status == job.status { "progress" } else { "status" };
    let detail = format!("{} {}/{} failed {}", next.status, next.completed, next.total, next.failed);
    desk.ledger.change(job.id, kind, &detail, |job| take_over(job, remote))
}

/// Whether the provider has said how the job ended.
pub(super) fn has_terminal_status(job: &Job) -> bool {
    Status::read(&job.status).is_terminal()
}

/// Puts what the provider says into a job.
pub(super) fn take_over(job: &mut Job, remote: &RemoteJob) {
    let shown = match remote.status {
        Status::Unknown => &remote.word,
        status => status.name(),
    };
    shown.clone_into(&mut job.status);
    job.output.clone_from(&remote.output);
    job.errors.clone_from(&remote.errors);
    if let Some(counts) = remote.counts {
        (job.total, job.completed, job.failed) = (counts.total, counts.completed, counts.failed);
    }
    if !remote.problems.is_empty() {
        job.problems = serde_json::to_string(&remote.problems).expect("problems are plain data");
    }
    if job.phase == Phase::Created && remote.status.is_terminal() {
        job.phase = Phase::Ended;
    }
}

/// Waits that grow while nothing moves.
struct Waits {
    pace: Pace,
    next: Duration,
}

impl Waits {
    fn new(desk: Desk<'_>) -> Self {
        let pace = desk.api.pace();
        Self { pace, next: pace.first }
    }

    fn next(&mut self, moved: bool) -> Duration {
        let wait = if moved { self.pace.first } else { self.next };
        self.next = (wait * 3 / 2).min(self.pace.longest);
        wait
    }
}
