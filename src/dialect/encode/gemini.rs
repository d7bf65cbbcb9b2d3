//! Gemini's batch files: `{key, request}`.

use serde_json::{Map, Value, json};

use super::{JsonMode, Shape, override_with};

pub(super) fn request(shape: &Shape<'_>, custom_id: &str, user: &str) -> Value {
    let mut config = Map::new();
    config.insert("temperature".into(), shape.temperature.into());
    config.insert("maxOutputTokens".into(), shape.max_tokens.into());
    config.insert("responseMimeType".into(), "application/json".into());
    if shape.json_mode == JsonMode::Schema {
        config.insert("responseSchema".into(), response_schema(shape.schema));
    }
    override_with(&mut config, shape.params);
    // The prompt comes last, as in every dialect: the encoder splits a line at its id, then at its prompt.
    json!({
        "key": custom_id,
        "request": {
            "systemInstruction": {"parts": [{"text": shape.system}]},
            "generationConfig": config,
            "contents": [{"role": "user", "parts": [{"text": user}]}],
        },
    })
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
