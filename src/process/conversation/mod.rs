//! An AAC conversation as a model wrote it: read with its fields in their order, and checked.

mod write;

use std::ops::Range;

use crate::json::{Broken, Kind, Reader, Text};

/// What keeps an answer from being a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is not JSON.
    Broken(Broken),
    /// It is JSON, but not what was asked for.
    Invalid(String),
}

impl From<Broken> for Fault {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

/// A conversation, as spans of the answer.
#[derive(Debug, Default)]
pub(super) struct Conversation<'a> {
    fields: Vec<(Text<'a>, Field<'a>)>,
    turns: Vec<Turn<'a>>,
    turn_fields: Vec<(Text<'a>, Value<'a>)>,
    /// `"true"` or `"false"` stood where a Boolean should.
    pub string_bool: bool,
    /// A text had half of a surrogate pair.
    pub lone_surrogate: bool,
}

#[derive(Debug)]
enum Field<'a> {
    Turns,
    Other(Value<'a>),
}

#[derive(Debug, Clone, Copy)]
enum Value<'a> {
    Text(Text<'a>),
    Raw(&'a str),
}

impl<'a> Value<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Broken> {
        Ok(if reader.peek()? == Kind::String { Self::Text(reader.string()?) } else { Self::Raw(reader.skip()?) })
    }

    fn text(self) -> Option<Text<'a>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Raw(_) => None,
        }
    }
}

/// One thing said or typed.
#[derive(Debug, Clone, Default)]
pub(super) struct Turn<'a> {
    pub speaker: Option<Text<'a>>,
    pub utterance: Option<Text<'a>>,
    pub intended: Option<Text<'a>>,
    pub is_aac_user: bool,
    fields: Range<usize>,
}

impl<'a> Conversation<'a> {
    /// Reads a conversation from the text of an answer.
    ///
    /// # Errors
    /// [`Fault`]
    pub fn read(text: &'a str) -> Result<Self, Fault> {
        let mut reader = Reader::new(text);
        let mut conversation =
            Self { fields: Vec::with_capacity(4), turn_fields: Vec::with_capacity(96), ..Self::default() };
        if reader.peek()? != Kind::Object {
            reader.skip()?;
            reader.end()?;
            return Err(invalid("not a JSON object"));
        }
        reader.object(|key, reader| conversation.field(key, reader))?;
        reader.end()?;
        conversation.check()?;
        Ok(conversation)
    }

    /// The turns, in order.
    pub fn turns(&self) -> &[Turn<'a>] {
        &self.turns
    }

    /// The request that the answer itself says it answers, where it says so.
    pub fn echo(&self) -> Option<Text<'a>> {
        let (_, field) = self.fields.iter().find(|(key, _)| matches!(key.raw(), "custom_id" | "request_ref"))?;
        match field {
            Field::Other(value) => value.text(),
            Field::Turns => None,
        }
    }

    fn field(&mut self, key: Text<'a>, reader: &mut Reader<'a>) -> Result<(), Fault> {
        if key.raw() != "conversation" {
            self.fields.push((key, Field::Other(Value::read(reader)?)));
            return Ok(());
        }
        if reader.peek()? != Kind::Array {
            reader.skip()?;
            return Err(invalid("`conversation` is not a list of turns"));
        }
        if !self.turns.is_empty() {
            return Err(invalid("`conversation` stands there twice"));
        }
        self.fields.push((key, Field::Turns));
        reader.array(|index, reader| self.turn(index, reader))
    }

    fn turn(&mut self, index: usize, reader: &mut Reader<'a>) -> Result<(), Fault> {
        let wrong = |what: &str| invalid(&format!("turn {}: {what}", index + 1));
        if reader.peek()? != Kind::Object {
            return Err(wrong("not an object"));
        }
        let start = self.turn_fields.len();
        let mut turn = Turn::default();
        let mut aac = None;
        reader.object::<Fault>(|key, reader| {
            let mut value = Value::read(reader)?;
            self.lone_surrogate |= value.text().is_some_and(has_lone_surrogate);
            let twice = match key.raw() {
                "speaker" => std::mem::replace(&mut turn.speaker, value.text()).is_some(),
                "utterance" => std::mem::replace(&mut turn.utterance, value.text()).is_some(),
                "utterance_intended" => std::mem::replace(&mut turn.intended, value.text()).is_some(),
                "is_aac_user" => {
                    if let Some(mended) = value.text().and_then(boolean) {
                        value = Value::Raw(mended);
                        self.string_bool = true;
                    }
                    let told = match value {
                        Value::Raw("true") => Some(true),
                        Value::Raw("false") => Some(false),
                        _ => None,
                    };
                    std::mem::replace(&mut aac, told).is_some()
                }
                _ => false,
            };
            if twice {
                return Err(wrong(&format!("`{}` stands there twice", key.raw())));
            }
            self.turn_fields.push((key, value));
            Ok(())
        })?;
        turn.fields = start..self.turn_fields.len();
        turn.is_aac_user = aac.ok_or_else(|| wrong("`is_aac_user` is neither true nor false"))?;
        let said = |text: Option<Text<'_>>| text.is_some_and(|text| !blank(text));
        if !said(turn.speaker) {
            return Err(wrong("`speaker` is missing or empty"));
        }
        if !said(turn.utterance) {
            return Err(wrong("`utterance` is missing or empty"));
        }
        turn.intended = turn.intended.filter(|text| !blank(*text));
        self.turns.push(turn);
        Ok(())
    }

    fn check(&self) -> Result<(), Fault> {
        if !self.fields.iter().any(|(_, field)| matches!(field, Field::Turns)) {
            return Err(invalid("`conversation` is missing"));
        }
        if !self.turns.iter().any(|turn| turn.is_aac_user) {
            return Err(invalid("no turn of the person who uses AAC"));
        }
        if self.turns.iter().all(|turn| turn.is_aac_user) {
            return Err(invalid("no turn of a partner"));
        }
        Ok(())
    }
}

fn has_lone_surrogate(text: Text<'_>) -> bool {
    text.escaped() && memchr::memmem::find(text.raw().as_bytes(), b"\\u").is_some() && text.decode().1
}

fn invalid(detail: &str) -> Fault {
    Fault::Invalid(detail.to_owned())
}

fn blank(text: Text<'_>) -> bool {
    if text.escaped() { text.to_str().trim().is_empty() } else { text.raw().trim().is_empty() }
}

/// A Boolean that stands in a string.
fn boolean(text: Text<'_>) -> Option<&'static str> {
    let is = |word: &str| text.raw().eq_ignore_ascii_case(word);
    if is("true") { Some("true") } else { is("false").then_some("false") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, Fault> {
        let conversation = Conversation::read(text)?;
        let mut out = Vec::new();
        conversation.write(&mut out);
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn fields_keep_their_order_and_lose_what_is_ours_or_says_nothing() {
        let text = r#"{
            "scene": "Caf\u00e9\n", "metadata": 1, "custom_id": "mine",
            "conversation": [
                {"is_aac_user": false, "speaker": "A", "utterance": "Tea?", "utterance_intended": null},
                {"speaker": "B", "utterance": "yes", "mood": {"a": [1, 2]}, "utterance_intended": "Yes.", "is_aac_user": true}
            ]
        }"#;
        assert_eq!(
            read(text).unwrap(),
            concat!(
                r#""scene":"Café\n","conversation":[{"is_aac_user":false,"speaker":"A","utterance":"Tea?"},"#,
                r#"{"speaker":"B","utterance":"yes","mood":{"a":[1,2]},"utterance_intended":"Yes.","is_aac_user":true}],"#,
            )
        );
    }

    #[test]
    fn what_is_no_conversation_is_told() {
        let turn = |aac: &str| format!(r#"{{"speaker":"A","utterance":"a","is_aac_user":{aac}}}"#);
        let whole = |turns: &[String]| format!(r#"{{"conversation":[{}]}}"#, turns.join(","));
        let cases = [
            ("[]".to_owned(), "not a JSON object"),
            ("{}".to_owned(), "`conversation` is missing"),
            (r#"{"conversation":null}"#.to_owned(), "`conversation` is not a list of turns"),
            (whole(&[turn("true")]), "no turn of a partner"),
            (whole(&[turn("false")]), "no turn of the person who uses AAC"),
            (whole(&[turn("1")]), "turn 1: `is_aac_user` is neither true nor false"),
            (whole(&["3".to_owned()]), "turn 1: not an object"),
            (
                whole(&[turn("true"), turn("false").replace("}", r#","utterance":"b"}"#)]),
                "turn 2: `utterance` stands there twice",
            ),
            (
                whole(&[turn("true"), turn("false").replace("\"a\"", "\" \"")]),
                "turn 2: `utterance` is missing or empty",
            ),
            (whole(&[turn("true"), turn("false").replace("\"A\"", "null")]), "turn 2: `speaker` is missing or empty"),
        ];
        for (text, detail) in cases {
            assert_eq!(read(&text), Err(Fault::Invalid(detail.to_owned())), "{text}");
        }
        assert!(matches!(read(r#"{"conversation":[],}"#), Err(Fault::Broken(_))));
    }

    #[test]
    fn half_a_surrogate_pair_in_a_text_is_told() {
        let text = |said: &str| {
            let turns = r#"{"speaker":"A","utterance":"SAID","is_aac_user":true},{"speaker":"B","utterance":"b","is_aac_user":false}"#;
            format!(r#"{{"conversation":[{}]}}"#, turns.replace("SAID", said))
        };
        for (said, lone) in [(r"\ud83d", true), (r"\ud83d\ude00", false), (r"\u00e9", false), (r"\\ud83d", false)] {
            assert_eq!(Conversation::read(&text(said)).unwrap().lone_surrogate, lone, "{said}");
        }
    }

    #[test]
    fn booleans_in_strings_are_mended_and_told() {
        let text = r#"{"conversation":[{"speaker":"A","utterance":"a","is_aac_user":"True"},{"speaker":"B","utterance":"b","is_aac_user":"false"}]}"#;
        assert!(Conversation::read(text).unwrap().string_bool);
        assert!(read(text).unwrap().ends_with(r#""is_aac_user":false}],"#));
    }
}
