//! Is it the right language? Scripts are counted and small words looked up, in one pass over part of the text; only where
//! that leaves a doubt are trigrams asked, which cost a hundred times as much.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use crate::Result;
use crate::language::{Identified, Languages, TextRules, identify};
use crate::model::Locale;
use crate::process::conversation::Turn;

/// Bytes of text that are looked at first; all of it is, where they leave a doubt.
const SAMPLE_BYTES: usize = 300;
/// Fewer words than this prove nothing.
const MIN_WORDS: u32 = 12;
/// The share of a language's small words among all words below which it is in doubt, in percent. Function words make up
/// 20 to 50 % of running text; the lists in the packs hold the 30 to 60 most frequent.
const DOUBT_PERCENT: u32 = 8;
/// How many times more small words another language must have to be the right one, and how many at least.
const PLAINLY: u32 = 3;
const PLAINLY_WORDS: u32 = 5;
/// Longest word that is looked up, in bytes.
const MAX_WORD: u32 = u128::BITS / u8::BITS;

/// How sure it is that a text is in its language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Finding {
    Sure,
    Unsure,
    Wrong,
}

/// The small words of all languages.
#[derive(Debug)]
pub(super) struct Words {
    /// The languages of a word, one bit each.
    languages: HashMap<u128, u64, BuildHasherDefault<Fold>>,
    bits: BTreeMap<String, u32>,
}

impl Words {
    /// Those of the base languages of `locales`, of 64 at most.
    pub fn load(languages: &Languages, locales: &[Locale]) -> Result<Self> {
        let mut words = Self { languages: HashMap::default(), bits: BTreeMap::new() };
        for locale in locales {
            let bit = words.bits.len() as u32;
            if bit == u64::BITS || words.bits.contains_key(locale.language()) {
                continue;
            }
            words.bits.insert(locale.language().to_owned(), bit);
            for word in languages.text_rules(locale)?.function_words {
                let mut key = Word::default();
                key.push(word.as_bytes());
                if let Some(key) = key.key() {
                    *words.languages.entry(key).or_default() |= 1 << bit;
                }
            }
        }
        Ok(words)
    }

    /// Whether the turns are in the language of the locale `code`, which is written by `rules`.
    pub fn finding(&self, turns: &[Turn<'_>], code: &str, rules: &TextRules) -> Finding {
        let language = code.split('-').next().unwrap_or(code);
        let bit = self.bits.get(language).copied();
        match self.look(turns, bit, rules, SAMPLE_BYTES) {
            Finding::Sure => Finding::Sure,
            _ => match self.look(turns, bit, rules, usize::MAX) {
                Finding::Unsure => by_trigrams(turns, language),
                finding => finding,
            },
        }
    }

    fn look(&self, turns: &[Turn<'_>], bit: Option<u32>, rules: &TextRules, bytes: usize) -> Finding {
        let spaced = !rules.word_separator.is_empty();
        let mut counts = Counts::default();
        let mut seen = 0;
        for turn in turns {
            // What was meant has the small words that what was typed leaves out.
            if let Some(text) = turn.intended.or(turn.utterance) {
                let text = text.to_str();
                counts.add(&text, spaced.then_some(self), &rules.script);
                seen += text.len();
            }
            if seen >= bytes {
                break;
            }
        }
        counts.finding(bit, &rules.script)
    }
}

/// What trigrams make of a text that its small words leave in doubt.
fn by_trigrams(turns: &[Turn<'_>], language: &str) -> Finding {
    let mut text = String::new();
    for said in turns.iter().filter_map(|turn| turn.intended.or(turn.utterance)) {
        text.push_str(&said.to_str());
        text.push('\n');
    }
    match identify(&text, language) {
        Identified::Same => Finding::Sure,
        Identified::Other { reliable: true, .. } => Finding::Wrong,
        Identified::Other { .. } | Identified::CannotJudge => Finding::Unsure,
    }
}

#[derive(Debug)]
struct Counts {
    expected: u32,
    other: u32,
    kana: u32,
    words: u32,
    hits: [u32; 64],
}

impl Default for Counts {
    fn default() -> Self {
        Self { expected: 0, other: 0, kana: 0, words: 0, hits: [0; 64] }
    }
}

impl Counts {
    /// Counts the letters of `text`, and its small words where words can be told apart.
    fn add(&mut self, text: &str, words: Option<&Words>, script: &str) {
        let latin = script == "Latn";
        let mut word = Word::default();
        for char in text.chars() {
            if char.is_ascii_alphabetic() {
                *(if latin { &mut self.expected } else { &mut self.other }) += 1;
                word.push(&[char.to_ascii_lowercase() as u8]);
            } else if matches!(char, '\'' | '’') && word.length > 0 {
                word.push(b"'");
            } else if let Some(class) = class(char) {
                self.kana += u32::from(class == Class::Kana);
                *(if belongs(class, script) { &mut self.expected } else { &mut self.other }) += 1;
                for lower in char.to_lowercase() {
                    word.push(lower.encode_utf8(&mut [0; 4]).as_bytes());
                }
            } else if word.length > 0 {
                self.end(&mut word, words);
            }
        }
        self.end(&mut word, words);
    }

    fn end(&mut self, word: &mut Word, words: Option<&Words>) {
        if let (Some(words), 1..) = (words, word.length) {
            self.words += 1;
            let mut languages = word.key().and_then(|word| words.languages.get(&word)).copied().unwrap_or_default();
            while languages != 0 {
                self.hits[languages.trailing_zeros() as usize] += 1;
                languages &= languages - 1;
            }
        }
        *word = Word::default();
    }

    fn finding(&self, bit: Option<u32>, script: &str) -> Finding {
        let letters = self.expected + self.other;
        // Japanese without a single kana is Chinese.
        let no_kana = script == "Jpan" && self.kana == 0 && self.expected >= MIN_WORDS;
        if letters > 0 && self.expected * 2 < letters || no_kana {
            return Finding::Wrong;
        }
        let own = bit.map_or(0, |bit| self.hits[bit as usize]);
        let best = self.hits.iter().copied().max().unwrap_or_default();
        if best >= PLAINLY_WORDS && best > own * PLAINLY && bit.is_some() {
            return Finding::Wrong;
        }
        let few_own = self.words >= MIN_WORDS && own * 100 < self.words * DOUBT_PERCENT;
        if few_own || self.expected * 5 < letters * 4 { Finding::Unsure } else { Finding::Sure }
    }
}

/// A word in lower case, where it is short enough to be a small one.
#[derive(Default)]
struct Word {
    bytes: u128,
    length: u32,
}

impl Word {
    fn push(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.bytes |= u128::from(*byte).checked_shl(u8::BITS * self.length).unwrap_or_default();
            self.length += 1;
        }
    }

    fn key(&self) -> Option<u128> {
        (self.length <= MAX_WORD).then_some(self.bytes)
    }
}

/// Hashes a word of a closed list: no one can choose the words, so speed is all that counts.
#[derive(Debug, Default)]
struct Fold(u64);

impl Hasher for Fold {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u128(u128::from(*byte)));
    }

    fn write_u128(&mut self, word: u128) {
        const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
        let mixed = (self.0 ^ word as u64).wrapping_mul(ODD).rotate_left(29) ^ (word >> 64) as u64;
        let mixed = mixed.wrapping_mul(ODD);
        self.0 = mixed ^ mixed >> 32;
    }
}

/// The kinds of letters that scripts are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Latin,
    Greek,
    Cyrillic,
    Hebrew,
    Arabic,
    Kana,
    Hangul,
    Han,
    Other,
}

/// The class of a letter outside ASCII; `None` for what is no letter. Ranges: Unicode 16, Blocks.txt.
fn class(char: char) -> Option<Class> {
    if char.is_ascii() {
        return None;
    }
    Some(match char {
        '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' if char.is_alphabetic() => Class::Latin,
        '\u{300}'..='\u{36F}' => Class::Latin,
        '\u{370}'..='\u{3FF}' | '\u{1F00}'..='\u{1FFF}' if char.is_alphabetic() => Class::Greek,
        '\u{400}'..='\u{52F}' => Class::Cyrillic,
        '\u{590}'..='\u{5FF}' => Class::Hebrew,
        '\u{610}'..='\u{6FF}' | '\u{750}'..='\u{77F}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}'
            if char.is_alphabetic() =>
        {
            Class::Arabic
        }
        '\u{3041}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' | '\u{FF66}'..='\u{FF9F}' => Class::Kana,
        '\u{1100}'..='\u{11FF}' | '\u{3130}'..='\u{318F}' | '\u{AC00}'..='\u{D7A3}' => Class::Hangul,
        '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{2FA1F}' => Class::Han,
        other if other.is_alphabetic() => Class::Other,
        _ => return None,
    })
}

fn belongs(class: Class, script: &str) -> bool {
    match script {
        "Latn" => class == Class::Latin,
        "Grek" => class == Class::Greek,
        "Cyrl" => class == Class::Cyrillic,
        "Hebr" => class == Class::Hebrew,
        "Arab" => class == Class::Arabic,
        "Jpan" => matches!(class, Class::Kana | Class::Han),
        "Kore" | "Hang" => matches!(class, Class::Hangul | Class::Han),
        "Hans" | "Hant" | "Hani" => class == Class::Han,
        _ => true,
    }
}
