//! Reading just enough of a record to augment it, and writing it with every other byte as it came.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Where a value stands in its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
}

/// A value with the name before it.
type Member<'a> = (Cow<'a, str>, &'a RawValue);

/// A JSON object as its members, in order, values unread.
#[derive(Debug, Default)]
pub struct Object<'a> {
    members: Vec<Member<'a>>,
}

impl<'a> Object<'a> {
    /// The value called `name`, the last where there are several, as JSON readers take it.
    pub fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| *value)
    }

    /// Whether there is a member of such a name.
    pub fn any(&self, wanted: impl Fn(&str) -> bool) -> bool {
        self.members.iter().any(|(name, _)| wanted(name))
    }

    /// The last value; nothing for `{}`.
    pub fn last(&self) -> Option<&'a RawValue> {
        self.members.last().map(|(_, value)| *value)
    }
}

/// A string member of `value`, which is JSON.
pub fn string(value: &RawValue) -> Option<Cow<'_, str>> {
    let text = value.get();
    // Without escapes the text is what stands between the quotes.
    match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(plain) if memchr::memchr(b'\\', plain.as_bytes()).is_none() => Some(Cow::Borrowed(plain)),
        Some(_) => serde_json::from_str::<String>(text).ok().map(Cow::Owned),
        None => None,
    }
}

/// Where `value` stands in `line`, of which it is a part.
pub fn span(line: &str, value: &RawValue) -> Span {
    let start = value.get().as_ptr() as usize - line.as_ptr() as usize;
    Span { start, end: start + value.get().len() }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some(Name(name)) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                Ok(Object { members })
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// A member's name, borrowed where it has no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// A record: its members, and the turns of its conversation.
#[derive(Debug, Default)]
pub struct Record<'a> {
    /// The members of the record.
    pub members: Object<'a>,
    /// The turns; `None` when there is no conversation.
    pub turns: Option<Vec<Object<'a>>>,
}

impl<'de> Record<'de> {
    /// Reads a line.
    ///
    /// # Errors
    /// What is wrong with it as JSON.
    pub fn read(line: &'de str) -> serde_json::Result<Self> {
        let members: Object<'de> = serde_json::from_str(line)?;
        let turns = members.get("conversation").and_then(|turns| serde_json::from_str::<Turns<'de>>(turns.get()).ok());
        Ok(Self { members, turns: turns.map(|turns| turns.0) })
    }
}

struct Turns<'a>(Vec<Object<'a>>);

impl<'de> Deserialize<'de> for Turns<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Turns<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of turns")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut turns = Vec::with_capacity(16);
                while let Some(turn) = seq.next_element()? {
                    turns.push(turn);
                }
                Ok(Turns(turns))
            }
        }
        deserializer.deserialize_seq(List)
    }
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
