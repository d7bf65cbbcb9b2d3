//! What a line is and whose, read no further than needed.

use std::borrow::Cow;

use crate::json::{Broken, Kind, Reader};

use super::body::Cut;
use super::id;

/// How much of a line is tried first; an id and the key that tells the kind mostly stand at its start.
const START: usize = 512;

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LineKind {
    /// A request, as it is uploaded.
    Request,
    /// A request with what was planned for it.
    Metadata,
    /// What an API made of a request.
    Result,
    /// A conversation that has been processed already.
    Record,
    /// JSON of another kind.
    Other,
}

/// A line, as far as its kind and its request.
#[derive(Debug, PartialEq, Eq)]
pub struct Glance<'a> {
    /// What it is.
    pub kind: LineKind,
    /// The request that it names.
    pub id: Option<Cow<'a, str>>,
    /// The locale that its metadata names.
    pub locale: Option<Cow<'a, str>>,
}

/// Tells what `line` is.
///
/// The end of a result line may not have been read: [`super::decode`] tells whether it is whole.
///
/// # Errors
/// [`Broken`] when the line is not JSON as far as it was read.
pub fn glance(line: &[u8]) -> Result<Glance<'_>, Broken> {
    if line.len() > START
        && let start @ 1.. = valid(&line[..START])
        && let Ok(text) = std::str::from_utf8(&line[..start])
    {
        let mut seen = Seen::default();
        if let Err(Cut::Enough) = seen.read(&mut Reader::new(text)) {
            return Ok(seen.told());
        }
    }
    let text = std::str::from_utf8(line).map_err(|error| Broken { at: error.valid_up_to(), what: "not UTF-8" })?;
    let mut seen = Seen::default();
    let mut reader = Reader::new(text);
    match seen.read(&mut reader) {
        Ok(()) => reader.end()?,
        Err(Cut::Enough) => {}
        Err(Cut::Broken(broken)) => return Err(broken),
    }
    Ok(seen.told())
}

fn valid(bytes: &[u8]) -> usize {
    std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len)
}

#[derive(Debug, Default)]
struct Seen<'a> {
    id: Option<Cow<'a, str>>,
    inner_id: Option<Cow<'a, str>>,
    locale: Option<Cow<'a, str>>,
    result: bool,
    request: bool,
    metadata: bool,
    conversation: bool,
}

impl<'a> Seen<'a> {
    fn read(&mut self, reader: &mut Reader<'a>) -> Result<(), Cut> {
        if reader.peek()? != Kind::Object {
            reader.skip()?;
            return Ok(());
        }
        reader.object(|key, reader| {
            match key.raw() {
                "custom_id" | "key" | "recordId" => self.id = id(reader)?,
                "response" | "result" | "modelOutput" | "choices" | "candidates" | "error" => {
                    self.result = true;
                    if self.id.is_none() {
                        reader.skip()?;
                    }
                }
                "conversation" => {
                    self.conversation = true;
                    reader.skip()?;
                }
                "body" | "params" | "modelInput" | "method" | "url" => {
                    self.request = true;
                    reader.skip()?;
                }
                "request" => {
                    self.request = true;
                    self.inner_id = labels(reader)?.or(self.inner_id.take());
                }
                "metadata" if reader.peek()? == Kind::Object => self.metadata(reader)?,
                "lang_code" => {
                    self.locale = id(reader)?;
                    self.metadata = true;
                }
                _ => reader.pass()?,
            }
            if self.result && self.id.is_some() && !self.conversation { Err(Cut::Enough) } else { Ok(()) }
        })
    }

    fn metadata(&mut self, reader: &mut Reader<'a>) -> Result<(), Cut> {
        reader.object(|key, reader| {
            match key.raw() {
                "response" => {
                    self.result = true;
                    reader.skip()?;
                }
                "lang_code" => {
                    self.locale = id(reader)?;
                    self.metadata = true;
                }
                "recipe" | "template_id" | "created_at" => {
                    self.metadata = true;
                    reader.skip()?;
                }
                "key" | "custom_id" => self.inner_id = id(reader)?,
                _ => reader.pass()?,
            }
            Ok(())
        })
    }

    fn told(self) -> Glance<'a> {
        let id = self.id.or(self.inner_id);
        let kind = if self.conversation {
            LineKind::Record
        } else if self.result {
            LineKind::Result
        } else if self.metadata && id.is_some() {
            LineKind::Metadata
        } else if self.request {
            LineKind::Request
        } else {
            LineKind::Other
        };
        Glance { kind, id, locale: self.locale }
    }
}

/// The id that a Vertex request carries in its labels, for its rows have none.
///
/// # Errors
/// [`Broken`]
pub fn labels<'a>(reader: &mut Reader<'a>) -> Result<Option<Cow<'a, str>>, Broken> {
    let mut found = None;
    if reader.peek()? != Kind::Object {
        reader.skip()?;
        return Ok(found);
    }
    reader.object(|key, reader| {
        if key.raw() != "labels" || reader.peek()? != Kind::Object {
            return reader.pass();
        }
        reader.object(|key, reader| {
            if key.raw() == "custom_id" {
                found = id(reader)?
            } else {
                reader.pass()?
            }
            Ok(())
        })
    })?;
    Ok(found)
}
