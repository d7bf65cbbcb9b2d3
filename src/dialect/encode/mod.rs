//! Writing requests: one file a dialect, and an encoder that serialises only what varies.

mod anthropic;
mod gemini;
mod openai;
mod responses;

use serde_json::{Map, Value};

use super::{Dialect, LineForm, Service};
pub use crate::recipe::rows::Endpoint;
pub(super) use openai::reasons;

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
    /// Where they go; only OpenAI's dialect knows others than chat.
    pub endpoint: Endpoint,
    /// The provider's name of the model.
    pub model: &'a str,
    /// The schema's name, for providers that want one.
    pub schema_name: &'a str,
    /// The JSON schema of the answer, in the provider's strict subset; `None` where the answer is text.
    pub schema: Option<&'a Value>,
    /// How strictly the form is asked for.
    pub json_mode: JsonMode,
    /// Limit of an answer, in tokens; `None` for the provider's own.
    pub max_tokens: Option<u32>,
    /// Sampling temperature, where the model takes one; `None` for the model's own.
    pub temperature: Option<f64>,
    /// The user's own parameters, in the provider's words; they win over all of the above.
    pub params: &'a Map<String, Value>,
}

/// What one request asks.
#[derive(Debug, Clone, Copy)]
pub struct Prompt<'a> {
    /// The system prompt.
    pub system: Option<&'a str>,
    /// The user prompt; for an embedding the text.
    pub user: &'a str,
    /// An image beside it.
    pub image: Option<Image<'a>>,
}

/// An image, by its address.
#[derive(Debug, Clone, Copy)]
pub struct Image<'a> {
    /// `https://…` or `data:image/…;base64,…`
    pub url: &'a str,
    /// OpenAI's `detail`: `low`, `high`, `auto`.
    pub detail: Option<&'a str>,
}

/// The body of a request.
#[must_use]
pub fn body(dialect: Dialect, shape: &Shape<'_>, prompt: &Prompt<'_>) -> Value {
    match (dialect, shape.endpoint) {
        (Dialect::OpenAi, Endpoint::Chat) => openai::chat(shape, prompt),
        (Dialect::OpenAi, Endpoint::Responses) => responses::body(shape, prompt),
        (Dialect::OpenAi, Endpoint::Embeddings) => openai::embeddings(shape, prompt),
        (Dialect::Anthropic, _) => anthropic::body(shape, prompt),
        (Dialect::Gemini, _) => gemini::body(shape, prompt),
    }
}

/// Appends the line of one request around its body, without a line feed; in the form of `service` where the dialect is
/// OpenAI's.
pub fn envelope(
    service: &Service,
    dialect: Dialect,
    endpoint: Endpoint,
    custom_id: &str,
    body: &str,
    out: &mut Vec<u8>,
) {
    let (key, rest) = match dialect {
        Dialect::OpenAi => (
            "{\"custom_id\":",
            match service.lines {
                LineForm::Full => {
                    format!(",\"method\":\"POST\",\"url\":\"{}\",\"body\":", service.url_of(endpoint.path()))
                }
                LineForm::Bare => ",\"body\":".to_owned(),
            },
        ),
        Dialect::Anthropic => ("{\"custom_id\":", ",\"params\":".to_owned()),
        Dialect::Gemini => ("{\"key\":", ",\"request\":".to_owned()),
    };
    out.extend_from_slice(key.as_bytes());
    string(custom_id, out);
    out.extend_from_slice(rest.as_bytes());
    out.extend_from_slice(body.as_bytes());
    out.push(b'}');
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
    /// An encoder for requests of `shape`, which share the system prompt too.
    #[must_use]
    pub fn new(dialect: Dialect, shape: &Shape<'_>, system: &str) -> Self {
        Self::at(Service::openai(), dialect, shape, system)
    }

    /// The same, in the form of `service` where the dialect is OpenAI's.
    #[must_use]
    pub fn at(service: &Service, dialect: Dialect, shape: &Shape<'_>, system: &str) -> Self {
        let prompt = Prompt { system: Some(system), user: USER, image: None };
        let mut line = Vec::new();
        envelope(service, dialect, shape.endpoint, ID, &body(dialect, shape, &prompt).to_string(), &mut line);
        let line = String::from_utf8(line).expect("a line is made of texts");
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
            endpoint: Endpoint::Chat,
            model,
            schema_name: "aac_conversation",
            schema: Some(&schema),
            json_mode: JsonMode::Schema,
            max_tokens: Some(1500),
            temperature: Some(0.7),
            params: params.as_object().unwrap(),
        };
        let mut line = Vec::new();
        Encoder::new(dialect, &shape, "Be \"brief\".").write("en-GB-1-0-abcdef", "Say\n\"hé\"", &mut line);
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

    fn asked(dialect: Dialect, endpoint: Endpoint, image: Option<&str>) -> Value {
        let params = Map::new();
        let schema = json!({"type": "object"});
        let shape = Shape {
            endpoint,
            model: "m",
            schema_name: "n",
            schema: (endpoint == Endpoint::Responses).then_some(&schema),
            json_mode: JsonMode::Schema,
            max_tokens: Some(9),
            temperature: None,
            params: &params,
        };
        let image = image.map(|url| Image { url, detail: Some("low") });
        let prompt = Prompt { system: Some("s"), user: "u", image };
        let mut line = Vec::new();
        envelope(Service::openai(), dialect, endpoint, "id", &body(dialect, &shape, &prompt).to_string(), &mut line);
        serde_json::from_slice(&line).unwrap()
    }

    #[test]
    fn without_a_schema_no_form_is_asked_for() {
        let body = &asked(Dialect::OpenAi, Endpoint::Chat, None)["body"];
        assert_eq!(body.as_object().unwrap().keys().collect::<Vec<_>>(), ["model", "messages", "max_tokens"]);
        assert!(asked(Dialect::Anthropic, Endpoint::Chat, None)["params"].get("output_config").is_none());
        let config = &asked(Dialect::Gemini, Endpoint::Chat, None)["request"]["generationConfig"];
        assert_eq!(config, &json!({"maxOutputTokens": 9}));
    }

    #[test]
    fn responses_and_embeddings_have_bodies_of_their_own() {
        let line = asked(Dialect::OpenAi, Endpoint::Responses, None);
        let body = json!({"model": "m", "instructions": "s", "input": "u", "max_output_tokens": 9, "text": {"format":
            {"type": "json_schema", "name": "n", "strict": true, "schema": {"type": "object"}}}});
        assert_eq!((&line["url"], &line["body"]), (&json!("/v1/responses"), &body));
        let line = asked(Dialect::OpenAi, Endpoint::Embeddings, None);
        assert_eq!((&line["url"], &line["body"]), (&json!("/v1/embeddings"), &json!({"model": "m", "input": "u"})));
    }

    #[test]
    fn an_image_is_one_part_of_the_message() {
        let url = "https://example.org/a.png";
        let part = json!({"type": "image_url", "image_url": {"url": url, "detail": "low"}});
        assert_eq!(asked(Dialect::OpenAi, Endpoint::Chat, Some(url))["body"]["messages"][1]["content"][1], part);
        let part = json!({"type": "image", "source": {"type": "url", "url": url}});
        assert_eq!(asked(Dialect::Anthropic, Endpoint::Chat, Some(url))["params"]["messages"][0]["content"][0], part);
        let data = "data:image/png;base64,AAAA";
        let part = json!({"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}});
        assert_eq!(asked(Dialect::Anthropic, Endpoint::Chat, Some(data))["params"]["messages"][0]["content"][0], part);
        let part = json!({"inlineData": {"mimeType": "image/png", "data": "AAAA"}});
        assert_eq!(asked(Dialect::Gemini, Endpoint::Chat, Some(data))["request"]["contents"][0]["parts"][0], part);
    }
}
