//! Asks after jobs until all have ended, and fetches each as it does.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};

use super::fetch::{fetch_job, is_gone};
use super::pause::{pause, unless_interrupted};
use super::report::Report;
use super::{AT_ONCE, Desk, Shard};
use crate::Result;
use crate::http::Failure;
use crate::ledger::{Job, Phase};
use crate::model::Provider;
use crate::progress::Task;
use crate::provider::{Pace, RemoteJob, Status};

/// Shards that have a line of progress each.
const ON_A_SCREEN: usize = 12;

/// Watches the jobs of `shards` and fetches their results, until every one of them is here.
///
/// # Errors
/// [`crate::Error::Provider`] when the provider cannot be reached for long, [`crate::Error::Interrupted`]; all that was
/// fetched until then stays, and the next call goes on.
pub async fn watch(desk: Desk<'_>, shards: &[Shard]) -> Result<Report> {
    let mut waits = Waits::new(desk);
    let mut screen = Screen::new(desk, &waiting(desk, shards)?);
    loop {
        let waiting = waiting(desk, shards)?;
        if waiting.is_empty() {
            return Report::of(desk.ledger, shards);
        }
        let polls = stream::iter(waiting).map(|(shard, job)| step(desk, shard, job)).buffer_unordered(AT_ONCE);
        let mut moved = false;
        for done in polls.collect::<Vec<_>>().await {
            let (shard, job, has_moved) = done?;
            moved |= has_moved;
            screen.show(shard, &job);
        }
        pause(waits.next(moved), desk.progress).await?;
    }
}

/// The shards whose results are still to come, with their jobs.
fn waiting<'a>(desk: Desk<'_>, shards: &'a [Shard]) -> Result<Vec<(&'a Shard, Job)>> {
    let mut waiting = Vec::new();
    for shard in shards {
        let job = desk.ledger.job_of(&shard.name(desk.ledger.folder()))?;
        let is_due = |job: &Job| match job.phase {
            Phase::Created | Phase::Ended => true,
            Phase::Fetched => job.provider != Provider::Local.name() && is_gone(shard, job),
            _ => false,
        };
        waiting.extend(job.filter(is_due).map(|job| (shard, job)));
    }
    Ok(waiting)
}

/// Asks once after a job, and fetches it when it has ended. Says whether it has moved.
async fn step<'a>(desk: Desk<'_>, shard: &'a Shard, job: Job) -> Result<(&'a Shard, Job, bool)> {
    let before = (job.phase, job.status.clone(), job.completed + job.failed);
    let mut job = if job.phase == Phase::Created { poll(desk, job).await? } else { job };
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

/// Progress: a task a shard while they fit on a screen, else one for all; and a note at each change of status, but for
/// the server inside this program, which changes it faster than anybody reads.
struct Screen<'a> {
    desk: Desk<'a>,
    together: Option<Box<dyn Task + 'a>>,
    shown: HashMap<i64, Shown<'a>>,
}

struct Shown<'a> {
    task: Option<Box<dyn Task + 'a>>,
    done: u64,
    status: String,
}

impl<'a> Screen<'a> {
    fn new(desk: Desk<'a>, waiting: &[(&Shard, Job)]) -> Self {
        let total = waiting.iter().map(|(_, job)| job.requests).sum();
        let alone = waiting.len() <= ON_A_SCREEN && desk.api.provider() != Provider::Local;
        let together = (!alone && total > 0).then(|| desk.progress.task("answer", "", Some(total), "requests"));
        Self { desk, together, shown: HashMap::new() }
    }

    fn show(&mut self, shard: &Shard, job: &Job) {
        let alone = self.together.is_none();
        let progress = self.desk.progress;
        let shown = self.shown.entry(job.id).or_insert_with(|| Shown {
            task: alone.then(|| progress.task("answer", &shard.key(), Some(job.requests), "requests")),
            done: 0,
            status: String::new(),
        });
        let done = match job.phase {
            Phase::Fetched => job.requests,
            _ => (job.completed + job.failed).min(job.requests),
        };
        if let Some(task) = shown.task.as_ref().or(self.together.as_ref()) {
            task.advance(done.saturating_sub(shown.done));
            task.status(&job.status);
        }
        if shown.status != job.status && self.desk.api.provider() != Provider::Local {
            progress.note(&format!("{}: {} {}/{}", shard.key(), job.status, job.completed + job.failed, job.requests));
        }
        shown.done = shown.done.max(done);
        shown.status.clone_from(&job.status);
    }
}
