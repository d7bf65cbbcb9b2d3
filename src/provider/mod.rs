//! Remote batch APIs behind one trait: upload, create, find again, poll, fetch, cancel, delete.
//!
//! Implementations speak HTTP and nothing else; what is remembered and repeated is decided in `jobs`.

pub mod anthropic;
mod connect;
pub mod gemini;
pub mod openai;
mod remote;

use std::collections::HashSet;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use crate::http::{Answer, Downloaded, Patience};
use crate::model::Provider;

pub use anthropic::Anthropic;
pub use connect::{Connection, Place, connect};
pub use gemini::Gemini;
pub use openai::OpenAi;
pub use remote::{Counts, Problem, RESULTS_EXPIRED, RemoteJob, Status};

/// A call under way.
pub type Call<'a, T> = Pin<Box<dyn Future<Output = Answer<T>> + Send + 'a>>;

/// What a remote job is known by, so that it can be found again when its id was lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// The run that made the shard.
    pub run: String,
    /// The shard's file name.
    pub shard: String,
    /// SHA-256 of its bytes, as 64 hex digits.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// Its requests.
    pub requests: u64,
    /// The model it asks for, where that is known.
    pub model: Option<String>,
    /// When its job was begun here, in seconds since 1970; 0 before that.
    pub begun: i64,
    /// The id of its upload, once it is known.
    pub upload: Option<String>,
}

impl Ticket {
    /// The name its upload has at the provider: the shard's, and the beginning of its digest, so that the same name is
    /// the same content.
    #[must_use]
    pub fn upload_name(&self) -> String {
        let stem = self.shard.strip_suffix(".jsonl").unwrap_or(&self.shard);
        format!("{stem}.{}.jsonl", &self.sha256[..12])
    }
}

/// How often a job is asked after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The first wait.
    pub first: Duration,
    /// The longest; waits grow by half until then.
    pub longest: Duration,
}

/// A batch API.
///
/// [`BatchApi::create`] makes one call and never repeats it, for a repeated create is a second job to be paid. The
/// others repeat themselves while that may help.
pub trait BatchApi: Send + Sync {
    /// Which one.
    fn provider(&self) -> Provider;

    /// Where its jobs live: the base URL. For the server inside this program, whose port changes, a fixed word.
    fn home(&self) -> &str;

    /// Which service of OpenAI's shape; empty elsewhere.
    fn service(&self) -> &str {
        ""
    }

    /// How often to poll.
    fn pace(&self) -> Pace;

    /// How long to go on trying what this module does not repeat by itself.
    fn patience(&self) -> Patience;

    /// Sends the shard at `path` up, once; gives the id of the upload. `None` where the requests go with the create.
    fn upload<'a>(&'a self, ticket: &'a Ticket, path: &'a Path) -> Call<'a, Option<String>>;

    /// Looks for an upload of this content whose id was lost.
    fn find_upload<'a>(&'a self, ticket: &'a Ticket) -> Call<'a, Option<String>>;

    /// Creates the job, once.
    fn create<'a>(&'a self, ticket: &'a Ticket, path: &'a Path, upload: Option<&'a str>) -> Call<'a, RemoteJob>;

    /// Whether [`BatchApi::find`] finds a job by what it was created with. Where an API keeps nothing of that, a job that
    /// is not found may still be there.
    fn finds_for_sure(&self) -> bool {
        true
    }

    /// Looks for a job of this ticket whose id was lost: one that is not `known`.
    fn find<'a>(&'a self, ticket: &'a Ticket, known: &'a HashSet<String>) -> Call<'a, Option<RemoteJob>>;

    /// How the job is.
    fn poll<'a>(&'a self, id: &'a str) -> Call<'a, RemoteJob>;

    /// Asks the job to end.
    fn cancel<'a>(&'a self, id: &'a str) -> Call<'a, RemoteJob>;

    /// Fetches a result file, one of those that [`RemoteJob`] names, to `to`.
    fn fetch<'a>(&'a self, file: &'a str, to: &'a Path) -> Call<'a, Downloaded>;

    /// How long results are kept, in words.
    fn keeps_results(&self) -> &str;

    /// Deletes an upload or a result file; that it is not there is fine.
    fn delete<'a>(&'a self, file: &'a str) -> Call<'a, ()>;

    /// Deletes the result file `file` of the job `id`, where the API keeps it apart from its job.
    fn delete_results<'a>(&'a self, _id: &'a str, file: &'a str) -> Call<'a, ()> {
        self.delete(file)
    }
}
