//! Services of OpenAI's shape: one table of what each does differently, read once.

use std::sync::LazyLock;

use serde::Deserialize;

use super::Limits;
use crate::assets::from_toml;
use crate::origin::Origin;
use crate::{Error, Result};

const TABLE: &str = include_str!("services.toml");

static SERVICES: LazyLock<Table> =
    LazyLock::new(|| from_toml("services.toml", TABLE).expect("the table in the program has the form of `Table`"));

/// A service of OpenAI's shape.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its name on the command line.
    pub name: String,
    /// How its hosts' names end.
    hosts: Vec<String>,
    /// Where it is, unless each customer has a host of their own.
    pub base_url: Option<String>,
    /// The environment variable that holds its key.
    pub key_env: String,
    /// The header of its key; `Authorization: Bearer` when `None`.
    pub key_header: Option<String>,
    /// The form of its requests.
    #[serde(default)]
    pub lines: LineForm,
    /// Whether the `url` of a line, and the endpoint of a batch, begins with `/v1`.
    #[serde(default = "yes")]
    versioned: bool,
    /// Where files are sent, below the base URL.
    #[serde(default = "files")]
    pub upload: String,
    /// Its word for batch files.
    #[serde(default = "batch")]
    pub purpose: String,
    /// Whether an upload names its file in a field of its own.
    #[serde(default)]
    pub file_name: bool,
    /// Where its batches are, below the base URL.
    #[serde(default = "batches")]
    pub jobs: String,
    /// How a long list goes on.
    #[serde(default)]
    pub paging: Paging,
    /// The words of the create call.
    #[serde(default)]
    pub create: CreateForm,
    /// Whether a batch keeps metadata.
    #[serde(default = "yes")]
    pub metadata: bool,
    /// Requests of a file, at most.
    #[serde(default = "most_requests")]
    requests: u64,
    /// Bytes of a file, at most.
    #[serde(default = "most_bytes")]
    bytes: u64,
    /// Seconds between two looks, at least.
    pub poll_seconds: Option<u64>,
    /// How long results are kept, in words.
    #[serde(default = "a_month")]
    pub keeps: String,
    /// Whether the recipe's default model is none of its own.
    #[serde(default)]
    pub own_model: bool,
    /// Where all this is from.
    pub source: String,
}

/// The form of a service's requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineForm {
    /// `{custom_id, method, url, body}`.
    #[default]
    Full,
    /// `{custom_id, body}`.
    Bare,
}

/// How a long list of batches goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Paging {
    /// `?after=<the last id>` while `has_more`.
    #[default]
    After,
    /// `?page=n`, from 0, while pages are full.
    Page,
}

/// The words of a create call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CreateForm {
    /// `{input_file_id, endpoint, completion_window}`.
    #[default]
    OpenAi,
    /// `{input_files, endpoint, model, timeout_hours}`.
    Mistral,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    service: Vec<Service>,
    unlike: Vec<Unlike>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Unlike {
    hosts: Vec<String>,
    why: String,
}

impl Service {
    /// OpenAI itself.
    #[must_use]
    pub fn openai() -> &'static Self {
        SERVICES.service.first().expect("the table begins with OpenAI")
    }

    /// Any server of which nothing is known but that it has OpenAI's shape.
    #[must_use]
    pub fn other() -> &'static Self {
        SERVICES.service.last().expect("the table ends with servers of which nothing is known")
    }

    /// Whether it takes OpenAI's key: OpenAI itself, and servers of which nothing is known.
    #[must_use]
    pub fn takes_openai_key(&self) -> bool {
        self.key_env == Self::openai().key_env
    }

    /// All of them.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        SERVICES.service.iter()
    }

    /// The service of that name.
    ///
    /// # Errors
    /// [`Error::Usage`] listing those there are.
    pub fn named(name: &str) -> Result<&'static Self> {
        Self::all().find(|service| service.name == name).ok_or_else(|| {
            let names: Vec<_> = Self::all().map(|service| service.name.as_str()).collect();
            Error::Usage(format!("no service `{name}`: there are {}", names.join(", ")))
        })
    }

    /// The service at `base_url`, recognised by its host; any other host is [`Service::other`].
    ///
    /// # Errors
    /// [`Error::Usage`] for a host that is known to have batches of another shape.
    pub fn at(base_url: &str) -> Result<&'static Self> {
        let Some(Origin { host, .. }) = Origin::of(base_url) else { return Ok(Self::other()) };
        if let Some(unlike) = SERVICES.unlike.iter().find(|unlike| is_of(&unlike.hosts, &host)) {
            return Err(Error::Usage(format!("{host} does not speak OpenAI's batch API: {}", unlike.why)));
        }
        Ok(Self::all().find(|service| service.has(&host)).unwrap_or_else(Self::other))
    }

    /// Whether `host` is one of this service's, or of a customer's at it.
    #[must_use]
    pub fn has(&self, host: &str) -> bool {
        is_of(&self.hosts, host)
    }

    /// Whether `url` is at a host that only this service can have.
    #[must_use]
    pub fn owns(&self, url: &str) -> bool {
        let origin = Origin::of(url).filter(|origin| origin.is_secure && self.base_url.is_some());
        origin.is_some_and(|origin| self.hosts.contains(&origin.host))
    }

    /// The `url` of a line whose path is `path` at OpenAI: `/v1/chat/completions`.
    #[must_use]
    pub fn url_of<'a>(&self, path: &'a str) -> &'a str {
        if self.versioned { path } else { path.strip_prefix("/v1").unwrap_or(path) }
    }

    /// What a batch file may hold.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits { requests: self.requests, bytes: self.bytes }
    }
}

/// Whether `host` is one of `hosts`, or below one.
fn is_of(hosts: &[String], host: &str) -> bool {
    hosts
        .iter()
        .any(|known| host.strip_suffix(known.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

fn files() -> String {
    "/files".to_owned()
}

fn batch() -> String {
    "batch".to_owned()
}

fn batches() -> String {
    "/batches".to_owned()
}

fn yes() -> bool {
    true
}

fn most_requests() -> u64 {
    50_000
}

fn most_bytes() -> u64 {
    200_000_000
}

fn a_month() -> String {
    "30 days".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_known_by_its_host() {
        for (url, name) in [
            ("https://api.openai.com/v1", "openai"),
            ("https://mine.openai.azure.com/openai/v1", "azure"),
            ("https://API.mistral.ai:443/v1", "mistral"),
            ("https://api.groq.com/openai/v1/", "groq"),
            ("https://dashscope.aliyuncs.com/compatible-mode/v1", "dashscope"),
            ("http://127.0.0.1:4100/v1", "other"),
            ("https://notapi.mistral.ai/v1", "other"),
            ("https://api.mistral.ai.example.org/v1", "other"),
        ] {
            assert_eq!(Service::at(url).unwrap().name, name, "{url}");
        }
        let error = Service::at("https://api.x.ai/v1").unwrap_err().to_string();
        assert!(error.contains("does not speak OpenAI's batch API"), "{error}");
        assert!(Service::named("aws").unwrap_err().to_string().contains("azure, mistral"));
    }

    #[test]
    fn each_service_is_there_once_and_says_where_it_is_from() {
        let mut names: Vec<_> = Service::all().map(|service| &service.name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), Service::all().count());
        assert_eq!((Service::openai().name.as_str(), Service::other().name.as_str()), ("openai", "other"));
        for service in Service::all() {
            assert!(!service.source.is_empty(), "{}", service.name);
            if let Some(url) = &service.base_url {
                assert_eq!(Service::at(url).unwrap(), service, "its own URL is recognised");
            }
        }
    }
}
