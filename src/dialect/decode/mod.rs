//! What a line of any provenance is, whose it is, and what became of its request.
//!
//! One tolerant reader for all APIs: a line is understood from its keys, never from a setting or a file's name. [`glance`]
//! reads no further than it must to know kind and id; [`decode`] reads all of it.

mod anthropic;
mod body;
mod gemini;
mod glance;
mod openai;
mod verdict;

use std::borrow::Cow;

use crate::json::{Broken, Kind, Reader};
use crate::model::Outcome;

pub use glance::{Glance, LineKind, glance, labels};

use super::Dialect;
use body::{Body, Cut};

/// A result line, understood.
#[derive(Debug)]
pub struct Decoded<'a> {
    /// The request that it names.
    pub id: Option<Cow<'a, str>>,
    /// Whose form the line has.
    pub dialect: Dialect,
    /// What became of the request.
    pub outcome: Outcome<'a>,
}

/// The parts of a result line, whatever their order.
#[derive(Debug, Default)]
struct Envelope<'a> {
    id: Option<Cow<'a, str>>,
    inner_id: Option<Cow<'a, str>>,
    body: Body<'a>,
    error: Option<&'a str>,
    ended: Option<&'static str>,
    conversation: bool,
}

/// Understands a result line of any API.
///
/// # Errors
/// [`Broken`] when the line is not JSON from end to end.
pub fn decode(line: &str) -> Result<Decoded<'_>, Broken> {
    let mut reader = Reader::new(line);
    let mut envelope = Envelope::default();
    if reader.peek()? == Kind::Object {
        reader.object(|key, reader| envelope.member(key.raw(), reader))?;
    } else {
        reader.skip()?;
    }
    reader.end()?;
    if envelope.conversation {
        envelope.body.said(Cow::Borrowed(line), false);
    }
    let Envelope { id, inner_id, body, error, ended, .. } = envelope;
    Ok(Decoded { id: id.or(inner_id), dialect: body.dialect, outcome: verdict::outcome(body, error, ended) })
}

impl<'a> Envelope<'a> {
    fn member(&mut self, key: &str, reader: &mut Reader<'a>) -> Result<(), Broken> {
        match key {
            "custom_id" | "key" | "recordId" => self.id = id(reader)?.or(self.id.take()),
            "response" | "modelOutput" => self.body.read(reader)?,
            "result" => anthropic::result(self, reader)?,
            "error" => self.error = present(reader.skip()?).or(self.error),
            // Vertex writes the reason of a failed row here, and nothing for the others.
            "status" if reader.peek()? == Kind::String => {
                let status = reader.skip()?;
                self.error = Some(status).filter(|status| status.len() > 2).or(self.error);
            }
            "metadata" => self.metadata(reader)?,
            "request" => self.inner_id = glance::labels(reader)?.or(self.inner_id.take()),
            "conversation" => {
                reader.skip()?;
                self.conversation = true;
            }
            // A request that carries its own body; what answers it is elsewhere in the line.
            "body" | "params" | "modelInput" => reader.pass()?,
            key => self.body.member(key, reader)?,
        }
        Ok(())
    }

    /// Some tools keep the answer beside the request's own metadata; Gemini's inline results keep the key there.
    fn metadata(&mut self, reader: &mut Reader<'a>) -> Result<(), Broken> {
        if reader.peek()? != Kind::Object {
            return reader.pass();
        }
        reader.object(|key, reader| match key.raw() {
            "key" | "custom_id" => {
                self.inner_id = id(reader)?.or(self.inner_id.take());
                Ok(())
            }
            "response" => self.body.read(reader),
            _ => reader.pass(),
        })
    }
}

/// A string that can name a request.
fn id<'a>(reader: &mut Reader<'a>) -> Result<Option<Cow<'a, str>>, Broken> {
    Ok(reader.string_or_skip()?.filter(|text| !text.is_empty()).map(|text| text.to_str()))
}

/// `None` for what providers write where there is no error.
fn present(value: &str) -> Option<&str> {
    (!matches!(value, "null" | "\"\"" | "{}" | "[]" | "false")).then_some(value)
}

impl From<Broken> for Cut {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}
