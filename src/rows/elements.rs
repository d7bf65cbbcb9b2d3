//! The values of a JSON text that is an array, or values one after another, cut apart without reading the whole of it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use crate::files::MAX_LINE_BYTES;
use crate::{Error, Result};

const BUFFER_BYTES: usize = 1 << 16;

/// Cuts values apart; whoever takes one parses it, and so finds out whether it is JSON.
pub(super) struct Elements {
    reader: BufReader<Box<dyn BufRead + Send>>,
    path: PathBuf,
    line: u64,
    place: Place,
    value: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    First,
    Next,
    Bare,
    End,
}

impl Elements {
    pub fn new(reader: Box<dyn BufRead + Send>, path: &Path) -> Self {
        let reader = BufReader::with_capacity(BUFFER_BYTES, reader);
        Self { reader, path: path.to_owned(), line: 1, place: Place::Start, value: Vec::new() }
    }

    /// The next value's bytes, and the line that it begins on.
    pub fn next(&mut self) -> Result<Option<(&[u8], u64)>> {
        if self.place == Place::Start {
            if self.peek()? == Some(0xEF) {
                for _ in 0..3 {
                    self.bump()?;
                }
            }
            self.place = match self.skip_space()? {
                Some(b'[') => {
                    self.bump()?;
                    Place::First
                }
                _ => Place::Bare,
            };
        }
        let next = self.skip_space()?;
        match (self.place, next) {
            (Place::Bare | Place::End, None) => return Ok(None),
            (Place::End, Some(_)) => return Err(self.error("there is text behind the end of the array")),
            (Place::First | Place::Next, None) => return Err(self.error("the file ends inside the array")),
            (Place::First | Place::Next, Some(b']')) => {
                self.bump()?;
                self.place = Place::End;
                return self.next();
            }
            (Place::Next, Some(b',')) => {
                self.bump()?;
                if matches!(self.skip_space()?, None | Some(b']')) {
                    return Err(self.error("a value is missing behind a comma"));
                }
            }
            (Place::Next, Some(_)) => return Err(self.error("a comma is missing between two values")),
            _ => {}
        }
        if self.place == Place::First {
            self.place = Place::Next;
        }
        let line = self.line;
        self.cut()?;
        Ok(Some((&self.value, line)))
    }

    /// Puts the value that begins here into `value`.
    fn cut(&mut self) -> Result<()> {
        self.value.clear();
        let (mut depth, mut text, mut escaped) = (0u32, false, false);
        while let Some(byte) = self.peek()? {
            if !text
                && depth == 0
                && !self.value.is_empty()
                && matches!(byte, b',' | b']' | b' ' | b'\n' | b'\r' | b'\t')
            {
                break;
            }
            self.bump()?;
            self.value.push(byte);
            if self.value.len() > MAX_LINE_BYTES {
                return Err(self.error("a value is longer than 64 MiB"));
            }
            match byte {
                _ if escaped => escaped = false,
                b'\\' if text => escaped = true,
                b'"' => {
                    text = !text;
                    if !text && depth == 0 {
                        break;
                    }
                }
                _ if text => {}
                b'{' | b'[' => depth += 1,
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        break;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn skip_space(&mut self) -> Result<Option<u8>> {
        loop {
            match self.peek()? {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.bump()?,
                other => return Ok(other),
            }
        }
    }

    fn peek(&mut self) -> Result<Option<u8>> {
        if self.reader.buffer().is_empty() {
            self.reader.fill_buf().map_err(Error::io("read", &self.path))?;
        }
        Ok(self.reader.buffer().first().copied())
    }

    fn bump(&mut self) -> Result<()> {
        if self.peek()? == Some(b'\n') {
            self.line += 1;
        }
        if !self.reader.buffer().is_empty() {
            self.reader.consume(1);
        }
        Ok(())
    }

    fn error(&self, detail: &str) -> Error {
        Error::Line { path: self.path.clone(), line: self.line, detail: detail.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Result<Vec<(String, u64)>> {
        let mut elements = Elements::new(Box::new(std::io::Cursor::new(text.to_owned())), Path::new("t"));
        let mut found = Vec::new();
        while let Some((value, line)) = elements.next()? {
            found.push((String::from_utf8(value.to_vec()).unwrap(), line));
        }
        Ok(found)
    }

    #[test]
    fn arrays_and_bare_values_are_cut_apart() {
        let own =
            |values: &[(&str, u64)]| values.iter().map(|(text, line)| ((*text).to_owned(), *line)).collect::<Vec<_>>();
        assert_eq!(all("[]").unwrap(), own(&[]));
        assert_eq!(all(" \u{FEFF}").unwrap().len(), 1, "a mark in the middle is no mark");
        assert_eq!(
            all("\u{FEFF}[\n {\"a\": \"]},\\\"\"},\n [1, 2],3 ,\"x\"\n]\n").unwrap(),
            own(&[("{\"a\": \"]},\\\"\"}", 2), ("[1, 2]", 3), ("3", 3), ("\"x\"", 3)])
        );
        assert_eq!(all("{\"a\":1}\n{\"b\":\n2}").unwrap(), own(&[("{\"a\":1}", 1), ("{\"b\":\n2}", 2)]));
    }

    #[test]
    fn what_is_no_list_of_values_is_told_with_its_line() {
        for (text, line, detail) in [
            ("[1\n2]", 2, "comma"),
            ("[1,\n]", 2, "missing behind a comma"),
            ("[1,", 1, "missing behind a comma"),
            ("[{\n}", 2, "ends inside"),
            ("[1] 2", 1, "behind the end"),
        ] {
            let error = all(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("t:{line}:")) && error.contains(detail), "{text}: {error}");
        }
    }
}
