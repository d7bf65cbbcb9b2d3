//! Ends a batch: its answers become an output file and an error file, in the order of the input.

use super::Shared;
use super::answering::give_up_on_rest;
use super::objects::Status;
use super::store::{Job, NewFile, output_id};
use crate::Result;
use crate::files::AtomicFile;

/// Answers read from the store at a time.
const AT_A_TIME: usize = 512;

/// Writes the files of `job` and ends it as `end`. A crash on the way is harmless: the next time writes the same.
pub(super) fn finish(shared: &Shared, mut job: Job, end: Status) -> Result<()> {
    match end {
        Status::Expired => {
            let message = "This request could not be executed before the completion window expired.";
            give_up_on_rest(shared, &job, "batch_expired", message)?;
        }
        Status::Cancelled if job.batch.in_progress_at.is_some() => {
            give_up_on_rest(shared, &job, "batch_cancelled", "The batch was cancelled before this request.")?;
        }
        Status::Cancelled => {}
        _ => {
            let now = shared.clock.seconds();
            job.batch = shared.store.change(&job.batch.id, |batch| {
                if batch.status == Status::InProgress {
                    batch.enter(Status::Finalizing, now);
                }
            })?;
        }
    }
    let output = write(shared, &job, true)?;
    let errors = write(shared, &job, false)?;
    let no_errors = shared.faults.empties_error_id(job.seq).then(String::new);
    shared.store.finish(&job, end, output, errors, no_errors)?;
    shared.bell.ring();
    Ok(())
}

/// Writes one of the two files; `None` when it has no lines.
fn write(shared: &Shared, job: &Job, ok: bool) -> Result<Option<NewFile>> {
    let kind = if ok { "output" } else { "error" };
    let mut file = AtomicFile::create(&shared.store.blobs().path(&output_id(&job.batch, kind)))?;
    let mut last = 0;
    loop {
        let mut answers = shared.store.answers_after(job.seq, ok, last, AT_A_TIME)?;
        let Some((line, _)) = answers.last() else { break };
        last = *line;
        shared.faults.shuffle(job.seq, &mut answers);
        for (_, text) in answers.iter().filter(|(_, text)| !text.is_empty()) {
            file.write_line(text.as_bytes())?;
        }
    }
    let bytes = file.bytes();
    if bytes == 0 {
        return Ok(None);
    }
    file.finish()?;
    let filename = format!("{}_{kind}.jsonl", job.batch.id);
    Ok(Some(NewFile { purpose: "batch_output", filename, bytes, seconds: job.output_seconds }))
}
