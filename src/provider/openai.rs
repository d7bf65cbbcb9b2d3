//! OpenAI's Files and Batches, and every server of that shape.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::remote::moment;
use super::{BatchApi, Call, Counts, Pace, Problem, RemoteJob, Status, Ticket};
use crate::Result;
use crate::dialect::{CreateForm, Paging, Service};
use crate::http::{Answer, Auth, Client, Failure, Key, Patience, Upload};
use crate::model::Provider;

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
    service: &'static Service,
    home: String,
    pace: Pace,
}

impl OpenAi {
    /// The server at `base_url`, with `key` as Bearer token and `organization` and `project` as headers where given.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] when the URL is none or holds a secret.
    pub fn new(base_url: &str, key: Option<Key>, organization: Option<&str>, project: Option<&str>) -> Result<Self> {
        Self::of(Service::at(base_url)?, base_url, key, organization, project)
    }

    /// The same, for a service whose host does not tell which it is.
    ///
    /// # Errors
    /// As [`OpenAi::new`].
    pub fn of(
        service: &'static Service,
        base_url: &str,
        key: Option<Key>,
        organization: Option<&str>,
        project: Option<&str>,
    ) -> Result<Self> {
        let auth = match (key, &service.key_header) {
            (None, _) => Auth::None,
            (Some(key), None) => Auth::Bearer(key),
            (Some(key), Some(name)) => Auth::Header(name, key),
        };
        let headers: Vec<_> = [("openai-organization", organization), ("openai-project", project)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        let client = Client::new(Provider::OpenAi.name(), base_url, &auth, &headers)?;
        let pace = match client.is_loopback() {
            true => Pace { first: Duration::from_millis(100), longest: Duration::from_secs(2) },
            false => {
                let first = Duration::from_secs(service.poll_seconds.unwrap_or(5));
                Pace { first, longest: first.max(Duration::from_secs(60)) }
            }
        };
        Ok(Self { home: client.base_url().to_owned(), client, provider: Provider::OpenAi, service, pace })
    }

    /// The server inside this program.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] when the URL is none.
    pub fn local(base_url: &str) -> Result<Self> {
        let client = Client::new(Provider::Local.name(), base_url, &Auth::None, &[])?;
        let pace = Pace { first: Duration::from_millis(20), longest: Duration::from_millis(500) };
        Ok(Self { client, provider: Provider::Local, service: Service::openai(), home: LOCAL.to_owned(), pace })
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

    /// Reads a batch in the words of any of the services.
    fn job(&self, answer: &Value) -> Answer<RemoteJob> {
        let batch = answer.get("job").unwrap_or(answer);
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let missing = |name| Failure::nonsense(self.client.provider(), format!("a batch without {name}"));
        let word = text(&batch["status"]).ok_or_else(|| missing("status"))?;
        let counts = &batch["request_counts"];
        let count = |name: &str, other: &str| counts[name].as_u64().or_else(|| batch[other].as_u64());
        Ok(RemoteJob {
            id: text(&batch["id"]).ok_or_else(|| missing("id"))?,
            status: Status::read(&word),
            word,
            upload: upload_of(batch).map(str::to_owned),
            // An empty id means the same as none, and must never be asked for.
            output: text(&batch["output_file_id"]).or_else(|| text(&batch["output_file"])),
            errors: text(&batch["error_file_id"]).or_else(|| text(&batch["error_file"])),
            counts: count("total", "total_requests").map(|total| Counts {
                total,
                completed: count("completed", "succeeded_requests").unwrap_or(0),
                failed: count("failed", "failed_requests").unwrap_or(0),
            }),
            problems: problems(batch),
            created: moment(&batch["created_at"]),
        })
    }

    async fn find_job(&self, ticket: &Ticket, known: &HashSet<String>) -> Answer<Option<RemoteJob>> {
        let ours = |batch: &Value| {
            let metadata = &batch["metadata"];
            let by_metadata = metadata["run"] == ticket.run.as_str()
                && metadata["shard"] == ticket.shard.as_str()
                && metadata["sha256"] == ticket.sha256.as_str();
            let by_upload = ticket.upload.is_some() && upload_of(batch) == ticket.upload.as_deref();
            by_metadata || by_upload
        };
        let ours = |batch: &Value| ours(batch) && batch["id"].as_str().is_some_and(|id| !known.contains(id));
        let found = self.find_in(&self.service.jobs, "", JOB_PAGE, ours).await?;
        found.map(|batch| self.job(&batch)).transpose()
    }

    async fn find_file(&self, ticket: &Ticket) -> Answer<Option<String>> {
        let name = ticket.upload_name();
        let ours = |file: &Value| file["filename"] == name.as_str() && file["bytes"] == ticket.bytes;
        let purpose = format!("purpose={}&", self.service.purpose);
        let found = self.find_in("/files", &purpose, FILE_PAGE, ours).await?;
        Ok(found.and_then(|file| file["id"].as_str().map(str::to_owned)))
    }

    /// The first entry of the list at `path` that is `ours`; `limit` are asked for at a time where pages have no numbers.
    async fn find_in(
        &self,
        path: &str,
        query: &str,
        limit: usize,
        ours: impl Fn(&Value) -> bool,
    ) -> Answer<Option<Value>> {
        let (mut after, mut number) = (String::new(), 0);
        loop {
            let page: Value = match self.service.paging {
                Paging::After => self.client.get(&format!("{path}?{query}limit={limit}{after}")).await?,
                Paging::Page => self.client.get(&format!("{path}?{query}page={number}&page_size={JOB_PAGE}")).await?,
            };
            let entries = list(&page);
            if let Some(entry) = entries.iter().find(|entry| ours(entry)) {
                return Ok(Some(entry.clone()));
            }
            match (self.service.paging, entries.last().and_then(|entry| entry["id"].as_str())) {
                (Paging::After, Some(last)) if page["has_more"] == true => after = format!("&after={last}"),
                (Paging::Page, Some(_)) if entries.len() >= JOB_PAGE => number += 1,
                _ => return Ok(None),
            }
        }
    }
}

/// The entries of a list, which some services give bare.
fn list(page: &Value) -> &[Value] {
    page["data"].as_array().or_else(|| page.as_array()).map(Vec::as_slice).unwrap_or_default()
}

fn upload_of(batch: &Value) -> Option<&str> {
    batch["input_file_id"].as_str().or_else(|| batch["input_files"][0].as_str()).filter(|id| !id.is_empty())
}

/// `errors.data` of OpenAI, `errors` of Mistral, `error` of Together.
fn problems(batch: &Value) -> Vec<Problem> {
    let errors = &batch["errors"];
    if let Some(text) = batch["error"].as_str().filter(|text| !text.is_empty()) {
        return vec![Problem { code: "error".to_owned(), message: text.to_owned(), line: None }];
    }
    errors["data"].as_array().or_else(|| errors.as_array()).into_iter().flatten().map(problem).collect()
}

fn problem(error: &Value) -> Problem {
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    let times = error["count"].as_u64().map(|count| format!(" ({count} times)")).unwrap_or_default();
    Problem { code: text("code"), message: text("message") + &times, line: error["line"].as_u64() }
}

impl BatchApi for OpenAi {
    fn provider(&self) -> Provider {
        self.provider
    }

    fn home(&self) -> &str {
        &self.home
    }

    fn service(&self) -> &str {
        &self.service.name
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
            let mut fields = vec![("purpose", self.service.purpose.as_str())];
            if self.service.file_name {
                fields.push(("file_name", &name));
            }
            let file: Value = self.client.upload(&self.service.upload, &fields, upload).await?;
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
            let endpoint = first_url(path).unwrap_or_else(|| self.service.url_of("/v1/chat/completions").to_owned());
            let mut body = match self.service.create {
                CreateForm::OpenAi => {
                    json!({"input_file_id": upload, "endpoint": endpoint, "completion_window": "24h"})
                }
                CreateForm::Mistral => {
                    json!({"input_files": [upload], "endpoint": endpoint, "model": ticket.model, "timeout_hours": 24})
                }
            };
            if self.service.metadata {
                body["metadata"] = json!({"run": ticket.run, "shard": ticket.shard, "sha256": ticket.sha256});
            }
            self.job(&self.client.post(&self.service.jobs, &body).await?)
        })
    }

    fn find<'a>(&'a self, ticket: &'a Ticket, known: &'a HashSet<String>) -> Call<'a, Option<RemoteJob>> {
        Box::pin(self.find_job(ticket, known))
    }

    fn poll<'a>(&'a self, id: &'a str) -> Call<'a, RemoteJob> {
        Box::pin(async move { self.job(&self.client.get(&format!("{}/{id}", self.service.jobs)).await?) })
    }

    fn cancel<'a>(&'a self, id: &'a str) -> Call<'a, RemoteJob> {
        Box::pin(async move {
            self.job(&self.client.post(&format!("{}/{id}/cancel", self.service.jobs), &json!({})).await?)
        })
    }

    fn fetch<'a>(&'a self, file: &'a str, to: &'a Path) -> Call<'a, crate::http::Downloaded> {
        Box::pin(async move { self.client.download(&format!("/files/{file}/content"), to).await })
    }

    fn keeps_results(&self) -> &str {
        &self.service.keeps
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
