//! Anthropic's Message Batches: `{custom_id, params}`.

use serde_json::{Map, Value, json};

use super::{Image, JsonMode, Prompt, Shape, override_with};

/// What an answer may have where a recipe does not say: this API wants a limit.
const MAX_TOKENS: u32 = 4096;

pub(super) fn body(shape: &Shape<'_>, prompt: &Prompt<'_>) -> Value {
    let mut params = Map::new();
    params.insert("model".into(), shape.model.into());
    params.insert("max_tokens".into(), shape.max_tokens.unwrap_or(MAX_TOKENS).into());
    if let Some(system) = prompt.system {
        params.insert("system".into(), system.into());
    }
    params.insert("messages".into(), json!([{"role": "user", "content": content(prompt)}]));
    if let (JsonMode::Schema, Some(schema)) = (shape.json_mode, shape.schema) {
        params.insert("output_config".into(), json!({"format": {"type": "json_schema", "schema": schema}}));
    }
    override_with(&mut params, shape.params);
    Value::Object(params)
}

fn content(prompt: &Prompt<'_>) -> Value {
    let Some(image) = prompt.image else { return prompt.user.into() };
    let source = match image.data() {
        Some((kind, data)) => json!({"type": "base64", "media_type": kind, "data": data}),
        None => json!({"type": "url", "url": image.url}),
    };
    let image = json!({"type": "image", "source": source});
    if prompt.user.is_empty() { json!([image]) } else { json!([image, {"type": "text", "text": prompt.user}]) }
}

impl Image<'_> {
    /// Media type and base64 text of a data URL.
    pub(super) fn data(&self) -> Option<(&str, &str)> {
        let (head, data) = self.url.strip_prefix("data:")?.split_once(',')?;
        head.strip_suffix(";base64").map(|kind| (kind, data))
    }
}
