//! Writing requests: one file a dialect, and an encoder that serialises only what varies.

mod anthropic;
mod gemini;
mod openai;

use serde_json::{Map, Value};

use super::{Dialect, LineForm, Service};
pub(super) use openai::is_reasoning;

/// How strictly an answer's form is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JsonMode {
    /// By JSON schema: the provider guarantees the form.
    #[default]
    Schema,
    /// Any JSON object, for servers without schemas.
    Object,
}

/// What all requests of a batch file have in common.
#[derive(Debug, Clone)]
pub struct Shape<'a> {
    /// The provider's name of the model.
    pub model: &'a str,
    /// The system prompt.
    pub system: &'a str,
    /// The schema's name, for providers that want one.
    pub schema_name: &'a str,
    /// The JSON schema of the answer, in OpenAI's strict subset.
    pub schema: &'a Value,
    /// How strictly the form is asked for.
    pub json_mode: JsonMode,
    /// Limit of an answer, in tokens.
    pub max_tokens: u32,
    /// Sampling temperature, where the model takes one.
    pub temperature: f64,
    /// The user's own parameters, in the provider's words; they win over all of the above.
    pub params: &'a Map<String, Value>,
}

/// One request line as a JSON value, as the service wants it where `dialect` is OpenAI's.
pub(super) fn line(service: &Service, dialect: Dialect, shape: &Shape<'_>, custom_id: &str, user: &str) -> Value {
    let mut line = request(dialect, shape, custom_id, user);
    if let (Dialect::OpenAi, Some(fields)) = (dialect, line.as_object_mut()) {
        match service.lines {
            LineForm::Full => {
                fields.insert("url".into(), service.url.as_str().into());
            }
            LineForm::Bare => fields.retain(|name, _| name == "custom_id" || name == "body"),
        }
    }
    line
}

/// One request line as a JSON value.
fn request(dialect: Dialect, shape: &Shape<'_>, custom_id: &str, user: &str) -> Value {
    match dialect {
        Dialect::OpenAi => openai::request(shape, custom_id, user),
        Dialect::Anthropic => anthropic::request(shape, custom_id, user),
        Dialect::Gemini => gemini::request(shape, custom_id, user),
    }
}

/// Writes request lines that differ only in their id and user prompt: all the rest is serialised once.
#[derive(Debug)]
pub struct Encoder {
    before_id: Vec<u8>,
    before_user: Vec<u8>,
    after_user: Vec<u8>,
}

/// Stand-ins for the two parts that vary. Noncharacters, which no prompt holds.
const ID: &str = "\u{FDD0}";
const USER: &str = "\u{FDD1}";

impl Encoder {
    /// An encoder for requests of `shape`.
    #[must_use]
    pub fn new(dialect: Dialect, shape: &Shape<'_>) -> Self {
        Self::at(Service::openai(), dialect, shape)
    }

    /// The same, for a service of OpenAI's shape where `dialect` is that.
    #[must_use]
    pub fn at(service: &Service, dialect: Dialect, shape: &Shape<'_>) -> Self {
        let line = line(service, dialect, shape, ID, USER).to_string();
        let split = |text: &str, mark: &str| {
            let (before, after) =
                text.split_once(&format!("\"{mark}\"")).expect("a request holds its id, then its prompt");
            (before.as_bytes().to_vec(), after.to_owned())
        };
        let (before_id, rest) = split(&line, ID);
        let (before_user, after_user) = split(&rest, USER);
        Self { before_id, before_user, after_user: after_user.into_bytes() }
    }

    /// Appends the line of one request, without a line feed.
    pub fn write(&self, custom_id: &str, user: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.before_id);
        string(custom_id, out);
        out.extend_from_slice(&self.before_user);
        string(user, out);
        out.extend_from_slice(&self.after_user);
    }
}

fn string(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("writing a string to memory cannot fail");
}

/// Puts the user's parameters over `into`.
fn override_with(into: &mut Map<String, Value>, params: &Map<String, Value>) {
    for (key, value) in params {
        into.insert(key.clone(), value.clone());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn encoded(dialect: Dialect, model: &str, params: &Value) -> Value {
        let schema: Value = serde_json::from_str(include_str!("../../../templates/aac/schema.json")).unwrap();
        let shape = Shape {
            model,
            system: "Be \"brief\".",
            schema_name: "aac_conversation",
            schema: &schema,
            json_mode: JsonMode::Schema,
            max_tokens: 1500,
            temperature: 0.7,
            params: params.as_object().unwrap(),
        };
        let mut line = Vec::new();
        Encoder::new(dialect, &shape).write("en-GB-1-0-abcdef", "Say\n\"hé\"", &mut line);
        serde_json::from_slice(&line).unwrap()
    }

    #[test]
    fn openai_lines_hold_exactly_the_four_keys() {
        let line = encoded(Dialect::OpenAi, "gpt-4o-mini", &json!({"top_p": 0.9, "temperature": 0.8}));
        assert_eq!(line.as_object().unwrap().keys().collect::<Vec<_>>(), ["custom_id", "method", "url", "body"]);
        assert_eq!(line["custom_id"], "en-GB-1-0-abcdef");
        assert_eq!(line["body"]["messages"][1]["content"], "Say\n\"hé\"");
        assert_eq!(line["body"]["temperature"], 0.8);
        assert_eq!(line["body"]["top_p"], 0.9);
        assert_eq!(line["body"]["max_tokens"], 1500);
        assert_eq!(line["body"]["response_format"]["json_schema"]["strict"], true);
    }

    #[test]
    fn reasoning_models_get_the_parameters_they_take() {
        let body = &encoded(Dialect::OpenAi, "gpt-5-mini", &json!({}))["body"];
        assert_eq!(body["max_completion_tokens"], 1500);
        assert!(body.get("max_tokens").is_none() && body.get("temperature").is_none());
    }

    #[test]
    fn anthropic_lines_carry_no_sampling_parameters() {
        let line = encoded(Dialect::Anthropic, "claude-haiku-4-5", &json!({}));
        assert_eq!(line.as_object().unwrap().keys().collect::<Vec<_>>(), ["custom_id", "params"]);
        assert!(line["params"].get("temperature").is_none());
        assert_eq!(line["params"]["output_config"]["format"]["type"], "json_schema");
    }

    #[test]
    fn gemini_schemas_keep_to_the_subset_it_takes() {
        let line = encoded(Dialect::Gemini, "gemini-2.5-flash", &json!({}));
        assert_eq!(line.as_object().unwrap().keys().collect::<Vec<_>>(), ["key", "request"]);
        let schema = &line["request"]["generationConfig"]["responseSchema"];
        assert!(!schema.to_string().contains("additionalProperties"));
        let intended = &schema["properties"]["conversation"]["items"]["properties"]["utterance_intended"];
        assert_eq!(intended, &json!({"type": "string", "nullable": true}));
    }
}
