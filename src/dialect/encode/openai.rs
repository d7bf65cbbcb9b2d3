//! OpenAI's Batch API, chat completions: `{custom_id, method, url, body}`.

use serde_json::{Map, Value, json};

use super::{JsonMode, Shape, override_with};

/// Name prefixes of models that count reasoning tokens: they take `max_completion_tokens`, and refuse a temperature.
/// Source: the parameter notes of OpenAI's model pages, 2026-11.
const REASONING: [&str; 5] = ["o1", "o3", "o4", "gpt-5", "gpt-6"];

/// Whether a model reasons before it answers.
pub(in crate::dialect) fn is_reasoning(model: &str) -> bool {
    REASONING.iter().any(|prefix| model.starts_with(prefix))
}

pub(super) fn request(shape: &Shape<'_>, custom_id: &str, user: &str) -> Value {
    let mut body = Map::new();
    body.insert("model".into(), shape.model.into());
    body.insert(
        "messages".into(),
        json!([{"role": "system", "content": shape.system}, {"role": "user", "content": user}]),
    );
    if is_reasoning(shape.model) {
        if !shape.params.contains_key("max_tokens") {
            body.insert("max_completion_tokens".into(), shape.max_tokens.into());
        }
    } else {
        body.insert("temperature".into(), shape.temperature.into());
        if !shape.params.contains_key("max_completion_tokens") {
            body.insert("max_tokens".into(), shape.max_tokens.into());
        }
    }
    body.insert("response_format".into(), response_format(shape));
    override_with(&mut body, shape.params);
    json!({"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": body})
}

fn response_format(shape: &Shape<'_>) -> Value {
    match shape.json_mode {
        JsonMode::Schema => json!({
            "type": "json_schema",
            "json_schema": {"name": shape.schema_name, "strict": true, "schema": shape.schema},
        }),
        JsonMode::Object => json!({"type": "json_object"}),
    }
}
