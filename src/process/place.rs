//! Where a line is.

/// Bits of the offset in a packed place: files up to 16 TiB, up to a million of them.
const OFFSET_BITS: u32 = 44;

/// A line of one of the input files, in 16 bytes. Places are ordered by file, then offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    packed: u64,
    length: u32,
    line: u32,
}

impl Place {
    /// No line at all; after every other place.
    pub const NONE: Self = Self { packed: u64::MAX, length: 0, line: 0 };

    pub fn new(file: usize, offset: u64, length: usize, line: u32) -> Self {
        let length = u32::try_from(length).expect("lines are shorter than the limit, which is below 4 GiB");
        Self { packed: (file as u64) << OFFSET_BITS | offset, length, line }
    }

    /// The same place, with its line number counted on from `lines`.
    pub fn after(self, lines: u32) -> Self {
        Self { line: self.line.saturating_add(lines), ..self }
    }

    /// The place in two words, for files.
    pub fn words(self) -> [u64; 2] {
        [self.packed, u64::from(self.length) << 32 | u64::from(self.line)]
    }

    /// The place that was written as these words.
    pub fn from_words([packed, rest]: [u64; 2]) -> Self {
        Self { packed, length: (rest >> 32) as u32, line: rest as u32 }
    }

    pub fn some(self) -> Option<Self> {
        (self != Self::NONE).then_some(self)
    }

    /// Index of the file among the inputs.
    pub fn file(self) -> usize {
        (self.packed >> OFFSET_BITS) as usize
    }

    /// Byte offset in the file.
    pub fn offset(self) -> u64 {
        self.packed & ((1 << OFFSET_BITS) - 1)
    }

    /// Length in bytes.
    pub fn length(self) -> usize {
        self.length as usize
    }

    /// Line number, from 1.
    pub fn line(self) -> u64 {
        u64::from(self.line)
    }
}
