//! Lines that are worked on together.

use std::io::BufRead;

use crate::Result;
use crate::files::{Line, Lines};

/// Bytes of input in a chunk, about.
const CHUNK_BYTES: usize = 128 << 10;

/// Some lines of a file.
#[derive(Debug, Default)]
pub struct Chunk {
    bytes: Vec<u8>,
    lines: Vec<(u64, usize, bool)>,
}

impl Chunk {
    fn push(&mut self, line: Line<'_>) {
        self.bytes.extend_from_slice(line.bytes);
        self.lines.push((line.number, self.bytes.len(), line.too_long));
    }

    /// The lines; offsets are those within the chunk.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let mut start = 0;
        self.lines.iter().map(move |&(number, end, too_long)| {
            let line = Line { number, offset: start as u64, bytes: &self.bytes[start..end], too_long };
            start = end;
            line
        })
    }

    /// Bytes in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Takes the next lines that are not blank; false at the end.
    ///
    /// # Errors
    /// [`crate::Error::Io`]
    pub fn fill(&mut self, lines: &mut Lines<impl BufRead>) -> Result<bool> {
        self.bytes.clear();
        self.lines.clear();
        while self.bytes.len() < CHUNK_BYTES {
            match lines.next()? {
                Some(line) if line.bytes.is_empty() => {}
                Some(line) => self.push(line),
                None => break,
            }
        }
        Ok(!self.lines.is_empty())
    }
}
