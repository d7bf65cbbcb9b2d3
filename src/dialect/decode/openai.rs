//! Chat completions, Responses and embeddings: OpenAI's shapes, and those who copy them.

use std::borrow::Cow;

use crate::json::{Broken, Kind, Reader};

use super::body::{Body, said};

/// `choices`: the first one counts.
pub(super) fn choices<'a>(body: &mut Body<'a>, reader: &mut Reader<'a>) -> Result<(), Broken> {
    if reader.peek()? != Kind::Array {
        return reader.pass();
    }
    body.answered = true;
    reader.array(|index, reader| match reader.peek()? {
        Kind::Object if index == 0 => reader.object(|key, reader| choice(body, key.raw(), reader)),
        _ => reader.pass(),
    })
}

fn choice<'a>(body: &mut Body<'a>, key: &str, reader: &mut Reader<'a>) -> Result<(), Broken> {
    match key {
        "finish_reason" | "stop_reason" => body.finish = said(reader)?.or(body.finish.take()),
        "text" | "content" => content(body, reader)?,
        "logprobs" => reader.pass()?,
        _ if reader.peek()? == Kind::Object => reader.object(|key, reader| match key.raw() {
            "content" => content(body, reader),
            "refusal" => {
                body.refusal = said(reader)?.or(body.refusal.take());
                Ok(())
            }
            _ => reader.pass(),
        })?,
        _ => reader.pass()?,
    }
    Ok(())
}

/// Text; or parts of `{type, text}` and `{type, refusal}`; or the object itself, where a server has parsed it already.
pub(super) fn content<'a>(body: &mut Body<'a>, reader: &mut Reader<'a>) -> Result<(), Broken> {
    match reader.peek()? {
        Kind::String => {
            let (text, replaced) = reader.said()?;
            body.said(text, replaced);
            Ok(())
        }
        Kind::Array => reader.array(|_, reader| match reader.peek()? {
            Kind::Object => part(body, reader),
            _ => reader.pass(),
        }),
        Kind::Object => {
            let text = reader.skip()?;
            body.said(Cow::Borrowed(text), false);
            Ok(())
        }
        _ => reader.pass(),
    }
}

/// A part of an answer; what the model thought to itself is no part of it.
pub(super) fn part<'a>(body: &mut Body<'a>, reader: &mut Reader<'a>) -> Result<(), Broken> {
    let (mut text, mut refusal, mut kind, mut thought) = (None, None, None, false);
    reader.object(|key, reader| {
        match key.raw() {
            "text" => text = reader.string_or_skip()?,
            "refusal" => refusal = reader.string_or_skip()?,
            "type" => kind = reader.string_or_skip()?,
            "thought" => thought = reader.skip()? == "true",
            _ => reader.pass()?,
        }
        Ok::<_, Broken>(())
    })?;
    let spoken = kind.is_none_or(|kind| matches!(kind.raw(), "text" | "output_text"));
    if let Some(text) = text.filter(|_| spoken && !thought) {
        body.said_text(text);
    }
    if let Some(refusal) = refusal {
        body.refusal = Some(refusal.to_str());
    }
    Ok(())
}

/// `output` of a Responses body: its messages, not its reasoning.
pub(super) fn output<'a>(body: &mut Body<'a>, reader: &mut Reader<'a>) -> Result<(), Broken> {
    if reader.peek()? != Kind::Array {
        return reader.pass();
    }
    body.answered = true;
    reader.array(|_, reader| {
        if reader.peek()? != Kind::Object {
            return reader.pass();
        }
        let start = reader.clone();
        let mut kind = None;
        reader.object(|key, reader| {
            if key.raw() == "type" {
                kind = reader.string_or_skip()?
            } else {
                reader.pass()?
            }
            Ok::<_, Broken>(())
        })?;
        if kind.is_some_and(|kind| kind.raw() != "message") {
            return Ok(());
        }
        start.clone().object(|key, reader| match key.raw() {
            "content" => content(body, reader),
            _ => reader.pass(),
        })
    })
}

/// `data` of an embeddings body: the vector of its first item, as JSON.
pub(super) fn embedding<'a>(body: &mut Body<'a>, reader: &mut Reader<'a>) -> Result<(), Broken> {
    if reader.peek()? != Kind::Array {
        return reader.pass();
    }
    reader.array(|index, reader| match reader.peek()? {
        Kind::Object if index == 0 => reader.object(|key, reader| {
            if key.raw() != "embedding" {
                return reader.pass();
            }
            body.said(Cow::Borrowed(reader.skip()?), false);
            Ok(())
        }),
        _ => reader.pass(),
    })
}

/// `incomplete_details`: why a Responses answer stopped early.
pub(super) fn incomplete<'a>(body: &mut Body<'a>, reader: &mut Reader<'a>) -> Result<(), Broken> {
    if reader.peek()? != Kind::Object {
        return reader.pass();
    }
    reader.object(|key, reader| {
        if key.raw() == "reason" {
            body.finish = said(reader)?.or(body.finish.take());
            return Ok(());
        }
        reader.pass()
    })
}
