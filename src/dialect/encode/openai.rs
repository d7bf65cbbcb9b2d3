//! OpenAI's Batch API, chat completions and embeddings: `{custom_id, method, url, body}`. Responses are in `responses.rs`.

use serde_json::{Map, Value, json};

use super::{JsonMode, Prompt, Shape, override_with};

/// Name prefixes of models that count reasoning tokens: they take `max_completion_tokens`, and refuse a temperature.
/// Source: the parameter notes of OpenAI's model pages, 2026-11.
const REASONING: [&str; 5] = ["o1", "o3", "o4", "gpt-5", "gpt-6"];

/// Whether a model reasons before it answers.
pub(in crate::dialect) fn reasons(model: &str) -> bool {
    REASONING.iter().any(|prefix| model.starts_with(prefix))
}

pub(super) fn chat(shape: &Shape<'_>, prompt: &Prompt<'_>) -> Value {
    let mut body = Map::new();
    body.insert("model".into(), shape.model.into());
    let user = json!({"role": "user", "content": content(prompt)});
    let messages = match prompt.system {
        Some(system) => json!([{"role": "system", "content": system}, user]),
        None => json!([user]),
    };
    body.insert("messages".into(), messages);
    if reasons(shape.model) {
        if let Some(limit) = shape.max_tokens.filter(|_| !shape.params.contains_key("max_tokens")) {
            body.insert("max_completion_tokens".into(), limit.into());
        }
    } else {
        if let Some(temperature) = shape.temperature {
            body.insert("temperature".into(), temperature.into());
        }
        if let Some(limit) = shape.max_tokens.filter(|_| !shape.params.contains_key("max_completion_tokens")) {
            body.insert("max_tokens".into(), limit.into());
        }
    }
    if let Some(schema) = shape.schema {
        body.insert("response_format".into(), response_format(shape, schema));
    }
    override_with(&mut body, shape.params);
    Value::Object(body)
}

pub(super) fn embeddings(shape: &Shape<'_>, prompt: &Prompt<'_>) -> Value {
    let mut body = Map::new();
    body.insert("model".into(), shape.model.into());
    body.insert("input".into(), prompt.user.into());
    override_with(&mut body, shape.params);
    Value::Object(body)
}

fn content(prompt: &Prompt<'_>) -> Value {
    let Some(image) = prompt.image else { return prompt.user.into() };
    let mut address = json!({"url": image.url});
    if let Some(detail) = image.detail {
        address["detail"] = detail.into();
    }
    let image = json!({"type": "image_url", "image_url": address});
    if prompt.user.is_empty() { json!([image]) } else { json!([{"type": "text", "text": prompt.user}, image]) }
}

fn response_format(shape: &Shape<'_>, schema: &Value) -> Value {
    match shape.json_mode {
        JsonMode::Schema => json!({
            "type": "json_schema",
            "json_schema": {"name": shape.schema_name, "strict": true, "schema": schema},
        }),
        JsonMode::Object => json!({"type": "json_object"}),
    }
}
