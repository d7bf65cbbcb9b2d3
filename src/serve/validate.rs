//! Looks a batch's input file over before anything of it is answered.

use std::collections::HashSet;
use std::path::Path;

use serde_json::Value;

use super::chat::CHAT;
use super::objects::Problem;
use crate::Result;
use crate::files::Lines;

/// The most requests a batch may have.
pub(super) const MAX_REQUESTS: u64 = 50_000;
/// The longest line that is taken, in bytes.
pub(super) const MAX_LINE_BYTES: usize = 16 << 20;
/// Problems that are listed; a file with more is wrong enough.
const MAX_PROBLEMS: usize = 100;

/// What the file holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Requests that can be answered.
    Good { requests: u64, model: Option<String> },
    /// What is wrong.
    Bad(Vec<Problem>),
}

/// Reads the input file at `path` of a batch for `endpoint`.
pub(super) fn validate(path: &Path, endpoint: &str) -> Result<Verdict> {
    let mut lines = Lines::open(path)?.with_limit(MAX_LINE_BYTES);
    let mut look = Look { endpoint, ids: HashSet::new(), model: None, problems: Vec::new(), requests: 0 };
    while let Some(line) = lines.next()? {
        if line.too_long {
            look.problem(
                line.number,
                "invalid_json_line",
                None,
                format!("This line is longer than {MAX_LINE_BYTES} bytes."),
            );
        } else if !line.bytes.is_empty() {
            look.line(line.number, line.bytes);
        }
        if look.problems.len() >= MAX_PROBLEMS {
            break;
        }
    }
    Ok(look.verdict())
}

struct Look<'a> {
    endpoint: &'a str,
    ids: HashSet<String>,
    model: Option<String>,
    problems: Vec<Problem>,
    requests: u64,
}

impl Look<'_> {
    fn line(&mut self, number: u64, bytes: &[u8]) {
        self.requests += 1;
        let Some(line) = serde_json::from_slice::<Value>(bytes).ok().filter(Value::is_object) else {
            return self.problem(number, "invalid_json_line", None, "This line is not a JSON object.");
        };
        match line["custom_id"].as_str() {
            None | Some("") => self.problem(
                number,
                "missing_required_parameter",
                Some("custom_id"),
                "The custom_id must be a string that is not empty.",
            ),
            Some(id) if !self.ids.insert(id.to_owned()) => self.problem(
                number,
                "duplicate_custom_id",
                Some("custom_id"),
                format!("The custom_id '{id}' is that of an earlier line too."),
            ),
            Some(_) => {}
        }
        if line["method"] != "POST" {
            self.problem(number, "invalid_method", Some("method"), "The method must be POST.");
        }
        match line["url"].as_str() {
            Some(url) if url == self.endpoint => {}
            Some(url) => self.problem(
                number,
                "url_mismatch",
                Some("url"),
                format!("The url '{url}' is not the batch's endpoint '{}'.", self.endpoint),
            ),
            None => self.problem(number, "invalid_url", Some("url"), "The url must be a string."),
        }
        self.body(number, &line["body"]);
    }

    fn body(&mut self, number: u64, body: &Value) {
        if !body.is_object() {
            return self.problem(number, "missing_required_parameter", Some("body"), "The body must be a JSON object.");
        }
        match (body["model"].as_str(), &self.model) {
            (None, _) => {
                self.problem(number, "missing_required_parameter", Some("body.model"), "The body must name a model.");
            }
            (Some(model), Some(first)) if model != first => {
                let message =
                    format!("The model '{model}' is not the '{first}' of the first line: a batch has one model.");
                self.problem(number, "model_mismatch", Some("body.model"), message);
            }
            (Some(model), _) => self.model = Some(model.to_owned()),
        }
        let checked = if self.endpoint == CHAT { check_chat(body) } else { check_input(body) };
        if let Err((param, message)) = checked {
            self.problem(number, "invalid_request", Some(param), message);
        }
    }

    fn problem(&mut self, line: u64, code: &str, param: Option<&str>, message: impl Into<String>) {
        let (code, param) = (code.to_owned(), param.map(str::to_owned));
        self.problems.push(Problem { code, message: message.into(), param, line: Some(line) });
    }

    fn verdict(mut self) -> Verdict {
        let whole = |code: &str, message: String| Problem { code: code.to_owned(), message, param: None, line: None };
        if self.requests == 0 && self.problems.is_empty() {
            self.problems.push(whole("empty_file", "The input file has no requests.".to_owned()));
        }
        if self.requests > MAX_REQUESTS {
            let message = format!("The file has {} requests; a batch may have {MAX_REQUESTS}.", self.requests);
            self.problems.push(whole("too_many_tasks", message));
        }
        if self.problems.is_empty() {
            Verdict::Good { requests: self.requests, model: self.model }
        } else {
            Verdict::Bad(self.problems)
        }
    }
}

/// What every chat body must have: messages, each with a role, and no stream. Gives the field at fault and why.
pub(super) fn check_chat(body: &Value) -> Result<(), (&'static str, &'static str)> {
    let messages = body["messages"].as_array().filter(|messages| !messages.is_empty());
    let Some(messages) = messages else {
        return Err(("messages", "The messages must be an array that is not empty."));
    };
    let role = |message: &Value| {
        matches!(message["role"].as_str(), Some("system" | "developer" | "user" | "assistant" | "tool" | "function"))
    };
    if !messages.iter().all(role) {
        return Err(("messages", "Each message must be an object with a known role."));
    }
    if body["stream"] == true {
        return Err(("stream", "Streams are not answered here."));
    }
    Ok(())
}

/// What every body with an `input` must have. Gives the field at fault and why.
fn check_input(body: &Value) -> Result<(), (&'static str, &'static str)> {
    let holds = match &body["input"] {
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    if !holds {
        return Err(("input", "The input must be a string or an array that is not empty."));
    }
    if body["stream"] == true {
        return Err(("stream", "Streams are not answered here."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(text: &str) -> Verdict {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        validate(file.path(), CHAT).unwrap()
    }

    fn codes(text: &str) -> Vec<(String, Option<u64>)> {
        match verdict(text) {
            Verdict::Bad(problems) => problems.into_iter().map(|problem| (problem.code, problem.line)).collect(),
            good @ Verdict::Good { .. } => panic!("{good:?}"),
        }
    }

    fn line(id: &str, url: &str, model: &str) -> String {
        format!(
            r#"{{"custom_id":"{id}","method":"POST","url":"{url}","body":{{"model":"{model}","messages":[{{"role":"user","content":"x"}}]}}}}"#
        )
    }

    #[test]
    fn blank_lines_and_a_missing_last_line_feed_are_fine() {
        let text = format!("{}\r\n\n{}", line("a", CHAT, "m"), line("b", CHAT, "m"));
        assert_eq!(verdict(&text), Verdict::Good { requests: 2, model: Some("m".to_owned()) });
    }

    #[test]
    fn every_fault_is_named_with_its_line() {
        let text = [
            line("a", CHAT, "m"),
            "{".to_owned(),
            line("a", CHAT, "m"),
            line("c", "/v1/embeddings", "m"),
            line("d", CHAT, "other"),
            r#"{"custom_id":7,"method":"GET","url":1,"body":[]}"#.to_owned(),
            format!(r#"{{"custom_id":"f","method":"POST","url":"{CHAT}","body":{{"model":"m","messages":[],"stream":true}}}}"#),
        ]
        .join("\n");
        let expected = [
            ("invalid_json_line", 2),
            ("duplicate_custom_id", 3),
            ("url_mismatch", 4),
            ("model_mismatch", 5),
            ("missing_required_parameter", 6),
            ("invalid_method", 6),
            ("invalid_url", 6),
            ("missing_required_parameter", 6),
            ("invalid_request", 7),
        ];
        assert_eq!(codes(&text), expected.map(|(code, line)| (code.to_owned(), Some(line))));
    }

    #[test]
    fn embeddings_and_responses_need_an_input() {
        for endpoint in ["/v1/embeddings", "/v1/responses"] {
            for (input, good) in [(r#""x""#, true), (r#"["x"]"#, true), (r#""""#, false), ("null", false)] {
                let body = format!(r#"{{"model":"m","input":{input}}}"#);
                let text = format!(r#"{{"custom_id":"a","method":"POST","url":"{endpoint}","body":{body}}}"#);
                let file = tempfile::NamedTempFile::new().unwrap();
                std::fs::write(file.path(), text).unwrap();
                let verdict = validate(file.path(), endpoint).unwrap();
                assert_eq!(matches!(verdict, Verdict::Good { .. }), good, "{endpoint} {input}");
            }
        }
    }

    #[test]
    fn a_file_without_requests_is_empty() {
        for text in ["", "\n \n"] {
            assert_eq!(codes(text), [("empty_file".to_owned(), None)]);
        }
    }
}
