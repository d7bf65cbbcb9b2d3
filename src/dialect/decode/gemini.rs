//! Gemini's and Vertex's answers.

use crate::json::{Broken, Kind, Reader};

use super::body::{Body, said};
use super::{Dialect, openai};

/// `candidates`: the first one counts; its parts with `thought: true` do not.
pub(super) fn candidates<'a>(body: &mut Body<'a>, reader: &mut Reader<'a>) -> Result<(), Broken> {
    body.dialect = Dialect::Gemini;
    if reader.peek()? != Kind::Array {
        return reader.pass();
    }
    body.answered = true;
    reader.array(|index, reader| match reader.peek()? {
        Kind::Object if index == 0 => reader.object(|key, reader| candidate(body, key.raw(), reader)),
        _ => reader.pass(),
    })
}

fn candidate<'a>(body: &mut Body<'a>, key: &str, reader: &mut Reader<'a>) -> Result<(), Broken> {
    match key {
        "finishReason" => body.finish = said(reader)?.or(body.finish.take()),
        "content" if reader.peek()? == Kind::Object => reader.object(|key, reader| match key.raw() {
            "parts" => openai::content(body, reader),
            _ => reader.pass(),
        })?,
        _ => reader.pass()?,
    }
    Ok(())
}

/// `promptFeedback`: why the prompt was not answered at all.
pub(super) fn feedback<'a>(body: &mut Body<'a>, reader: &mut Reader<'a>) -> Result<(), Broken> {
    body.dialect = Dialect::Gemini;
    if reader.peek()? != Kind::Object {
        return reader.pass();
    }
    reader.object(|key, reader| {
        if key.raw() == "blockReason" {
            body.blocked = said(reader)?;
            return Ok(());
        }
        reader.pass()
    })
}
