//! What errors must know about graphemes: which begin words, which they spare, which may fuse with a neighbour.

use unicode_normalization::char::is_combining_mark;

use crate::augment::chars::{Sort, sort};

/// What errors must know about a grapheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Class(u8);

impl Class {
    /// It begins a word.
    pub const INITIAL: Self = Self(1);
    /// It is white space.
    pub const SPACE: Self = Self(2);
    /// It belongs to a number, an address or an emoji, which errors spare while there is anything else.
    pub const SPARED: Self = Self(4);
    /// It is a letter.
    pub const LETTER: Self = Self(8);
    /// It is a letter with marks typed after it.
    pub const MARKED: Self = Self(16);

    /// Whether all of `other` holds.
    #[must_use]
    pub fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Itself, or nothing; without a branch.
    pub(super) fn when(self, holds: bool) -> Self {
        Self(self.0 * u8::from(holds))
    }
}

/// What a character is by itself.
pub(super) fn class(char: char) -> Class {
    match sort(char) {
        Sort::Letter => Class::LETTER,
        Sort::Space => Class::SPACE,
        Sort::Number | Sort::Picture | Sort::Combining => Class::SPARED,
        Sort::Sign => Class::default(),
    }
}

/// Characters that may fuse with a neighbour they did not have before: a text that holds one is divided again after each error.
pub(super) fn joins(char: char) -> bool {
    is_combining_mark(char)
        || matches!(char,
            '\r' | '\n'
            | '\u{0600}'..='\u{0605}' | '\u{06DD}' | '\u{070F}' | '\u{08E2}'
            | '\u{0900}'..='\u{0DFF}' | '\u{0E33}' | '\u{0EB3}' | '\u{1100}'..='\u{11FF}'
            | '\u{200C}' | '\u{200D}' | '\u{A960}'..='\u{A97F}' | '\u{D7B0}'..='\u{D7FF}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{1F1E6}'..='\u{1F1FF}' | '\u{1F3FB}'..='\u{1F3FF}'
            | '\u{11000}'..='\u{11FFF}' | '\u{E0000}'..)
}

/// Whether a word of `text` may be an address; false is certain.
pub(super) fn may_hold_address(text: &str) -> bool {
    // A full stop at the end belongs to the sentence.
    memchr::memchr3(b'@', b'/', b'.', &text.as_bytes()[..text.len().saturating_sub(1)]).is_some()
}

/// Whether a word is a web or mail address.
pub(super) fn is_address(word: &str) -> bool {
    let at_sign = word.find('@').is_some_and(|at| at > 0 && word[at..].contains('.'));
    at_sign || word.contains("://") || word.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("www."))
}
