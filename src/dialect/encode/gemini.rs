//! Gemini's batch files: `{key, request}`.

use serde_json::{Map, Value, json};

use super::{JsonMode, Prompt, Shape, override_with};

pub(super) fn body(shape: &Shape<'_>, prompt: &Prompt<'_>) -> Value {
    let mut config = Map::new();
    if let Some(temperature) = shape.temperature {
        config.insert("temperature".into(), temperature.into());
    }
    if let Some(limit) = shape.max_tokens {
        config.insert("maxOutputTokens".into(), limit.into());
    }
    if let Some(schema) = shape.schema {
        config.insert("responseMimeType".into(), "application/json".into());
        if shape.json_mode == JsonMode::Schema {
            config.insert("responseSchema".into(), response_schema(schema));
        }
    }
    override_with(&mut config, shape.params);
    let mut body = Map::new();
    if let Some(system) = prompt.system {
        body.insert("systemInstruction".into(), json!({"parts": [{"text": system}]}));
    }
    if !config.is_empty() {
        body.insert("generationConfig".into(), Value::Object(config));
    }
    // The prompt comes last, as in every dialect: the encoder splits a line at its id, then at its prompt.
    body.insert("contents".into(), json!([{"role": "user", "parts": parts(prompt)}]));
    Value::Object(body)
}

fn parts(prompt: &Prompt<'_>) -> Value {
    let text = json!({"text": prompt.user});
    match prompt.image.as_ref().and_then(super::Image::data) {
        Some((kind, data)) => {
            let image = json!({"inlineData": {"mimeType": kind, "data": data}});
            if prompt.user.is_empty() { json!([image]) } else { json!([image, text]) }
        }
        None => json!([text]),
    }
}

/// A strict JSON schema as the OpenAPI subset that Gemini takes: no `additionalProperties`, null as `nullable`.
fn response_schema(schema: &Value) -> Value {
    match schema {
        Value::Object(fields) => {
            let mut kept = Map::new();
            for (key, value) in fields {
                match (key.as_str(), value) {
                    ("additionalProperties", _) => {}
                    ("type", Value::Array(types)) => {
                        if let Some(named) = types.iter().find(|kind| *kind != "null") {
                            kept.insert("type".into(), named.clone());
                        }
                        if types.iter().any(|kind| kind == "null") {
                            kept.insert("nullable".into(), true.into());
                        }
                    }
                    _ => {
                        kept.insert(key.clone(), response_schema(value));
                    }
                }
            }
            Value::Object(kept)
        }
        Value::Array(values) => values.iter().map(response_schema).collect(),
        other => other.clone(),
    }
}
