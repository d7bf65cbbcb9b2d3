//! Words: contractions, fixed capitals, the capital that begins a sentence, and what makes a question.

use std::borrow::Cow;
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
    question_words: Vec<String>,
    /// Starts by their first character.
    question_starts: HashMap<char, Vec<String>>,
    question_endings: Vec<String>,
    double_capital: Option<&'static str>,
}

/// Whether a sentence may end after this character without more: a letter, a digit, or a mark upon one.
pub fn ends_word(char: char) -> bool {
    is_of_word(char) || matches!(char, '%' | '€' | '£' | '$' | '°' | '々' | 'ー')
}

fn in_word(char: char) -> bool {
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
        let lower = |words: &[String]| words.iter().map(|word| word.to_lowercase()).collect::<Vec<_>>();
        let mut question_starts: HashMap<char, Vec<String>> = HashMap::new();
        for start in lower(&rules.question_starts) {
            question_starts.entry(start.chars().next().unwrap_or_default()).or_default().push(start);
        }
        let mut lengths = [0u64; 256];
        for word in fixed.keys() {
            for form in [word.clone(), word.to_uppercase()] {
                lengths[usize::from(form.as_bytes()[0])] |= 1 << word.len().min(63);
            }
        }
        Self {
            cased: rules.cased,
            separated: !rules.word_separator.is_empty(),
            lengths,
            fixed,
            question_words: lower(&rules.question_words),
            question_starts,
            question_endings: lower(&rules.question_endings),
            // The Dutch digraph is one letter, and both halves are capitals.
            double_capital: (language == "nl").then_some("ij"),
        }
    }

    /// Appends `text` to `out` with contractions and fixed capitals set right.
    pub fn replace(&self, text: &str, out: &mut String) {
        if self.fixed.is_empty() || !self.separated {
            out.push_str(text);
            return;
        }
        let mut copied = 0;
        let mut at = 0;
        while let Some((start, end)) = next_word(text, at) {
            at = end;
            let word = &text[start..end];
            let lengths = self.lengths[usize::from(word.as_bytes()[0])];
            if lengths & (1 << word.len().min(63)) == 0 && !word.contains('’') {
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

    /// Whether `text`, as it stands, asks something.
    pub fn is_question(&self, text: &str) -> bool {
        let mut text = if self.cased { Cow::Owned(text.to_lowercase()) } else { Cow::Borrowed(text) };
        if text.contains('’') {
            text = Cow::Owned(text.chars().map(straight).collect());
        }
        let text = text.trim_end_matches(|char: char| !is_of_word(char));
        let text = last_sentence(text);
        let text = text.trim_start_matches(|char: char| !is_alphanumeric(char));
        let first = &text[..text.find(|char| !in_word(char)).unwrap_or(text.len())];
        let whole = |rest: &str| !self.separated || !rest.starts_with(in_word);
        let bare_word = first.split('\'').next().unwrap_or(first);
        self.question_words.iter().any(|word| {
            if self.separated { word == first || word == bare_word } else { text.starts_with(word.as_str()) }
        }) || self
            .question_starts
            .get(&text.chars().next().unwrap_or_default())
            .into_iter()
            .flatten()
            .any(|start| text.strip_prefix(start.as_str()).is_some_and(|rest| start.ends_with('\'') || whole(rest)))
            || self.question_endings.iter().any(|ending| {
                let before = text.strip_suffix(ending.trim_start_matches('-'));
                before.is_some_and(|before| is_suffix(ending) || !before.ends_with(in_word))
            })
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

/// Where the next word begins and ends, from byte `from` on.
fn next_word(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let word_at = |at: usize| match bytes[at] {
        byte if byte.is_ascii() => (byte.is_ascii_alphanumeric() || matches!(byte, b'\'' | b'-'), 1),
        _ => text[at..].chars().next().map_or((false, 1), |char| (in_word(char), char.len_utf8())),
    };
    let mut start = from;
    while start < bytes.len() {
        let (of_word, length) = word_at(start);
        if of_word {
            let mut end = start + length;
            while end < bytes.len() {
                let (of_word, length) = word_at(end);
                if !of_word {
                    break;
                }
                end += length;
            }
            return Some((start, end));
        }
        start += length;
    }
    None
}

/// A curly apostrophe as the straight one.
fn straight(char: char) -> char {
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

/// The last sentence, which alone decides the final mark.
fn last_sentence(text: &str) -> &str {
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
