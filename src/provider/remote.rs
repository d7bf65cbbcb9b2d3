//! A job as its provider describes it, whatever the provider.

use serde::{Deserialize, Serialize};

/// The code of a [`Problem`]: the provider has ended the job, and no longer has its results.
pub const RESULTS_EXPIRED: &str = "results_expired";

/// A job at a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteJob {
    /// Its id.
    pub id: String,
    /// Where it is in its life.
    pub status: Status,
    /// The provider's own word for that.
    pub word: String,
    /// Its upload.
    pub upload: Option<String>,
    /// Where the answers are, once there are any.
    pub output: Option<String>,
    /// Where the errors are, if they have a file of their own.
    pub errors: Option<String>,
    /// The provider's counters; never trusted for the books.
    pub counts: Option<Counts>,
    /// Why it failed.
    pub problems: Vec<Problem>,
    /// When the provider made it, in seconds since 1970.
    pub created: Option<i64>,
}

/// Where a job is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// The provider looks it over.
    Validating,
    /// Requests are being answered.
    InProgress,
    /// The result files are being made.
    Finalizing,
    /// It was asked to end.
    Cancelling,
    /// All requests were tried.
    Completed,
    /// It was not accepted; nothing was answered, nothing is billed.
    Failed,
    /// Its time was over before its requests were.
    Expired,
    /// It ended because it was asked to.
    Cancelled,
    /// A word that this version does not know: shown, and waited on.
    Unknown,
}

impl Status {
    /// Reads a provider's word: any case, `in progress` and `InProgress` alike, Google's prefixes.
    #[must_use]
    pub fn read(word: &str) -> Self {
        let bare: String = word.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        let bare = bare.strip_prefix("batchstate").or_else(|| bare.strip_prefix("jobstate")).unwrap_or(&bare);
        match bare {
            "validating" | "queued" | "pending" | "submitted" | "scheduled" => Self::Validating,
            "inprogress" | "running" | "progress" => Self::InProgress,
            "finalizing" => Self::Finalizing,
            "cancelling" | "canceling" | "cancellationrequested" => Self::Cancelling,
            "completed" | "succeeded" | "success" | "ended" => Self::Completed,
            "failed" => Self::Failed,
            "expired" | "timeoutexceeded" => Self::Expired,
            "cancelled" | "canceled" => Self::Cancelled,
            _ => Self::Unknown,
        }
    }

    /// Its name here, as OpenAI writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Validating => "validating",
            Self::InProgress => "in_progress",
            Self::Finalizing => "finalizing",
            Self::Cancelling => "cancelling",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
        }
    }

    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Expired | Self::Cancelled)
    }
}

/// A moment as providers write it, in seconds since 1970: a number, or RFC 3339.
pub(super) fn moment(value: &serde_json::Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second))
}

/// A provider's counters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests.
    pub total: u64,
    /// Answered.
    pub completed: u64,
    /// Answered with an error.
    pub failed: u64,
}

/// Why a job was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// For programs: `invalid_json_line`, `token_limit_exceeded`.
    pub code: String,
    /// For people.
    pub message: String,
    /// The line of the shard at fault, from 1.
    pub line: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_every_provider_are_read() {
        for (word, status) in [
            ("in_progress", Status::InProgress),
            ("Validating", Status::Validating),
            ("COMPLETED", Status::Completed),
            ("BATCH_STATE_SUCCEEDED", Status::Completed),
            ("JOB_STATE_RUNNING", Status::InProgress),
            ("ended", Status::Completed),
            ("canceling", Status::Cancelling),
            ("TIMEOUT_EXCEEDED", Status::Expired),
            ("paused", Status::Unknown),
        ] {
            assert_eq!(Status::read(word), status, "{word}");
        }
    }

    #[test]
    fn a_name_is_read_as_itself() {
        for status in [Status::Validating, Status::Finalizing, Status::Cancelling, Status::Cancelled, Status::Expired] {
            assert_eq!(Status::read(status.name()), status);
        }
    }
}
