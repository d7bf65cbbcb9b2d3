//! Which characters are letters, numbers, spaces and pictures: one look at a table for each of the Basic Multilingual Plane.

use std::sync::LazyLock;

use unicode_normalization::char::is_combining_mark;

/// The kind of a character, as far as errors and corrections go by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// A letter.
    Letter,
    /// A digit or other number.
    Number,
    /// White space.
    Space,
    /// A control, a picture, or what joins them: it stands for itself.
    Picture,
    /// A mark that combines with the letter before it.
    Combining,
    /// Punctuation and other signs.
    Sign,
}

static SORTS: LazyLock<Box<[Sort]>> = LazyLock::new(|| {
    let all = 0..=u32::from(u16::MAX);
    all.map(|code| char::from_u32(code).map_or(Sort::Sign, computed)).collect()
});

/// The kind of `char`.
#[must_use]
pub fn sort(char: char) -> Sort {
    SORTS.get(char as usize).copied().unwrap_or_else(|| computed(char))
}

/// Whether `char` is a letter or a number.
#[must_use]
pub fn is_alphanumeric(char: char) -> bool {
    if char.is_ascii() { char.is_ascii_alphanumeric() } else { matches!(sort(char), Sort::Letter | Sort::Number) }
}

/// Whether `char` is a letter, a number or a mark upon one.
#[must_use]
pub fn is_of_word(char: char) -> bool {
    is_alphanumeric(char) || sort(char) == Sort::Combining
}

fn computed(char: char) -> Sort {
    if char.is_whitespace() {
        Sort::Space
    } else if is_combining_mark(char) {
        Sort::Combining
    } else if char.is_control() || is_picture(char) {
        Sort::Picture
    } else if char.is_numeric() {
        Sort::Number
    } else if char.is_alphabetic() {
        Sort::Letter
    } else {
        Sort::Sign
    }
}

/// Symbols that stand for themselves: arrows, dingbats, emoji, and what only joins or modifies.
fn is_picture(char: char) -> bool {
    matches!(char, '\u{200C}' | '\u{200D}' | '\u{2190}'..='\u{2BFF}' | '\u{E000}'..='\u{F8FF}' | '\u{1F000}'..='\u{1FFFF}' | '\u{E0000}'..)
}
