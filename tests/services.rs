//! Services of OpenAI's shape: what each does differently, against fakes that refuse everything else.

#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aacorn::dialect::Service;
use aacorn::http::{Key, Patience};
use aacorn::jobs::{Desk, Shard, check_requests, complete, shards, submit};
use aacorn::ledger::{Ledger, Phase};
use aacorn::model::{Clock, Provider};
use aacorn::progress::Silent;
use aacorn::provider::{OpenAi, Pace};
use axum::extract::{Multipart, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use support::program::{ok, run};

const KEY: &str = "sk-of-a-service";

/// A service, as strict as its documentation.
struct Fake {
    service: &'static Service,
    /// Uploads and their text.
    files: Vec<(String, String, String)>,
    /// Batches, with the number of times they were asked after.
    jobs: Vec<(Value, usize)>,
}

type Shared = Arc<Mutex<Fake>>;
type Reply = Result<Response, (StatusCode, String)>;

fn refuse<T>(why: impl Into<String>) -> Result<T, (StatusCode, String)> {
    Err((StatusCode::BAD_REQUEST, json!({"error": {"message": why.into()}}).to_string()))
}

impl Fake {
    fn is(&self, name: &str) -> bool {
        self.service.name == name
    }

    fn check_key(&self, headers: &HeaderMap) -> Result<(), (StatusCode, String)> {
        let bearer = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
        let own = headers.get("api-key").map(|value| value.to_str().unwrap().to_owned());
        let right = match self.is("azure") {
            true => own.as_deref() == Some(KEY) && bearer.is_none(),
            false => bearer == Some(format!("Bearer {KEY}")) && own.is_none(),
        };
        if right { Ok(()) } else { Err((StatusCode::UNAUTHORIZED, "{}".to_owned())) }
    }

    fn url(&self) -> &'static str {
        if self.is("azure") { "/chat/completions" } else { "/v1/chat/completions" }
    }

    /// The requests of an upload, as this service wants them.
    fn requests(&self, id: &str) -> Result<Vec<Value>, (StatusCode, String)> {
        let Some((_, _, text)) = self.files.iter().find(|(file, _, _)| file == id) else {
            return refuse("no such file");
        };
        let bare = self.is("mistral") || self.is("together") || self.is("novita");
        let keys: BTreeSet<&str> = match bare {
            true => ["custom_id", "body"].into(),
            false => ["custom_id", "method", "url", "body"].into(),
        };
        let mut lines = Vec::new();
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            if line.as_object().unwrap().keys().map(String::as_str).collect::<BTreeSet<_>>() != keys {
                return refuse(format!("a line with other keys: {line}"));
            }
            if !bare && line["url"] != self.url() {
                return refuse("another url");
            }
            lines.push(line);
        }
        Ok(lines)
    }

    /// A batch in the words of the service, as it is at the `looks`th look.
    fn shown(&self, job: &Value, looks: usize) -> Value {
        let at = looks.min(2);
        let mut shown = job.clone();
        let (id, input) = (&job["id"], &job["input"]);
        let done = at == 2;
        let count = self.files.iter().find(|(file, _, _)| input == file).unwrap().2.lines().count();
        let output = done.then(|| format!("out-{}", id.as_str().unwrap()));
        if self.is("mistral") {
            return json!({
                "id": id, "object": "batch", "input_files": [input], "endpoint": job["endpoint"], "model": job["model"],
                "metadata": job["metadata"], "errors": [], "status": (["QUEUED", "RUNNING", "SUCCESS"][at]),
                "created_at": 1_760_000_000, "total_requests": count, "completed_requests": if done { count } else { 0 },
                "succeeded_requests": if done { count } else { 0 }, "failed_requests": 0, "output_file": output,
                "error_file": null,
            });
        }
        if self.is("together") {
            return json!({
                "id": id, "input_file_id": input, "endpoint": job["endpoint"], "file_size_bytes": 10,
                "status": (["VALIDATING", "IN_PROGRESS", "COMPLETED"][at]), "progress": ([0.0, 50.0, 100.0][at]),
                "created_at": "2026-01-01T00:00:00Z", "output_file_id": output, "error_file_id": "",
            });
        }
        let status = match self.is("azure") {
            true => ["Validating", "InProgress", "Completed"][at],
            false => ["validating", "in_progress", "completed"][at],
        };
        shown["object"] = "batch".into();
        shown["input_file_id"] = input.clone();
        shown["status"] = status.into();
        shown["output_file_id"] = json!(output);
        // Azure gives an empty file to a success, and counts nothing.
        shown["error_file_id"] = if self.is("azure") && done { json!("empty") } else { Value::Null };
        shown["created_at"] = if self.is("azure") { json!("2026-01-01T00:00:00Z") } else { json!(1_760_000_000) };
        shown["request_counts"] = match self.is("azure") {
            true => json!({"total": null, "completed": null, "failed": null}),
            false => json!({"total": count, "completed": if done { count } else { 0 }, "failed": 0}),
        };
        shown
    }
}

async fn upload(State(fake): State<Shared>, headers: HeaderMap, mut form: Multipart) -> Reply {
    let (mut fields, mut file) = (BTreeSet::new(), None);
    while let Some(field) = form.next_field().await.unwrap() {
        let name = field.name().unwrap().to_owned();
        if name == "file" {
            file = Some((field.file_name().unwrap().to_owned(), field.text().await.unwrap()));
        } else {
            fields.insert(format!("{name}={}", field.text().await.unwrap()));
        }
    }
    let mut fake = fake.lock().unwrap();
    fake.check_key(&headers)?;
    let Some((name, text)) = file.filter(|(name, _)| name.ends_with(".jsonl")) else { return refuse("no .jsonl file") };
    let expected: BTreeSet<String> = match fake.is("together") {
        true => ["purpose=batch-api".to_owned(), format!("file_name={name}")].into(),
        false => ["purpose=batch".to_owned()].into(),
    };
    if fields != expected {
        return refuse(format!("other fields: {fields:?}"));
    }
    let id = format!("file-{}", fake.files.len());
    let answer = json!({"id": id, "object": "file", "bytes": text.len(), "filename": name});
    fake.files.push((id, name, text));
    Ok(Json(answer).into_response())
}

async fn create(State(fake): State<Shared>, headers: HeaderMap, Json(body): Json<Value>) -> Reply {
    let mut fake = fake.lock().unwrap();
    fake.check_key(&headers)?;
    let keys: BTreeSet<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    let expected: BTreeSet<&str> = match fake.service.name.as_str() {
        "mistral" => ["input_files", "endpoint", "model", "timeout_hours", "metadata"].into(),
        "together" | "dashscope" | "novita" => ["input_file_id", "endpoint", "completion_window"].into(),
        _ => ["input_file_id", "endpoint", "completion_window", "metadata"].into(),
    };
    if keys != expected || body["endpoint"] != fake.url() {
        return refuse(format!("another create call: {body}"));
    }
    let input = body["input_file_id"].as_str().or_else(|| body["input_files"][0].as_str()).unwrap().to_owned();
    let requests = fake.requests(&input)?;
    if fake.is("mistral") && body["model"] != requests[0]["body"]["model"] {
        return refuse("another model");
    }
    let id = format!("job-{}", fake.jobs.len());
    let job = json!({
        "id": id, "input": input, "endpoint": body["endpoint"], "model": body["model"], "metadata": body["metadata"],
    });
    fake.jobs.push((job.clone(), 0));
    let shown = fake.shown(&job, 0);
    Ok(Json(if fake.is("together") { json!({"job": shown, "warning": null}) } else { shown }).into_response())
}

async fn poll(State(fake): State<Shared>, headers: HeaderMap, Path(id): Path<String>) -> Reply {
    let mut fake = fake.lock().unwrap();
    fake.check_key(&headers)?;
    let Some((job, looks)) = fake.jobs.iter_mut().find(|(job, _)| job["id"] == id.as_str()) else {
        return Err((StatusCode::NOT_FOUND, "{}".to_owned()));
    };
    *looks += 1;
    let (job, looks) = (job.clone(), *looks);
    Ok(Json(fake.shown(&job, looks)).into_response())
}

async fn list(
    State(fake): State<Shared>,
    headers: HeaderMap,
    Query(asked): Query<std::collections::BTreeMap<String, String>>,
) -> Reply {
    let fake = fake.lock().unwrap();
    fake.check_key(&headers)?;
    let data: Vec<Value> = fake.jobs.iter().map(|(job, looks)| fake.shown(job, *looks)).collect();
    let keys: Vec<&str> = asked.keys().map(String::as_str).collect();
    Ok(Json(match fake.service.name.as_str() {
        "mistral" => {
            if keys != ["page", "page_size"] {
                return refuse(format!("{keys:?}"));
            }
            let page: usize = asked["page"].parse().unwrap();
            let size: usize = asked["page_size"].parse().unwrap();
            let part: Vec<_> = data.iter().skip(page * size).take(size).collect();
            json!({"object": "list", "data": part, "total": data.len()})
        }
        "together" => json!(data),
        _ => json!({"object": "list", "data": data, "has_more": false}),
    })
    .into_response())
}

async fn content(State(fake): State<Shared>, headers: HeaderMap, Path(id): Path<String>) -> Reply {
    let fake = fake.lock().unwrap();
    fake.check_key(&headers)?;
    if id == "empty" && fake.is("azure") {
        return Ok(String::new().into_response());
    }
    let Some((job, _)) = fake.jobs.iter().find(|(job, _)| id == format!("out-{}", job["id"].as_str().unwrap())) else {
        return Err((StatusCode::NOT_FOUND, "{}".to_owned()));
    };
    let body = json!({"choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}]});
    let rows = fake.requests(job["input"].as_str().unwrap())?.into_iter().map(|request| {
        json!({"id": "x", "custom_id": request["custom_id"], "response": {"status_code": 200, "body": body}, "error": null})
            .to_string()
            + "\n"
    });
    Ok(rows.collect::<String>().into_response())
}

async fn start(service: &'static Service) -> (Shared, OpenAi) {
    let fake = Arc::new(Mutex::new(Fake { service, files: Vec::new(), jobs: Vec::new() }));
    let (upload_path, jobs) = match service.name.as_str() {
        "together" => ("/v1/files/upload", "/v1/batches"),
        "mistral" => ("/v1/files", "/v1/batch/jobs"),
        _ => ("/v1/files", "/v1/batches"),
    };
    let router = Router::new()
        .route(upload_path, post(upload))
        .route(jobs, post(create).get(list))
        .route(&format!("{jobs}/{{id}}"), get(poll))
        .route("/v1/files/{id}/content", get(content))
        .with_state(Arc::clone(&fake));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let wait = Duration::from_millis(10);
    let patience = Patience { first: wait, longest: wait, repeats: 2, settle: wait };
    let api = OpenAi::of(service, &base, Some(Key::new(KEY).unwrap()), None, None).unwrap();
    (fake, api.with_pace(Pace { first: wait, longest: wait }).with_patience(patience))
}

fn generated(folder: &std::path::Path, service: &'static Service) -> Vec<Shard> {
    ok(folder, &["generate", "--lang", "en-GB", "--num", "5", "--service", &service.name, "--model", "mine"]);
    let found = shards(&folder.join("batch_files")).unwrap();
    check_requests(&found, Provider::OpenAi, service, &Silent).unwrap();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_service_gets_what_it_takes_and_its_answers_are_understood() {
    for service in Service::all() {
        let folder = tempfile::tempdir().unwrap();
        let found = generated(folder.path(), service);
        let (fake, api) = start(service).await;
        let ledger = Ledger::open(&folder.path().join("batch_files"), Clock::default()).unwrap();
        let report = complete(&found, &api, &ledger, &Silent).await.unwrap();
        assert!(report.is_complete(), "{}: {report:?}", service.name);
        assert_eq!((report.shards[0].output_rows, report.shards[0].error_rows), (5, 0), "{}", service.name);
        assert_eq!(ledger.jobs().unwrap()[0].service, service.name);
        assert_eq!(fake.lock().unwrap().jobs.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_job_is_found_again_at_every_service_by_metadata_or_upload() {
    for service in Service::all() {
        let folder = tempfile::tempdir().unwrap();
        let found = generated(folder.path(), service);
        let (fake, api) = start(service).await;
        let ledger = Ledger::open(&folder.path().join("batch_files"), Clock::default()).unwrap();
        let desk = Desk { api: &api, ledger: &ledger, progress: &Silent };
        submit(desk, &found, false).await.unwrap();
        let crash = |job: &mut aacorn::ledger::Job| (job.phase, job.remote) = (Phase::Creating, None);
        ledger.change(1, "crash", "", crash).unwrap();
        let report = complete(&found, &api, &ledger, &Silent).await.unwrap();
        assert!(report.is_complete(), "{}", service.name);
        assert_eq!(fake.lock().unwrap().jobs.len(), 1, "{}", service.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_services_batch_file_is_refused_for_another_before_it_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let found = generated(folder.path(), Service::openai());
    for name in ["mistral", "together"] {
        let error = check_requests(&found, Provider::OpenAi, Service::named(name).unwrap(), &Silent).unwrap_err();
        assert!(error.to_string().contains("nothing was sent"), "{error}");
    }
    let (_, api) = start(Service::named("mistral").unwrap()).await;
    let ledger = Ledger::open(&folder.path().join("batch_files"), Clock::default()).unwrap();
    let desk = Desk { api: &api, ledger: &ledger, progress: &Silent };
    assert!(submit(desk, &found, false).await.is_err(), "the fake refuses it too");
}

#[test]
fn a_service_wants_its_own_key_and_model() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let (code, _, stderr) = run(here, &["generate", "--lang", "en-GB", "--num", "1", "--service", "azure"]);
    assert!(code == 2 && stderr.contains("name your deployment with --model"), "{stderr}");
    ok(here, &["generate", "--lang", "en-GB", "--num", "1", "--service", "mistral", "--model", "m"]);
    let line = fs::read_to_string(&shards(&here.join("batch_files")).unwrap()[0].path).unwrap();
    assert!(line.starts_with("{\"custom_id\":") && !line.contains("\"method\""), "{line}");
    let (code, _, stderr) = run(here, &["submit", "--service", "mistral"]);
    assert!(code == 2 && stderr.contains("set MISTRAL_API_KEY"), "OpenAI's key is not sent elsewhere: {stderr}");
    for (url, said) in
        [("http://models.example/v1", "use https"), ("https://models.example/v1", "add --api-key-env OPENAI_API_KEY")]
    {
        let (code, _, stderr) = run(here, &["submit", "--unchecked", "--base-url", url]);
        assert!(code == 2 && stderr.contains(said), "{url}: {stderr}");
    }
    let (code, _, stderr) = run(here, &["submit", "--base-url", "https://api.x.ai/v1"]);
    assert!(code == 2 && stderr.contains("does not speak OpenAI's batch API"), "{stderr}");
}
