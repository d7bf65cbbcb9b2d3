//! Punctuation: the script's own marks, the spaces around them, the mark at the end.

use unicode_segmentation::UnicodeSegmentation;

use super::words::ends_word;
use crate::augment::chars::is_alphanumeric;
use crate::language::TextRules;

/// Marks of every script that close something; they keep the end of a sentence visible behind them.
const CLOSERS: [char; 10] = ['"', '\'', ')', ']', '”', '’', '»', '」', '』', '）'];

/// The marks of one language.
#[derive(Debug)]
pub struct Marks {
    full_stop: String,
    question: String,
    enders: Vec<char>,
    /// ASCII marks and what the script writes instead.
    native: Vec<(char, String)>,
    /// Marks that stand close to the word before them.
    close: Vec<char>,
    /// Marks with the space that stands before them.
    spaced: Vec<(char, String)>,
    /// Opening marks by the mark that closes.
    opening: Vec<(char, String)>,
    separated: bool,
    /// Marks are those of ASCII, close to the word before them, and sentences end in `.`, `!` or `?`.
    plain: bool,
}

impl Marks {
    /// The marks of `rules`.
    pub fn new(rules: &TextRules) -> Self {
        let first = |text: &String| text.chars().next();
        let pairs = [
            ('.', &rules.full_stop),
            ('?', &rules.question_mark),
            ('!', &rules.exclamation_mark),
            (',', &rules.comma),
            (';', &rules.semicolon),
        ];
        // A mark that the script uses for something else, such as the Greek question mark, is not another way to write its own.
        let own: Vec<char> = pairs.iter().filter_map(|(_, mark)| first(mark)).collect();
        let native = pairs
            .iter()
            .filter(|(ascii, mark)| first(mark) != Some(*ascii) && !own.contains(ascii))
            .map(|(ascii, mark)| (*ascii, (*mark).clone()))
            .collect();
        let keyed = |map: &std::collections::BTreeMap<String, String>| {
            map.iter().filter_map(|(mark, text)| Some((first(mark)?, text.clone()))).collect::<Vec<_>>()
        };
        let spaced = keyed(&rules.space_before);
        let mut close = own;
        close.extend(['.', ',', '!', '?', ':', '…']);
        close.retain(|mark| !spaced.iter().any(|(other, _)| other == mark));
        let enders: Vec<char> = rules.sentence_enders.iter().filter_map(first).collect();
        let separated = !rules.word_separator.is_empty();
        let ascii_enders = enders.iter().all(|mark| matches!(mark, '.' | '!' | '?' | '…'));
        Self {
            plain: ascii_enders && spaced.is_empty() && rules.opening_marks.is_empty() && separated,
            full_stop: rules.full_stop.clone(),
            question: rules.question_mark.clone(),
            enders,
            native,
            close,
            spaced,
            opening: keyed(&rules.opening_marks),
            separated,
        }
    }

    /// Whether `char` ends a sentence.
    pub fn is_ender(&self, char: char) -> bool {
        self.enders.contains(&char)
    }

    /// Whether a sentence may end, and another begin, within `text`; false is certain.
    pub fn may_end_within(&self, text: &str) -> bool {
        let inner = &text.as_bytes()[..text.len().saturating_sub(1)];
        !self.plain || memchr::memchr3(b'.', b'!', b'?', inner).is_some()
    }

    /// Whether [`Marks::tidy`] would leave `text` as it is; true is certain.
    fn is_tidy(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let mark = |byte: u8| matches!(byte, b',' | b'.' | b'!' | b'?' | b':' | b';');
        self.plain
            && text.is_ascii()
            && !bytes.starts_with(b" ")
            && !bytes.ends_with(b" ")
            && bytes
                .iter()
                .try_fold(b'a', |before, &byte| {
                    let untidy = match before {
                        b' ' => byte == b' ' || mark(byte),
                        b',' => byte.is_ascii_alphabetic(),
                        _ => false,
                    };
                    (!untidy && byte >= b' ').then_some(byte)
                })
                .is_some()
    }

    /// Appends `text` to `out` with one space between words, none before marks but the language's own, and the script's marks.
    pub fn tidy(&self, text: &str, out: &mut String) {
        if self.is_tidy(text) {
            out.push_str(text);
            return;
        }
        let text = text.trim();
        let mut pending = false;
        let mut before = '\0';
        let mut chars = text.chars().peekable();
        while let Some(mut char) = chars.next() {
            if char.is_whitespace() {
                pending = true;
                continue;
            }
            let between_digits = before.is_ascii_digit() && chars.peek().is_some_and(char::is_ascii_digit);
            let in_latin = before.is_ascii_alphanumeric() && !pending;
            let native = self.native.iter().find(|(ascii, _)| *ascii == char).filter(|_| !between_digits && !in_latin);
            if let Some((_, mark)) = native {
                char = mark.chars().next().unwrap_or(char);
            }
            let ends = chars.peek().is_none_or(|next| !is_alphanumeric(*next));
            let spaced = self.spaced.iter().find(|(mark, _)| *mark == char).filter(|_| ends && ends_word(before));
            if let Some((_, space)) = spaced {
                out.push_str(space);
            } else if pending
                && !(self.close.contains(&char) && (ends || is_comma(char)))
                && !self.unspaced(before, char)
                || !pending && is_comma(before) && self.separated && char.is_alphabetic()
            {
                out.push(' ');
            }
            out.push(char);
            pending = false;
            before = char;
        }
    }

    /// Whether the script sets no space between these two.
    fn unspaced(&self, before: char, after: char) -> bool {
        !(self.separated || before.is_ascii() && after.is_ascii())
    }

    /// Whether the text ends in a word, without a mark.
    pub fn is_open(&self, text: &str) -> bool {
        text.chars().rev().find(|char| !CLOSERS.contains(char)).is_some_and(ends_word)
    }

    /// Adds the final mark.
    pub fn close(&self, text: &mut String, question: bool) {
        let mark = if question { &self.question } else { &self.full_stop };
        if let Some((_, space)) = mark.chars().next().and_then(|mark| self.spaced.iter().find(|(m, _)| *m == mark)) {
            text.push_str(space);
        }
        text.push_str(mark);
    }

    /// Puts the opening mark of each sentence that closes with one: ¿ before a question in Spanish.
    pub fn open(&self, text: &mut String) {
        if self.opening.is_empty() {
            return;
        }
        let mut opened = String::with_capacity(text.len() + 4);
        for sentence in self.sentences(text) {
            let closing = sentence.trim_end().chars().rev().find(|char| !CLOSERS.contains(char));
            let mark = self.opening.iter().find(|(closer, _)| Some(*closer) == closing);
            if let Some((_, mark)) = mark.filter(|(_, mark)| !sentence.contains(mark.as_str())) {
                opened.push_str(mark);
            }
            opened.push_str(sentence);
        }
        *text = opened;
    }

    fn sentences<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let mut found = Vec::new();
        let mut start = 0;
        let mut ended = false;
        for (at, grapheme) in text.grapheme_indices(true) {
            let char = grapheme.chars().next().unwrap_or_default();
            if ended && !char.is_whitespace() && !self.is_ender(char) && !CLOSERS.contains(&char) {
                found.push(&text[start..at]);
                start = at;
                ended = false;
            }
            ended |= self.is_ender(char);
            if ended && is_alphanumeric(char) {
                ended = false;
            }
        }
        found.push(&text[start..]);
        found
    }
}

fn is_comma(char: char) -> bool {
    matches!(char, ',' | '،')
}
