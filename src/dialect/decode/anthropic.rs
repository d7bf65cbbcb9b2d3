//! Anthropic's messages, and the `result` around them.

use crate::json::{Broken, Kind, Reader};

use super::body::Body;
use super::{Dialect, Envelope, openai, present};

/// `result`: `{type: succeeded, message}`, `{type: errored, error}`, or a type alone.
pub(super) fn result<'a>(envelope: &mut Envelope<'a>, reader: &mut Reader<'a>) -> Result<(), Broken> {
    if reader.peek()? != Kind::Object {
        return reader.pass();
    }
    envelope.body.dialect = Dialect::Anthropic;
    reader.object(|key, reader| {
        match key.raw() {
            "type" => {
                envelope.ended = match reader.string_or_skip()?.map(|text| text.raw()) {
                    Some("expired") => Some("expired"),
                    Some("canceled" | "cancelled") => Some("cancelled"),
                    _ => None,
                }
            }
            "message" => envelope.body.read(reader)?,
            "error" => envelope.error = present(reader.skip()?),
            _ => reader.pass()?,
        }
        Ok(())
    })
}

/// `content` of a message: its parts of type `text`; thinking is passed over.
pub(super) fn content<'a>(body: &mut Body<'a>, reader: &mut Reader<'a>) -> Result<(), Broken> {
    body.answered = true;
    openai::content(body, reader)
}
