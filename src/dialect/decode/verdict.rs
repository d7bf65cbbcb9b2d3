//! The gate before parsing: what a body amounts to. Nothing that was cut, refused or filtered is ever looked at as an answer.

use std::borrow::Cow;

use crate::json::{Broken, Kind, Reader};
use crate::model::{Answer, Failure, Outcome, Reason};

use super::body::Body;

/// The longest message of a provider that is kept, in bytes.
const MAX_DETAIL: usize = 500;

/// What became of the request: `error` and `ended` are what the line says beside the body.
pub(super) fn outcome<'a>(body: Body<'a>, error: Option<&str>, ended: Option<&'static str>) -> Outcome<'a> {
    let failure = |reason, detail: &str| Outcome::Failure(Failure { reason, detail: short(detail) });
    match ended {
        Some("expired") => return failure(Reason::Expired, ""),
        Some(_) => return failure(Reason::Cancelled, ""),
        None => {}
    }
    // An error beside an answer is no failure where the answer is whole: some servers write one with every line.
    let answered = body.text.as_ref().is_some_and(|text| !text.trim().is_empty());
    if let Some(error) = error.or(body.error.as_deref()).filter(|_| !(answered && succeeded(body.status))) {
        let detail = message(error);
        return failure(class(&detail), &detail);
    }
    match body.status {
        Some(status) if !(succeeded(body.status) || status == 0 && answered) => {
            return failure(Reason::Failed, &format!("HTTP status {status}"));
        }
        _ => {}
    }
    if let Some(why) = &body.blocked {
        return failure(Reason::Refused, why);
    }
    if let Some(refusal) = &body.refusal {
        return failure(Reason::Refused, refusal);
    }
    let finish = body.finish.as_deref().unwrap_or_default();
    if let Some(reason) = cut(finish) {
        return failure(reason, finish);
    }
    if !answered {
        let detail = if body.answered { finish } else { "the line holds neither an answer nor an error" };
        return failure(Reason::Empty, detail);
    }
    Outcome::Answer(Answer {
        text: body.text.unwrap_or_default(),
        finish_reason: body.finish,
        model: body.model,
        created: body.created,
        usage: body.usage,
        replaced: body.replaced,
    })
}

fn succeeded(status: Option<i64>) -> bool {
    status.is_none_or(|status| (200..300).contains(&status))
}

/// The finish reasons, of all APIs, that leave no usable answer.
fn cut(finish: &str) -> Option<Reason> {
    Some(match finish.to_ascii_lowercase().as_str() {
        "length" | "max_tokens" | "max_output_tokens" | "model_context_window_exceeded" | "model_length" => {
            Reason::Truncated
        }
        "content_filter" | "safety" | "recitation" | "prohibited_content" | "blocklist" | "spii" | "image_safety" => {
            Reason::Filtered
        }
        "refusal" | "language" => Reason::Refused,
        "error" | "malformed_response" | "malformed_function_call" => Reason::Failed,
        _ => return None,
    })
}

/// The class of a failure, from the provider's code and message.
fn class(detail: &str) -> Reason {
    let detail = detail.to_ascii_lowercase();
    if detail.contains("batch_expired") || detail.contains("expired") {
        Reason::Expired
    } else if detail.contains("batch_cancelled") || detail.contains("cancelled") || detail.contains("canceled") {
        Reason::Cancelled
    } else if detail.contains("content_filter") || detail.contains("content_policy") {
        Reason::Filtered
    } else {
        Reason::Failed
    }
}

/// `code: message` of an error in any shape: a string, `{message, code}`, `{error: {…}}`, `{errorMessage, errorCode}`.
fn message(error: &str) -> String {
    let mut words = Words::default();
    if words.read(&mut Reader::new(error)).is_err() {
        return error.to_owned();
    }
    match (words.code, words.message) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(one), None) | (None, Some(one)) => one.into_owned(),
        (None, None) => error.to_owned(),
    }
}

#[derive(Default)]
struct Words<'a> {
    code: Option<Cow<'a, str>>,
    message: Option<Cow<'a, str>>,
}

impl<'a> Words<'a> {
    fn read(&mut self, reader: &mut Reader<'a>) -> Result<(), Broken> {
        match reader.peek()? {
            Kind::String => self.message = Some(reader.string()?.to_str()),
            Kind::Object => reader.object(|key, reader| match key.raw() {
                "error" => self.read(reader),
                "message" | "errorMessage" => {
                    self.message = reader.string_or_skip()?.map(|text| text.to_str());
                    Ok(())
                }
                "code" | "errorCode" | "type" if self.code.is_none() => {
                    let value = reader.clone().skip()?;
                    let text = reader.string_or_skip()?.map(|text| text.to_str());
                    self.code =
                        text.or((value != "null").then_some(Cow::Borrowed(value))).filter(|code| code != "error");
                    Ok(())
                }
                _ => reader.pass(),
            })?,
            _ => reader.pass()?,
        }
        Ok(())
    }
}

fn short(detail: &str) -> String {
    let end = (0..=MAX_DETAIL.min(detail.len())).rev().find(|end| detail.is_char_boundary(*end)).unwrap_or_default();
    detail[..end].to_owned()
}
