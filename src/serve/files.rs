//! `/v1/files`.

use axum::Json;
use axum::body::Body;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{Multipart, Path, Query, State};
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncSeekExt, SeekFrom};
use tokio_util::io::ReaderStream;

use super::batches::{read_expiry, read_limit};
use super::blobs::Incoming;
use super::error::Refusal;
use super::objects::{FileObject, Page};
use super::routes::{Reply, Server, blocking};
use super::store::{NewFile, Range};
use crate::Error;

/// The largest batch file, in bytes.
const MAX_FILE_BYTES: u64 = 200 << 20;
/// The longest text field of a form, in bytes.
const MAX_FIELD_BYTES: usize = 1024;
/// How long batch files are kept, in seconds, when the client does not say: 30 days.
const KEPT: i64 = 30 * 24 * 60 * 60;
/// The default size of a page, and the largest.
const PAGE: (usize, usize) = (10_000, 10_000);

/// `POST /v1/files`: the file goes to disk as it comes.
pub(super) async fn upload(State(shared): Server, mut form: Multipart) -> Reply<Json<FileObject>> {
    let mut file = None;
    let (mut purpose, mut anchor, mut seconds) = (None, None, None);
    while let Some(field) = form.next_field().await.map_err(bad_form)? {
        match field.name().unwrap_or_default() {
            "file" => {
                let name = field.file_name().unwrap_or_default().to_owned();
                file = Some((name, receive(field, shared.store.blobs().receive()?).await?));
            }
            "purpose" => purpose = Some(text(field).await?),
            "expires_after[anchor]" => anchor = Some(text(field).await?),
            "expires_after[seconds]" => seconds = Some(text(field).await?),
            other => {
                return Err(Refusal::invalid(None, "unknown_parameter", format!("Unknown parameter: '{other}'.")));
            }
        }
    }
    let (filename, incoming) = file.ok_or_else(|| Refusal::missing("file"))?;
    match purpose.as_deref() {
        Some("batch") => {}
        Some(other) => {
            let message = format!("'{other}' is not a purpose that this server knows: 'batch' is.");
            return Err(Refusal::invalid(Some("purpose"), "invalid_value", message));
        }
        None => return Err(Refusal::missing("purpose")),
    }
    if !filename.ends_with(".jsonl") {
        let message = "Invalid file format for Batch API. Must be .jsonl";
        return Err(Refusal::invalid(Some("file"), "invalid_file_format", message));
    }
    let seconds = match (anchor, seconds) {
        (None, None) => KEPT,
        (anchor, seconds) => {
            read_expiry("expires_after", anchor.as_deref(), seconds.and_then(|text| text.parse().ok()))?
        }
    };
    blocking(shared, move |shared| {
        let bytes = incoming.bytes();
        let (received, sha256) = incoming.close()?;
        let new = NewFile { purpose: "batch", filename, bytes, seconds: Some(seconds) };
        Ok(Json(shared.store.add_file(new, &sha256, received)?))
    })
    .await
}

/// `GET /v1/files/{id}`
pub(super) async fn show(State(shared): Server, Path(id): Path<String>) -> Reply<Json<FileObject>> {
    blocking(shared, move |shared| shared.store.file(&id)?.map(Json).ok_or_else(|| Refusal::not_found("File", &id)))
        .await
}

/// `DELETE /v1/files/{id}`
pub(super) async fn delete(State(shared): Server, Path(id): Path<String>) -> Reply<Json<Value>> {
    blocking(shared, move |shared| {
        if shared.store.is_being_read(&id)? {
            let message = format!("The file '{id}' is the input of a batch that has not ended.");
            return Err(Refusal::invalid(Some("id"), "file_in_use", message));
        }
        if !shared.store.delete_file(&id)? {
            return Err(Refusal::not_found("File", &id));
        }
        Ok(Json(json!({"object": "file", "deleted": true, "id": id})))
    })
    .await
}

/// `GET /v1/files/{id}/content`, all of it or from a byte on.
pub(super) async fn content(State(shared): Server, Path(id): Path<String>, asked: HeaderMap) -> Reply<Response> {
    let (file, path) = blocking(shared, move |shared| {
        let file = shared.store.file(&id)?.ok_or_else(|| Refusal::not_found("File", &id))?;
        let path = shared.store.blobs().path(&file.id);
        Ok((file, path))
    })
    .await?;
    let tag = format!("\"{}\"", file.id);
    let start = match from_byte(&asked, &tag) {
        Some(start) if start >= file.bytes => {
            let range = [(CONTENT_RANGE, format!("bytes */{}", file.bytes))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, range).into_response());
        }
        start => start,
    };
    let mut reader = tokio::fs::File::open(&path).await.map_err(Error::io("read", &path))?;
    reader.seek(SeekFrom::Start(start.unwrap_or(0))).await.map_err(Error::io("read", &path))?;
    let safe: String =
        file.filename.chars().map(|c| if c.is_ascii_graphic() && c != '"' && c != '\\' { c } else { '_' }).collect();
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_LENGTH, (file.bytes - start.unwrap_or(0)).to_string()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{safe}\"")),
        (ACCEPT_RANGES, "bytes".to_owned()),
        (ETAG, tag),
    ];
    let body = Body::from_stream(ReaderStream::with_capacity(reader, 1 << 16));
    Ok(match start {
        Some(start) => {
            let range = [(CONTENT_RANGE, format!("bytes {start}-{}/{}", file.bytes - 1, file.bytes))];
            (StatusCode::PARTIAL_CONTENT, headers, range, body).into_response()
        }
        None => (headers, body).into_response(),
    })
}

/// `n` of `range: bytes=n-`, when the file is still the one that `if-range` names. Other ranges are not given: the whole
/// file comes, as HTTP allows.
fn from_byte(asked: &HeaderMap, tag: &str) -> Option<u64> {
    if asked.get(IF_RANGE).is_some_and(|expected| expected != tag) {
        return None;
    }
    asked.get(RANGE)?.to_str().ok()?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}

/// What a list may be asked for.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    after: Option<String>,
    limit: Option<String>,
    order: Option<String>,
    purpose: Option<String>,
}

/// `GET /v1/files?purpose&after&limit&order`
pub(super) async fn list(State(shared): Server, Query(asked): Query<Asked>) -> Reply<Json<Page<FileObject>>> {
    blocking(shared, move |shared| {
        let limit = read_limit(asked.limit.as_deref(), PAGE)?;
        let ascending = match asked.order.as_deref() {
            None | Some("desc") => false,
            Some("asc") => true,
            Some(_) => return Err(Refusal::invalid(Some("order"), "invalid_value", "The order is 'asc' or 'desc'.")),
        };
        let range = Range { after: asked.after.as_deref(), limit, ascending, purpose: asked.purpose.as_deref() };
        Ok(Json(Page::new(shared.store.files(&range)?, limit, |file| &file.id)))
    })
    .await
}

async fn receive(mut field: Field<'_>, mut incoming: Incoming) -> Reply<Incoming> {
    while let Some(piece) = field.chunk().await.map_err(bad_form)? {
        if incoming.bytes() + piece.len() as u64 > MAX_FILE_BYTES {
            let message = format!("The file is larger than {MAX_FILE_BYTES} bytes.");
            let refusal = Refusal::invalid(Some("file"), "file_too_large", message);
            return Err(refusal.with_status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        incoming.write(&piece)?;
    }
    Ok(incoming)
}

async fn text(mut field: Field<'_>) -> Reply<String> {
    let mut text = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(bad_form)? {
        text.extend_from_slice(&piece);
        if text.len() > MAX_FIELD_BYTES {
            return Err(Refusal::invalid(None, "invalid_value", "A field of the form is too long."));
        }
    }
    String::from_utf8(text).map_err(|_| Refusal::invalid(None, "invalid_value", "A field of the form is not UTF-8."))
}

fn bad_form(error: MultipartError) -> Refusal {
    Refusal::invalid(None, "invalid_form", format!("The form cannot be read: {}", error.body_text()))
        .with_status(error.status())
}
