//! Reading just enough of a record to augment it, and writing it with every other byte as it came.

use std::borrow::Cow;

use crate::json::{Broken, Kind, Reader, Text};

/// Where a value stands in its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
}

/// A JSON object as its members, in order, values unread.
#[derive(Debug, Default)]
pub struct Object<'a> {
    members: Vec<(Text<'a>, &'a str)>,
}

impl<'a> Object<'a> {
    /// The value called `name`, the last where there are several, as JSON readers take it.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.members.iter().rev().find(|(key, _)| is(*key, name)).map(|(_, value)| *value)
    }

    /// Whether there is a member of such a name.
    pub fn any(&self, wanted: impl Fn(&str) -> bool) -> bool {
        self.members.iter().any(|(name, _)| if name.escaped() { wanted(&name.to_str()) } else { wanted(name.raw()) })
    }

    /// The last value; nothing for `{}`.
    pub fn last(&self) -> Option<&'a str> {
        self.members.last().map(|(_, value)| *value)
    }

    fn next(reader: &mut Reader<'a>) -> Result<Self, Broken> {
        let mut members = Vec::with_capacity(8);
        reader.object::<Broken>(|name, reader| {
            members.push((name, reader.skip()?));
            Ok(())
        })?;
        Ok(Self { members })
    }
}

fn is(key: Text<'_>, name: &str) -> bool {
    if key.escaped() { key.to_str() == name } else { key.raw() == name }
}

/// What `value`, which is JSON, says when it is a string.
pub fn string(value: &str) -> Option<Cow<'_, str>> {
    // Without escapes the text is what stands between the quotes.
    match value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(plain) if memchr::memchr(b'\\', plain.as_bytes()).is_none() => Some(Cow::Borrowed(plain)),
        Some(_) => serde_json::from_str::<String>(value).ok().map(Cow::Owned),
        None => None,
    }
}

/// Where `value` stands in `line`, of which it is a part.
pub fn span(line: &str, value: &str) -> Span {
    let start = value.as_ptr() as usize - line.as_ptr() as usize;
    Span { start, end: start + value.len() }
}

/// A record: its members, and the turns of its conversation.
#[derive(Debug, Default)]
pub struct Record<'a> {
    /// The members of the record.
    pub members: Object<'a>,
    /// The turns; `None` when there is no list of them.
    pub turns: Option<Vec<Object<'a>>>,
}

/// Why a line is no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It is not JSON.
    Broken(Broken),
    /// It is JSON, but no object.
    NoObject,
}

impl From<Broken> for Unreadable {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl<'a> Record<'a> {
    /// Reads a line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(line: &'a str) -> Result<Self, Unreadable> {
        let mut reader = Reader::new(line);
        if reader.peek()? != Kind::Object {
            reader.pass()?;
            reader.end()?;
            return Err(Unreadable::NoObject);
        }
        let mut record = Self { members: Object { members: Vec::with_capacity(12) }, turns: None };
        reader.object::<Broken>(|name, reader| {
            reader.peek()?;
            let start = reader.at();
            if is(name, "conversation") {
                record.turns = turns(reader)?;
            } else {
                reader.pass()?;
            }
            record.members.members.push((name, &line[start..reader.at()]));
            Ok(())
        })?;
        reader.end()?;
        Ok(record)
    }
}

/// Reads a value; `None` when it is no list of objects.
fn turns<'a>(reader: &mut Reader<'a>) -> Result<Option<Vec<Object<'a>>>, Broken> {
    if reader.peek()? != Kind::Array {
        reader.pass()?;
        return Ok(None);
    }
    let mut turns = Vec::with_capacity(16);
    let mut all = true;
    reader.array::<Broken>(|_, reader| {
        if reader.peek()? == Kind::Object {
            turns.push(Object::next(reader)?);
        } else {
            all = false;
            reader.pass()?;
        }
        Ok(())
    })?;
    Ok(all.then_some(turns))
}

/// Appends a JSON string to `out`: the text that `write` appends, escaped where it must be.
pub fn write_string(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    let start = out.len();
    write(out);
    if out[start..].iter().any(|byte| matches!(byte, 0..0x20 | b'"' | b'\\')) {
        let text = String::from_utf8_lossy(&out[start..]).into_owned();
        out.truncate(start - 1);
        serde_json::to_writer(&mut *out, &text).expect("a string is written to memory");
    } else {
        out.push(b'"');
    }
}

/// A line with texts put into it.
#[derive(Debug)]
pub struct Splicer<'a> {
    line: &'a str,
    at: usize,
    out: &'a mut Vec<u8>,
}

impl<'a> Splicer<'a> {
    /// Begins to copy `line` to `out`.
    pub fn new(line: &'a str, out: &'a mut Vec<u8>) -> Self {
        Self { line, at: 0, out }
    }

    /// Copies as far as `to`, and gives the place to write at.
    pub fn upto(&mut self, to: usize) -> &mut Vec<u8> {
        self.out.extend_from_slice(&self.line.as_bytes()[self.at..to]);
        self.at = to;
        self.out
    }

    /// Leaves out what stands between here and `to`.
    pub fn skip(&mut self, to: usize) {
        self.at = to;
    }

    /// Copies the rest.
    pub fn finish(mut self) {
        self.upto(self.line.len());
    }
}
