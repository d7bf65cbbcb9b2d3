//! Locale codes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A BCP-47 code of language and region, such as `en-GB`, spelled canonically.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Locale(String);

impl Locale {
    /// Reads `en-GB`, `en_gb` or `EN-gb`. `None` when it has not that form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (language, region) = text.trim().split_once(['-', '_'])?;
        let letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
        ((2..=3).contains(&language.len()) && region.len() == 2 && letters(language) && letters(region))
            .then(|| Self(format!("{}-{}", language.to_ascii_lowercase(), region.to_ascii_uppercase())))
    }

    /// The code: `en-GB`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The base language: `en`.
    #[must_use]
    pub fn language(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for Locale {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is not a locale such as en-GB"))
    }
}

impl From<Locale> for String {
    fn from(locale: Locale) -> Self {
        locale.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_in_any_case_and_spelled_canonically() {
        for text in ["en-GB", "EN_gb", " en-gb "] {
            assert_eq!(Locale::parse(text).unwrap().as_str(), "en-GB");
        }
        for text in ["en", "english-GB", "en-826", "e-GB", "en-G1", "../GB", ""] {
            assert_eq!(Locale::parse(text), None, "{text}");
        }
    }
}
