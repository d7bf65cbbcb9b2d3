//! OpenAI's Files and Batches, and every server of that shape.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::{BatchApi, Call, Counts, Pace, Problem, RemoteJob, Status, Ticket};
use crate::Result;
use crate::http::{Answer, Auth, Client, Failure, Key, Patience, Upload};
use crate::model::Provider;

/// OpenAI's own base URL.
pub const BASE_URL: &str = "https://api.openai.com/v1";
/// The home of jobs at the server inside this program.
const LOCAL: &str = "local";
/// Jobs and files asked for at a time when one is looked for.
const JOB_PAGE: usize = 100;
const FILE_PAGE: usize = 10_000;

/// A server of OpenAI's shape.
#[derive(Debug, Clone)]
pub struct OpenAi {
    client: Client,
    provider: Provider,
    home: String,
    pace: Pace,
}

impl OpenAi {
    /// The server at `base_url`, with `key` as Bearer token and `organization` and `project` as headers where given.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] when the URL is none or holds a secret.
    pub fn new(base_url: &str, key: Option<Key>, organization: Option<&str>, project: Option<&str>) -> Result<Self> {
        let auth = key.map_or(Auth::None, Auth::Bearer);
        let headers: Vec<_> = [("openai-organization", organization), ("openai-project", project)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        let client = Client::new(Provider::OpenAi.name(), base_url, &auth, &headers)?;
        let pace = match client.is_loopback() {
            true => Pace { first: Duration::from_millis(100), longest: Duration::from_secs(2) },
            false => Pace { first: Duration::from_secs(5), longest: Duration::from_secs(60) },
        };
        Ok(Self { home: client.base_url().to_owned(), client, provider: Provider::OpenAi, pace })
    }

    /// The server inside this program.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] when the URL is none.
    pub fn local(base_url: &str) -> Result<Self> {
        let client = Client::new(Provider::Local.name(), base_url, &Auth::None, &[])?;
        let pace = Pace { first: Duration::from_millis(20), longest: Duration::from_millis(500) };
        Ok(Self { client, provider: Provider::Local, home: LOCAL.to_owned(), pace })
    }

    /// Sets how often jobs are asked after.
    #[must_use]
    pub fn with_pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// Sets how long it goes on trying.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.client = self.client.with_patience(patience);
        self
    }

    fn job(&self, batch: &Value) -> Answer<RemoteJob> {
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let missing = |name| Failure::nonsense(self.client.provider(), format!("a batch without {name}"));
        let word = text(&batch["status"]).ok_or_else(|| missing("status"))?;
        let counts = &batch["request_counts"];
        let count = |name: &str| counts[name].as_u64();
        Ok(RemoteJob {
            id: text(&batch["id"]).ok_or_else(|| missing("id"))?,
            status: Status::read(&word),
            word,
            upload: text(&batch["input_file_id"]),
            // An empty id means the same as none, and must never be asked for.
            output: text(&batch["output_file_id"]),
            errors: text(&batch["error_file_id"]),
            counts: count("total").map(|total| Counts {
                total,
                completed: count("completed").unwrap_or(0),
                failed: count("failed").unwrap_or(0),
            }),
            problems: batch["errors"]["data"].as_array().into_iter().flatten().map(problem).collect(),
        })
    }

    async fn find_job(&self, ticket: &Ticket, known: &HashSet<String>) -> Answer<Option<RemoteJob>> {
        let mut after = String::new();
        loop {
            let page: Value = self.client.get(&format!("/batches?limit={JOB_PAGE}{after}")).await?;
            let batches = page["data"].as_array().map(Vec::as_slice).unwrap_or_default();
            for batch in batches {
                let metadata = &batch["metadata"];
                let ours = metadata["run"] == ticket.run.as_str()
                    && metadata["shard"] == ticket.shard.as_str()
                    && metadata["sha256"] == ticket.sha256.as_str();
                if ours && batch["id"].as_str().is_some_and(|id| !known.contains(id)) {
                    return self.job(batch).map(Some);
                }
            }
            match batches.last().and_then(|batch| batch["id"].as_str()) {
                Some(last) if page["has_more"] == true => after = format!("&after={last}"),
                _ => return Ok(None),
            }
        }
    }

    async fn find_file(&self, ticket: &Ticket) -> Answer<Option<String>> {
        let name = ticket.upload_name();
        let mut after = String::new();
        loop {
            let path = format!("/files?purpose=batch&limit={FILE_PAGE}{after}");
            let page: Value = self.client.get(&path).await?;
            let files = page["data"].as_array().map(Vec::as_slice).unwrap_or_default();
            let ours = |file: &&Value| file["filename"] == name.as_str() && file["bytes"] == ticket.bytes;
            if let Some(file) = files.iter().find(ours) {
                return Ok(file["id"].as_str().map(str::to_owned));
            }
            match files.last().and_then(|file| file["id"].as_str()) {
                Some(last) if page["has_more"] == true => after = format!("&after={last}"),
                _ => return Ok(None),
            }
        }
    }
}

fn problem(error: &Value) -> Problem {
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    Problem { code: text("code"), message: text("message"), line: error["line"].as_u64() }
}

impl BatchApi for OpenAi {
    fn provider(&self) -> Provider {
        self.provider
    }

    fn home(&self) -> &str {
        &self.home
    }

    fn pace(&self) -> Pace {
        self.pace
    }

    fn patience(&self) -> Patience {
        self.client.patience()
    }

    fn upload<'a>(&'a self, ticket: &'a Ticket, path: &'a Path) -> Call<'a, Option<String>> {
        Box::pin(async move {
            let name = ticket.upload_name();
            let upload = Upload { path, name: &name };
            let file: Value = self.client.upload("/files", &[("purpose", "batch")], upload).await?;
            let id =
                file["id"].as_str().ok_or_else(|| Failure::nonsense(self.client.provider(), "a file without id"))?;
            Ok(Some(id.to_owned()))
        })
    }

    fn find_upload<'a>(&'a self, ticket: &'a Ticket) -> Call<'a, Option<String>> {
        Box::pin(self.find_file(ticket))
    }

    fn create<'a>(&'a self, ticket: &'a Ticket, path: &'a Path, upload: Option<&'a str>) -> Call<'a, RemoteJob> {
        Box::pin(async move {
            let endpoint = first_url(path).unwrap_or_else(|| "/v1/chat/completions".to_owned());
            let body = json!({
                "input_file_id": upload,
                "endpoint": endpoint,
                "completion_window": "24h",
                "metadata": {"run": ticket.run, "shard": ticket.shard, "sha256": ticket.sha256},
            });
            self.job(&self.client.post("/batches", &body).await?)
        })
    }

    fn find<'a>(&'a self, ticket: &'a Ticket, known: &'a HashSet<String>) -> Call<'a, Option<RemoteJob>> {
        Box::pin(self.find_job(ticket, known))
    }

    fn poll<'a>(&'a self, id: &'a str) -> Call<'a, RemoteJob> {
        Box::pin(async move { self.job(&self.client.get(&format!("/batches/{id}")).await?) })
    }

    fn cancel<'a>(&'a self, id: &'a str) -> Call<'a, RemoteJob> {
        Box::pin(async move { self.job(&self.client.post(&format!("/batches/{id}/cancel"), &json!({})).await?) })
    }

    fn fetch<'a>(&'a self, file: &'a str, to: &'a Path) -> Call<'a, crate::http::Downloaded> {
        Box::pin(async move { self.client.download(&format!("/files/{file}/content"), to).await })
    }

    fn keeps_results(&self) -> &'static str {
        "30 days, other services for other times"
    }

    fn delete<'a>(&'a self, file: &'a str) -> Call<'a, ()> {
        Box::pin(async move { self.client.delete(&format!("/files/{file}")).await })
    }
}

/// The `url` of the first request: the endpoint that the batch is for.
fn first_url(path: &Path) -> Option<String> {
    let mut lines = crate::files::Lines::open(path).ok()?;
    while let Some(line) = lines.next().ok()? {
        if !line.bytes.is_empty() {
            let request: Value = serde_json::from_slice(line.bytes).ok()?;
            return request["url"].as_str().map(str::to_owned);
        }
    }
    None
}
