//! Anthropic's Message Batches: the requests go with the create, and nothing is kept to find a lost job by.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::remote::moment;
use super::{BatchApi, Call, Counts, Pace, Problem, RESULTS_EXPIRED, RemoteJob, Status, Ticket};
use crate::Result;
use crate::http::{Answer, Auth, Client, Downloaded, Failure, Frame, Key, Patience};
use crate::model::Provider;

/// Anthropic's own base URL.
pub const BASE_URL: &str = "https://api.anthropic.com";
/// The version of the API that is spoken. It refuses sampling parameters, which the dialect does not write.
const VERSION: &str = "2026-10-21";
const BATCHES: &str = "/v1/messages/batches";
/// Jobs asked for at a time when one is looked for.
const PAGE: usize = 100;
/// How far the clocks here and there may be apart, in seconds.
const CLOCKS_APART: i64 = 300;

/// Anthropic's API.
#[derive(Debug, Clone)]
pub struct Anthropic {
    client: Client,
    pace: Pace,
}

impl Anthropic {
    /// The API at `base_url`.
    ///
    /// # Errors
    /// [`crate::Error::Usage`] when the URL is none or holds a secret.
    pub fn new(base_url: &str, key: Option<Key>, pace: Option<Pace>) -> Result<Self> {
        let auth = key.map_or(Auth::None, |key| Auth::Header("x-api-key", key));
        let headers = [("anthropic-version", VERSION)];
        let client = Client::new(Provider::Anthropic.name(), base_url, &auth, &headers)?;
        // Its own answers ask for ten seconds.
        let usual = Pace { first: Duration::from_secs(10), longest: Duration::from_secs(60) };
        Ok(Self { client, pace: pace.unwrap_or(usual) })
    }

    fn job(&self, batch: &Value) -> Answer<RemoteJob> {
        let text = |name: &str| batch[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let missing = |name| Failure::nonsense(self.client.provider(), format!("a batch without {name}"));
        let word = text("processing_status").ok_or_else(|| missing("processing_status"))?;
        let count = |name: &str| batch["request_counts"][name].as_u64().unwrap_or(0);
        let (succeeded, errored, cancelled, expired) =
            (count("succeeded"), count("errored"), count("canceled"), count("expired"));
        let status = match Status::read(&word) {
            Status::Completed if cancelled > 0 => Status::Cancelled,
            Status::Completed if expired > 0 => Status::Expired,
            status => status,
        };
        let failed = errored + cancelled + expired;
        let archived = text("archived_at").filter(|_| batch["results_url"].is_null()).map(|at| Problem {
            code: RESULTS_EXPIRED.to_owned(),
            message: format!("archived at {at}, without results"),
            line: None,
        });
        Ok(RemoteJob {
            id: text("id").ok_or_else(|| missing("id"))?,
            status,
            word,
            upload: None,
            output: text("results_url"),
            errors: None,
            counts: Some(Counts { total: count("processing") + succeeded + failed, completed: succeeded, failed }),
            problems: archived.into_iter().collect(),
            created: moment(&batch["created_at"]),
        })
    }

    /// The job of as many requests that was created soonest after `ticket` was begun.
    async fn find_job(&self, ticket: &Ticket, known: &HashSet<String>) -> Answer<Option<RemoteJob>> {
        let mut after = String::new();
        let mut found = None;
        loop {
            let page: Value = self.client.get(&format!("{BATCHES}?limit={PAGE}{after}")).await?;
            for batch in page["data"].as_array().into_iter().flatten() {
                let created = moment(&batch["created_at"]);
                let in_time = created.is_some_and(|at| at >= ticket.begun - CLOCKS_APART);
                let job = self.job(batch)?;
                if in_time
                    && job.counts.is_some_and(|counts| counts.total == ticket.requests)
                    && !known.contains(&job.id)
                {
                    found = Some(job);
                }
            }
            match page["last_id"].as_str() {
                Some(last) if page["has_more"] == true => after = format!("&after_id={last}"),
                _ => return Ok(found),
            }
        }
    }
}

impl BatchApi for Anthropic {
    fn provider(&self) -> Provider {
        Provider::Anthropic
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

    fn upload<'a>(&'a self, _: &'a Ticket, _: &'a Path) -> Call<'a, Option<String>> {
        Box::pin(async { Ok(None) })
    }

    fn find_upload<'a>(&'a self, _: &'a Ticket) -> Call<'a, Option<String>> {
        Box::pin(async { Ok(None) })
    }

    fn create<'a>(&'a self, _: &'a Ticket, path: &'a Path, _: Option<&'a str>) -> Call<'a, RemoteJob> {
        Box::pin(async move {
            let frame = Frame { before: "{\"requests\":[", between: ",", after: "]}" };
            self.job(&self.client.post_lines(BATCHES, path, frame).await?)
        })
    }

    fn finds_for_sure(&self) -> bool {
        false
    }

    fn find<'a>(&'a self, ticket: &'a Ticket, known: &'a HashSet<String>) -> Call<'a, Option<RemoteJob>> {
        Box::pin(self.find_job(ticket, known))
    }

    fn poll<'a>(&'a self, id: &'a str) -> Call<'a, RemoteJob> {
        Box::pin(async move { self.job(&self.client.get(&format!("{BATCHES}/{id}")).await?) })
    }

    fn cancel<'a>(&'a self, id: &'a str) -> Call<'a, RemoteJob> {
        Box::pin(async move { self.job(&self.client.post(&format!("{BATCHES}/{id}/cancel"), &json!({})).await?) })
    }

    /// The results are at a whole URL of the API's choosing.
    fn fetch<'a>(&'a self, file: &'a str, to: &'a Path) -> Call<'a, Downloaded> {
        Box::pin(async move { self.client.download(file, to).await })
    }

    fn keeps_results(&self) -> &str {
        "29 days"
    }

    /// Nothing is uploaded.
    fn delete<'a>(&'a self, _: &'a str) -> Call<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    /// Results go with their job.
    fn delete_results<'a>(&'a self, id: &'a str, _: &'a str) -> Call<'a, ()> {
        Box::pin(async move { self.client.delete(&format!("{BATCHES}/{id}")).await })
    }
}
