//! An answer for a prompt that nobody here understands: valid by its schema, and marked as a sample in every text.

use serde_json::{Map, Value, json};

use super::engine::{Composer, EngineAnswer, EngineError, EngineRequest, Usage, prompt_text};
use crate::model::SAMPLE_MARK;
use crate::random::Stream;

/// What stands in every free text of a sample.
pub const MARK: &str = SAMPLE_MARK;

/// Nesting beyond which only what must be there is written.
const DEEP: usize = 12;
/// Nesting that no schema needs: one that goes on for ever ends here.
const TOO_DEEP: usize = 64;

/// Answers every request with a sample.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sample;

impl Composer for Sample {
    fn model(&self) -> &str {
        "sample-1"
    }

    fn answer(&self, request: &EngineRequest<'_>) -> Result<EngineAnswer, EngineError> {
        Ok(answer(request.body))
    }
}

/// A sample for `body`, the same each time: JSON by the schema that the body asks for, else marked text.
#[must_use]
pub fn answer(body: &Value) -> EngineAnswer {
    let (format, of) = match &body["text"]["format"] {
        Value::Null => (&body["response_format"], "json_schema"),
        format => (format, "schema"),
    };
    let content = match format["type"].as_str() {
        Some("json_schema") => {
            let schema = if of == "schema" { &format["schema"] } else { &format[of]["schema"] };
            let stream = Stream::new(0, "sample", &[body.to_string().as_bytes()]);
            Sampler { root: schema, stream }.value(schema, 0).to_string()
        }
        Some("json_object") => json!({ "sample": MARK }).to_string(),
        _ => MARK.to_owned(),
    };
    let usage = Usage::estimate(&prompt_text(body), &content);
    EngineAnswer { content, finish_reason: "stop".to_owned(), usage }
}

/// Makes values for the schemas of one document. It knows the keywords that strict schemas may use.
struct Sampler<'a> {
    root: &'a Value,
    stream: Stream,
}

impl<'a> Sampler<'a> {
    fn value(&mut self, schema: &'a Value, depth: usize) -> Value {
        if depth > TOO_DEEP {
            return Value::Null;
        }
        if let Some(target) = schema["$ref"].as_str().and_then(|path| self.root.pointer(path.strip_prefix('#')?)) {
            return self.value(target, depth + 1);
        }
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if let Some(values) = schema["enum"].as_array().filter(|values| !values.is_empty()) {
            return self.stream.choose(values).clone();
        }
        if let Some(choices) = ["anyOf", "oneOf"].iter().find_map(|name| schema[*name].as_array()) {
            // A null ends what might otherwise go on for ever.
            let null = choices.iter().find(|choice| choice["type"] == "null");
            let full = choices.iter().find(|choice| choice["type"] != "null");
            let chosen = if depth > DEEP { null.or(full) } else { full.or(null) };
            return chosen.map_or(Value::Null, |choice| self.value(choice, depth + 1));
        }
        match type_of(schema) {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, depth),
            "string" => Value::String(text(schema)),
            "integer" => integer(schema),
            "number" => number(schema),
            "boolean" => Value::Bool(self.stream.below(2) == 1),
            _ => Value::Null,
        }
    }

    fn object(&mut self, schema: &'a Value, depth: usize) -> Value {
        let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|n| n == name));
        let mut object = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if depth <= DEEP || required(name) {
                object.insert(name.clone(), self.value(property, depth + 1));
            }
        }
        Value::Object(object)
    }

    fn array(&mut self, schema: &'a Value, depth: usize) -> Value {
        let least = schema["minItems"].as_u64().unwrap_or(0);
        let most = schema["maxItems"].as_u64().unwrap_or(u64::MAX);
        let wished = if depth > DEEP { 0 } else { 2 + u64::from(self.stream.below(3)) };
        let unique = schema["uniqueItems"] == true;
        let mut items = Vec::new();
        for number in 1..=wished.clamp(least, most.max(least)) {
            match self.value(&schema["items"], depth + 1) {
                Value::String(text) if unique && number > 1 => items.push(Value::String(format!("{text} {number}"))),
                value => items.push(value),
            }
        }
        Value::Array(items)
    }
}

/// The type, or the first that is not null where several are allowed, or the one that the keywords speak of.
fn type_of(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(name) => name,
        Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null").unwrap_or("null"),
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "string",
    }
}

fn text(schema: &Value) -> String {
    let fixed = match schema["format"].as_str() {
        Some("date-time") => "2000-01-01T00:00:00Z",
        Some("date") => "2000-01-01",
        Some("time") => "00:00:00Z",
        Some("email") => "sample@example.org",
        Some("uri") => "https://example.org/sample",
        Some("uuid") => "00000000-0000-4000-8000-000000000000",
        _ => MARK,
    };
    let least = usize::try_from(schema["minLength"].as_u64().unwrap_or(0)).unwrap_or(0).min(1 << 16);
    let most = schema["maxLength"].as_u64().and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
    let padded = fixed.chars().chain(std::iter::repeat_n('.', least.saturating_sub(fixed.chars().count())));
    padded.take(most).collect()
}

fn integer(schema: &Value) -> Value {
    let least = schema["minimum"].as_i64().or_else(|| schema["exclusiveMinimum"].as_i64().map(|bound| bound + 1));
    let most = schema["maximum"].as_i64().or_else(|| schema["exclusiveMaximum"].as_i64().map(|bound| bound - 1));
    let step = schema["multipleOf"].as_i64().filter(|step| *step > 0).unwrap_or(1);
    let start = least.unwrap_or_else(|| most.unwrap_or(0).min(0));
    Value::from(start + (step - start.rem_euclid(step)) % step)
}

fn number(schema: &Value) -> Value {
    let bound = |name: &str| schema[name].as_f64();
    let least = bound("minimum").or_else(|| bound("exclusiveMinimum"));
    let most = bound("maximum").or_else(|| bound("exclusiveMaximum"));
    match (least, most) {
        (Some(least), Some(most)) => Value::from(f64::midpoint(least, most)),
        (Some(least), None) => Value::from(least + 1.0),
        (None, Some(most)) => Value::from(most - 1.0),
        (None, None) => Value::from(0.5),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(schema: &Value) -> Value {
        let body = json!({
            "model": "m",
            "messages": [{"role": "user", "content": "?"}],
            "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}},
        });
        let first = answer(&body);
        assert_eq!(first, answer(&body), "the same body, the same sample");
        assert!(first.usage.estimated);
        serde_json::from_str(&first.content).unwrap()
    }

    #[test]
    fn a_conversation_has_every_field_and_every_free_text_is_marked() {
        let turn = json!({
            "type": "object",
            "properties": {
                "speaker": {"type": "string"},
                "is_aac_user": {"type": "boolean"},
                "utterance_intended": {"type": ["string", "null"]},
                "mood": {"enum": ["calm", "glad"]},
            },
            "required": ["speaker", "is_aac_user", "utterance_intended", "mood"],
        });
        let schema = json!({
            "type": "object",
            "properties": {"scene": {"type": "string"}, "conversation": {"type": "array", "items": {"$ref": "#/$defs/t"}}},
            "$defs": {"t": turn},
        });
        let value = sample(&schema);
        assert_eq!(value["scene"], MARK);
        let turns = value["conversation"].as_array().unwrap();
        assert!((2..=4).contains(&turns.len()));
        for turn in turns {
            assert_eq!(turn["speaker"], MARK);
            assert_eq!(turn["utterance_intended"], MARK);
            assert!(turn["is_aac_user"].is_boolean());
            assert!(["calm", "glad"].contains(&turn["mood"].as_str().unwrap()));
        }
    }

    #[test]
    fn bounds_are_kept() {
        let schema = json!({"type": "object", "properties": {
            "i": {"type": "integer", "minimum": 7, "maximum": 20, "multipleOf": 5},
            "n": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
            "s": {"type": "string", "maxLength": 6},
            "l": {"type": "string", "minLength": 40},
            "a": {"type": "array", "items": {"type": "null"}, "minItems": 6, "maxItems": 6},
            "c": {"const": "fixed"},
            "u": {"type": "array", "items": {"type": "string"}, "minItems": 3, "uniqueItems": true},
        }});
        let value = sample(&schema);
        assert_eq!(value["i"], 10);
        assert_eq!(value["n"], 0.5);
        assert_eq!(value["s"], "sample");
        assert_eq!(value["l"].as_str().unwrap().chars().count(), 40);
        assert_eq!(value["a"].as_array().unwrap().len(), 6);
        assert_eq!(value["c"], "fixed");
        let unique: std::collections::BTreeSet<_> =
            value["u"].as_array().unwrap().iter().map(Value::to_string).collect();
        assert!(unique.len() >= 3 && unique.len() == value["u"].as_array().unwrap().len());
    }

    #[test]
    fn a_schema_that_contains_itself_ends() {
        let node = json!({"type": "object", "properties": {
            "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
            "children": {"type": "array", "items": {"$ref": "#/$defs/node"}, "maxItems": 1},
        }, "required": ["next", "children"]});
        let endless = json!({"$ref": "#/$defs/endless"});
        let value = sample(&json!({"$ref": "#/$defs/node", "$defs": {"node": node}}));
        assert!(value["next"].is_object());
        assert_eq!(sample(&json!({"$ref": "#/$defs/endless", "$defs": {"endless": endless}})), Value::Null);
    }

    #[test]
    fn without_a_schema_the_mark_is_the_answer() {
        assert_eq!(answer(&json!({"messages": []})).content, MARK);
        let body = json!({"response_format": {"type": "json_object"}});
        assert_eq!(answer(&body).content, format!("{{\"sample\":\"{MARK}\"}}"));
    }
}
