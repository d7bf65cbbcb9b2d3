//! A string as it stands in a JSON text, and what it says.

use std::borrow::Cow;

/// The inside of a JSON string, checked, with its escapes still in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'a> {
    raw: &'a str,
    /// How many. A word, since the compiler copies a `bool` in an enum in odd pieces, which the processor waits for.
    escapes: usize,
}

impl<'a> Text<'a> {
    pub(super) fn new(raw: &'a str, escapes: usize) -> Self {
        Self { raw, escapes }
    }

    /// As it stands between the quotation marks.
    #[must_use]
    pub fn raw(self) -> &'a str {
        self.raw
    }

    /// Whether there is an escape in it.
    #[must_use]
    pub fn escaped(self) -> bool {
        self.escapes > 0
    }

    /// Whether it is empty.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.raw.is_empty()
    }

    /// What it says.
    #[inline]
    #[must_use]
    pub fn to_str(self) -> Cow<'a, str> {
        if self.escaped() { self.decode().0 } else { Cow::Borrowed(self.raw) }
    }

    /// What it says, and whether a lone surrogate had to become U+FFFD.
    #[must_use]
    pub fn decode(self) -> (Cow<'a, str>, bool) {
        if !self.escaped() {
            return (Cow::Borrowed(self.raw), false);
        }
        let mut said = String::with_capacity(self.raw.len());
        let mut replaced = false;
        let mut rest = self.raw;
        loop {
            let length = plain(rest.as_bytes());
            said.push_str(&rest[..length]);
            rest = &rest[length..];
            let Some((b'\\', escape)) = rest.as_bytes().split_first() else { break };
            let (letter, used) = unescape(escape);
            replaced |= letter.is_none();
            said.push(letter.unwrap_or(char::REPLACEMENT_CHARACTER));
            rest = &rest[1 + used..];
        }
        (Cow::Owned(said), replaced)
    }
}

/// What an escape says, without its backslash, and its length; `None` for a lone surrogate.
pub(super) fn unescape(escape: &[u8]) -> (Option<char>, usize) {
    let letter = match escape[0] {
        b'u' => return unicode(escape),
        b'b' => '\u{8}',
        b'f' => '\u{C}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        same => char::from(same),
    };
    (Some(letter), 1)
}

fn unicode(escape: &[u8]) -> (Option<char>, usize) {
    let unit = unit(&escape[1..5]);
    if let 0xD800..=0xDBFF = unit
        && let [b'\\', b'u', digits @ ..] = &escape[5..]
        && let low @ 0xDC00..=0xDFFF = self::unit(digits.get(..4).unwrap_or_default())
    {
        return (char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)), 11);
    }
    (char::from_u32(unit), 5)
}

fn unit(digits: &[u8]) -> u32 {
    digits.iter().fold(0, |unit, digit| unit << 4 | char::from(*digit).to_digit(16).unwrap_or_default())
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// How many bytes at the start of `bytes` are neither a quotation mark, a backslash nor a control character.
#[inline]
pub(super) fn plain(bytes: &[u8]) -> usize {
    // Keys and most values end within the first two words.
    let Some((short, rest)) = bytes.split_first_chunk::<16>() else { return plain_rest(bytes) };
    let (first, second) = (stops(word(&short[..8])), stops(word(&short[8..])));
    // Borrows only reach upwards, so the lowest mark is right.
    if first != 0 {
        first.trailing_zeros() as usize / 8
    } else if second != 0 {
        8 + second.trailing_zeros() as usize / 8
    } else {
        16 + plain_rest(rest)
    }
}

fn plain_rest(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<32>();
    // One comparison of many bytes at once.
    let clear = |block: &&[u8; 32]| !block.iter().fold(false, |found, byte| found | stop(*byte));
    let mut at = 32 * blocks.iter().take_while(clear).count();
    while let Some(eight) = bytes.get(at..at + 8) {
        match stops(word(eight)) {
            0 => at += 8,
            stops => return at + stops.trailing_zeros() as usize / 8,
        }
    }
    let rest = &bytes[at..];
    at + rest.iter().position(|byte| stop(*byte)).unwrap_or(rest.len())
}

fn word(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().expect("eight bytes"))
}

fn stop(byte: u8) -> bool {
    (byte == b'"') | (byte == b'\\') | (byte < 0x20)
}

fn stops(word: u64) -> u64 {
    let zero = |word: u64| word.wrapping_sub(ONES) & !word & HIGHS;
    let control = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
    control | zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn surrogates_pair_or_are_replaced() {
        let say = |raw| Text::new(raw, 1).decode();
        assert_eq!(say(r"\ud83d\ude00!"), ("😀!".into(), false));
        assert_eq!(say(r"a\ud83d"), ("a\u{FFFD}".into(), true));
        assert_eq!(say(r"\ude00b"), ("\u{FFFD}b".into(), true));
        assert_eq!(say(r"\ud83d\ud83d\ude00"), ("\u{FFFD}😀".into(), true));
        assert_eq!(say(r"\ud83dA"), ("\u{FFFD}A".into(), true));
    }

    proptest! {
        #[test]
        fn the_fast_scan_is_the_slow_one(bytes in proptest::collection::vec(prop_oneof![9 => 0x20..=255u8, 1 => any::<u8>()], 0..150)) {
            let slow = bytes.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(bytes.len());
            prop_assert_eq!(plain(&bytes), slow);
        }
    }
}
