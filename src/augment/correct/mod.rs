//! Corrected forms of an utterance, by the rules of its script and language: spaces, marks, capitals, contractions.
//!
//! Words and their order are kept; nothing is added that the rules do not make certain.

mod marks;
mod question;
mod words;

use crate::augment::spelling::Speller;
use crate::language::TextRules;
use marks::Marks;
use question::Questions;
use words::Words;

/// The rules of one language, compiled.
#[derive(Debug)]
pub struct Corrector {
    marks: Marks,
    words: Words,
    questions: Questions,
    speller: Option<Speller>,
}

impl Corrector {
    /// Compiles `rules`; `language` is the base code, as in `nl`.
    #[must_use]
    pub fn new(rules: &TextRules, language: &str) -> Self {
        Self {
            marks: Marks::new(rules),
            words: Words::new(rules, language),
            questions: Questions::new(rules),
            speller: None,
        }
    }

    /// Sets unknown words right as well.
    pub fn set_speller(&mut self, speller: Speller) {
        self.speller = Some(speller);
    }

    /// Whether it knows words by a dictionary.
    #[must_use]
    pub fn spells(&self) -> bool {
        self.speller.is_some()
    }

    /// The corrected form of `text`, in `room`.
    pub fn correct<'a>(&self, text: &str, room: &'a mut Correction) -> &'a str {
        let Correction { clean, worded, lower, corrected, names, words } = room;
        clean.clear();
        worded.clear();
        corrected.clear();
        self.marks.tidy(text, clean);
        self.words.replace(clean, words, worded);
        if let Some(speller) = &self.speller {
            clean.clear();
            speller.spell(worded, names, clean);
            std::mem::swap(clean, worded);
        }
        if self.marks.is_open(worded) {
            let question = self.questions.asks(worded, lower);
            self.marks.close(worded, question);
        }
        self.marks.open(worded);
        self.words.capitalise(worded, &self.marks, corrected);
        corrected
    }

    /// The corrected form of `text`.
    #[must_use]
    pub fn corrected(&self, text: &str) -> String {
        self.correct(text, &mut Correction::default()).to_owned()
    }
}

/// Room for a correction, used again.
#[derive(Debug, Default)]
pub struct Correction {
    clean: String,
    worded: String,
    lower: String,
    corrected: String,
    names: Vec<String>,
    /// Which bytes are of words.
    words: Vec<u64>,
}

impl Correction {
    /// The words of these names, however they are typed, are not misspelt.
    pub fn set_names<'a>(&mut self, names: impl Iterator<Item = &'a str>) {
        self.names.clear();
        let words = names.flat_map(|name| name.split(|char: char| !char.is_alphanumeric()));
        self.names.extend(words.filter(|word| !word.is_empty()).map(str::to_lowercase));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::Assets;
    use crate::language::Languages;
    use crate::model::Locale;

    fn corrector(code: &str) -> Corrector {
        let locale = Locale::parse(code).unwrap();
        let rules = Languages::new(Assets::embedded()).text_rules(&locale).unwrap();
        Corrector::new(&rules, locale.language())
    }

    #[test]
    fn each_language_is_corrected_by_its_own_rules() {
        let cases = [
            ("en-GB", "im tired ,dont  know", "I'm tired, don't know."),
            ("en-GB", "where is mary", "Where is mary?"),
            ("en-GB", "i think ive won. see you monday", "I think I've won. See you Monday."),
            ("en-GB", "is it 3.30 or 4", "Is it 3.30 or 4?"),
            ("en-GB", "IT is ok 👍🏽", "IT is ok 👍🏽"),
            ("en-GB", "no. \"really\"", "No. \"Really\"."),
            ("en-GB", "write to ann@im.org", "Write to ann@im.org."),
            ("fr-FR", "ou est marie ?", "Ou est marie\u{202F}?"),
            ("fr-FR", "cest bon !", "C'est bon\u{202F}!"),
            ("fr-FR", "comment ça va", "Comment ça va\u{202F}?"),
            ("es-ES", "dónde está mi madre", "¿Dónde está mi madre?"),
            ("es-ES", "¡hola! qué tal?", "¡Hola! ¿Qué tal?"),
            ("ar-SA", "وين محمد", "وين محمد؟"),
            ("ar-SA", "الدكتور متى يجي?", "الدكتور متى يجي؟"),
            ("ar-SA", "لا شكرًا.", "لا شكرًا."),
            ("el-GR", "που είναι η μαρία", "Που είναι η μαρία;"),
            ("ja-JP", "待って、入力中", "待って、入力中。"),
            ("ja-JP", "疲れた。", "疲れた。"),
            ("ja-JP", "どこですか", "どこですか？"),
            ("zh-CN", "你好吗", "你好吗？"),
            ("zh-CN", "好,谢谢.", "好，谢谢。"),
            ("ko-KR", "물 주세요", "물 주세요."),
            ("nl-NL", "ijsje graag", "IJsje graag."),
            ("he-IL", "אני עייף", "אני עייף."),
            ("ru-RU", "где мама", "Где мама?"),
        ];
        let wrong: Vec<_> = cases
            .iter()
            .map(|(code, typed, expected)| (code, corrector(code).corrected(typed), expected))
            .filter(|(_, corrected, expected)| corrected != *expected)
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn what_is_correct_stays_as_it_is() {
        for code in ["en-GB", "fr-FR", "es-ES", "ar-SA", "el-GR", "ja-JP", "zh-CN", "ko-KR", "nl-NL", "he-IL"] {
            let corrector = corrector(code);
            for text in ["ok", "what, why", "a b . c?", "où ça ?", "وين", "どこ", "no! no", "ij"] {
                let once = corrector.corrected(text);
                assert_eq!(corrector.corrected(&once), once, "{code}");
            }
        }
    }
}
