//! Reading a file in blocks of whole lines, so that several threads can look at one file.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// Bytes read at once; a block is about this long, unless a line is longer.
const BLOCK_BYTES: u64 = 1 << 20;
/// Room that reading to the end wants behind what there is, to see that it is the end.
const PROBE_BYTES: usize = 64;
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Whole lines of a file.
#[derive(Debug)]
pub struct Block {
    /// Byte offset of the first byte.
    pub offset: u64,
    /// The lines, with their line feeds.
    pub bytes: Vec<u8>,
    /// The block stands for one line over the limit, and `bytes` is its beginning.
    pub too_long: bool,
}

/// One line of a block, without its ending and the spaces around it; empty for a blank line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice<'a> {
    /// Line number in the block, from 0.
    pub number: u32,
    /// Byte offset of its first byte in the file.
    pub offset: u64,
    /// The line.
    pub bytes: &'a [u8],
}

/// The blocks of a file, in order.
#[derive(Debug)]
pub struct Blocks<R = File> {
    reader: R,
    path: PathBuf,
    limit: usize,
    offset: u64,
    carry: Vec<u8>,
}

impl Blocks {
    /// Opens `path`; `limit` is the longest line that is kept, in bytes.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be opened.
    pub fn open(path: &Path, limit: usize) -> Result<Self> {
        let reader = File::open(path).map_err(Error::io("read", path))?;
        Ok(Self::new(reader, path, limit))
    }
}

impl<R: Read> Blocks<R> {
    /// Blocks of `reader`; `path` is for messages, `limit` the longest line that is kept, in bytes.
    pub fn new(reader: R, path: &Path, limit: usize) -> Self {
        Self { reader, path: path.to_owned(), limit, offset: 0, carry: Vec::new() }
    }

    /// The next block; `None` at the end.
    ///
    /// # Errors
    /// [`Error::Io`] when reading fails.
    #[expect(clippy::should_implement_trait, reason = "it can fail, as `Lines::next` can")]
    pub fn next(&mut self) -> Result<Option<Block>> {
        let mut bytes = Vec::with_capacity(self.carry.len() + BLOCK_BYTES as usize + PROBE_BYTES);
        bytes.append(&mut self.carry);
        let mut searched = 0;
        loop {
            let have = bytes.len();
            self.read(&mut bytes)?;
            let ended = bytes.len() == have;
            let last = memchr::memrchr(b'\n', &bytes[searched..]);
            let from = std::mem::replace(&mut searched, bytes.len());
            if let Some(last) = last {
                self.carry = bytes.split_off(from + last + 1);
            } else if bytes.len() > self.limit {
                return self.skip_line(bytes).map(Some);
            } else if !ended {
                continue;
            }
            if bytes.is_empty() {
                return Ok(None);
            }
            let offset = self.offset;
            self.offset += bytes.len() as u64;
            return Ok(Some(Block { offset, bytes, too_long: false }));
        }
    }

    fn read(&mut self, into: &mut Vec<u8>) -> Result<()> {
        self.reader.by_ref().take(BLOCK_BYTES).read_to_end(into).map_err(Error::io("read", &self.path)).map(drop)
    }

    /// Passes over the rest of a line whose beginning is over the limit already.
    fn skip_line(&mut self, mut bytes: Vec<u8>) -> Result<Block> {
        let offset = self.offset;
        self.offset += bytes.len() as u64;
        bytes.truncate(self.limit);
        let mut rest = Vec::new();
        loop {
            rest.clear();
            self.read(&mut rest)?;
            let end = memchr::memchr(b'\n', &rest).map(|at| at + 1);
            self.offset += end.unwrap_or(rest.len()) as u64;
            if let Some(end) = end {
                self.carry = rest.split_off(end);
            }
            if end.is_some() || rest.is_empty() {
                return Ok(Block { offset, bytes, too_long: true });
            }
        }
    }
}

impl Block {
    /// The lines of the block, blank ones included.
    pub fn lines(&self) -> impl Iterator<Item = Slice<'_>> {
        let mut start = if self.offset == 0 && self.bytes.starts_with(BOM) { BOM.len() } else { 0 };
        (0u32..).map_while(move |number| {
            let rest = self.bytes.get(start..).filter(|rest| !rest.is_empty())?;
            let length = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
            let line = &rest[..length];
            let leading = line.len() - line.trim_ascii_start().len();
            let offset = self.offset + (start + leading) as u64;
            start += length + 1;
            Some(Slice { number, offset, bytes: line.trim_ascii() })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn blocks(text: &[u8], limit: usize) -> Vec<Block> {
        let mut blocks = Blocks::new(text, Path::new("t"), limit);
        std::iter::from_fn(|| blocks.next().unwrap()).collect()
    }

    #[test]
    fn a_line_over_the_limit_is_a_block_of_its_own() {
        let long = vec![b'x'; 3 << 20];
        let text = [b"{}\r\n\n", long.as_slice(), b"\n{1}\n", long.as_slice()].concat();
        let found = blocks(&text, 1 << 20);
        let shown: Vec<_> = found.iter().map(|block| (block.offset, block.bytes.len(), block.too_long)).collect();
        let after = 5 + long.len() as u64 + 1;
        assert_eq!(shown, [(0, 5, false), (5, 1 << 20, true), (after, 4, false), (after + 4, 1 << 20, true)]);
    }

    proptest! {
        #[test]
        fn lines_of_blocks_are_the_lines_of_the_file(text in proptest::collection::vec(prop_oneof![
            Just(b'\n'), Just(b'\r'), Just(b' '), Just(b'a'), Just(0xEF), Just(0xBB), Just(0xBF)], 0..64)) {
            let mut lines = super::super::Lines::new(text.as_slice(), Path::new("t"));
            let mut expected = Vec::new();
            while let Some(line) = lines.next().unwrap() {
                expected.push((line.offset, line.bytes.to_vec()));
            }
            let found: Vec<_> = blocks(&text, 100).iter()
                .flat_map(|block| block.lines().map(|line| (line.offset, line.bytes.to_vec())).collect::<Vec<_>>())
                .collect();
            let differs = |kept: &(u64, Vec<u8>)| !kept.1.is_empty();
            prop_assert_eq!(
                found.iter().filter(|line| differs(line)).collect::<Vec<_>>(),
                expected.iter().filter(|line| differs(line)).collect::<Vec<_>>()
            );
        }
    }
}
