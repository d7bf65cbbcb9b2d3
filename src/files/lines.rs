//! Reading JSON Lines of any provenance: split on byte 0x0A only, a BOM and CR survived, one long line never fatal.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// The longest line that is kept, in bytes (64 MiB); a longer one is reported and skipped with bounded memory.
pub const MAX_LINE_BYTES: usize = 64 << 20;

const BUFFER_BYTES: usize = 1 << 20;
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// One line of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// Line number, from 1.
    pub number: u64,
    /// Byte offset of its first byte in the file (after a BOM).
    pub offset: u64,
    /// The line without its line ending and without spaces around it; empty for a blank line.
    pub bytes: &'a [u8],
    /// The line was longer than the limit: `bytes` is its beginning.
    pub too_long: bool,
}

/// The lines of a file, one at a time, through one reused buffer.
#[derive(Debug)]
pub struct Lines<R = BufReader<File>> {
    reader: R,
    path: PathBuf,
    limit: usize,
    number: u64,
    offset: u64,
    buffer: Vec<u8>,
}

impl Lines {
    /// Opens `path` for reading.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be opened.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("read", path))?;
        Ok(Self::new(BufReader::with_capacity(BUFFER_BYTES, file), path))
    }
}

impl<R: BufRead> Lines<R> {
    /// Lines of `reader`; `path` is for messages.
    pub fn new(reader: R, path: &Path) -> Self {
        Self { reader, path: path.to_owned(), limit: MAX_LINE_BYTES, number: 0, offset: 0, buffer: Vec::new() }
    }

    /// Sets the longest line that is kept, in bytes.
    #[must_use]
    pub fn with_limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }

    /// The next line, blank ones included; `None` at the end.
    ///
    /// # Errors
    /// [`Error::Io`] when reading fails.
    #[expect(clippy::should_implement_trait, reason = "a line borrows the buffer, which an Iterator cannot say")]
    pub fn next(&mut self) -> Result<Option<Line<'_>>> {
        self.buffer.clear();
        let mut read = 0u64;
        let mut too_long = false;
        loop {
            let available = self.reader.fill_buf().map_err(Error::io("read", &self.path))?;
            if available.is_empty() {
                break;
            }
            let (piece, used, ended) = match memchr::memchr(b'\n', available) {
                Some(at) => (&available[..at], at + 1, true),
                None => (available, available.len(), false),
            };
            let room = self.limit.saturating_sub(self.buffer.len());
            too_long |= piece.len() > room;
            self.buffer.extend_from_slice(&piece[..piece.len().min(room)]);
            self.reader.consume(used);
            read += used as u64;
            if ended {
                break;
            }
        }
        if read == 0 {
            return Ok(None);
        }
        let mut start = self.offset;
        self.offset += read;
        self.number += 1;
        let mut bytes = self.buffer.as_slice();
        // Not only at the start: files are put together.
        if bytes.starts_with(BOM) {
            bytes = &bytes[BOM.len()..];
            start += BOM.len() as u64;
        }
        let leading = bytes.len() - bytes.trim_ascii_start().len();
        Ok(Some(Line { number: self.number, offset: start + leading as u64, bytes: bytes.trim_ascii(), too_long }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Vec<(u64, u64, Vec<u8>, bool)> {
        let mut lines = Lines::new(text, Path::new("t")).with_limit(16);
        let mut found = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            found.push((line.number, line.offset, line.bytes.to_vec(), line.too_long));
        }
        found
    }

    #[test]
    fn bom_crlf_blank_lines_and_a_missing_last_line_feed_are_survived() {
        let found = all("\u{FEFF}{\"a\":1}\r\n\n  {} \n{\u{2028}}".as_bytes());
        assert_eq!(
            found,
            [
                (1, 3, b"{\"a\":1}".to_vec(), false),
                (2, 12, vec![], false),
                (3, 15, b"{}".to_vec(), false),
                (4, 19, "{\u{2028}}".as_bytes().to_vec(), false)
            ]
        );
    }

    #[test]
    fn offsets_point_at_the_kept_bytes() {
        let text = b"  ab\r\n\xEF\xBB\xBFcd\nef";
        for (_, offset, bytes, _) in all(text) {
            assert_eq!(&text[offset as usize..offset as usize + bytes.len()], bytes);
        }
    }

    #[test]
    fn a_line_over_the_limit_costs_only_itself() {
        let found = all(b"0123456789abcdefXYZ\nok\n");
        assert_eq!(found, [(1, 0, b"0123456789abcdef".to_vec(), true), (2, 20, b"ok".to_vec(), false)]);
    }
}
