//! What is wrong with a request, before it is paid for.

use std::borrow::Cow;
use std::collections::HashSet;

use serde_json::Value;

use super::rules;
use super::{Dialect, LineForm, Service};
use crate::model::Provider;
use crate::random::id_digest;

/// Longest id that every provider takes.
const MAX_ID: usize = 64;

/// The field of a request and what is wrong with it.
pub type Wrong = (Cow<'static, str>, String);

/// The requests of a file: what each must be, and what they must have in common.
#[derive(Debug)]
pub struct Requests {
    /// The dialect of the first.
    pub dialect: Option<Dialect>,
    /// Bytes, line feeds included.
    pub bytes: u64,
    /// The service that they are for; `None` when that is not known.
    service: Option<&'static Service>,
    form: Option<LineForm>,
    url: Option<String>,
    model: Option<String>,
    ids: HashSet<[u64; 2]>,
}

impl Requests {
    /// Requests for `provider`, and for `service` where that is `openai`.
    #[must_use]
    pub fn new(provider: Provider, service: &'static Service) -> Self {
        Self {
            dialect: Some(Dialect::from(provider)),
            service: Some(service),
            form: Some(service.lines),
            ..Self::of_whoever()
        }
    }

    /// Requests for whoever their form is of.
    #[must_use]
    pub fn of_whoever() -> Self {
        Self { dialect: None, bytes: 0, service: None, form: None, url: None, model: None, ids: HashSet::new() }
    }

    /// Looks at one line, and gives the first thing that is wrong with it as a sentence.
    ///
    /// # Errors
    /// That sentence.
    pub fn accept(&mut self, line: &[u8]) -> Result<(), String> {
        let value: Value = serde_json::from_slice(line).map_err(|error| error.to_string())?;
        let mut wrong = Vec::new();
        self.look(&value, line.len() as u64 + 1, &mut wrong);
        if let Some(id) = ["custom_id", "key"].iter().find_map(|key| value[*key].as_str()) {
            if !self.ids.insert(id_digest(id.as_bytes())) {
                wrong.push(("custom_id".into(), format!("`{id}` stands in an earlier line too")));
            }
        } else {
            wrong.push(("custom_id".into(), "is missing, or no string".to_owned()));
        }
        match wrong.into_iter().next() {
            Some((field, what)) if field.is_empty() => Err(what),
            Some((field, what)) => Err(format!("{field} {what}")),
            None => Ok(()),
        }
    }

    /// Looks at one request of `bytes` bytes.
    pub fn look(&mut self, line: &Value, bytes: u64, wrong: &mut Vec<Wrong>) {
        self.bytes += bytes;
        let dialect = match line {
            line if line.get("params").is_some() => Dialect::Anthropic,
            line if line.get("request").is_some() => Dialect::Gemini,
            _ => Dialect::OpenAi,
        };
        let expected = *self.dialect.get_or_insert(dialect);
        if expected != dialect {
            let detail = format!("is of {}'s form; {}'s is expected", dialect.name(), expected.name());
            return wrong.push(("".into(), detail));
        }
        id(line, wrong);
        match dialect {
            Dialect::OpenAi => self.openai(line, wrong),
            Dialect::Anthropic => rules::anthropic(&line["params"], wrong),
            Dialect::Gemini => rules::gemini(&line["request"], wrong),
        }
    }

    fn openai(&mut self, line: &Value, wrong: &mut Vec<Wrong>) {
        let bare = line.get("method").is_none() && line.get("url").is_none();
        let form = *self.form.get_or_insert(if bare { LineForm::Bare } else { LineForm::Full });
        match (form, line["url"].as_str()) {
            (LineForm::Bare, _) if bare => {}
            (LineForm::Bare, _) => {
                let whose = self.service.map_or("the first line", |service| &service.name);
                wrong.push(("".into(), format!("has a method or url, which {whose} has not")));
            }
            (LineForm::Full, url) => {
                if line["method"] != "POST" {
                    wrong.push(("method".into(), "is not POST".to_owned()));
                }
                match url {
                    Some(url) => same(&mut self.url, url, "url", wrong),
                    None => wrong.push(("url".into(), "is missing".to_owned())),
                }
            }
        }
        let body = &line["body"];
        if !body.is_object() {
            return wrong.push(("body".into(), "is no object".to_owned()));
        }
        match body["model"].as_str() {
            Some(model) => same(&mut self.model, model, "body.model", wrong),
            None => wrong.push(("body.model".into(), "is missing".to_owned())),
        }
        match line["url"].as_str() {
            Some(url) if url.ends_with("/responses") => {
                if body["input"].is_null() {
                    wrong.push(("body.input".into(), "is missing".to_owned()));
                }
            }
            Some(url) if !url.ends_with("/chat/completions") => {}
            _ => rules::chat(body, self.service == Some(Service::openai()), wrong),
        }
    }
}

fn id(line: &Value, wrong: &mut Vec<Wrong>) {
    let Some(id) = ["custom_id", "key"].iter().find_map(|key| line[*key].as_str()) else { return };
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if !plain || id.is_empty() || id.len() > MAX_ID {
        let what = format!("`{id}` is not 1 to {MAX_ID} letters, digits, hyphens and underscores");
        wrong.push(("custom_id".into(), what));
    }
}

fn same(first: &mut Option<String>, value: &str, field: &'static str, wrong: &mut Vec<Wrong>) {
    let first = first.get_or_insert_with(|| value.to_owned());
    if first != value {
        wrong.push((field.into(), format!("is `{value}`; the lines before have `{first}`")));
    }
}
