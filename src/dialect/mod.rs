//! The dialects of batch APIs: how a request is written, and how a result line is read.

mod check;
pub mod decode;
mod encode;
mod rules;
mod service;
mod translate;

use crate::model::Provider;

pub use check::{Requests, Wrong};
pub use decode::{Decoded, Glance, LineKind, decode, glance, labels};
pub use encode::{Encoder, Endpoint, Image, JsonMode, Prompt, Shape, body, envelope};
pub use service::{CreateForm, LineForm, Paging, Service};
pub use translate::translate;

/// How a provider wants its requests, and writes its results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `{custom_id, method, url, body}`; OpenAI and everything with its shape.
    #[default]
    OpenAi,
    /// `{custom_id, params}`; Anthropic's Message Batches.
    Anthropic,
    /// `{key, request}`; Gemini's batch files.
    Gemini,
}

/// What a batch file may hold at a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Requests.
    pub requests: u64,
    /// Bytes.
    pub bytes: u64,
}

impl From<Provider> for Dialect {
    fn from(provider: Provider) -> Self {
        match provider {
            Provider::OpenAi | Provider::Local => Self::OpenAi,
            Provider::Anthropic => Self::Anthropic,
            Provider::Gemini => Self::Gemini,
        }
    }
}

impl Dialect {
    /// The word in the names of its files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Gemini => "gemini",
        }
    }

    /// The parts of a request's body that this program makes: a parameter of the user's cannot replace them. With each, what
    /// to use instead.
    #[must_use]
    pub fn reserved(self) -> &'static [(&'static str, &'static str)] {
        const MODEL: (&str, &str) = ("model", "use --model");
        const PROMPT: &str = "the prompt is the recipe's";
        const FORM: &str = "use --json-mode";
        match self {
            Self::OpenAi => &[
                MODEL,
                ("messages", PROMPT),
                ("response_format", FORM),
                ("stream", "batches do not stream"),
                ("n", "a request has one answer; use --num"),
            ],
            Self::Anthropic => &[
                MODEL,
                ("messages", PROMPT),
                ("system", PROMPT),
                ("output_config", FORM),
                ("stream", "batches do not stream"),
            ],
            Self::Gemini => &[
                MODEL,
                ("messages", PROMPT),
                ("contents", PROMPT),
                ("systemInstruction", PROMPT),
                ("responseSchema", FORM),
                ("responseMimeType", FORM),
                ("candidateCount", "a request has one answer; use --num"),
            ],
        }
    }

    /// What a batch file may hold; services of OpenAI's shape have limits of their own, see [`Service::limits`]. Sources: the
    /// providers' API references as of 2026-11.
    #[must_use]
    pub fn limits(self) -> Limits {
        match self {
            Self::OpenAi => Service::openai().limits(),
            Self::Anthropic => Limits { requests: 100_000, bytes: 256_000_000 },
            Self::Gemini => Limits { requests: 100_000, bytes: 2_000_000_000 },
        }
    }
}
