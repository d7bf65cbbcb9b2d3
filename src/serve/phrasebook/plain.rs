//! The plain style: whole words, no capitals, no punctuation.

use unicode_normalization::char::is_combining_mark;

use crate::language::TextRules;

/// `text` as someone types it who spends no keystrokes on Shift or marks. Apostrophes and hyphens within words stay, and
/// so do marks within numbers.
pub(super) fn plain(text: &str, rules: &TextRules) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut kept = String::with_capacity(text.len());
    for (at, &char) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| chars[at]);
        let after = chars.get(at + 1).copied();
        let between = |test: fn(char) -> bool| before.is_some_and(test) && after.is_some_and(test);
        let inside = match char {
            '\'' | '’' | '-' => between(char::is_alphanumeric),
            '.' | ',' | ':' | '/' => between(char::is_numeric),
            _ => false,
        };
        if char.is_alphanumeric() || is_combining_mark(char) || is_sign(char) || inside {
            kept.extend(char.to_lowercase());
        } else if rules.word_separator.is_empty() {
            // Where words are not separated, a mark leaves nothing behind.
        } else if !kept.ends_with(' ') {
            kept.push(' ');
        }
    }
    let trimmed = kept.trim();
    if trimmed.is_empty() { text.to_owned() } else { trimmed.to_owned() }
}

/// Signs that are read aloud as words.
fn is_sign(char: char) -> bool {
    matches!(char, '%' | '€' | '£' | '$' | '¥' | '°' | '+' | '&' | '@' | 'ー')
}
