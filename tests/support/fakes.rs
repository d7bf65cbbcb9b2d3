//! Anthropic's and Gemini's batch APIs as far as this project uses them, from their recorded shapes, and as strict: what
//! the real ones refuse is refused. The official SDKs walk a whole cycle against them (`tests/interop/run.sh`).

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

pub const KEY: &str = "sk-for-the-fakes";

const PARAMS: [&str; 12] = [
    "model",
    "max_tokens",
    "messages",
    "system",
    "output_config",
    "thinking",
    "tools",
    "tool_choice",
    "stop_sequences",
    "metadata",
    "service_tier",
    "cache_control",
];
const REQUEST: [&str; 6] =
    ["contents", "systemInstruction", "generationConfig", "safetySettings", "tools", "toolConfig"];
const CONFIG: [&str; 9] = [
    "temperature",
    "topP",
    "topK",
    "maxOutputTokens",
    "responseMimeType",
    "responseSchema",
    "candidateCount",
    "seed",
    "stopSequences",
];

/// What one job is.
struct Job {
    name: String,
    model: String,
    lines: Vec<Value>,
    polls: u32,
    cancelled: bool,
}

#[derive(Default)]
struct Inside {
    base: String,
    jobs: BTreeMap<String, Job>,
    files: BTreeMap<String, (String, Vec<u8>)>,
}

type Shared = Arc<Mutex<Inside>>;

/// A fake at work.
pub struct Fake {
    pub base: String,
    inside: Shared,
}

impl Fake {
    pub async fn anthropic() -> Self {
        let router = Router::new()
            .route("/v1/messages/batches", post(create_messages).get(list_messages))
            .route("/v1/messages/batches/{id}", get(show_messages).delete(delete_messages))
            .route("/v1/messages/batches/{id}/cancel", post(cancel_messages))
            .route("/v1/messages/batches/{id}/results", get(message_results));
        Self::start(router).await
    }

    pub async fn gemini() -> Self {
        let router = Router::new()
            .route("/upload/{version}/files", any(upload))
            .route("/{version}/files", get(list_files))
            .route("/{version}/files/{name}", any(file))
            .route("/{version}/models/{call}", post(create_generation))
            .route("/{version}/batches", get(list_operations))
            .route("/{version}/batches/{name}", any(operation));
        Self::start(router).await
    }

    async fn start(router: Router<Shared>) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let inside: Shared = Arc::new(Mutex::new(Inside { base: base.clone(), ..Inside::default() }));
        let router = router.with_state(Arc::clone(&inside));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, inside }
    }

    pub fn jobs(&self) -> usize {
        self.inside.lock().unwrap().jobs.len()
    }

    /// Its jobs are gone, as if they had never been created.
    pub fn forget(&self) {
        self.inside.lock().unwrap().jobs.clear();
    }

    /// The same of the newest.
    pub fn forget_last(&self) {
        self.inside.lock().unwrap().jobs.pop_last();
    }

    pub fn files(&self) -> usize {
        self.inside.lock().unwrap().files.len()
    }
}

fn only(object: &Value, known: &[&str]) -> Result<(), String> {
    let fields = object.as_object().ok_or("an object was expected")?;
    match fields.keys().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(format!("{name}: Extra inputs are not permitted")),
        None => Ok(()),
    }
}

// Anthropic

fn refuse(status: u16, kind: &str, message: impl Into<String>) -> Response {
    let error = json!({"type": "error", "error": {"type": kind, "message": message.into()}, "request_id": "req_fake"});
    (StatusCode::from_u16(status).unwrap(), Json(error)).into_response()
}

#[expect(clippy::result_large_err, reason = "a refusal is a whole answer")]
fn admitted(headers: &HeaderMap) -> Result<(), Response> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if text("x-api-key") != KEY && text("authorization") != format!("Bearer {KEY}") {
        return Err(refuse(401, "authentication_error", "invalid x-api-key"));
    }
    if !["2023-06-01", "2026-10-21"].contains(&text("anthropic-version")) {
        return Err(refuse(400, "invalid_request_error", "anthropic-version: header is required"));
    }
    Ok(())
}

fn message_batch(inside: &Inside, id: &str) -> Option<Value> {
    let job = inside.jobs.get(id)?;
    let ended = job.polls >= 2 || job.cancelled;
    let errored = job.lines.iter().filter(|line| message_fault(&line["params"]).is_some()).count();
    let total = job.lines.len();
    let counts = match (ended, job.cancelled) {
        (false, _) => [total, 0, 0, 0],
        (true, false) => [0, total - errored, errored, 0],
        (true, true) => [0, 0, 0, total],
    };
    Some(json!({
        "id": id, "type": "message_batch",
        "processing_status": if ended { "ended" } else { "in_progress" },
        "request_counts": {"processing": counts[0], "succeeded": counts[1], "errored": counts[2], "canceled": counts[3], "expired": 0},
        "created_at": jiff::Timestamp::now().to_string(), "expires_at": "2100-01-01T00:00:00Z",
        "ended_at": if ended { json!("2100-01-01T00:00:00Z") } else { Value::Null },
        "cancel_initiated_at": null, "archived_at": null,
        "results_url": if ended { json!(format!("{}/v1/messages/batches/{id}/results", inside.base)) } else { Value::Null },
    }))
}

fn message_fault(params: &Value) -> Option<String> {
    if let Err(fault) = only(params, &PARAMS) {
        return Some(fault);
    }
    let turns = params["messages"].as_array().filter(|turns| !turns.is_empty());
    let whole = params["model"].is_string()
        && params["max_tokens"].as_u64().is_some_and(|tokens| tokens > 0)
        && turns
            .is_some_and(|turns| turns.iter().all(|turn| matches!(turn["role"].as_str(), Some("user" | "assistant"))));
    if !whole {
        return Some("model, max_tokens and messages: Field required".to_owned());
    }
    let format = &params["output_config"]["format"];
    (!format.is_null() && (format["type"] != "json_schema" || !format["schema"].is_object()))
        .then(|| "output_config.format: Input should be a JSON schema".to_owned())
}

async fn create_messages(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(refusal) = admitted(&headers) {
        return refusal;
    }
    let wrong = |message: String| refuse(400, "invalid_request_error", message);
    let Ok(body) = serde_json::from_slice::<Value>(&body) else { return wrong("not JSON".to_owned()) };
    if let Err(fault) = only(&body, &["requests"]) {
        return wrong(fault);
    }
    let lines = body["requests"].as_array().cloned().unwrap_or_default();
    let mut ids = HashSet::new();
    for line in &lines {
        if let Err(fault) = only(line, &["custom_id", "params"]) {
            return wrong(format!("requests.0.{fault}"));
        }
        let id = line["custom_id"].as_str().unwrap_or_default();
        let fits = (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
        if !fits || !ids.insert(id.to_owned()) {
            return wrong(format!("custom_id: '{id}' is not of the pattern, or not unique"));
        }
    }
    if lines.is_empty() {
        return wrong("requests: List should have at least 1 item".to_owned());
    }
    let mut inside = shared.lock().unwrap();
    let id = format!("msgbatch_{:04}", inside.jobs.len());
    let job = Job { name: String::new(), model: String::new(), lines, polls: 0, cancelled: false };
    inside.jobs.insert(id.clone(), job);
    Json(message_batch(&inside, &id)).into_response()
}

async fn show_messages(State(shared): State<Shared>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    if let Err(refusal) = admitted(&headers) {
        return refusal;
    }
    let mut inside = shared.lock().unwrap();
    if let Some(job) = inside.jobs.get_mut(&id) {
        job.polls += 1;
    }
    message_batch(&inside, &id)
        .map_or_else(|| refuse(404, "not_found_error", "no such batch"), |b| Json(b).into_response())
}

async fn cancel_messages(State(shared): State<Shared>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    if let Err(refusal) = admitted(&headers) {
        return refusal;
    }
    let mut inside = shared.lock().unwrap();
    let Some(job) = inside.jobs.get_mut(&id) else { return refuse(404, "not_found_error", "no such batch") };
    job.cancelled = true;
    Json(message_batch(&inside, &id)).into_response()
}

async fn delete_messages(State(shared): State<Shared>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    if let Err(refusal) = admitted(&headers) {
        return refusal;
    }
    shared.lock().unwrap().jobs.remove(&id);
    Json(json!({"id": id, "type": "message_batch_deleted"})).into_response()
}

async fn list_messages(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Response {
    if let Err(refusal) = admitted(&headers) {
        return refusal;
    }
    let inside = shared.lock().unwrap();
    let limit = asked.get("limit").map_or(20, |limit| limit.parse::<usize>().unwrap());
    let newest: Vec<_> = inside.jobs.keys().rev().collect();
    let start = asked.get("after_id").map_or(0, |after| newest.iter().position(|id| *id == after).unwrap() + 1);
    let page: Vec<_> = newest[start..].iter().take(limit).filter_map(|id| message_batch(&inside, id)).collect();
    let (first, last) = (page.first().map(|b| b["id"].clone()), page.last().map(|b| b["id"].clone()));
    let more = start + page.len() < newest.len();
    Json(json!({"data": page, "has_more": more, "first_id": first, "last_id": last})).into_response()
}

async fn message_results(State(shared): State<Shared>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    if let Err(refusal) = admitted(&headers) {
        return refusal;
    }
    let inside = shared.lock().unwrap();
    let Some(job) = inside.jobs.get(&id) else { return refuse(404, "not_found_error", "no such batch") };
    let result = |line: &Value| {
        let result = match message_fault(&line["params"]) {
            _ if job.cancelled => json!({"type": "canceled"}),
            Some(fault) => {
                let error = json!({"type": "invalid_request_error", "message": fault});
                json!({"type": "errored", "error": {"type": "error", "error": error, "request_id": "req_fake"}})
            }
            None => json!({"type": "succeeded", "message": {
                "id": "msg_fake", "type": "message", "role": "assistant", "model": line["params"]["model"],
                "content": [{"type": "text", "text": "{\"scene\":\"a kitchen\"}"}],
                "stop_reason": "end_turn", "stop_sequence": null, "usage": {"input_tokens": 40, "output_tokens": 9},
            }}),
        };
        json!({"custom_id": line["custom_id"], "result": result}).to_string() + "\n"
    };
    let text: String = job.lines.iter().rev().map(result).collect();
    ([("content-type", "application/x-jsonl")], text).into_response()
}

// Gemini

fn fault(status: u16, word: &str, message: impl Into<String>) -> Response {
    let error = json!({"error": {"code": status, "message": message.into(), "status": word}});
    (StatusCode::from_u16(status).unwrap(), Json(error)).into_response()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

async fn upload(State(shared): State<Shared>, headers: HeaderMap, uri: Uri, body: Bytes) -> Response {
    let mut inside = shared.lock().unwrap();
    let command = header(&headers, "x-goog-upload-command");
    if command == "start" {
        if header(&headers, "x-goog-api-key") != KEY {
            return fault(401, "UNAUTHENTICATED", "API key not valid");
        }
        let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
        let announced = header(&headers, "x-goog-upload-header-content-length").parse::<u64>().is_ok();
        if header(&headers, "x-goog-upload-protocol") != "resumable" || !announced || !asked["file"].is_object() {
            return fault(400, "INVALID_ARGUMENT", "not the start of a resumable upload");
        }
        let name = ["display_name", "displayName"].iter().find_map(|name| asked["file"][*name].as_str());
        let id = format!("files/f{:04}", inside.files.len());
        inside.files.insert(id.clone(), (name.unwrap_or_default().to_owned(), Vec::new()));
        let url = format!("{}{}?upload_id={id}", inside.base, uri.path());
        return ([("x-goog-upload-url", url), ("x-goog-upload-status", "active".to_owned())], "{}").into_response();
    }
    let id = uri.query().and_then(|query| query.strip_prefix("upload_id=")).unwrap_or_default().to_owned();
    let Some((_, bytes)) = inside.files.get_mut(&id) else { return fault(404, "NOT_FOUND", "no such upload") };
    if header(&headers, "x-goog-upload-offset").parse() != Ok(bytes.len()) || !command.contains("upload") {
        return fault(400, "INVALID_ARGUMENT", "a piece at another offset");
    }
    bytes.extend_from_slice(&body);
    if !command.contains("finalize") {
        return ([("x-goog-upload-status", "active")], "{}").into_response();
    }
    let file = json!({"file": file_object(&inside, &id)});
    ([("x-goog-upload-status", "final")], Json(file)).into_response()
}

fn file_object(inside: &Inside, id: &str) -> Option<Value> {
    let (name, bytes) = inside.files.get(id)?;
    let size = bytes.len().to_string();
    Some(json!({"name": id, "displayName": name, "mimeType": "jsonl", "sizeBytes": size, "state": "ACTIVE"}))
}

async fn list_files(State(shared): State<Shared>) -> Response {
    let inside = shared.lock().unwrap();
    let files: Vec<_> = inside.files.keys().filter_map(|id| file_object(&inside, id)).collect();
    Json(json!({"files": files})).into_response()
}

async fn file(
    State(shared): State<Shared>,
    method: Method,
    headers: HeaderMap,
    Path((_, name)): Path<(String, String)>,
    Query(asked): Query<BTreeMap<String, String>>,
) -> Response {
    if header(&headers, "x-goog-api-key") != KEY {
        return fault(401, "UNAUTHENTICATED", "API key not valid");
    }
    let mut inside = shared.lock().unwrap();
    let id = format!("files/{}", name.trim_end_matches(":download"));
    if method == Method::DELETE {
        inside.files.remove(&id);
        return Json(json!({})).into_response();
    }
    if !name.ends_with(":download") {
        return file_object(&inside, &id)
            .map_or_else(|| fault(404, "NOT_FOUND", &*id), |file| Json(file).into_response());
    }
    match (asked.get("alt").map(String::as_str), inside.files.get(&id)) {
        (Some("media"), Some((_, bytes))) => bytes.clone().into_response(),
        _ => fault(404, "NOT_FOUND", id),
    }
}

async fn create_generation(
    State(shared): State<Shared>,
    headers: HeaderMap,
    Path((_, call)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> Response {
    if header(&headers, "x-goog-api-key") != KEY {
        return fault(401, "UNAUTHENTICATED", "API key not valid");
    }
    let Some(model) = call.strip_suffix(":batchGenerateContent") else { return fault(404, "NOT_FOUND", call) };
    let known = only(&body, &["batch"])
        .and_then(|()| only(&body["batch"], &["displayName", "inputConfig", "priority"]))
        .and_then(|()| only(&body["batch"]["inputConfig"], &["fileName"]));
    if let Err(detail) = known {
        return fault(400, "INVALID_ARGUMENT", format!("Invalid JSON payload received. Unknown name: {detail}"));
    }
    let mut inside = shared.lock().unwrap();
    let file = body["batch"]["inputConfig"]["fileName"].as_str().unwrap_or_default();
    let Some((_, bytes)) = inside.files.get(file) else { return fault(404, "NOT_FOUND", file) };
    let text = String::from_utf8(bytes.clone()).unwrap();
    let lines = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let id = format!("batches/b{:04}", inside.jobs.len());
    let name = body["batch"]["displayName"].as_str().unwrap_or_default().to_owned();
    inside.jobs.insert(id.clone(), Job { name, model: format!("models/{model}"), lines, polls: 0, cancelled: false });
    Json(operation_object(&inside, &id)).into_response()
}

fn operation_object(inside: &Inside, id: &str) -> Option<Value> {
    let job = inside.jobs.get(id)?;
    let done = job.polls >= 2 || job.cancelled;
    let state = match (job.polls, job.cancelled) {
        (_, true) => "BATCH_STATE_CANCELLED",
        (0, _) => "BATCH_STATE_PENDING",
        (1, _) => "BATCH_STATE_RUNNING",
        _ => "BATCH_STATE_SUCCEEDED",
    };
    let mut operation = json!({"name": id, "metadata": {
        "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
        "name": id, "model": job.model, "displayName": job.name, "state": state,
        "createTime": "2026-01-01T00:00:00Z", "updateTime": "2026-01-01T00:00:00Z",
        "batchStats": {"requestCount": job.lines.len().to_string()},
    }});
    if done {
        operation["done"] = json!(true);
    }
    if done && !job.cancelled {
        operation["metadata"]["output"] =
            json!({"responsesFile": format!("files/out-{}", id.trim_start_matches("batches/"))});
    }
    Some(operation)
}

async fn operation(
    State(shared): State<Shared>,
    method: Method,
    headers: HeaderMap,
    Path((_, name)): Path<(String, String)>,
) -> Response {
    if header(&headers, "x-goog-api-key") != KEY {
        return fault(401, "UNAUTHENTICATED", "API key not valid");
    }
    let mut inside = shared.lock().unwrap();
    let id = format!("batches/{}", name.trim_end_matches(":cancel"));
    let Some(job) = inside.jobs.get_mut(&id) else { return fault(404, "NOT_FOUND", id) };
    if method == Method::DELETE {
        inside.jobs.remove(&id);
        return Json(json!({})).into_response();
    }
    if name.ends_with(":cancel") {
        job.cancelled = true;
        return Json(json!({})).into_response();
    }
    job.polls += 1;
    if job.polls == 2 {
        let text: String = job.lines.iter().rev().map(|line| generated(line) + "\n").collect();
        inside
            .files
            .insert(format!("files/out-{}", id.trim_start_matches("batches/")), (String::new(), text.into_bytes()));
    }
    Json(operation_object(&inside, &id)).into_response()
}

fn generated(line: &Value) -> String {
    let request = &line["request"];
    let known = only(line, &["key", "request"])
        .and_then(|()| only(request, &REQUEST))
        .and_then(|()| request.get("generationConfig").map_or(Ok(()), |config| only(config, &CONFIG)));
    let schema = request["generationConfig"]["responseSchema"].to_string();
    let fault = match known {
        Ok(()) if request["contents"][0]["parts"][0]["text"].is_null() => Some("contents is not specified".to_owned()),
        Ok(()) if schema.contains("additionalProperties") => Some("Unknown name \"additionalProperties\"".to_owned()),
        Ok(()) => None,
        Err(fault) => Some(fault),
    };
    match fault {
        Some(message) => json!({"key": line["key"], "error": {"code": 400, "message": message}}),
        None => json!({"key": line["key"], "response": {
            "candidates": [{
                "content": {"parts": [{"text": "{\"scene\":\"a kitchen\"}"}], "role": "model"},
                "finishReason": "STOP", "index": 0,
            }],
            "usageMetadata": {"promptTokenCount": 40, "candidatesTokenCount": 9, "totalTokenCount": 49},
            "modelVersion": "gemini-fake",
        }}),
    }
    .to_string()
}

async fn list_operations(State(shared): State<Shared>) -> Response {
    let inside = shared.lock().unwrap();
    let operations: Vec<_> = inside.jobs.keys().filter_map(|id| operation_object(&inside, id)).collect();
    Json(json!({"operations": operations})).into_response()
}
