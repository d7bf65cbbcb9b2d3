//! What can go wrong with a call, and what may be done then.

use std::fmt;
use std::time::Duration;

use serde_json::Value;

use crate::Error;

/// A call that did not give what it was made for.
#[derive(Debug)]
pub struct Failure {
    /// The provider's name.
    pub provider: String,
    /// What happened.
    pub cause: Cause,
}

/// What happened to a call.
#[derive(Debug)]
pub enum Cause {
    /// The server answered with an error.
    Refused {
        /// HTTP status.
        status: u16,
        /// The server's machine-readable code or type, when it gave one: `insufficient_quota`.
        code: Option<String>,
        /// The server's words.
        message: String,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// No connection was made, so nothing happened at the server.
    Unreached(String),
    /// The connection broke, or the answer was not readable: the call may have acted.
    Unanswered(String),
    /// Something on this side failed: a file that cannot be read or written.
    Ours(Box<Error>),
}

impl Failure {
    pub(super) fn new(provider: &str, cause: Cause) -> Self {
        Self { provider: provider.to_owned(), cause }
    }

    /// An answer that arrived whole and is not what the API promises.
    pub fn nonsense(provider: &str, detail: impl fmt::Display) -> Self {
        Self::new(provider, Cause::Unanswered(format!("unexpected answer: {detail}")))
    }

    /// The HTTP status, when there was an answer.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match self.cause {
            Cause::Refused { status, .. } => Some(status),
            _ => None,
        }
    }

    /// Whether the server takes no more for now.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.status() == Some(429) && self.is_retryable()
    }

    /// Whether the server says that what was asked for is not there, or not any more.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        matches!(self.status(), Some(404 | 410))
    }

    /// How long the server asks to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.cause {
            Cause::Refused { retry_after, .. } => retry_after,
            _ => None,
        }
    }

    /// Whether a later call may go better: 408, 409, 425, 429, 5xx and broken connections, but no used-up credit.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match &self.cause {
            Cause::Refused { status, code, .. } => {
                code.as_deref() != Some("insufficient_quota")
                    && (matches!(status, 408 | 409 | 425 | 429) || *status >= 500)
            }
            Cause::Unreached(_) | Cause::Unanswered(_) => true,
            Cause::Ours(_) => false,
        }
    }

    /// Whether the call may have done its work all the same; then it must be looked up before it is repeated.
    #[must_use]
    pub fn may_have_acted(&self) -> bool {
        match &self.cause {
            Cause::Refused { status, .. } => matches!(status, 408 | 409) || *status >= 500,
            Cause::Unanswered(_) => true,
            Cause::Unreached(_) | Cause::Ours(_) => false,
        }
    }

    /// What a person can do about it, or nothing.
    fn advice(&self) -> &'static str {
        let Cause::Refused { status, code, .. } = &self.cause else { return "" };
        match (status, code.as_deref()) {
            (_, Some("insufficient_quota")) => "; the account has no credit left: add some, then run this again",
            (401, _) => "; the key was not accepted: check the environment variable that holds it",
            (403, _) => "; the key may not do this: check its permissions and project",
            (404, _) => "; check the base URL, the model and the id",
            (413, _) => "; the file is larger than the provider takes: make smaller shards",
            (429, _) => "; too many requests: run this again later",
            _ => "",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Cause::Refused { status, code, message, .. } => {
                write!(f, "{status}")?;
                if let Some(code) = code {
                    write!(f, " {code}")?;
                }
                write!(f, ": {message}{}", self.advice())
            }
            Cause::Unreached(message) => write!(f, "cannot be reached: {message}"),
            Cause::Unanswered(message) => f.write_str(message),
            Cause::Ours(error) => error.fmt(f),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let retryable = failure.is_retryable();
        let detail = failure.to_string();
        match failure.cause {
            Cause::Ours(error) => *error,
            _ => Self::Provider { provider: failure.provider, detail, retryable },
        }
    }
}

/// Reads the error object of an answer, in the shapes that are about: `{"error": {message, type, code}}` (OpenAI,
/// Anthropic), `{"error": {message, status}}` (Google), `{"error": "…"}`, `{"message": …}`, plain text.
pub(super) fn read_error(status: u16, body: &[u8], retry_after: Option<Duration>) -> Cause {
    const LONGEST: usize = 500;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let parsed: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = parsed.get("error").unwrap_or(&parsed);
    let code = ["code", "status", "type"].iter().find_map(|name| error.get(name).and_then(text));
    let message = text(error)
        .or_else(|| error.get("message").and_then(text))
        .unwrap_or_else(|| String::from_utf8_lossy(body).split_whitespace().collect::<Vec<_>>().join(" "));
    let message =
        if message.is_empty() { "no explanation".to_owned() } else { message.chars().take(LONGEST).collect() };
    Cause::Refused { status, code, message, retry_after }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, body: &str) -> Failure {
        Failure::new("openai", read_error(status, body.as_bytes(), None))
    }

    #[test]
    fn errors_are_read_in_every_shape() {
        let openai = r#"{"error":{"message":"Slow down","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#;
        assert!(refused(429, openai).to_string().starts_with("429 rate_limit_exceeded: Slow down"));
        let anthropic = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        assert_eq!(refused(529, anthropic).to_string(), "529 overloaded_error: Overloaded");
        let google = r#"{"error":{"code":429,"message":"Quota","status":"RESOURCE_EXHAUSTED"}}"#;
        assert!(refused(429, google).to_string().starts_with("429 RESOURCE_EXHAUSTED: Quota"));
        assert_eq!(refused(500, r#"{"error":"oops"}"#).to_string(), "500: oops");
        assert_eq!(refused(502, "<html> Bad\n gateway").to_string(), "502: <html> Bad gateway");
        assert_eq!(refused(502, "").to_string(), "502: no explanation");
    }

    #[test]
    fn a_full_queue_is_retried_and_an_empty_purse_is_not() {
        assert!(refused(429, "").is_retryable());
        assert!(!refused(429, r#"{"error":{"code":"insufficient_quota","message":"x"}}"#).is_retryable());
        for status in [400, 401, 403, 404, 413, 422] {
            assert!(!refused(status, "").is_retryable(), "{status}");
        }
        for status in [408, 409, 429, 500, 503, 529] {
            assert!(refused(status, "").is_retryable(), "{status}");
        }
    }

    #[test]
    fn only_an_answer_that_came_before_the_work_says_that_nothing_happened() {
        assert!(!refused(429, "").may_have_acted());
        assert!(!refused(400, "").may_have_acted());
        assert!(refused(502, "").may_have_acted());
        assert!(Failure::new("p", Cause::Unanswered(String::new())).may_have_acted());
        assert!(!Failure::new("p", Cause::Unreached(String::new())).may_have_acted());
    }
}
