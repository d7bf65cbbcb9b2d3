//! What is wrong with a request, before it is paid for.

use serde_json::Value;

use crate::dialect::Dialect;

/// Longest id that every provider takes.
const MAX_ID: usize = 64;

/// The field of a request and what is wrong with it.
pub(super) type Wrong = (&'static str, String);

/// The requests of a file: what they must have in common.
#[derive(Debug, Default)]
pub(super) struct Requests {
    /// The dialect of the first.
    pub dialect: Option<Dialect>,
    /// Bytes, line feeds included.
    pub bytes: u64,
    url: Option<String>,
    model: Option<String>,
}

impl Requests {
    /// Looks at one request of `bytes` bytes.
    pub fn look(&mut self, line: &Value, bytes: u64, wrong: &mut Vec<Wrong>) {
        self.bytes += bytes;
        let dialect = match line {
            line if line.get("params").is_some() => Dialect::Anthropic,
            line if line.get("request").is_some() => Dialect::Gemini,
            _ => Dialect::OpenAi,
        };
        if *self.dialect.get_or_insert(dialect) != dialect {
            wrong.push(("", format!("is of {}'s form, the first line is not", dialect.name())));
        }
        id(line, wrong);
        match dialect {
            Dialect::OpenAi => self.openai(line, wrong),
            Dialect::Anthropic => self.anthropic(&line["params"], wrong),
            Dialect::Gemini => filled(&line["request"]["contents"], "request.contents", wrong),
        }
    }

    fn openai(&mut self, line: &Value, wrong: &mut Vec<Wrong>) {
        if line["method"] != "POST" {
            wrong.push(("method", "is not POST".to_owned()));
        }
        match line["url"].as_str() {
            Some(url) => same(&mut self.url, url, "url", wrong),
            None => wrong.push(("url", "is missing".to_owned())),
        }
        let body = &line["body"];
        if !body.is_object() {
            return wrong.push(("body", "is no object".to_owned()));
        }
        match body["model"].as_str() {
            Some(model) => same(&mut self.model, model, "body.model", wrong),
            None => wrong.push(("body.model", "is missing".to_owned())),
        }
        if body["stream"] == true {
            wrong.push(("body.stream", "is not possible in a batch".to_owned()));
        }
        match line["url"].as_str() {
            Some(url) if url.ends_with("/chat/completions") => filled(&body["messages"], "body.messages", wrong),
            Some(url) if url.ends_with("/responses") && body["input"].is_null() => {
                wrong.push(("body.input", "is missing".to_owned()));
            }
            _ => {}
        }
    }

    fn anthropic(&mut self, params: &Value, wrong: &mut Vec<Wrong>) {
        if !params["model"].is_string() {
            wrong.push(("params.model", "is missing".to_owned()));
        }
        if params["max_tokens"].as_u64().is_none_or(|tokens| tokens == 0) {
            wrong.push(("params.max_tokens", "is missing: this API has no default".to_owned()));
        }
        filled(&params["messages"], "params.messages", wrong);
    }
}

fn id(line: &Value, wrong: &mut Vec<Wrong>) {
    let Some(id) = ["custom_id", "key"].iter().find_map(|key| line[*key].as_str()) else { return };
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if !plain || id.len() > MAX_ID {
        wrong.push(("custom_id", format!("`{id}` is not 1 to {MAX_ID} letters, digits, hyphens and underscores")));
    }
}

fn same(first: &mut Option<String>, value: &str, field: &'static str, wrong: &mut Vec<Wrong>) {
    let first = first.get_or_insert_with(|| value.to_owned());
    if first != value {
        wrong.push((field, format!("is `{value}`; the lines before have `{first}`")));
    }
}

fn filled(list: &Value, field: &'static str, wrong: &mut Vec<Wrong>) {
    if list.as_array().is_none_or(Vec::is_empty) {
        wrong.push((field, "is missing or empty".to_owned()));
    }
}
