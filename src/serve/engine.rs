//! What answers the requests of a batch.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::chat::{EMBEDDINGS, RESPONSES};
use super::ids;
use crate::random::Stream;

/// A request to be answered.
#[derive(Debug, Clone, Copy)]
pub struct EngineRequest<'a> {
    /// The path it was sent to: `/v1/chat/completions`.
    pub endpoint: &'a str,
    /// The body, as the client wrote it.
    pub body: &'a Value,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineAnswer {
    /// The text of the answer.
    pub content: String,
    /// Why it ended: `stop`, or `length` when it was cut.
    pub finish_reason: String,
    /// Tokens used.
    pub usage: Usage,
}

/// Tokens of one answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the request.
    pub prompt_tokens: u64,
    /// Tokens of the answer.
    pub completion_tokens: u64,
    /// Nobody counted: the figures are guessed from the length of the texts.
    pub estimated: bool,
}

impl Usage {
    /// An estimate: a token for each four bytes begun, the rule of thumb that OpenAI gives for English. Other scripts
    /// differ, by a factor of two and more.
    #[must_use]
    pub fn estimate(prompt: &str, completion: &str) -> Self {
        let tokens = |text: &str| text.len().div_ceil(4) as u64;
        Self { prompt_tokens: tokens(prompt), completion_tokens: tokens(completion), estimated: true }
    }
}

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineError {
    /// It is answered with an error, which costs no other request.
    Refused {
        /// HTTP status: 4xx when the request is at fault, 5xx when the engine is.
        status: u16,
        /// For programs: `invalid_value`.
        code: String,
        /// For people.
        message: String,
    },
    /// Nothing can be answered now: the batch waits, and goes on later with this request.
    Unavailable(String),
}

/// Something that answers requests, from several threads at once: most often a [`Composer`], else one that passes on the
/// objects of another server.
pub trait Engine: Send + Sync {
    /// Its name, as answers and `GET /v1/models` tell it.
    fn model(&self) -> &str;

    /// The whole object that answers a request at its endpoint, such as a `chat.completion`, made at `created` (seconds
    /// since 1970).
    ///
    /// # Errors
    /// An [`EngineError`].
    fn complete(&self, request: &EngineRequest<'_>, created: i64) -> Result<Value, EngineError>;

    /// How many requests it likes to have at once.
    fn concurrency(&self) -> usize;
}

/// An engine that makes the texts of answers; the objects around them are made for it.
pub trait Composer: Send + Sync {
    /// Its name.
    fn model(&self) -> &str;

    /// Answers one request.
    ///
    /// # Errors
    /// An [`EngineError`].
    fn answer(&self, request: &EngineRequest<'_>) -> Result<EngineAnswer, EngineError>;

    /// How many requests it likes to have at once.
    fn concurrency(&self) -> usize {
        std::thread::available_parallelism().map_or(2, usize::from)
    }
}

impl<T: Composer> Engine for T {
    fn model(&self) -> &str {
        Composer::model(self)
    }

    fn complete(&self, request: &EngineRequest<'_>, created: i64) -> Result<Value, EngineError> {
        let model = Composer::model(self);
        if request.endpoint == EMBEDDINGS {
            return Ok(vectors(model, request.body));
        }
        let answer = self.answer(request)?;
        let object = if request.endpoint == RESPONSES { response } else { completion };
        Ok(object(model, request.body, &answer, created))
    }

    fn concurrency(&self) -> usize {
        Composer::concurrency(self)
    }
}

/// All text that the messages of a body hold, the parts of a message and the messages separated by line feeds: those of a
/// chat, or the instructions and the input of a response.
#[must_use]
pub fn prompt_text(body: &Value) -> String {
    let mut texts = Vec::new();
    texts.extend(body["instructions"].as_str());
    texts.extend(body["input"].as_str());
    let messages = ["messages", "input"].into_iter().filter_map(|name| body[name].as_array());
    for message in messages.flatten() {
        match &message["content"] {
            Value::String(text) => texts.push(text.as_str()),
            Value::Array(parts) => texts.extend(parts.iter().filter_map(|part| part["text"].as_str())),
            _ => {}
        }
    }
    texts.join("\n")
}

fn response(model: &str, body: &Value, answer: &EngineAnswer, created: i64) -> Value {
    let usage = answer.usage;
    let part = json!({"type": "output_text", "text": answer.content, "annotations": []});
    json!({
        "id": ids::mint("resp_", &[body.to_string().as_bytes()]),
        "object": "response",
        "created_at": created,
        "status": "completed",
        "error": null,
        "incomplete_details": null,
        "model": model,
        "output": [{
            "id": ids::mint("msg_", &[body.to_string().as_bytes()]),
            "type": "message",
            "status": "completed",
            "role": "assistant",
            "content": [part],
        }],
        "usage": {
            "input_tokens": usage.prompt_tokens,
            "output_tokens": usage.completion_tokens,
            "total_tokens": usage.prompt_tokens + usage.completion_tokens,
            "output_tokens_details": {"reasoning_tokens": 0},
            "estimated": usage.estimated,
        },
    })
}

/// Numbers of a vector where the body does not say how many.
const DIMENSIONS: u64 = 8;
/// The most that a body can ask for.
const MAX_DIMENSIONS: u64 = 4096;

/// Vectors for the inputs of an embeddings body: the same for the same text, of length one, and without any meaning.
fn vectors(model: &str, body: &Value) -> Value {
    let dimensions = body["dimensions"].as_u64().unwrap_or(DIMENSIONS).clamp(1, MAX_DIMENSIONS);
    let inputs = match &body["input"] {
        Value::Array(inputs) => inputs.clone(),
        other => vec![other.clone()],
    };
    let vector = |input: &Value| {
        let mut stream = Stream::new(0, "vector", &[input.to_string().as_bytes()]);
        let raw: Vec<f64> = (0..dimensions).map(|_| f64::from(stream.below(2001)) / 1000.0 - 1.0).collect();
        let length = raw.iter().map(|number| number * number).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
        raw.iter().map(|number| (number / length * 1e6).round() / 1e6).collect::<Vec<f64>>()
    };
    let data: Vec<Value> = (0u64..)
        .zip(&inputs)
        .map(|(index, input)| json!({"object": "embedding", "index": index, "embedding": vector(input)}))
        .collect();
    let tokens: u64 = inputs.iter().map(|input| Usage::estimate(&input.to_string(), "").prompt_tokens).sum();
    let usage = json!({"prompt_tokens": tokens, "total_tokens": tokens, "estimated": true});
    json!({"object": "list", "data": data, "model": model, "usage": usage})
}

fn completion(model: &str, body: &Value, answer: &EngineAnswer, created: i64) -> Value {
    let usage = answer.usage;
    json!({
        "id": ids::mint("chatcmpl-", &[body.to_string().as_bytes()]),
        "object": "chat.completion",
        "created": created,
        "model": model,
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": answer.content, "refusal": null, "annotations": []},
            "logprobs": null,
            "finish_reason": answer.finish_reason,
        }],
        "usage": {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "total_tokens": usage.prompt_tokens + usage.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 0,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
            "estimated": usage.estimated,
        },
        "system_fingerprint": null,
    })
}
