//! Gemini's batches: a resumable upload, `batchGenerateContent`, an operation to poll, a file to download.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::remote::moment;
use super::{BatchApi, Call, Counts, Pace, Problem, RemoteJob, Status, Ticket};
use crate::http::{Answer, Auth, Cause, Client, Downloaded, Failure, Key, Patience};
use crate::model::Provider;
use crate::{Error, Result};

/// Google's own base URL.
pub const BASE_URL: &str = "https://generativelanguage.googleapis.com";
/// What Google calls JSON Lines.
const MEDIA_TYPE: &str = "jsonl";
/// Jobs and files asked for at a time when one is looked for.
const PAGE: usize = 100;

/// The Gemini Developer API.
#[derive(Debug, Clone)]
pub struct Gemini {
    client: Client,
    pace: Pace,
}

impl Gemini {
    /// The API at `base_url`.
    ///
    /// # Errors
    /// [`Error::Usage`] when the URL is none or holds a secret.
    pub fn new(base_url: &str, key: Option<Key>, pace: Option<Pace>) -> Result<Self> {
        let auth = key.map_or(Auth::None, |key| Auth::Header("x-goog-api-key", key));
        let client = Client::new(Provider::Gemini.name(), base_url, &auth, &[])?;
        let usual = Pace { first: Duration::from_secs(10), longest: Duration::from_secs(60) };
        Ok(Self { client, pace: pace.unwrap_or(usual) })
    }

    /// Reads an operation, or the batch inside it.
    fn job(&self, operation: &Value) -> Answer<RemoteJob> {
        let batch = operation.get("metadata").unwrap_or(operation);
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let missing = |name| Failure::nonsense(self.client.provider(), format!("a batch without {name}"));
        let word = text(&batch["state"]).ok_or_else(|| missing("state"))?;
        let stats = &batch["batchStats"];
        // 64-bit numbers are strings in Google's JSON.
        let count = |name: &str| stats[name].as_u64().or_else(|| stats[name].as_str()?.parse().ok());
        let error = &operation["error"];
        let problem =
            text(&error["message"]).map(|message| Problem { code: error["code"].to_string(), message, line: None });
        let output = [&batch["output"]["responsesFile"], &operation["response"]["responsesFile"]];
        Ok(RemoteJob {
            id: text(&operation["name"]).or_else(|| text(&batch["name"])).ok_or_else(|| missing("name"))?,
            status: Status::read(&word),
            word,
            upload: text(&batch["inputConfig"]["fileName"]),
            output: output.into_iter().find_map(text),
            errors: None,
            counts: count("requestCount").map(|total| Counts {
                total,
                completed: count("successfulRequestCount").unwrap_or(0),
                failed: count("failedRequestCount").unwrap_or(0),
            }),
            problems: problem.into_iter().collect(),
            created: moment(&batch["createTime"]),
        })
    }

    /// Everything on the pages of a list that `pick` picks first.
    async fn find_on<T>(&self, path: &str, list: &str, pick: impl Fn(&Value) -> Option<T>) -> Answer<Option<T>> {
        let mut token = String::new();
        loop {
            let page: Value = self.client.get(&format!("{path}?pageSize={PAGE}{token}")).await?;
            if let Some(found) = page[list].as_array().into_iter().flatten().find_map(&pick) {
                return Ok(Some(found));
            }
            match page["nextPageToken"].as_str() {
                Some(next) if !next.is_empty() => token = format!("&pageToken={next}"),
                _ => return Ok(None),
            }
        }
    }

    fn create_path(&self, ticket: &Ticket) -> Answer<String> {
        let safe = |model: &&String| model.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte));
        let model = ticket.model.as_ref().filter(safe).ok_or_else(|| Failure {
            provider: self.client.provider().to_owned(),
            cause: Cause::Ours(Box::new(Error::Usage(format!(
                "{}: which model is to answer stands in the metadata file beside it, and that is not there",
                ticket.shard
            )))),
        })?;
        let model = model.strip_prefix("models/").unwrap_or(model);
        Ok(format!("/v1beta/models/{model}:batchGenerateContent"))
    }
}

impl BatchApi for Gemini {
    fn provider(&self) -> Provider {
        Provider::Gemini
    }

    fn home(&self) -> &str {
        self.client.base_url()
    }

    fn pace(&self) -> Pace {
        self.pace
    }

    fn patience(&self) -> Patience {
        self.client.patience()
    }

    fn upload<'a>(&'a self, ticket: &'a Ticket, path: &'a Path) -> Call<'a, Option<String>> {
        Box::pin(async move {
            let file = json!({"file": {"display_name": ticket.upload_name(), "mime_type": MEDIA_TYPE}});
            let url = self.client.begin_resumable("/upload/v1beta/files", ticket.bytes, MEDIA_TYPE, &file).await?;
            let answer: Value = self.client.finish_resumable(&url, path).await?;
            let name = answer["file"]["name"].as_str();
            let name = name.ok_or_else(|| Failure::nonsense(self.client.provider(), "a file without name"))?;
            Ok(Some(name.to_owned()))
        })
    }

    fn find_upload<'a>(&'a self, ticket: &'a Ticket) -> Call<'a, Option<String>> {
        Box::pin(async move {
            let name = ticket.upload_name();
            let ours = |file: &Value| {
                (file["displayName"] == name.as_str()).then(|| file["name"].as_str().map(str::to_owned)).flatten()
            };
            self.find_on("/v1beta/files", "files", ours).await
        })
    }

    fn create<'a>(&'a self, ticket: &'a Ticket, _: &'a Path, upload: Option<&'a str>) -> Call<'a, RemoteJob> {
        Box::pin(async move {
            let batch = json!({"displayName": ticket.upload_name(), "inputConfig": {"fileName": upload}});
            self.job(&self.client.post(&self.create_path(ticket)?, &json!({"batch": batch})).await?)
        })
    }

    fn find<'a>(&'a self, ticket: &'a Ticket, known: &'a HashSet<String>) -> Call<'a, Option<RemoteJob>> {
        Box::pin(async move {
            let name = ticket.upload_name();
            let ours = |operation: &Value| {
                let unknown = operation["name"].as_str().is_some_and(|id| !known.contains(id));
                (unknown && operation["metadata"]["displayName"] == name.as_str()).then(|| self.job(operation))
            };
            self.find_on("/v1beta/batches", "operations", ours).await?.transpose()
        })
    }

    fn poll<'a>(&'a self, id: &'a str) -> Call<'a, RemoteJob> {
        Box::pin(async move { self.job(&self.client.get(&format!("/v1beta/{id}")).await?) })
    }

    fn cancel<'a>(&'a self, id: &'a str) -> Call<'a, RemoteJob> {
        Box::pin(async move {
            let _: Value = self.client.post(&format!("/v1beta/{id}:cancel"), &json!({})).await?;
            self.job(&self.client.get(&format!("/v1beta/{id}")).await?)
        })
    }

    fn fetch<'a>(&'a self, file: &'a str, to: &'a Path) -> Call<'a, Downloaded> {
        Box::pin(async move { self.client.download(&format!("/v1beta/{file}:download?alt=media"), to).await })
    }

    fn keeps_results(&self) -> &str {
        "48 hours"
    }

    fn delete<'a>(&'a self, file: &'a str) -> Call<'a, ()> {
        Box::pin(async move { self.client.delete(&format!("/v1beta/{file}")).await })
    }
}
