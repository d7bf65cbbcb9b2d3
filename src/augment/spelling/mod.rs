//! Spelling of corrected forms by a dictionary: a word that it does not know becomes the known word of which the device's own errors would most
//! likely make what was typed.
//!
//! Candidates are one error away (four in five misspellings are, Damerau 1964) and known to the dictionary; they are ranked by
//! P(typed | word) of the native layout by touch. A word is left as it is when it is known, is short, has a capital, a number or a sign in
//! it, is a name of the conversation, or when no candidate is clearly likelier than the next.

mod channel;
mod dictionary;

use std::collections::{BTreeMap, HashMap};
use std::sync::{PoisonError, RwLock};

use crate::augment::device::Device;
use crate::language::TextRules;
use channel::Channel;
pub use dictionary::{Dictionary, find};

/// Words of fewer letters are left as they are: too much is one error away from them.
const SHORTEST: usize = 3;

/// How much likelier a frequent small word is meant than another word (an assumption).
const FREQUENT: u64 = 8;

/// A candidate is taken when it is half as likely again as the next (an assumption): numerator and denominator.
const CLEARLY: (u64, u64) = (3, 2);

/// Words of which what became of them is remembered.
const REMEMBERED: usize = 50_000;

/// A dictionary, and the errors of a device.
#[derive(Debug)]
pub struct Speller {
    dictionary: Dictionary,
    channel: Channel,
    cased: bool,
    /// Words that the rules of the language know.
    own: Vec<String>,
    frequent: Vec<String>,
    remembered: RwLock<HashMap<String, Option<String>>>,
}

impl Speller {
    /// A speller that ranks by the errors of `device`.
    #[must_use]
    pub fn new(dictionary: Dictionary, device: &Device, rules: &TextRules) -> Self {
        let sorted = |words: &mut Vec<String>| {
            words.sort();
            words.dedup();
        };
        let mut frequent = rules.function_words.clone();
        sorted(&mut frequent);
        let fixed = rules.contractions.keys().chain(rules.always_capital.keys());
        let mut own: Vec<String> = fixed.chain(&rules.question_words).map(|word| word.to_lowercase()).collect();
        own.extend(frequent.iter().cloned());
        sorted(&mut own);
        Self {
            dictionary,
            channel: Channel::new(device),
            cased: rules.cased,
            own,
            frequent,
            remembered: RwLock::default(),
        }
    }

    /// The dictionary.
    #[must_use]
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// Appends `text` to `out` with unknown words set right; `names` are left alone.
    pub fn spell(&self, text: &str, names: &[String], out: &mut String) {
        for piece in text.split_inclusive(char::is_whitespace) {
            let body = piece.trim_end();
            let start = body.find(char::is_alphanumeric).unwrap_or(body.len());
            let (before, rest) = body.split_at(start);
            let (word, after) = rest.split_at(rest.trim_end_matches(|char: char| !char.is_alphanumeric()).len());
            out.push_str(before);
            match self.replacement(word, names) {
                Some(right) => out.push_str(&right),
                None => out.push_str(word),
            }
            out.push_str(after);
            out.push_str(&piece[body.len()..]);
        }
    }

    fn replacement(&self, word: &str, names: &[String]) -> Option<String> {
        let small = |char: char| char.is_alphabetic() && !char.is_uppercase();
        if word.chars().count() < SHORTEST || !word.chars().all(small) || names.iter().any(|name| name == word) {
            return None;
        }
        let remembered = self.remembered.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = remembered.get(word) {
            return known.clone();
        }
        drop(remembered);
        let right = self.meant(word);
        let mut remembered = self.remembered.write().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() < REMEMBERED {
            remembered.insert(word.to_owned(), right.clone());
        }
        right
    }

    /// What was meant by a word; `None` when that is not clear, or it is the word itself.
    fn meant(&self, word: &str) -> Option<String> {
        if has(&self.own, word) || self.dictionary.knows(word) {
            return None;
        }
        if self.cased {
            let mut chars = word.chars();
            let capital: String = chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect();
            if self.dictionary.knows(&capital) {
                return Some(capital);
            }
        }
        let typed: Vec<char> = word.chars().collect();
        let mut likely: BTreeMap<String, u64> = BTreeMap::new();
        self.channel.sources(&typed, |meant, weight| {
            *likely.entry(meant.iter().collect()).or_default() += weight;
        });
        let (mut best, mut next) = (None, 0);
        for (candidate, weight) in likely.into_iter().filter(|(candidate, _)| self.dictionary.knows(candidate)) {
            let weight = weight * if has(&self.frequent, &candidate) { FREQUENT } else { 1 };
            match &best {
                Some((_, highest)) if weight <= *highest => next = next.max(weight),
                _ => next = best.replace((candidate, weight)).map_or(next, |(_, beaten)| beaten),
            }
        }
        best.filter(|(_, weight)| weight * CLEARLY.1 >= next * CLEARLY.0).map(|(candidate, _)| candidate)
    }
}

fn has(sorted: &[String], word: &str) -> bool {
    sorted.binary_search_by(|known| known.as_str().cmp(word)).is_ok()
}
