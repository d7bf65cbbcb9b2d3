//! The body of an answer: one reader for the shapes of every API, told apart by their keys.

use std::borrow::Cow;

use crate::json::{Broken, Kind, Reader, Text};

use super::{Dialect, anthropic, gemini, openai, present};

/// Everything that an answer's body can say.
#[derive(Debug, Default)]
pub(super) struct Body<'a> {
    pub dialect: Dialect,
    /// The HTTP status around it.
    pub status: Option<i64>,
    pub text: Option<Cow<'a, str>>,
    pub replaced: bool,
    pub refusal: Option<Cow<'a, str>>,
    pub finish: Option<Cow<'a, str>>,
    /// Why there is no answer at all, where that is said beside the finish reason.
    pub blocked: Option<Cow<'a, str>>,
    pub model: Option<Cow<'a, str>>,
    pub created: Option<i64>,
    pub usage: Option<Cow<'a, str>>,
    pub error: Option<Cow<'a, str>>,
    /// A body of some known shape was there, be it empty.
    pub answered: bool,
}

/// Why a reading stopped before the end of a line.
#[derive(Debug)]
pub(super) enum Cut {
    /// All that was wanted is known.
    Enough,
    /// It is not JSON.
    Broken(Broken),
}

impl<'a> Body<'a> {
    /// Reads a body, or the `{status_code, body}` around one, or a string that holds one.
    pub fn read(&mut self, reader: &mut Reader<'a>) -> Result<(), Broken> {
        match reader.peek()? {
            Kind::Object => reader.object(|key, reader| self.member(key.raw(), reader)),
            Kind::String => {
                let text = reader.string()?;
                self.read_inside(text);
                Ok(())
            }
            _ => reader.pass(),
        }
    }

    /// Reads one member of a body; members that say nothing here are passed over.
    pub fn member(&mut self, key: &str, reader: &mut Reader<'a>) -> Result<(), Broken> {
        match key {
            "status_code" => self.status = number(reader)?,
            "body" | "message" if reader.peek()? != Kind::Null => self.read(reader)?,
            "choices" => openai::choices(self, reader)?,
            "data" => openai::embedding(self, reader)?,
            "output" => openai::output(self, reader)?,
            "incomplete_details" => openai::incomplete(self, reader)?,
            "candidates" => gemini::candidates(self, reader)?,
            "promptFeedback" => gemini::feedback(self, reader)?,
            "content" => anthropic::content(self, reader)?,
            "stop_reason" => {
                self.dialect = Dialect::Anthropic;
                self.finish = said(reader)?.or(self.finish.take());
            }
            "finish_reason" => self.finish = said(reader)?.or(self.finish.take()),
            "model" | "modelVersion" => self.model = said(reader)?.or(self.model.take()),
            "created" | "created_at" => self.created = number(reader)?.or(self.created),
            "usage" | "usageMetadata" => self.usage = present(reader.skip()?).map(Cow::Borrowed),
            "error" => self.error = present(reader.skip()?).map(Cow::Borrowed),
            _ => reader.pass()?,
        }
        Ok(())
    }

    /// Adds to the text of the answer.
    pub fn said(&mut self, text: Cow<'a, str>, replaced: bool) {
        self.answered = true;
        self.replaced |= replaced;
        match &mut self.text {
            Some(before) => before.to_mut().push_str(&text),
            None => self.text = Some(text),
        }
    }

    /// Adds to the text of the answer, from a JSON string.
    pub fn said_text(&mut self, text: Text<'a>) {
        let (text, replaced) = text.decode();
        self.said(text, replaced);
    }

    /// A body that is a JSON text inside a JSON string, or plain text where it is no JSON.
    fn read_inside(&mut self, text: Text<'a>) {
        let (inside, replaced) = text.decode();
        let mut body = Body::default();
        let mut reader = Reader::new(&inside);
        if matches!(reader.peek(), Ok(Kind::Object)) && body.read(&mut reader).is_ok() && body.answered | body.failed()
        {
            let body = body.into_owned();
            *self = Self { status: self.status, replaced, ..body };
        } else {
            self.said(inside, replaced);
        }
    }

    fn failed(&self) -> bool {
        self.error.is_some()
    }

    fn into_owned(self) -> Body<'static> {
        let own = |text: Option<Cow<'a, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        Body {
            dialect: self.dialect,
            status: self.status,
            text: own(self.text),
            replaced: self.replaced,
            refusal: own(self.refusal),
            finish: own(self.finish),
            blocked: own(self.blocked),
            model: own(self.model),
            created: self.created,
            usage: own(self.usage),
            error: own(self.error),
            answered: self.answered,
        }
    }
}

/// A string with something in it; anything else is passed over.
pub(super) fn said<'a>(reader: &mut Reader<'a>) -> Result<Option<Cow<'a, str>>, Broken> {
    Ok(reader.string_or_skip()?.filter(|text| !text.is_empty()).map(|text| text.to_str()))
}

/// A number, cut to whole; anything else is passed over.
pub(super) fn number(reader: &mut Reader<'_>) -> Result<Option<i64>, Broken> {
    let value = reader.skip()?;
    Ok(value.parse().ok().or_else(|| value.parse::<f64>().ok().map(|number| number as i64)))
}
