//! `/v1/batches`.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::chat::{ENDPOINTS, object};
use super::error::Refusal;
use super::objects::{Batch, Page, Status};
use super::routes::{Reply, Server, blocking};
use super::store::{NewBatch, Range};

/// The only window there is, in seconds.
const DAY: i64 = 24 * 60 * 60;
/// The default size of a page, and the largest.
const PAGE: (usize, usize) = (20, 100);

/// `POST /v1/batches`
pub(super) async fn create(State(shared): Server, body: Bytes) -> Reply<Json<Batch>> {
    let new = read_new(&object(&body)?)?;
    blocking(shared, |shared| {
        let file = shared.store.file(&new.input_file_id)?.ok_or_else(|| {
            let message = format!("No such File object: {}", new.input_file_id);
            Refusal::invalid(Some("input_file_id"), "file_not_found", message)
        })?;
        if file.purpose != "batch" {
            let message = format!("The file '{}' has the purpose '{}', not 'batch'.", file.id, file.purpose);
            return Err(Refusal::invalid(Some("input_file_id"), "invalid_file_purpose", message));
        }
        let batch = shared.store.add_batch(new)?;
        shared.bell.ring();
        Ok(Json(batch))
    })
    .await
}

/// `GET /v1/batches/{id}`
pub(super) async fn show(State(shared): Server, Path(id): Path<String>) -> Reply<Json<Batch>> {
    blocking(shared, move |shared| {
        let batch = shared.store.batch(&id)?.ok_or_else(|| Refusal::not_found("Batch", &id))?;
        match shared.trouble() {
            Some(trouble) if !batch.status.is_terminal() => {
                Err(Refusal::server(format!("The server cannot go on with its batches: {trouble}")))
            }
            _ => Ok(Json(batch)),
        }
    })
    .await
}

/// `POST /v1/batches/{id}/cancel`
pub(super) async fn cancel(State(shared): Server, Path(id): Path<String>) -> Reply<Json<Batch>> {
    blocking(shared, move |shared| {
        if shared.store.batch(&id)?.is_none() {
            return Err(Refusal::not_found("Batch", &id));
        }
        let now = shared.clock.seconds();
        let mut before = Status::Cancelling;
        let batch = shared.store.change(&id, |batch| {
            before = batch.status;
            if matches!(batch.status, Status::Validating | Status::InProgress) {
                batch.enter(Status::Cancelling, now);
            }
        })?;
        if batch.status != Status::Cancelling {
            let message = format!("Cannot cancel a batch with status '{}'.", before.name());
            return Err(Refusal::invalid(None, "invalid_batch_status", message));
        }
        shared.bell.ring();
        Ok(Json(batch))
    })
    .await
}

/// What a list may be asked for.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    after: Option<String>,
    limit: Option<String>,
}

/// `GET /v1/batches?after&limit`
pub(super) async fn list(State(shared): Server, Query(asked): Query<Asked>) -> Reply<Json<Page<Batch>>> {
    blocking(shared, move |shared| {
        let limit = read_limit(asked.limit.as_deref(), PAGE)?;
        if let Some(after) = &asked.after
            && shared.store.batch(after)?.is_none()
        {
            return Err(Refusal::invalid(Some("after"), "invalid_value", format!("No such Batch object: {after}")));
        }
        let range = Range { after: asked.after.as_deref(), limit, ascending: false, purpose: None };
        Ok(Json(Page::new(shared.store.batches(&range)?, limit, |batch| &batch.id)))
    })
    .await
}

/// Reads a `limit` between 1 and the second of `page`; its first is the default.
pub(super) fn read_limit(text: Option<&str>, page: (usize, usize)) -> Reply<usize> {
    let Some(text) = text else { return Ok(page.0) };
    text.parse().ok().filter(|limit| (1..=page.1).contains(limit)).ok_or_else(|| {
        let message = format!("'{text}' is not a limit: a whole number from 1 to {} is.", page.1);
        Refusal::invalid(Some("limit"), "invalid_value", message)
    })
}

/// Reads `{"anchor": "created_at", "seconds": n}`.
pub(super) fn read_expiry(param: &'static str, anchor: Option<&str>, seconds: Option<i64>) -> Reply<i64> {
    match (anchor, seconds) {
        (Some("created_at"), Some(seconds)) if (3600..=2_592_000).contains(&seconds) => Ok(seconds),
        (Some("created_at"), _) => {
            let message = "The seconds must be a whole number from 3600 to 2592000.";
            Err(Refusal::invalid(Some(param), "invalid_value", message))
        }
        _ => Err(Refusal::invalid(Some(param), "invalid_value", "The anchor must be 'created_at'.")),
    }
}

fn read_new(body: &Value) -> Reply<NewBatch> {
    const KNOWN: [&str; 5] = ["input_file_id", "endpoint", "completion_window", "metadata", "output_expires_after"];
    if let Some(name) = body.as_object().into_iter().flat_map(Map::keys).find(|name| !KNOWN.contains(&name.as_str())) {
        let hint = if name == "file_id" { " Did you mean 'input_file_id'?" } else { "" };
        return Err(Refusal::invalid(None, "unknown_parameter", format!("Unknown parameter: '{name}'.{hint}")));
    }
    let field = |param: &'static str| body[param].as_str().ok_or_else(|| Refusal::missing(param));
    let input_file_id = field("input_file_id")?.to_owned();
    let endpoint = field("endpoint")?.to_owned();
    if !ENDPOINTS.contains(&endpoint.as_str()) {
        let message =
            format!("'{endpoint}' is not answered here: the endpoint must be one of {}.", ENDPOINTS.join(", "));
        return Err(Refusal::invalid(Some("endpoint"), "invalid_value", message));
    }
    let completion_window = field("completion_window")?.to_owned();
    if completion_window != "24h" {
        let message = format!("'{completion_window}' is not a window: '24h' is.");
        return Err(Refusal::invalid(Some("completion_window"), "invalid_value", message));
    }
    let expiry = &body["output_expires_after"];
    let output_seconds = match expiry {
        Value::Null => None,
        _ => Some(read_expiry("output_expires_after", expiry["anchor"].as_str(), expiry["seconds"].as_i64())?),
    };
    let metadata = read_metadata(&body["metadata"])?;
    Ok(NewBatch { input_file_id, endpoint, completion_window, seconds: DAY, metadata, output_seconds })
}

fn read_metadata(metadata: &Value) -> Reply<Option<Map<String, Value>>> {
    let wrong = |message: &str| Refusal::invalid(Some("metadata"), "invalid_value", message);
    let pairs = match metadata {
        Value::Null => return Ok(None),
        Value::Object(pairs) => pairs,
        _ => return Err(wrong("The metadata must be an object.")),
    };
    let fits = |(key, value): (&String, &Value)| {
        key.chars().count() <= 64 && value.as_str().is_some_and(|value| value.chars().count() <= 512)
    };
    if pairs.len() > 16 || !pairs.iter().all(fits) {
        return Err(wrong("The metadata may be 16 pairs of a key of 64 characters and a string of 512."));
    }
    Ok(Some(pairs.clone()))
}
