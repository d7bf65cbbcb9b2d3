//! Whether an utterance asks something: by its first word, its first words, or its ending.

use super::words::{in_word, straight};
use crate::augment::chars::{is_alphanumeric, is_of_word};
use crate::language::TextRules;

/// What makes a question in one language.
#[derive(Debug)]
pub struct Questions {
    cased: bool,
    separated: bool,
    /// First words, by their first byte.
    words: Vec<Vec<String>>,
    /// Beginnings of several words, by their first byte.
    starts: Vec<Vec<String>>,
    /// Endings, and whether they are part of the word before them.
    endings: Vec<(String, bool)>,
}

impl Questions {
    /// Those of `rules`.
    pub fn new(rules: &TextRules) -> Self {
        Self {
            cased: rules.cased,
            separated: !rules.word_separator.is_empty(),
            words: by_first(&rules.question_words),
            starts: by_first(&rules.question_starts),
            endings: rules
                .question_endings
                .iter()
                .map(|ending| (ending.trim_start_matches('-').to_lowercase(), is_suffix(ending)))
                .collect(),
        }
    }

    /// Whether `text`, as it stands, asks something; `room` is used again.
    pub fn asks(&self, text: &str, room: &mut String) -> bool {
        let text = text.trim_end_matches(|char: char| !is_of_word(char));
        let text = last_sentence(text);
        let text = text.trim_start_matches(|char: char| !is_alphanumeric(char));
        room.clear();
        if text.is_ascii() {
            room.push_str(text);
            room.make_ascii_lowercase();
        } else if self.cased {
            room.extend(text.to_lowercase().chars().map(straight));
        } else {
            room.extend(text.chars().map(straight));
        }
        let text = room.as_str();
        let Some(byte) = text.bytes().next().map(usize::from) else { return false };
        self.opens(text, byte) || self.endings.iter().any(|(ending, suffix)| ends(text, ending, *suffix))
    }

    fn opens(&self, text: &str, byte: usize) -> bool {
        let first = &text[..text.find(|char| !in_word(char)).unwrap_or(text.len())];
        let bare = first.split('\'').next().unwrap_or(first);
        let whole = |rest: &str| !self.separated || !rest.starts_with(in_word);
        self.words[byte]
            .iter()
            .any(|word| if self.separated { word == first || word == bare } else { text.starts_with(word.as_str()) })
            || self.starts[byte]
                .iter()
                .any(|start| text.strip_prefix(start.as_str()).is_some_and(|rest| start.ends_with('\'') || whole(rest)))
    }
}

fn ends(text: &str, ending: &str, suffix: bool) -> bool {
    text.strip_suffix(ending).is_some_and(|before| suffix || !before.ends_with(in_word))
}

fn by_first(words: &[String]) -> Vec<Vec<String>> {
    let mut by_first = vec![Vec::new(); 256];
    for word in words.iter().filter(|word| !word.is_empty()).map(|word| word.to_lowercase()) {
        by_first[usize::from(word.as_bytes()[0])].push(word);
    }
    by_first
}

/// The last sentence, which alone decides the final mark.
fn last_sentence(text: &str) -> &str {
    if text.is_ascii() && memchr::memchr3(b'.', b'!', b'?', text.as_bytes()).is_none() {
        return text;
    }
    let wide = |char| matches!(char, '。' | '！' | '？');
    let narrow = |char| matches!(char, '.' | '!' | '?' | '؟' | '…');
    let followed = |at: usize, char: char| text[at + char.len_utf8()..].starts_with(char::is_whitespace);
    let end = text.char_indices().rfind(|(at, char)| wide(*char) || narrow(*char) && followed(*at, *char));
    end.map_or(text, |(at, _)| &text[at..])
}

/// Endings that are no words of their own: か, 까, -ko.
fn is_suffix(ending: &str) -> bool {
    ending.starts_with(|char| char == '-' || char >= '\u{3040}')
}
