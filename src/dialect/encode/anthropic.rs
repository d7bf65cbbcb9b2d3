//! Anthropic's Message Batches: `{custom_id, params}`.

use serde_json::{Map, Value, json};

use super::{JsonMode, Shape, override_with};

pub(super) fn request(shape: &Shape<'_>, custom_id: &str, user: &str) -> Value {
    let mut params = Map::new();
    params.insert("model".into(), shape.model.into());
    params.insert("max_tokens".into(), shape.max_tokens.into());
    params.insert("system".into(), shape.system.into());
    params.insert("messages".into(), json!([{"role": "user", "content": user}]));
    if shape.json_mode == JsonMode::Schema {
        params.insert("output_config".into(), json!({"format": {"type": "json_schema", "schema": shape.schema}}));
    }
    override_with(&mut params, shape.params);
    json!({"custom_id": custom_id, "params": params})
}
