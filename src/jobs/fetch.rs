//! Result files come to disk, whole or not at all.

use std::path::Path;

use futures_util::stream::{self, StreamExt, TryStreamExt};

use super::pause::{pause, unless_interrupted};
use super::report::Report;
use super::{AT_ONCE, Desk, Shard, watch};
use crate::files::Lines;
use crate::http::{Downloaded, Failure};
use crate::ledger::{Job, Phase};
use crate::provider::{Problem, RESULTS_EXPIRED};
use crate::{Error, Result, fault};

/// Fetches the results of those `shards` whose jobs have ended; those that are here already are left alone.
///
/// # Errors
/// [`crate::Error::Provider`] at the first result that cannot be had; those before it stay. Results that the provider no
/// longer keeps are no error: their job is lost then, and the report says so.
pub async fn fetch(desk: Desk<'_>, shards: &[Shard]) -> Result<Report> {
    let task = desk.progress.task("fetch", "", Some(shards.len() as u64), "shards");
    let one = async |shard: &Shard| {
        if let Some(job) = desk.ledger.job_of(&shard.name(desk.ledger.folder()))? {
            let job = if job.phase == Phase::Created { watch::poll(desk, job).await? } else { job };
            if job.phase == Phase::Ended || (job.phase == Phase::Fetched && is_gone(shard, &job)) {
                fetch_job(desk, shard, job).await?;
            }
        }
        task.advance(1);
        Ok::<_, Error>(())
    };
    stream::iter(shards).map(one).buffered(AT_ONCE).try_collect::<()>().await?;
    Report::of(desk.ledger, shards)
}

/// Whether a file that was fetched is no longer here.
#[must_use]
pub fn is_gone(shard: &Shard, job: &Job) -> bool {
    (job.output_rows.is_some_and(|rows| rows > 0) && !shard.output().exists())
        || (job.error_rows.is_some_and(|rows| rows > 0) && !shard.errors().exists())
}

/// Fetches both files of a job that has ended, in whatever way it ended.
pub(super) async fn fetch_job(desk: Desk<'_>, shard: &Shard, job: Job) -> Result<Job> {
    fault::point("before-download");
    if job.cleaned {
        return no_longer_there(desk, job, "`aacorn clean` removed them");
    }
    let problems: Vec<Problem> = serde_json::from_str(&job.problems).unwrap_or_default();
    if problems.iter().any(|problem| problem.code == RESULTS_EXPIRED) {
        return no_longer_there(desk, job, "they were kept for a time only");
    }
    // Where errors have no file of their own they stand among the answers.
    let counted = if job.errors.is_some() { job.completed } else { job.completed + job.failed };
    let output = match bring(desk, job.output.as_deref(), &shard.output(), counted).await? {
        Ok(output) => output,
        Err(failure) => return no_longer_there(desk, job, &failure.to_string()),
    };
    let errors = match bring(desk, job.errors.as_deref(), &shard.errors(), job.failed).await? {
        Ok(errors) => errors,
        Err(failure) => return no_longer_there(desk, job, &failure.to_string()),
    };
    fault::point("after-download");
    if !desk.api.finds_for_sure() && !answers_this(shard)? {
        std::fs::remove_file(shard.output()).map_err(Error::io("remove", &shard.output()))?;
        let id = job.remote.clone().unwrap_or_default();
        let lost = |job: &mut Job| (job.phase, job.output) = (Phase::Lost, None);
        desk.ledger.change(job.id, "lost", &format!("{id}: its results belong to other requests"), lost)?;
        return Err(Error::Provider {
            provider: job.provider,
            detail: format!(
                "the results of {id} belong to other requests than those of {}; submit it with --again",
                job.shard
            ),
            retryable: false,
        });
    }
    let detail = format!("{} answers, {} errors of {} requests", output.rows, errors.rows, job.requests);
    desk.ledger.change(job.id, "fetched", &detail, |job| {
        job.phase = Phase::Fetched;
        job.output_rows = Some(output.rows);
        job.error_rows = Some(errors.rows);
    })
}

/// Downloads one result file, if there is one. The inner failure says that the provider has it no longer.
///
/// A server that announces no length may cut a file between two lines, and nothing shows it but fewer rows than it
/// `counted`. Its counters are not to be trusted either, so the file is fetched until it is as short twice.
async fn bring(
    desk: Desk<'_>,
    file: Option<&str>,
    to: &Path,
    counted: u64,
) -> Result<std::result::Result<Downloaded, Failure>> {
    let Some(file) = file else {
        return Ok(Ok(Downloaded { path: None, bytes: 0, rows: 0, announced: true }));
    };
    let (mut before, mut missed) = (None, false);
    loop {
        match unless_interrupted(desk.api.fetch(file, to), desk.progress).await? {
            Ok(came) if came.announced || came.rows >= counted || before == Some(came.rows) => {
                if came.rows < counted {
                    desk.progress.note(&format!("{file}: {} rows came; the provider counts {counted}", came.rows));
                }
                return Ok(Ok(came));
            }
            Ok(came) => before = Some(came.rows),
            // A file may be a moment later than the job that names it.
            Err(failure) if failure.is_gone() && !missed => {
                missed = true;
                pause(desk.api.pace().first, desk.progress).await?;
            }
            Err(failure) if failure.is_gone() => return Ok(Err(failure)),
            Err(failure) => return Err(failure.into()),
        }
    }
}

/// Notes that the results of a job cannot be had any more, and tells what can be done.
fn no_longer_there(desk: Desk<'_>, job: Job, why: &str) -> Result<Job> {
    let message = format!(
        "{} no longer has the results of {} ({why}); it keeps them for {}. If you have downloaded them: aacorn fetch \
         --from FILE; else aacorn submit --again asks, and pays, once more",
        job.provider,
        job.remote.as_deref().unwrap_or("this job"),
        desk.api.keeps_results(),
    );
    desk.progress.note(&format!("{}: {message}", job.shard));
    let problem = Problem { code: RESULTS_EXPIRED.to_owned(), message, line: None };
    desk.ledger.change(job.id, "lost", &problem.message, |job| {
        job.phase = Phase::Lost;
        job.problems = serde_json::to_string(&[&problem]).expect("problems are plain data");
    })
}

/// Whether the first of the results that are here is of a request of this shard. A job that was found again by its time
/// and size only may be somebody else's.
fn answers_this(shard: &Shard) -> Result<bool> {
    if !shard.output().is_file() {
        return Ok(true);
    }
    let mut results = Lines::open(&shard.output())?;
    let Some(first) = results.next()? else { return Ok(true) };
    let Some(id) = id_of(first.bytes) else { return Ok(true) };
    let mut requests = Lines::open(&shard.path)?;
    while let Some(line) = requests.next()? {
        if id_of(line.bytes).as_ref() == Some(&id) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn id_of(line: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Named {
        custom_id: String,
    }
    serde_json::from_slice::<Named>(line).ok().map(|named| named.custom_id)
}
