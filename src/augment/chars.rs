//! Which characters are letters, numbers, spaces and pictures: one look at a table for each of the Basic Multilingual Plane.

use std::sync::OnceLock;

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

/// Characters of a page, which is made when one of them is asked for: a text needs few.
const PAGE: usize = 256;

static PAGES: [OnceLock<[Sort; PAGE]>; 256] = [const { OnceLock::new() }; 256];

/// The kind of `char`.
#[must_use]
pub fn sort(char: char) -> Sort {
    let code = char as usize;
    match PAGES.get(code / PAGE) {
        Some(page) => page.get_or_init(|| page_from(code / PAGE * PAGE))[code % PAGE],
        None => computed(char),
    }
}

fn page_from(first: usize) -> [Sort; PAGE] {
    std::array::from_fn(|at| char::from_u32((first + at) as u32).map_or(Sort::Sign, computed))
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
