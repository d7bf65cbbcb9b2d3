//! How many tokens a text is. This file owns `bpe-openai`, which holds the vocabularies of OpenAI's models as tiktoken
//! publishes them.

use std::collections::HashMap;

use bpe_openai::Tokenizer;

/// Bytes of a prompt for a token where no vocabulary is known. The rule of thumb for English is four characters; scripts
/// outside ASCII take more bytes a character and more tokens a character, so that bytes come nearer to the truth.
const BYTES_A_TOKEN: u64 = 4;

const O200K: &str = "o200k_base";
const CL100K: &str = "cl100k_base";

/// Name prefixes of models and their vocabulary, the longest first where one begins another. Source: the table of models
/// of tiktoken 0.12; models that it does not name are not guessed.
const VOCABULARIES: [(&str, &str); 14] = [
    ("gpt-4o", O200K),
    ("chatgpt-4o", O200K),
    ("gpt-4.1", O200K),
    ("gpt-4.5", O200K),
    ("gpt-5", O200K),
    ("o1", O200K),
    ("o3", O200K),
    ("o4-mini", O200K),
    ("ft:gpt-4o", O200K),
    ("ft:gpt-4", CL100K),
    ("ft:gpt-3.5", CL100K),
    ("gpt-4", CL100K),
    ("gpt-3.5", CL100K),
    ("gpt-35", CL100K),
];

/// Texts that come again and again, such as system prompts, are counted once; so many are remembered.
const REMEMBERED: usize = 256;

/// Counts the tokens of texts for one model.
pub struct Counter {
    tokenizer: Option<&'static Tokenizer>,
    basis: &'static str,
    seen: HashMap<blake3::Hash, u64>,
}

impl Counter {
    /// A counter for `model`.
    #[must_use]
    pub fn new(model: &str) -> Self {
        let known = VOCABULARIES.iter().find(|(prefix, _)| model.starts_with(prefix)).map(|(_, name)| *name);
        let tokenizer = match known {
            Some(O200K) => Some(bpe_openai::o200k_base()),
            Some(_) => Some(bpe_openai::cl100k_base()),
            None => None,
        };
        Self { tokenizer, basis: known.unwrap_or("4 bytes a token"), seen: HashMap::new() }
    }

    /// What it counts by: the name of a vocabulary, or `4 bytes a token`.
    #[must_use]
    pub fn basis(&self) -> &'static str {
        self.basis
    }

    /// Whether it counts by the model's own vocabulary.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.tokenizer.is_some()
    }

    /// The tokens of `text`.
    #[must_use]
    pub fn count(&self, text: &str) -> u64 {
        match self.tokenizer {
            Some(tokenizer) => tokenizer.count(text) as u64,
            None => (text.len() as u64).div_ceil(BYTES_A_TOKEN),
        }
    }

    /// The same for a text that is likely to come again.
    pub fn count_again(&mut self, text: &str) -> u64 {
        let key = blake3::hash(text.as_bytes());
        if let Some(tokens) = self.seen.get(&key) {
            return *tokens;
        }
        let tokens = self.count(text);
        if self.seen.len() < REMEMBERED {
            self.seen.insert(key, tokens);
        }
        tokens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_counted_as_tiktoken_counts_them() {
        // The figures are those of the Python package tiktoken 0.12 with the same vocabularies.
        let texts = [
            "hello world",
            "Je voudrais de l’eau, s’il vous plaît.",
            "お水をください。",
            "مرحبا، كيف حالك؟",
            "  \n\n x",
        ];
        let counted = |model: &str| texts.map(|text| Counter::new(model).count(text));
        assert_eq!(counted("gpt-4o-mini"), O200K_COUNTS);
        assert_eq!(counted("gpt-5-mini-2025-08-07"), O200K_COUNTS);
        assert_eq!(counted("gpt-4-turbo"), CL100K_COUNTS);
        let mut counter = Counter::new("gpt-4o");
        assert_eq!((counter.count_again(texts[1]), counter.count_again(texts[1])), (O200K_COUNTS[1], O200K_COUNTS[1]));
    }

    const O200K_COUNTS: [u64; 5] = [2, 11, 5, 7, 2];
    const CL100K_COUNTS: [u64; 5] = [2, 15, 5, 14, 2];

    #[test]
    fn a_model_without_a_vocabulary_is_counted_by_bytes_and_says_so() {
        for model in ["claude-haiku-4-5", "gemini-2.5-flash", "gpt-6-luna", "phrasebook-1", ""] {
            let counter = Counter::new(model);
            assert_eq!((counter.count("abcde"), counter.basis(), counter.is_exact()), (2, "4 bytes a token", false));
        }
    }
}
