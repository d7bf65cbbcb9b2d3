//! What the metadata says of one request.

use std::borrow::Cow;

use crate::dialect::labels;
use crate::json::{Broken, Kind, Reader};

/// A request with what was planned for it. Raw parts are JSON as it stands.
#[derive(Debug, Default)]
pub(super) struct Planned<'a> {
    pub id: Cow<'a, str>,
    pub created_at: Option<Cow<'a, str>>,
    pub provider: Option<Cow<'a, str>>,
    pub model: Option<Cow<'a, str>>,
    pub template_id: Option<&'a str>,
    pub plan: Option<&'a str>,
    body: Option<&'a str>,
}

impl<'a> Planned<'a> {
    /// Reads a metadata line, nested or flat.
    ///
    /// # Errors
    /// [`Broken`] when it is not JSON.
    pub fn read(line: &'a str) -> Result<Self, Broken> {
        let mut planned = Self::default();
        let mut reader = Reader::new(line);
        reader.object(|key, reader| match key.raw() {
            "custom_id" | "key" | "recordId" => {
                planned.id = reader.string_or_skip()?.map(|id| id.to_str()).unwrap_or_default();
                Ok(())
            }
            "body" | "params" | "request" | "modelInput" => {
                let body = reader.skip()?;
                planned.body = Some(body);
                if planned.id.is_empty() && key.raw() == "request" {
                    planned.id = labels(&mut Reader::new(body))?.unwrap_or_default();
                }
                Ok(())
            }
            "metadata" if reader.peek()? == Kind::Object => {
                reader.object(|key, reader| planned.member(key.raw(), reader))
            }
            key => planned.member(key, reader),
        })?;
        Ok(planned)
    }

    /// The model that was asked for.
    pub fn requested_model(&self) -> Option<Cow<'a, str>> {
        self.model.clone().or_else(|| body_model(self.body?))
    }

    fn member(&mut self, key: &str, reader: &mut Reader<'a>) -> Result<(), Broken> {
        let text = |reader: &mut Reader<'a>| Ok(reader.string_or_skip()?.map(|text| text.to_str()));
        match key {
            "created_at" => self.created_at = text(reader)?,
            "provider" => self.provider = text(reader)?,
            "model" => self.model = text(reader)?,
            "template_id" => self.template_id = Some(reader.skip()?),
            "plan" => self.plan = Some(reader.skip()?),
            "custom_id" | "key" if self.id.is_empty() => self.id = text(reader)?.unwrap_or_default(),
            _ => reader.pass()?,
        }
        Ok(())
    }
}

/// `model` of a request's body, which may be a JSON text inside a string.
fn body_model(body: &str) -> Option<Cow<'_, str>> {
    let mut reader = Reader::new(body);
    if reader.peek().ok()? == Kind::String {
        let inside = reader.string().ok()?.to_str().into_owned();
        return body_model(&inside).map(|model| Cow::Owned(model.into_owned()));
    }
    let mut model = None;
    let read = reader.object::<Broken>(|key, reader| {
        if key.raw() == "model" {
            model = reader.string_or_skip()?
        } else {
            reader.pass()?
        }
        Ok(())
    });
    read.ok()?;
    model.map(|model| model.to_str())
}
