//! Moves batches through their life: one thread looks new ones over, one answers the oldest that is ready.
//!
//! Everything a thread needs is in the store, so it can stop anywhere and another process goes on.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::Shared;
use super::answering::{Halt, answer_all};
use super::finishing::finish;
use super::objects::{Problem, Status};
use super::store::Job;
use super::validate::{Verdict, validate};
use crate::Result;

/// How long a thread sleeps when nobody wakes it; expiry is noticed this late.
const NAP: Duration = Duration::from_secs(1);

/// Looks at one waiting batch; `false` when there is none.
type Step = fn(&Shared) -> Result<bool>;

/// Starts both threads.
pub(super) fn start(shared: &Arc<Shared>) -> Vec<std::thread::JoinHandle<()>> {
    [look_over as Step, answer as Step]
        .map(|step| {
            let shared = Arc::clone(shared);
            std::thread::spawn(move || run(&shared, step))
        })
        .into()
}

fn run(shared: &Shared, step: Step) {
    while !shared.stopping.load(Ordering::SeqCst) {
        let seen = shared.bell.count();
        match step(shared) {
            Ok(true) => shared.set_trouble(None),
            Ok(false) => shared.bell.wait(seen, NAP),
            Err(error) => {
                shared.set_trouble(Some(error.to_string()));
                shared.bell.wait(seen, NAP);
            }
        }
    }
}

/// validating → in_progress, or failed, or cancelled.
fn look_over(shared: &Shared) -> Result<bool> {
    let store = &shared.store;
    let Some(Job { seq, batch, .. }) = store.next(&[Status::Validating])? else { return Ok(false) };
    let verdict = match store.file(&batch.input_file_id)? {
        Some(_) if shared.faults.fills_queue(seq) => Verdict::Bad(vec![Problem {
            code: "token_limit_exceeded".to_owned(),
            message: "Enqueued token limit reached. Try again once some batches have been completed.".to_owned(),
            param: None,
            line: None,
        }]),
        Some(file) => validate(&store.blobs().path(&file.id), &batch.endpoint)?,
        None => Verdict::Bad(vec![Problem {
            code: "file_not_found".to_owned(),
            message: format!("The input file '{}' is no longer there.", batch.input_file_id),
            param: Some("input_file_id".to_owned()),
            line: None,
        }]),
    };
    let now = shared.clock.seconds();
    store.change(&batch.id, |batch| match verdict {
        // Cancelled while it was read: the other thread ends it.
        _ if batch.status != Status::Validating => {}
        Verdict::Good { requests, model } => {
            batch.request_counts.total = requests;
            batch.model = model;
            batch.enter(Status::InProgress, now);
        }
        Verdict::Bad(problems) => {
            batch.errors = Some(problems.into());
            batch.enter(Status::Failed, now);
        }
    })?;
    shared.bell.ring();
    Ok(true)
}

/// in_progress → finalizing → completed, or expired; cancelling → cancelled.
fn answer(shared: &Shared) -> Result<bool> {
    let under_way = [Status::InProgress, Status::Finalizing, Status::Cancelling];
    let Some(job) = shared.store.next(&under_way)? else { return Ok(false) };
    let end = match job.batch.status {
        Status::Cancelling => Status::Cancelled,
        Status::Finalizing => Status::Completed,
        _ => match answer_all(shared, &job)? {
            None => Status::Completed,
            Some(Halt::Stopped) => return Ok(true),
            Some(Halt::Cancelled) => Status::Cancelled,
            Some(Halt::Expired) => Status::Expired,
        },
    };
    finish(shared, job, end)?;
    Ok(true)
}
