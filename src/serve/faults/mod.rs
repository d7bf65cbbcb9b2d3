//! Faults on order, to rehearse what a provider may do: `--faults "create=lost, content=cut, expire=50%@2, shuffle"`.
//!
//! | what | meaning |
//! |---|---|
//! | `upload=429x2` | the first two uploads are answered with 429; also `create`, `poll`, `list`, `content`, `cancel` |
//! | `create=dropped` | the first create is dropped before it acts |
//! | `create=lost` | the first create acts, and its answer is lost |
//! | `content=cut` | the first download breaks off in the middle |
//! | `refusal=10%` | of the answers; also `cut`, `filtered`, `error`, `missing` (no row at all, though it is counted) |
//! | `expire=50%` | the batch expires with that share of its rows |
//! | `shuffle` | the rows come in another order |
//! | `queue-full@2` | the second batch fails with `token_limit_exceeded` |
//! | `empty-error-id` | `error_file_id` is `""` where there are no errors |
//!
//! `@2` after a share limits it to the second batch. Which rows are hit depends on their ids only.

mod read;

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, RETRY_AFTER};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, Stream, StreamExt};
use serde_json::{Value, json};

use super::error::Refusal;
use crate::random::Stream as Random;
use crate::{Error, Result};
use read::{read_call, read_row};

/// What is to go wrong.
#[derive(Debug, Default)]
pub struct Faults {
    calls: Mutex<Vec<CallFault>>,
    rows: Vec<RowFault>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct CallFault {
    on: &'static str,
    action: Action,
    left: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Refuse(u16),
    Drop,
    Lose,
    Cut,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct RowFault {
    kind: Kind,
    percent: u32,
    batch: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Refusal,
    Cut,
    Filtered,
    Error,
    Missing,
    Expire,
    Shuffle,
    EmptyErrorId,
    QueueFull,
}

impl Faults {
    /// Reads faults, separated by commas or line ends; `#` begins a comment. When `text` is the name of a file, that is
    /// read.
    ///
    /// # Errors
    /// [`Error::Usage`] naming what is not understood.
    pub fn read(text: &str) -> Result<Self> {
        let file = Path::new(text);
        let text = match file.is_file() {
            true => std::fs::read_to_string(file).map_err(Error::io("read", file))?,
            false => text.to_owned(),
        };
        let (mut calls, mut rows) = (Vec::new(), Vec::new());
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
        for item in lines.flat_map(|line| line.split(',')).map(str::trim).filter(|item| !item.is_empty()) {
            match (read_call(item), read_row(item)) {
                (Some(call), _) => calls.push(call),
                (None, Some(row)) => rows.push(row),
                (None, None) => return Err(Error::Usage(format!("--faults: `{item}` is not understood"))),
            }
        }
        Ok(Self { calls: Mutex::new(calls), rows })
    }

    /// Passes a call on, or spoils it.
    pub(super) async fn meddle(&self, request: axum::extract::Request, next: Next) -> Response {
        let Some(action) = self.take(request.method(), request.uri().path()) else { return next.run(request).await };
        match action {
            Action::Refuse(status) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let refusal = Refusal::server("A fault on order.").with_status(status);
                ([(RETRY_AFTER, "1")], refusal).into_response()
            }
            Action::Drop => broken(10, stream::empty()),
            Action::Lose => {
                next.run(request).await;
                broken(10, stream::empty())
            }
            Action::Cut => cut(next.run(request).await).await,
        }
    }

    fn take(&self, method: &Method, path: &str) -> Option<Action> {
        let call = name_of(method, path)?;
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let fault = calls.iter_mut().find(|fault| fault.on == call && fault.left > 0)?;
        fault.left -= 1;
        Some(fault.action)
    }

    /// What becomes of the answer to `custom_id` in the batch with the number `batch`; `None` when its row is missing.
    pub(super) fn spoil(&self, batch: i64, custom_id: &str, status: u16, mut body: Value) -> Option<(u16, Value)> {
        let hit = self.rows.iter().find(|fault| status == 200 && fault.hits(batch, custom_id));
        let Some(fault) = hit else { return Some((status, body)) };
        let choice = &mut body["choices"][0];
        let half = |text: &str| text.chars().take(text.chars().count() / 2).collect::<String>();
        let content = half(choice["message"]["content"].as_str().unwrap_or_default());
        match fault.kind {
            Kind::Missing => return None,
            Kind::Error => {
                let error =
                    json!({"message": "A fault on order.", "type": "server_error", "param": null, "code": "fault"});
                return Some((500, json!({"error": error})));
            }
            Kind::Refusal => {
                choice["message"]["content"] = Value::Null;
                choice["message"]["refusal"] = json!("I'm sorry, but I can't help with that.");
            }
            Kind::Cut => {
                choice["message"]["content"] = Value::String(content);
                choice["finish_reason"] = json!("length");
            }
            Kind::Filtered => {
                choice["message"]["content"] = Value::String(content);
                choice["finish_reason"] = json!("content_filter");
            }
            Kind::Expire | Kind::Shuffle | Kind::EmptyErrorId | Kind::QueueFull => {}
        }
        Some((status, body))
    }

    /// How many of `total` requests are answered before the batch expires.
    pub(super) fn expires_after(&self, batch: i64, total: u64) -> Option<u64> {
        let fault = self.rows.iter().find(|fault| fault.kind == Kind::Expire && fault.is_for(batch))?;
        Some(total * u64::from(fault.percent) / 100)
    }

    /// Puts rows that stand together in another order, where that was ordered.
    pub(super) fn shuffle<T>(&self, batch: i64, rows: &mut [T]) {
        if self.rows.iter().any(|fault| fault.kind == Kind::Shuffle && fault.is_for(batch)) {
            Random::new(0, "faults", &[b"shuffle"]).shuffle(rows);
        }
    }

    /// Whether the batch finds the queue full.
    pub(super) fn fills_queue(&self, batch: i64) -> bool {
        self.rows.iter().any(|fault| fault.kind == Kind::QueueFull && fault.is_for(batch))
    }

    /// Whether an absent error file has the id `""`.
    pub(super) fn empties_error_id(&self, batch: i64) -> bool {
        self.rows.iter().any(|fault| fault.kind == Kind::EmptyErrorId && fault.is_for(batch))
    }
}

impl RowFault {
    fn is_for(&self, batch: i64) -> bool {
        self.batch.is_none_or(|only| only == batch)
    }

    fn hits(&self, batch: i64, custom_id: &str) -> bool {
        let by_row = !matches!(self.kind, Kind::Expire | Kind::Shuffle | Kind::EmptyErrorId | Kind::QueueFull);
        let kind = [self.kind as u8];
        by_row
            && self.is_for(batch)
            && Random::new(0, "faults", &[&kind, custom_id.as_bytes()]).below(100) < self.percent
    }
}

fn name_of(method: &Method, path: &str) -> Option<&'static str> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match (method.as_str(), parts.as_slice()) {
        ("POST", ["v1", "files"]) => Some("upload"),
        ("POST", ["v1", "batches"]) => Some("create"),
        ("GET", ["v1", "batches"]) => Some("list"),
        ("GET", ["v1", "batches", _]) => Some("poll"),
        ("POST", ["v1", "batches", _, "cancel"]) => Some("cancel"),
        ("GET", ["v1", "files", _, "content"]) => Some("content"),
        _ => None,
    }
}

/// The first half of an answer, under the length of the whole.
async fn cut(response: Response) -> Response {
    let length = response.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let Some(length) = length else { return response };
    let mut left = length / 2;
    let (parts, body) = response.into_parts();
    let half = body.into_data_stream().filter_map(move |piece| {
        let piece = piece.map(|piece| piece.slice(..piece.len().min(left))).unwrap_or_default();
        left -= piece.len();
        async move { (!piece.is_empty()).then_some(piece) }
    });
    Response::from_parts(parts, breaking(half))
}

/// An answer that announces `length` bytes and breaks off after `pieces`.
fn broken(length: usize, pieces: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    ([(CONTENT_LENGTH, length.to_string())], breaking(pieces)).into_response()
}

fn breaking(pieces: impl Stream<Item = Bytes> + Send + 'static) -> Body {
    let end = stream::once(async { Err(std::io::Error::other("a fault on order")) });
    Body::from_stream(pieces.map(Ok).chain(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read_and_taken_as_often_as_ordered() {
        let faults = Faults::read("create=lost, upload=429x2 # comment\nexpire=50%@2, shuffle").unwrap();
        let taken = |path: &str| faults.take(&Method::POST, path);
        assert_eq!(taken("/v1/batches"), Some(Action::Lose));
        assert_eq!(taken("/v1/batches"), None);
        assert_eq!((taken("/v1/files"), taken("/v1/files")), (Some(Action::Refuse(429)), Some(Action::Refuse(429))));
        assert_eq!(taken("/v1/files"), None);
        assert_eq!((faults.expires_after(1, 10), faults.expires_after(2, 10)), (None, Some(5)));
        let mut rows: Vec<u32> = (0..20).collect();
        faults.shuffle(1, &mut rows);
        assert!(!rows.is_sorted() && !faults.empties_error_id(1));
        for wrong in ["create=sometimes", "upload=200", "refusal=101%", "nothing", "refusal=ten%"] {
            assert!(Faults::read(wrong).unwrap_err().to_string().contains(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_share_of_rows_is_hit_by_their_ids() {
        let faults = Faults::read("refusal=20%").unwrap();
        let body = json!({"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}]});
        let refused = |id: &str| {
            faults.spoil(1, id, 200, body.clone()).unwrap().1["choices"][0]["message"]["refusal"].is_string()
        };
        let hits = (0..1000).filter(|n| refused(&format!("r{n}"))).count();
        assert!((150..250).contains(&hits), "{hits}");
        assert_eq!((0..1000).filter(|n| refused(&format!("r{n}"))).count(), hits);
    }
}
