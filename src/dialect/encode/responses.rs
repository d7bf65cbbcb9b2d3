//! OpenAI's Responses, in the same envelope as chat completions.

use serde_json::{Map, Value, json};

use super::openai::reasons;
use super::{JsonMode, Prompt, Shape, override_with};

pub(super) fn body(shape: &Shape<'_>, prompt: &Prompt<'_>) -> Value {
    let mut body = Map::new();
    body.insert("model".into(), shape.model.into());
    if let Some(system) = prompt.system {
        body.insert("instructions".into(), system.into());
    }
    body.insert("input".into(), input(prompt));
    if let Some(temperature) = shape.temperature.filter(|_| !reasons(shape.model)) {
        body.insert("temperature".into(), temperature.into());
    }
    if let Some(limit) = shape.max_tokens {
        body.insert("max_output_tokens".into(), limit.into());
    }
    if let Some(schema) = shape.schema {
        let format = match shape.json_mode {
            JsonMode::Schema => {
                json!({"type": "json_schema", "name": shape.schema_name, "strict": true, "schema": schema})
            }
            JsonMode::Object => json!({"type": "json_object"}),
        };
        body.insert("text".into(), json!({"format": format}));
    }
    override_with(&mut body, shape.params);
    Value::Object(body)
}

fn input(prompt: &Prompt<'_>) -> Value {
    let Some(image) = prompt.image else { return prompt.user.into() };
    let mut parts = Vec::new();
    if !prompt.user.is_empty() {
        parts.push(json!({"type": "input_text", "text": prompt.user}));
    }
    parts.push(json!({"type": "input_image", "image_url": image.url, "detail": image.detail.unwrap_or("auto")}));
    json!([{"role": "user", "content": parts}])
}
