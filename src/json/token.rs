//! Strings, numbers and words: what the structure of a JSON text is made of.

use std::borrow::Cow;

use super::text::{self, Text};
use super::{Broken, Kind, Reader};

/// Room for a string with escapes, in bytes: as long as most answers are.
const SAID_BYTES: usize = 4096;

impl<'a> Reader<'a> {
    /// Reads a string.
    ///
    /// # Errors
    /// [`Broken`] when there is none or it is not well formed.
    pub fn string(&mut self) -> Result<Text<'a>, Broken> {
        self.expect(b'"', "expected a string")?;
        let start = self.at;
        let mut escapes = 0;
        loop {
            self.at += text::plain(&self.bytes()[self.at..]);
            match self.bytes().get(self.at) {
                Some(b'"') => {
                    let raw = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(Text::new(raw, escapes));
                }
                Some(b'\\') => {
                    escapes += 1;
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
        let bytes = self.bytes();
        let mut from = self.at;
        self.at += text::plain(&bytes[from..]);
        if bytes.get(self.at) == Some(&b'"') {
            self.at += 1;
            return Ok((Cow::Borrowed(&self.text[from..self.at - 1]), false));
        }
        let mut said = Vec::with_capacity(SAID_BYTES);
        let mut replaced = false;
        loop {
            append(&mut said, &bytes[from..], self.at - from);
            match bytes.get(self.at) {
                Some(b'"') => break,
                // JSON within JSON is full of these.
                Some(b'\\') if bytes.get(self.at + 1) == Some(&b'"') => {
                    said.push(b'"');
                    self.at += 2;
                }
                Some(b'\\') => {
                    let escape = self.at + 1;
                    self.escape()?;
                    let (letter, used) = text::unescape(&bytes[escape..]);
                    self.at = escape + used;
                    replaced |= letter.is_none();
                    match letter.unwrap_or(char::REPLACEMENT_CHARACTER) {
                        letter if letter.is_ascii() => said.push(letter as u8),
                        letter => said.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
                    }
                }
                Some(_) => return Err(self.broken("a control character in a string")),
                None => return Err(self.broken("the text ends in a string")),
            }
            from = self.at;
            self.at += text::plain(&bytes[from..]);
        }
        self.at += 1;
        Ok((Cow::Owned(String::from_utf8(said).expect("put together from text")), replaced))
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

    pub(super) fn word(&mut self, word: &'static str) -> Result<(), Broken> {
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

    pub(super) fn number(&mut self) -> Result<(), Broken> {
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

/// Appends the first `length` of `bytes`. Between escapes there are few, which are copied as sixteen: that needs no call.
#[inline]
fn append(out: &mut Vec<u8>, bytes: &[u8], length: usize) {
    match bytes.first_chunk::<16>() {
        Some(some) if length <= 16 => {
            let end = out.len() + length;
            out.extend_from_slice(some);
            out.truncate(end);
        }
        _ => out.extend_from_slice(&bytes[..length]),
    }
}
