//! A strict reader of JSON that hands out spans of the text instead of copies.
//!
//! Results are large and little of them is needed: an id, a status, one long string. This reader walks a text once,
//! checks all of it against RFC 8259, and copies nothing; `serde_json` stays for what is small or already typed.
//! Lone surrogates in escapes are let through, because models write them: they become U+FFFD and are told of.

mod text;
mod write;

use std::borrow::Cow;

pub use text::Text;

pub use write::{compact, string};

/// Room for a string with escapes, in bytes: as long as most answers are.
const SAID_BYTES: usize = 4096;

/// How deep values may be nested.
const MAX_DEPTH: u32 = 128;

/// What kind of value comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `{`
    Object,
    /// `[`
    Array,
    /// `"`
    String,
    /// `-` or a digit.
    Number,
    /// `true` or `false`.
    Bool,
    /// `null`
    Null,
}

/// Where and why a text is not JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not JSON at byte {at}: {what}")]
pub struct Broken {
    /// Byte offset in the text.
    pub at: usize,
    /// What was found or missed.
    pub what: &'static str,
}

/// A cursor in a JSON text.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

impl<'a> Reader<'a> {
    /// Starts before the first value of `text`.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// How many bytes have been read.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// The kind of the next value.
    ///
    /// # Errors
    /// [`Broken`] when no value begins here.
    pub fn peek(&mut self) -> Result<Kind, Broken> {
        match self.next_byte() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'"') => Ok(Kind::String),
            Some(b'-' | b'0'..=b'9') => Ok(Kind::Number),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'n') => Ok(Kind::Null),
            Some(_) => Err(self.broken("expected a value")),
            None => Err(self.broken("the text ends")),
        }
    }

    /// Reads an object: `member` is called with each key and must read the value that follows.
    ///
    /// # Errors
    /// [`Broken`], or what `member` returned.
    pub fn object<E: From<Broken>>(
        &mut self,
        mut member: impl FnMut(Text<'a>, &mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.enter(b'{', "expected an object")?;
        if !self.takes(b'}') {
            loop {
                if self.next_byte() != Some(b'"') {
                    return Err(self.broken("expected a key").into());
                }
                let key = self.string()?;
                self.expect(b':', "expected a colon")?;
                member(key, self)?;
                if self.takes(b'}') {
                    break;
                }
                self.expect(b',', "expected a comma or the end of the object")?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Reads an array: `element` is called for each element with its index and must read it.
    ///
    /// # Errors
    /// [`Broken`], or what `element` returned.
    pub fn array<E: From<Broken>>(
        &mut self,
        mut element: impl FnMut(usize, &mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        self.enter(b'[', "expected an array")?;
        if !self.takes(b']') {
            for index in 0.. {
                element(index, self)?;
                if self.takes(b']') {
                    break;
                }
                self.expect(b',', "expected a comma or the end of the array")?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Reads a string.
    ///
    /// # Errors
    /// [`Broken`] when there is none or it is not well formed.
    pub fn string(&mut self) -> Result<Text<'a>, Broken> {
        self.expect(b'"', "expected a string")?;
        let start = self.at;
        let mut escaped = false;
        loop {
            self.at += text::plain(&self.bytes()[self.at..]);
            match self.bytes().get(self.at) {
                Some(b'"') => {
                    let raw = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(Text::new(raw, escaped));
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return Err(self.broken("a control character in a string")),
                None => return Err(self.broken("the text ends in a string")),
            }
        }
    }

    /// Reads a string and what it says in one go; also whether a lone surrogate had to become U+FFFD.
    ///
    /// # Errors
    /// [`Broken`] when there is none or it is not well formed.
    pub fn said(&mut self) -> Result<(Cow<'a, str>, bool), Broken> {
        self.expect(b'"', "expected a string")?;
        let start = self.at;
        let mut said = String::new();
        let mut replaced = false;
        loop {
            let from = self.at;
            self.at += text::plain(&self.bytes()[from..]);
            let plain = &self.text[from..self.at];
            match self.bytes().get(self.at) {
                Some(b'"') if from == start => {
                    self.at += 1;
                    return Ok((Cow::Borrowed(plain), false));
                }
                Some(b'"') => {
                    said.push_str(plain);
                    self.at += 1;
                    return Ok((Cow::Owned(said), replaced));
                }
                Some(b'\\') => {
                    if from == start {
                        said.reserve(SAID_BYTES);
                    }
                    said.push_str(plain);
                    let escape = self.at + 1;
                    self.escape()?;
                    let (letter, used) = text::unescape(&self.bytes()[escape..]);
                    self.at = escape + used;
                    replaced |= letter.is_none();
                    said.push(letter.unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                Some(_) => return Err(self.broken("a control character in a string")),
                None => return Err(self.broken("the text ends in a string")),
            }
        }
    }

    /// Reads a string; anything else is passed over and is `None`.
    ///
    /// # Errors
    /// [`Broken`]
    pub fn string_or_skip(&mut self) -> Result<Option<Text<'a>>, Broken> {
        if self.peek()? == Kind::String {
            return self.string().map(Some);
        }
        self.skip()?;
        Ok(None)
    }

    /// Passes over a value, checking it, and returns it as it stands.
    ///
    /// # Errors
    /// [`Broken`]
    pub fn skip(&mut self) -> Result<&'a str, Broken> {
        let kind = self.peek()?;
        let start = self.at;
        match kind {
            Kind::Object => self.object(|_, reader| reader.pass())?,
            Kind::Array => self.array(|_, reader| reader.pass())?,
            Kind::String => self.string().map(|_| ())?,
            Kind::Number => self.number()?,
            Kind::Bool if self.bytes()[start] == b't' => self.word("true")?,
            Kind::Bool => self.word("false")?,
            Kind::Null => self.word("null")?,
        }
        Ok(&self.text[start..self.at])
    }

    /// Passes over a value, checking it.
    ///
    /// # Errors
    /// [`Broken`]
    pub fn pass(&mut self) -> Result<(), Broken> {
        self.skip().map(|_| ())
    }

    /// Makes sure that nothing follows.
    ///
    /// # Errors
    /// [`Broken`] when something does.
    pub fn end(&mut self) -> Result<(), Broken> {
        match self.next_byte() {
            None => Ok(()),
            Some(_) => Err(self.broken("more text after the value")),
        }
    }

    fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    fn broken(&self, what: &'static str) -> Broken {
        Broken { at: self.at, what }
    }

    fn next_byte(&mut self) -> Option<u8> {
        let bytes = self.bytes();
        loop {
            match bytes.get(self.at) {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.at += 1,
                other => return other.copied(),
            }
        }
    }

    fn takes(&mut self, byte: u8) -> bool {
        let found = self.next_byte() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Broken> {
        if self.takes(byte) { Ok(()) } else { Err(self.broken(what)) }
    }

    fn enter(&mut self, byte: u8, what: &'static str) -> Result<(), Broken> {
        self.expect(byte, what)?;
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(self.broken("nested too deeply")) } else { Ok(()) }
    }

    fn word(&mut self, word: &'static str) -> Result<(), Broken> {
        if !self.bytes()[self.at..].starts_with(word.as_bytes()) {
            return Err(self.broken("expected a value"));
        }
        self.at += word.len();
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Broken> {
        let rest = &self.bytes()[self.at + 1..];
        self.at += match rest.first() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 2,
            Some(b'u') if rest.len() >= 5 && rest[1..5].iter().all(u8::is_ascii_hexdigit) => 6,
            _ => return Err(self.broken("an escape that JSON does not have")),
        };
        Ok(())
    }

    fn number(&mut self) -> Result<(), Broken> {
        let bytes = self.bytes();
        let byte = |at: usize| bytes.get(at).copied();
        self.at += usize::from(byte(self.at) == Some(b'-'));
        match byte(self.at) {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if byte(self.at) == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(byte(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(byte(self.at), Some(b'+' | b'-')));
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Broken> {
        let count = self.bytes()[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += count;
        if count == 0 { Err(self.broken("expected a digit")) } else { Ok(()) }
    }
}

/// Whether `text` is one JSON value and nothing else.
///
/// # Errors
/// [`Broken`] saying where it is not.
pub fn check(text: &str) -> Result<(), Broken> {
    let mut reader = Reader::new(text);
    reader.skip()?;
    reader.end()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn strict(text: &str) -> bool {
        serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
    }

    #[test]
    fn the_grammar_is_that_of_the_standard() {
        let good =
            ["{}", " [ ] ", r#"{"a":[1,-0,1.5e+3,"\u00e9\n",true,false,null]}"#, "0", "\"\"", "\u{2028}\"\"".trim()];
        let bad = [
            "",
            "{",
            "{]",
            "[1,]",
            "{\"a\":1,}",
            "{\"a\" 1}",
            "{a:1}",
            "01",
            "1.",
            ".5",
            "1e",
            "-",
            "NaN",
            "nul",
            "\"\\x\"",
            "\"\\u12\"",
            "\"a\nb\"",
            "\"a",
            "{}{}",
            "'a'",
            "[1 2]",
            "tru",
            "+1",
        ];
        for text in good {
            assert_eq!(check(text), Ok(()), "{text}");
        }
        for text in bad {
            assert!(check(text).is_err(), "{text}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let deep = "[".repeat(100_000);
        assert_eq!(check(&deep).unwrap_err().what, "nested too deeply");
    }

    #[test]
    fn members_come_in_order_with_their_spans() {
        let mut found = Vec::new();
        Reader::new(r#"{"a": {"b":[1, 2]}, "c\u0041" :"x"}"#)
            .object::<Broken>(|key, reader| {
                found.push((key.to_str().into_owned(), reader.skip()?));
                Ok(())
            })
            .unwrap();
        assert_eq!(found, [("a".to_owned(), r#"{"b":[1, 2]}"#), ("cA".to_owned(), "\"x\"")]);
    }

    proptest! {
        #[test]
        fn texts_near_json_are_judged_as_serde_json_judges_them(
            text in r#"[\[\]{},:" \\truefalsn0-9.eE+u-]{0,24}"#,
        ) {
            prop_assert_eq!(check(&text).is_ok(), strict(&text), "{}", text);
        }

        #[test]
        fn any_text_is_survived(text in any::<String>()) {
            let _ = check(&text);
        }

        #[test]
        fn a_string_is_read_the_same_in_one_go(text in r#""[\\"u0-9a-fdD\nn é]{0,24}"?"#) {
            let apart = Reader::new(&text).string().map(Text::decode);
            prop_assert_eq!(Reader::new(&text).said(), apart);
        }

        #[test]
        fn strings_are_read_back(value in any::<String>()) {
            let written = serde_json::to_string(&value).unwrap();
            let read = Reader::new(&written).string().unwrap();
            prop_assert_eq!(read.to_str(), value.as_str());
            let escaped: String = value.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            let written = format!("\"{escaped}\"");
            prop_assert_eq!(Reader::new(&written).string().unwrap().decode(), (value.into(), false));
            prop_assert_eq!(Reader::new(&written).said(), Ok(Reader::new(&written).string().unwrap().decode()));
        }
    }
}
