//! Words: contractions, fixed capitals, the capital that begins a sentence.

use std::collections::HashMap;

use super::marks::Marks;
use crate::augment::chars::{is_alphanumeric, is_of_word};
use crate::language::TextRules;

/// The words of one language that rules know.
#[derive(Debug)]
pub struct Words {
    cased: bool,
    separated: bool,
    /// What a word becomes, by its lower-case form.
    fixed: HashMap<String, String>,
    /// The lengths in bytes of those words, as bits, by their first byte: most words are ruled out by it.
    lengths: [u64; 256],
    /// The last five bits of their last bytes, as bits, by their first byte.
    ends: [u32; 256],
    double_capital: Option<&'static str>,
}

/// Whether a sentence may end after this character without more: a letter, a digit, or a mark upon one.
pub fn ends_word(char: char) -> bool {
    is_of_word(char) || matches!(char, '%' | '€' | '£' | '$' | '°' | '々' | 'ー')
}

/// Whether `char` continues a word.
pub fn in_word(char: char) -> bool {
    is_of_word(char) || matches!(char, '\'' | '’' | '-')
}

impl Words {
    /// The words of `rules`.
    pub fn new(rules: &TextRules, language: &str) -> Self {
        let words = rules.always_capital.clone().into_iter().filter(|(word, _)| !word.is_empty());
        let mut fixed: HashMap<String, String> = words.collect();
        for (word, contraction) in rules.contractions.iter().filter(|(word, _)| !word.is_empty()) {
            let capital = rules.always_capital.get(contraction).unwrap_or(contraction);
            fixed.insert(word.to_lowercase(), capital.clone());
        }
        let (mut lengths, mut ends) = ([0u64; 256], [0u32; 256]);
        for word in fixed.keys() {
            let forms = [word.clone(), word.to_uppercase()];
            for (first, form) in forms.iter().flat_map(|first| forms.iter().map(move |form| (first, form))) {
                let first = usize::from(first.as_bytes()[0]);
                lengths[first] |= 1 << form.len().min(63);
                ends[first] |= last(form);
            }
        }
        Self {
            cased: rules.cased,
            separated: !rules.word_separator.is_empty(),
            lengths,
            ends,
            fixed,
            // The Dutch digraph is one letter, and both halves are capitals.
            double_capital: (language == "nl").then_some("ij"),
        }
    }

    /// Appends `text` to `out` with contractions and fixed capitals set right; `room` is used again.
    pub fn replace(&self, text: &str, room: &mut Vec<u64>, out: &mut String) {
        if self.fixed.is_empty() || !self.separated {
            out.push_str(text);
            return;
        }
        let curly = !text.is_ascii() && text.contains('’');
        let mut copied = 0;
        for (start, end) in words(text, room) {
            let word = &text[start..end];
            let first = usize::from(word.as_bytes()[0]);
            let ruled_out = self.lengths[first] & (1 << word.len().min(63)) == 0 || self.ends[first] & last(word) == 0;
            if ruled_out && !(curly && word.contains('’')) {
                continue;
            }
            let (before, rest) = (&text[..start], &text[end..]);
            if before.ends_with(['@', '/', '.']) || rest.starts_with('@') || is_inside_domain(rest) {
                continue;
            }
            let lower: String = word.chars().flat_map(char::to_lowercase).map(straight).collect();
            // A word typed in capitals is a choice, or an abbreviation of something else.
            let shouted = word.len() > 1 && word.chars().all(char::is_uppercase);
            let Some(fixed) = self.fixed.get(&lower).filter(|_| !shouted) else { continue };
            out.push_str(&text[copied..start]);
            if starts_upper(word) && !starts_upper(fixed) {
                push_capital(fixed, out)
            } else {
                out.push_str(fixed)
            }
            copied = end;
        }
        out.push_str(&text[copied..]);
    }

    /// Appends `text` to `out` with a capital at the start of each sentence.
    pub fn capitalise(&self, text: &str, marks: &Marks, out: &mut String) {
        if !self.cased {
            out.push_str(text);
            return;
        }
        let mut begins = true;
        let mut ended = false;
        let mut chars = text.char_indices();
        while let Some((at, char)) = chars.next() {
            if begins && is_alphanumeric(char) {
                begins = false;
                let rest = &text[at..];
                if char.is_lowercase() && !is_inside_domain(rest.trim_start_matches(in_word)) {
                    if self.double_capital.is_some_and(|pair| rest.starts_with(pair)) {
                        chars.next();
                        out.push_str("IJ");
                    } else {
                        out.extend(char.to_uppercase());
                    }
                } else {
                    out.push(char);
                }
                if !marks.may_end_within(chars.as_str()) {
                    out.push_str(chars.as_str());
                    return;
                }
                continue;
            }
            if marks.is_ender(char) && char != '…' {
                ended = true;
            } else if char.is_whitespace() {
                begins |= ended;
                ended = false;
            } else if is_alphanumeric(char) {
                ended = false;
            }
            out.push(char);
        }
    }
}

/// Which characters of ASCII continue a word.
const IN_WORD: [bool; 128] = {
    let mut table = [false; 128];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'\'' | b'-');
        byte += 1;
    }
    table
};

/// Where each word of `text` begins and ends, in bytes: its bytes are gathered as bits first, for at which of them a word ends is chance.
fn words<'a>(text: &str, room: &'a mut Vec<u64>) -> impl Iterator<Item = (usize, usize)> + use<'a> {
    room.clear();
    room.resize(text.len() / 64 + 1, 0);
    if text.is_ascii() {
        for (at, byte) in text.bytes().enumerate() {
            room[at / 64] |= u64::from(IN_WORD[usize::from(byte & 127)]) << (at % 64);
        }
    } else {
        for (start, char) in text.char_indices().filter(|(_, char)| in_word(*char)) {
            (start..start + char.len_utf8()).for_each(|at| room[at / 64] |= 1 << (at % 64));
        }
    }
    let mut end = 0;
    std::iter::from_fn(move || {
        let start = next(room, end, |word| word)?;
        // After the last byte there is a bit that is not set.
        end = next(room, start, |word| !word)?;
        Some((start, end))
    })
}

/// The first bit from `at` on that is set in what `of` makes of its word.
#[inline]
fn next(bits: &[u64], at: usize, of: impl Fn(u64) -> u64) -> Option<usize> {
    let mut word = at / 64;
    let mut left = of(*bits.get(word)?) >> (at % 64) << (at % 64);
    while left == 0 {
        word += 1;
        left = of(*bits.get(word)?);
    }
    Some(word * 64 + left.trailing_zeros() as usize)
}

/// The last five bits of a word's last byte, as a bit; capitals of ASCII have those of their small letters.
fn last(word: &str) -> u32 {
    word.bytes().next_back().map_or(0, |byte| 1 << (byte & 31))
}

/// A curly apostrophe as the straight one.
pub fn straight(char: char) -> char {
    if char == '’' { '\'' } else { char }
}

fn starts_upper(word: &str) -> bool {
    word.chars().next().is_some_and(char::is_uppercase)
}

fn push_capital(word: &str, out: &mut String) {
    let mut chars = word.chars();
    out.extend(chars.next().into_iter().flat_map(char::to_uppercase));
    out.push_str(chars.as_str());
}

/// Whether what follows a word continues a name such as `example.org`.
fn is_inside_domain(rest: &str) -> bool {
    let mut chars = rest.chars();
    matches!(chars.next(), Some('.' | '@' | '/')) && chars.next().is_some_and(is_alphanumeric)
        || rest.starts_with("://")
}
