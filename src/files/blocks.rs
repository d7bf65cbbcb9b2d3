//! Reading a file in blocks of whole lines, each by itself, so that several threads can look at one file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::Line;
use crate::{Error, Result};

/// Bytes from where one block may begin to where the next one may.
const BLOCK_BYTES: u64 = 1 << 20;
/// Bytes read at once to find the end of a block's last line.
const TAIL_BYTES: u64 = 64 << 10;
/// A buffer above this is not kept, so that one long line does not stay in memory.
const MOST_KEPT_BYTES: usize = 8 << 20;
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The blocks of a file. A line belongs to the block in whose stretch of the file it begins.
#[derive(Debug)]
pub struct Blocks<R = File> {
    reader: R,
    path: PathBuf,
    limit: usize,
    size: u64,
    length: u64,
    buffer: Vec<u8>,
}

/// Whole lines of a file; of a line over the limit, its beginning.
#[derive(Debug)]
pub struct Block<'a> {
    offset: u64,
    bytes: &'a [u8],
    limit: usize,
}

impl Blocks {
    /// Opens `path`; `limit` is the longest line that is kept, in bytes.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be opened.
    pub fn open(path: &Path, limit: usize) -> Result<Self> {
        Self::new(File::open(path).map_err(Error::io("read", path))?, path, limit)
    }
}

impl<R: Read + Seek> Blocks<R> {
    /// Blocks of `reader`; `path` is for messages, `limit` the longest line that is kept, in bytes.
    ///
    /// # Errors
    /// [`Error::Io`] when its length cannot be told.
    pub fn new(mut reader: R, path: &Path, limit: usize) -> Result<Self> {
        let length = reader.seek(SeekFrom::End(0)).map_err(Error::io("read", path))?;
        Ok(Self { reader, path: path.to_owned(), limit, size: BLOCK_BYTES, length, buffer: Vec::new() })
    }

    /// Sets how far apart blocks begin, in bytes, at least 1.
    #[must_use]
    pub fn with_size(mut self, bytes: u64) -> Self {
        self.size = bytes;
        self
    }

    /// How many blocks there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.length.div_ceil(self.size)
    }

    /// The block of that number, from 0; it has no lines where a line began before it and ends behind it.
    ///
    /// # Errors
    /// [`Error::Io`] when reading fails.
    pub fn read(&mut self, number: u64) -> Result<Block<'_>> {
        let (first, from) = self.fill(number).map_err(Error::io("read", &self.path))?;
        Ok(Block { offset: from + first as u64, bytes: &self.buffer[first..], limit: self.limit })
    }

    /// Reads the lines of a block. Returns where they begin in the buffer, and where the buffer begins in the file.
    fn fill(&mut self, number: u64) -> io::Result<(usize, u64)> {
        if self.buffer.capacity() > MOST_KEPT_BYTES {
            self.buffer = Vec::new();
        }
        self.buffer.clear();
        let end = (number + 1) * self.size;
        // The byte before tells whether a line begins right here.
        let from = (number * self.size).saturating_sub(1);
        self.reader.seek(SeekFrom::Start(from))?;
        self.more(end - from)?;
        let first = match number {
            0 => 0,
            _ => memchr::memchr(b'\n', &self.buffer).map_or(self.buffer.len(), |at| at + 1),
        };
        self.end_last_line(first)?;
        Ok((first, from))
    }

    /// Reads on to the end of the last line that begins at `first` or later, or to where it is over the limit.
    fn end_last_line(&mut self, first: usize) -> io::Result<()> {
        let last = memchr::memrchr(b'\n', &self.buffer[first..]).map_or(first, |at| first + at + 1);
        let mut have = self.buffer.len();
        while (1..=self.limit).contains(&(have - last)) {
            self.more(TAIL_BYTES)?;
            if let Some(end) = memchr::memchr(b'\n', &self.buffer[have..]) {
                self.buffer.truncate(have + end + 1);
                return Ok(());
            }
            if self.buffer.len() == have {
                return Ok(());
            }
            have = self.buffer.len();
        }
        self.buffer.truncate(last.saturating_add(self.limit).saturating_add(1));
        Ok(())
    }

    fn more(&mut self, bytes: u64) -> io::Result<()> {
        self.reader.by_ref().take(bytes).read_to_end(&mut self.buffer).map(drop)
    }
}

impl Block<'_> {
    /// Bytes in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether no line begins in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The lines of the block, blank ones included, numbered from 1 within it.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        let mut start = 0;
        (1u64..).map_while(move |number| {
            let rest = self.bytes.get(start..).filter(|rest| !rest.is_empty())?;
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let mut bytes = &rest[..length.min(self.limit)];
            let mut offset = self.offset + start as u64;
            if bytes.starts_with(BOM) {
                bytes = &bytes[BOM.len()..];
                offset += BOM.len() as u64;
            }
            offset += (bytes.len() - bytes.trim_ascii_start().len()) as u64;
            start += length + 1;
            Some(Line { number, offset, bytes: bytes.trim_ascii(), too_long: length > self.limit })
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::Lines;
    use super::*;
    use proptest::prelude::*;

    type Found = (u64, u64, Vec<u8>, bool);

    fn found(line: Line<'_>, before: u64) -> Found {
        (before + line.number, line.offset, line.bytes.to_vec(), line.too_long)
    }

    fn in_blocks(text: &[u8], limit: usize, size: u64) -> Vec<Found> {
        let mut blocks = Blocks::new(Cursor::new(text), Path::new("t"), limit).unwrap().with_size(size);
        let mut all = Vec::new();
        for number in 0..blocks.count() {
            let before = all.len() as u64;
            all.extend(blocks.read(number).unwrap().lines().map(|line| found(line, before)));
        }
        all
    }

    fn one_by_one(text: &[u8], limit: usize) -> Vec<Found> {
        let mut lines = Lines::new(text, Path::new("t")).with_limit(limit);
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push(found(line, 0));
        }
        all
    }

    #[test]
    fn a_line_over_the_limit_is_cut_and_costs_only_itself() {
        let long = vec![b'x'; 3 << 20];
        let text = [b"{}\r\n\n", long.as_slice(), b"\n{1}\n", long.as_slice()].concat();
        for limit in [1 << 20, 2 << 20, 4 << 20] {
            let lines = in_blocks(&text, limit, BLOCK_BYTES);
            assert_eq!(lines.len(), 5);
            assert!(lines == one_by_one(&text, limit), "{limit}");
        }
        let mut blocks = Blocks::new(Cursor::new(&text), Path::new("t"), 10).unwrap();
        assert_eq!(blocks.read(0).unwrap().len(), 5 + 10 + 1);
        assert!(blocks.read(1).unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn lines_of_blocks_are_the_lines_of_the_file(
            text in proptest::collection::vec(prop_oneof![
                Just(b'\n'), Just(b'\r'), Just(b' '), Just(b'a'), Just(0xEF), Just(0xBB), Just(0xBF)], 0..64),
            limit in 1usize..20,
            size in 1u64..20,
        ) {
            prop_assert_eq!(in_blocks(&text, limit, size), one_by_one(&text, limit));
        }
    }
}
