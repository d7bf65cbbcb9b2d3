//! Answers the lines of one batch in parallel; each answer is on disk before it is counted.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use super::engine::{EngineError, EngineRequest};
use super::error::kind_of;
use super::objects::{Batch, Status};
use super::store::{Answered, Job};
use super::{Shared, ids};
use crate::files::Lines;
use crate::{Error, Result};

/// The most answers in one transaction.
const TOGETHER: usize = 1024;
/// How long the writer waits for an answer before it looks whether it should stop.
const GLANCE: Duration = Duration::from_millis(200);

/// Why answering ended before the last line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Halt {
    /// The server is stopping; the next one goes on.
    Stopped,
    /// Somebody cancelled the batch.
    Cancelled,
    /// Its window is over.
    Expired,
}

/// Answers every line that is not answered yet. `None` when all are.
pub(super) fn answer_all(shared: &Shared, job: &Job) -> Result<Option<Halt>> {
    if is_expired(shared, &job.batch) {
        return Ok(Some(Halt::Expired));
    }
    let answered = shared.store.answered(job.seq)?;
    let path = shared.store.blobs().path(&job.batch.input_file_id);
    let lines = Mutex::new(Lines::open(&path)?);
    let enough = AtomicBool::new(false);
    let cap = shared.faults.expires_after(job.seq, job.batch.request_counts.total);
    let threads = shared.engine.concurrency().max(1);
    let (send, receive) = sync_channel(TOGETHER);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let (send, lines, enough, answered) = (send.clone(), &lines, &enough, &answered);
            scope.spawn(move || {
                while !enough.load(Ordering::SeqCst) {
                    let next = next_line(lines, |number| answered.contains(&number));
                    let answer = match next {
                        Ok(None) => break,
                        Ok(Some((number, _))) if cap.is_some_and(|cap| number > cap) => break,
                        Ok(Some((number, line))) => answer_line(shared, job, number, &line),
                        Err(error) => Err(error),
                    };
                    if !pass_on(&send, answer) {
                        break;
                    }
                }
            });
        }
        drop(send);
        let ended = record(shared, job, &receive, &enough);
        enough.store(true, Ordering::SeqCst);
        if cap.is_some() { ended.map(|halt| halt.or(Some(Halt::Expired))) } else { ended }
    })
}

/// Gives the unanswered lines of a batch that has ended an error with `code`.
pub(super) fn give_up_on_rest(shared: &Shared, job: &Job, code: &str, message: &str) -> Result<()> {
    let answered = shared.store.answered(job.seq)?;
    let path = shared.store.blobs().path(&job.batch.input_file_id);
    let lines = Mutex::new(Lines::open(&path)?);
    let mut rest = Vec::new();
    while let Some((number, line)) = next_line(&lines, |number| answered.contains(&number))? {
        let request = parse(&path, number, &line)?;
        let text = text(&job.batch.id, &request, None, Some(json!({"code": code, "message": message})));
        rest.push(Answered { line: number, ok: false, text, prompt_tokens: 0, completion_tokens: 0 });
        if rest.len() == TOGETHER {
            shared.store.add_answers(job, &std::mem::take(&mut rest))?;
        }
    }
    shared.store.add_answers(job, &rest).map(drop)
}

/// Writes answers as they come, as many at a time as are there. Answers that are being made when it has to halt are
/// waited for and written too: they may have cost something.
fn record(
    shared: &Shared,
    job: &Job,
    receive: &Receiver<Result<Answered>>,
    enough: &AtomicBool,
) -> Result<Option<Halt>> {
    let mut answers = Vec::new();
    let mut halt = None;
    let mut failed = None;
    loop {
        let first = match receive.recv_timeout(GLANCE) {
            Ok(answer) => Some(answer),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return failed.map_or(Ok(halt), Err),
        };
        for answer in first.into_iter().chain(receive.try_iter().take(TOGETHER)) {
            match answer {
                Ok(answer) => answers.push(answer),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        let batch = shared.store.add_answers(job, &answers)?;
        if failed.is_none() && !answers.is_empty() {
            shared.set_trouble(None);
        }
        answers.clear();
        if batch.status == Status::Cancelling {
            halt = Some(Halt::Cancelled);
        } else if shared.stopping.load(Ordering::SeqCst) {
            halt = Some(Halt::Stopped);
        } else if is_expired(shared, &batch) {
            halt = Some(Halt::Expired);
        }
        enough.store(halt.is_some() || failed.is_some(), Ordering::SeqCst);
    }
}

fn is_expired(shared: &Shared, batch: &Batch) -> bool {
    batch.expires_at.is_some_and(|end| end <= shared.clock.seconds())
}

fn pass_on(send: &SyncSender<Result<Answered>>, answer: Result<Answered>) -> bool {
    let failed = answer.is_err();
    send.send(answer).is_ok() && !failed
}

fn next_line(lines: &Mutex<Lines>, skip: impl Fn(u64) -> bool) -> Result<Option<(u64, Vec<u8>)>> {
    let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
    while let Some(line) = lines.next()? {
        if !line.bytes.is_empty() && !skip(line.number) {
            return Ok(Some((line.number, line.bytes.to_vec())));
        }
    }
    Ok(None)
}

fn parse(path: &Path, line: u64, bytes: &[u8]) -> Result<Value> {
    let failed = |error: serde_json::Error| Error::Line { path: path.to_owned(), line, detail: error.to_string() };
    serde_json::from_slice(bytes).map_err(failed)
}

fn answer_line(shared: &Shared, job: &Job, number: u64, line: &[u8]) -> Result<Answered> {
    let request = parse(&shared.store.blobs().path(&job.batch.input_file_id), number, line)?;
    let asked = EngineRequest { endpoint: &job.batch.endpoint, body: &request["body"] };
    let (status, body) = match shared.engine.complete(&asked, shared.clock.seconds()) {
        Ok(body) => (200, body),
        Err(EngineError::Refused { status, code, message }) => {
            let error = json!({"message": message, "type": kind_of(status), "param": null, "code": code});
            (status, json!({"error": error}))
        }
        Err(EngineError::Unavailable(detail)) => {
            return Err(Error::Provider { provider: shared.engine.model().to_owned(), detail, retryable: true });
        }
    };
    let tokens = |name: &str| body["usage"][name].as_u64().unwrap_or(0);
    let (prompt_tokens, completion_tokens) = (tokens("prompt_tokens"), tokens("completion_tokens"));
    let spoiled = shared.faults.spoil(job.seq, request["custom_id"].as_str().unwrap_or_default(), status, body);
    let ok = spoiled.as_ref().is_none_or(|(status, _)| *status == 200);
    // A row that a fault withholds is counted, and written as nothing.
    let text = spoiled.map(|response| text(&job.batch.id, &request, Some(response), None)).unwrap_or_default();
    Ok(Answered { line: number, ok, text, prompt_tokens, completion_tokens })
}

/// A line of an output or error file.
fn text(batch: &str, request: &Value, response: Option<(u16, Value)>, error: Option<Value>) -> String {
    #[derive(Serialize)]
    struct Line<'a> {
        id: String,
        custom_id: &'a Value,
        response: Option<Response>,
        error: Option<Value>,
    }
    #[derive(Serialize)]
    struct Response {
        status_code: u16,
        request_id: String,
        body: Value,
    }
    let custom_id = &request["custom_id"];
    let parts = [batch.as_bytes(), custom_id.as_str().unwrap_or_default().as_bytes()];
    let response =
        response.map(|(status_code, body)| Response { status_code, request_id: ids::mint("req_", &parts), body });
    let line = Line { id: ids::mint("batch_req_", &parts), custom_id, response, error };
    serde_json::to_string(&line).expect("a line is plain data")
}
