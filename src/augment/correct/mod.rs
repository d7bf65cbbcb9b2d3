//! Corrected forms of an utterance, by the rules of its script and language: spaces, marks, capitals, contractions.
//!
//! Words and their order are kept; nothing is added that the rules do not make certain.

mod marks;
mod words;

use crate::language::TextRules;
use marks::Marks;
use words::Words;

/// The rules of one language, compiled.
#[derive(Debug)]
pub struct Corrector {
    marks: Marks,
    words: Words,
}

impl Corrector {
    /// Compiles `rules`; `language` is the base code, as in `nl`.
    #[must_use]
    pub fn new(rules: &TextRules, language: &str) -> Self {
        Self { marks: Marks::new(rules), words: Words::new(rules, language) }
    }

    /// Appends the corrected form of `text` to `out`.
    pub fn write(&self, text: &str, out: &mut String) {
        let mut clean = String::with_capacity(text.len() + 8);
        self.marks.tidy(text, &mut clean);
        let mut worded = String::with_capacity(clean.len() + 8);
        self.words.replace(&clean, &mut worded);
        let question = self.words.is_question(&worded);
        self.marks.close(&mut worded, question);
        self.marks.open(&mut worded);
        self.words.capitalise(&worded, &self.marks, out);
    }

    /// The corrected form of `text`.
    #[must_use]
    pub fn corrected(&self, text: &str) -> String {
        let mut out = String::new();
        self.write(text, &mut out);
        out
    }
}
