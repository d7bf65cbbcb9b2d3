//! JSON schemas: what an answer must hold, and what of a schema each provider can be asked for. This file owns `jsonschema`.

use jsonschema::Validator;
use serde_json::{Map, Value};

use crate::model::Provider;
use crate::{Error, Result};

/// The longest fault that is told, in bytes: the value at fault may be long.
const MAX_DETAIL: usize = 300;

/// A schema that answers are held against.
#[derive(Debug)]
pub struct Schema(Validator);

impl Schema {
    /// Reads a schema; `file` is how errors name it.
    ///
    /// # Errors
    /// [`Error::Data`] when it is none.
    pub fn new(schema: &Value, file: &str) -> Result<Self> {
        jsonschema::validator_for(schema)
            .map(Self)
            .map_err(|error| Error::data(file, format!("at `{}`: {error}", error.instance_path())))
    }

    /// Holds a value against it.
    ///
    /// # Errors
    /// Where the first fault is, and what.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        let Err(error) = self.0.validate(value) else { return Ok(()) };
        let place = error.instance_path().to_string();
        let place = if place.is_empty() { "the answer".to_owned() } else { place };
        let mut detail = format!("{place}: {error}");
        if detail.len() > MAX_DETAIL {
            let end = (0..=MAX_DETAIL).rev().find(|end| detail.is_char_boundary(*end)).unwrap_or(0);
            detail.truncate(end);
            detail.push('…');
        }
        Err(detail)
    }
}

/// A rule of a provider's strict schemas that a schema breaks.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Gap {
    /// The place in the schema, as a JSON pointer.
    pub at: String,
    /// What is wrong, or what is left out of the request and checked here alone.
    pub detail: String,
    /// The provider would refuse the request.
    pub refused: bool,
}

/// Keywords that some strict subset does not take; they are left out of requests and hold here alone.
/// Sources: the structured-output guides of OpenAI, Anthropic and Google, 2026-11.
pub const LOCAL_ONLY: [&str; 14] = [
    "minLength",
    "maxLength",
    "pattern",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];

/// What stands in the way of a schema in the strict subset that all providers share.
#[must_use]
pub fn gaps(schema: &Value) -> Vec<Gap> {
    let mut found = Vec::new();
    look(schema, "", &mut found);
    if schema["type"] != "object" {
        found.push(Gap { at: "/type".into(), detail: "the outermost value must be an object".into(), refused: true });
    }
    found
}

fn look(schema: &Value, at: &str, found: &mut Vec<Gap>) {
    let Some(fields) = schema.as_object() else { return };
    let mut tell = |key: &str, detail: String, refused: bool| {
        found.push(Gap { at: format!("{at}{key}"), detail, refused });
    };
    for key in fields.keys() {
        match key.as_str() {
            "oneOf" | "allOf" | "not" | "if" | "then" | "else" | "patternProperties" | "dependentRequired" => {
                tell(&format!("/{key}"), format!("`{key}` is in no provider's strict subset"), true);
            }
            key if LOCAL_ONLY.contains(&key) => {
                tell(&format!("/{key}"), format!("`{key}` is not sent to every provider; it is checked here"), false);
            }
            _ => {}
        }
    }
    if let Some(properties) = fields.get("properties").and_then(Value::as_object) {
        if fields.get("additionalProperties") != Some(&Value::Bool(false)) {
            tell("", "an object must say `additionalProperties: false`".to_owned(), true);
        }
        let required: Vec<&str> =
            fields.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        for name in properties.keys().filter(|name| !required.contains(&name.as_str())) {
            let detail = "must be in `required`; what may be missing is `null`".to_owned();
            tell(&format!("/properties/{name}"), detail, true);
        }
    }
    for (key, value) in fields {
        match (key.as_str(), value) {
            ("properties" | "$defs" | "definitions", Value::Object(below)) => {
                for (name, value) in below {
                    look(value, &format!("{at}/{key}/{name}"), found);
                }
            }
            ("items", value) => look(value, &format!("{at}/items"), found),
            ("anyOf", Value::Array(choices)) => {
                for (index, value) in choices.iter().enumerate() {
                    look(value, &format!("{at}/anyOf/{index}"), found);
                }
            }
            _ => {}
        }
    }
}

/// The schema as a provider is asked for it: without what it might refuse. What is left out is checked when the answer is here.
#[must_use]
pub fn sent(schema: &Value, provider: Provider) -> Value {
    let leave_out: Vec<&str> = match provider {
        Provider::Local => Vec::new(),
        Provider::OpenAi => {
            vec!["minLength", "maxLength", "uniqueItems", "minProperties", "maxProperties"]
        }
        Provider::Gemini => {
            let takes = ["minItems", "maxItems", "minimum", "maximum"];
            LOCAL_ONLY.into_iter().filter(|keyword| !takes.contains(keyword)).collect()
        }
        Provider::Anthropic => LOCAL_ONLY.to_vec(),
    };
    without(schema, &leave_out)
}

/// The schema without the keywords that `leave_out` names; names of properties are no keywords.
#[must_use]
pub fn without(schema: &Value, leave_out: &[&str]) -> Value {
    match schema {
        Value::Object(fields) => {
            let mut kept = Map::new();
            for (key, value) in fields {
                let value = match (key.as_str(), value) {
                    ("properties" | "$defs" | "definitions", Value::Object(below)) => {
                        below.iter().map(|(name, value)| (name.clone(), without(value, leave_out))).collect()
                    }
                    (key, _) if leave_out.contains(&key) => continue,
                    ("enum" | "const" | "required", value) => value.clone(),
                    (_, value) => without(value, leave_out),
                };
                kept.insert(key.clone(), value);
            }
            Value::Object(kept)
        }
        Value::Array(items) => items.iter().map(|item| without(item, leave_out)).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fault_is_told_with_its_place() {
        let schema =
            json!({"type": "object", "properties": {"tags": {"type": "array", "minItems": 3}}, "required": ["tags"]});
        let schema = Schema::new(&schema, "s").unwrap();
        assert_eq!(schema.check(&json!({"tags": [1, 2, 3]})), Ok(()));
        let fault = schema.check(&json!({"tags": ["a"]})).unwrap_err();
        assert!(fault.starts_with("/tags: "), "{fault}");
        assert!(schema.check(&json!({})).unwrap_err().starts_with("the answer: "));
        assert!(Schema::new(&json!({"type": "nothing"}), "s").is_err());
    }

    #[test]
    fn gaps_to_the_strict_subset_are_told_with_their_place() {
        let schema = json!({"type": "object", "properties": {"a": {"type": "string", "maxLength": 3}, "b": {"oneOf": []}},
            "required": ["a"]});
        let gaps = gaps(&schema);
        let refused: Vec<_> = gaps.iter().filter(|gap| gap.refused).map(|gap| gap.at.as_str()).collect();
        assert_eq!(refused, ["", "/properties/b", "/properties/b/oneOf"]);
        assert!(gaps.iter().any(|gap| gap.at == "/properties/a/maxLength" && !gap.refused));
    }

    #[test]
    fn keywords_are_left_out_and_properties_of_their_name_are_not() {
        let schema = json!({"type": "object", "properties": {"pattern": {"type": "string", "pattern": "x"}}, "required": ["pattern"]});
        let expected =
            json!({"type": "object", "properties": {"pattern": {"type": "string"}}, "required": ["pattern"]});
        assert_eq!(without(&schema, &LOCAL_ONLY), expected);
    }
}
