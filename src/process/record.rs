//! Writing a record: the answer's own fields, then whose it is and where it came from.

use std::borrow::Cow;

use crate::dialect::Dialect;
use crate::json;
use crate::model::{Answer, Provider};

use super::planned::Planned;

/// Seconds since 1970 below which a server's clock says nothing.
const EARLIEST: i64 = 1_000_000_000;

/// Writes everything of a record after the answer's own fields, and ends the line. `out` ends in `{` or in a comma.
pub(super) fn write_provenance(
    out: &mut Vec<u8>,
    planned: &Planned<'_>,
    locale: &str,
    answer: &Answer<'_>,
    dialect: &str,
    repairs: &[&str],
    flags: &[&str],
) {
    out.extend_from_slice(b"\"custom_id\":");
    json::string(out, &planned.id);
    out.extend_from_slice(b",\"metadata\":{\"lang_code\":");
    json::string(out, locale);
    let mut text = |key: &str, value: Option<&str>| {
        if let Some(value) = value {
            member(out, key);
            json::string(out, value);
        }
    };
    text("generated_at", generated_at(answer, planned).as_deref());
    text("provider", Some(provider(planned, dialect)));
    text("model", answer.model.clone().or_else(|| planned.requested_model()).as_deref());
    for (key, value) in
        [("template_id", planned.template_id), ("plan", planned.plan), ("usage", answer.usage.as_deref())]
    {
        if let Some(value) = value {
            member(out, key);
            out.extend_from_slice(value.as_bytes());
        }
    }
    if let Some(reason) = &answer.finish_reason {
        member(out, "finish_reason");
        json::string(out, reason);
    }
    out.push(b'}');
    list(out, "repairs", repairs);
    list(out, "qc", flags);
    out.extend_from_slice(b"}\n");
}

/// Who answered: as planned, unless the answer is in another provider's form, for then it was asked for once more there.
fn provider<'a>(planned: &'a Planned<'_>, dialect: &'a str) -> &'a str {
    let Some(planned) = planned.provider.as_deref() else { return dialect };
    let known = Provider::ALL.into_iter().find(|provider| provider.name() == planned);
    if known.is_some_and(|provider| Dialect::from(provider).name() != dialect) { dialect } else { planned }
}

fn member(out: &mut Vec<u8>, key: &str) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(b"\":");
}

fn list(out: &mut Vec<u8>, key: &str, names: &[&str]) {
    if names.is_empty() {
        return;
    }
    member(out, key);
    for (index, name) in names.iter().enumerate() {
        out.push(if index == 0 { b'[' } else { b',' });
        json::string(out, name);
    }
    out.push(b']');
}

/// When the model answered, else when the request was made: never the clock of this machine.
fn generated_at<'a>(answer: &Answer<'_>, planned: &'a Planned<'_>) -> Option<Cow<'a, str>> {
    let answered = answer.created.filter(|seconds| *seconds >= EARLIEST);
    let answered = answered.and_then(|seconds| jiff::Timestamp::from_second(seconds).ok());
    answered.map(|time| Cow::Owned(time.to_string())).or_else(|| planned.created_at.as_deref().map(Cow::Borrowed))
}
