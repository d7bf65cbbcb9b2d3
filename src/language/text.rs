//! `text.toml`: the rules of a script and of writing in it.

use std::collections::BTreeMap;

use serde::Deserialize;

/// How a language is written: marks, spaces, case, and the words that tell a question.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextRules {
    /// ISO 15924 code: `Latn`, `Arab`, `Jpan`.
    pub script: String,
    /// Which way lines run.
    pub direction: Direction,
    /// Whether the script has capital letters.
    pub cased: bool,
    /// What lengths of utterances are counted in.
    pub length_unit: LengthUnit,
    /// What stands between words; empty in Chinese and Japanese.
    pub word_separator: String,
    /// `.` `。` …
    pub full_stop: String,
    /// `?` `؟` `;` …
    pub question_mark: String,
    /// `!` `！` …
    pub exclamation_mark: String,
    /// `,` `،` `、` …
    pub comma: String,
    /// `;` `؛` `；` …
    pub semicolon: String,
    /// Marks that open a sentence, by the mark that closes it: `¿` by `?`.
    #[serde(default)]
    pub opening_marks: BTreeMap<String, String>,
    /// Opening and closing quotation mark.
    pub quotes: [String; 2],
    /// The space that stands before a mark, by mark: U+202F before `?` in French.
    #[serde(default)]
    pub space_before: BTreeMap<String, String>,
    /// What stands between the facts of a line: `; `.
    pub list_separator: String,
    /// `.` or `,` or `٫`.
    pub decimal_mark: String,
    /// Marks that end a sentence.
    pub sentence_enders: Vec<String>,
    /// Words that make a question when an utterance starts with them, lower case.
    #[serde(default)]
    pub question_words: Vec<String>,
    /// Word sequences that make a question at the start of an utterance, longest first, lower case.
    #[serde(default)]
    pub question_starts: Vec<String>,
    /// Endings that make a question: `か`, `吗`.
    #[serde(default)]
    pub question_endings: Vec<String>,
    /// Unambiguous contractions typed without their mark: `dont` is `don't`.
    #[serde(default)]
    pub contractions: BTreeMap<String, String>,
    /// Words with a fixed capital: `i` is `I`.
    #[serde(default)]
    pub always_capital: BTreeMap<String, String>,
    /// The most frequent small words, lower case.
    pub function_words: Vec<String>,
    /// Beginnings of a text that describes what is meant instead of saying it, lower case: `expressing `.
    #[serde(default)]
    pub descriptions: Vec<String>,
    /// Beginnings of what a model says when it declines, lower case.
    #[serde(default)]
    pub refusals: Vec<String>,
}

/// Writing direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Left to right.
    Ltr,
    /// Right to left.
    Rtl,
}

/// The unit of length bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LengthUnit {
    /// Words between spaces.
    Words,
    /// Extended grapheme clusters.
    Graphemes,
}
