//! What the tests of the batch life share: request lines, engines, and a server on loopback.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

pub mod fakes;
pub mod meddler;
pub mod program;
pub mod results;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aacorn::serve::sample::Sample;
use aacorn::serve::{Composer, Engine, EngineAnswer, EngineError, EngineRequest, Options, Running, Server};
use jiff::Timestamp;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

pub const CHAT: &str = "/v1/chat/completions";

/// The moment that `--now` fixes in tests.
pub fn fixed() -> Option<Timestamp> {
    Some("2026-01-01T00:00:00Z".parse().unwrap())
}

/// A line of a batch file.
pub fn request(id: &str) -> String {
    let schema = json!({
        "type": "object",
        "properties": {"scene": {"type": "string"}},
        "required": ["scene"],
        "additionalProperties": false,
    });
    let format = json!({"type": "json_schema", "json_schema": {"name": "scene", "strict": true, "schema": schema}});
    let body = json!({
        "model": "phrasebook-1",
        "messages": [{"role": "user", "content": format!("scene {id}, please")}],
        "response_format": format,
    });
    json!({"custom_id": id, "method": "POST", "url": CHAT, "body": body}).to_string()
}

/// A batch file of `count` requests `r0`, `r1` …
pub fn requests(count: usize) -> String {
    (0..count).map(|n| request(&format!("r{n}")) + "\n").collect()
}

/// Answers as the sample engine does, but takes its time.
pub struct Slow(pub Duration);

impl Composer for Slow {
    fn model(&self) -> &str {
        "slow-1"
    }

    fn answer(&self, request: &EngineRequest<'_>) -> Result<EngineAnswer, EngineError> {
        std::thread::sleep(self.0);
        Sample.answer(request)
    }

    fn concurrency(&self) -> usize {
        2
    }
}

/// Refuses prompts that hold the word `bad`.
pub struct Picky;

impl Composer for Picky {
    fn model(&self) -> &str {
        "picky-1"
    }

    fn answer(&self, request: &EngineRequest<'_>) -> Result<EngineAnswer, EngineError> {
        if request.body["messages"].to_string().contains("bad") {
            let (code, message) = ("context_length_exceeded".to_owned(), "too long".to_owned());
            return Err(EngineError::Refused { status: 400, code, message });
        }
        Sample.answer(request)
    }
}

/// A server over `engine` with its state in `state`.
pub async fn server(state: &Path, engine: impl Engine + 'static) -> Running {
    Server::start(Options { now: fixed(), ..Options::new(state, Arc::new(engine)) }).await.unwrap()
}

/// A client as plain as it can be.
pub struct Http {
    pub base: String,
    pub client: reqwest::Client,
}

impl Http {
    pub fn new(base: impl Into<String>) -> Self {
        Self { base: base.into(), client: reqwest::Client::new() }
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        Self::read(self.client.get(format!("{}{path}", self.base))).await
    }

    pub async fn delete(&self, path: &str) -> (u16, Value) {
        Self::read(self.client.delete(format!("{}{path}", self.base))).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        Self::read(self.client.post(format!("{}{path}", self.base)).json(&body)).await
    }

    pub async fn text(&self, path: &str) -> String {
        self.client.get(format!("{}{path}", self.base)).send().await.unwrap().text().await.unwrap()
    }

    pub async fn send_file(&self, fields: &[(&'static str, &'static str)], name: &str, text: String) -> (u16, Value) {
        let form = fields.iter().fold(Form::new(), |form, (name, value)| form.text(*name, *value));
        let form = form.part("file", Part::text(text).file_name(name.to_owned()));
        Self::read(self.client.post(format!("{}/files", self.base)).multipart(form)).await
    }

    /// Uploads `text` and creates a batch of it.
    pub async fn submit(&self, text: String) -> Value {
        let (status, file) = self.send_file(&[("purpose", "batch")], "in.jsonl", text).await;
        assert_eq!(status, 200, "{file}");
        let body = json!({"input_file_id": file["id"], "endpoint": CHAT, "completion_window": "24h"});
        let (status, batch) = self.post("/batches", body).await;
        assert_eq!(status, 200, "{batch}");
        batch
    }

    /// Waits until the batch has ended.
    pub async fn ended(&self, batch: &Value) -> Value {
        self.until(batch, |status| matches!(status, "completed" | "failed" | "expired" | "cancelled")).await
    }

    /// Waits until the batch is in a state that `wanted` accepts.
    pub async fn until(&self, batch: &Value, wanted: impl Fn(&str) -> bool) -> Value {
        let started = Instant::now();
        loop {
            let (status, now) = self.get(&format!("/batches/{}", batch["id"].as_str().unwrap())).await;
            assert_eq!(status, 200, "{now}");
            if wanted(now["status"].as_str().unwrap()) {
                return now;
            }
            assert!(started.elapsed() < Duration::from_secs(60), "the batch does not end: {now}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The lines of a file.
    pub async fn lines(&self, id: &Value) -> Vec<Value> {
        let text = self.text(&format!("/files/{}/content", id.as_str().unwrap())).await;
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    async fn read(request: reqwest::RequestBuilder) -> (u16, Value) {
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

/// To be called in every round of a loop that waits: fails the test when `what` is long overdue.
pub fn limit(what: &str) -> impl Fn() {
    let started = Instant::now();
    move || assert!(started.elapsed() < Duration::from_secs(120), "waited in vain: {what}")
}

/// Puts a batch file of `count` requests below `folder` and gives its path.
pub fn write_shard(folder: &Path, locale: &str, part: &str, count: usize) -> PathBuf {
    let path = folder.join(locale).join(format!("openai_batch_{locale}_20260101_000000_0a1b2c3d{part}.jsonl"));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let lines: String = (0..count).map(|n| request(&format!("{locale}{part}-{n}")) + "\n").collect();
    fs::write(&path, lines).unwrap();
    path
}

/// Every file below `folder`, by path, but for the ledger's.
pub fn files(folder: &Path) -> std::collections::BTreeMap<PathBuf, Vec<u8>> {
    let mut found = std::collections::BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if !path.file_name().unwrap().to_str().unwrap().contains("ledger") {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

/// Somebody who presses Ctrl-C after a number of glances.
pub struct Impatient(pub AtomicU64);

impl aacorn::progress::Progress for Impatient {
    fn task<'a>(
        &'a self,
        stage: &'static str,
        what: &str,
        total: Option<u64>,
        unit: &'static str,
    ) -> Box<dyn aacorn::progress::Task + 'a> {
        aacorn::progress::Silent.task(stage, what, total, unit)
    }

    fn note(&self, _: &str) {}

    fn interrupted(&self) -> bool {
        self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_err()
    }
}
