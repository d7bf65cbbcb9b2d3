//! `phrasebook.toml`: exchanges from which the offline engine composes conversations.

use serde::Deserialize;

use super::pack::Form;
use super::people::PartnerKind;

/// Exchanges that follow one another.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thread {
    /// Id within the pack.
    pub id: String,
    /// Where in a conversation it stands.
    pub role: Role,
    /// Ids of purposes it serves; empty for any.
    #[serde(default)]
    pub purposes: Vec<String>,
    /// Ids of settings it can happen in; empty for any.
    #[serde(default)]
    pub settings: Vec<String>,
    /// Kinds of partner; empty for any.
    #[serde(default)]
    pub kinds: Vec<PartnerKind>,
    /// Labels.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The exchanges, in order.
    #[serde(rename = "exchange")]
    pub exchanges: Vec<Exchange>,
}

/// The place of a thread in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// At the start.
    Open,
    /// In between.
    Body,
    /// At the end.
    Close,
}

/// What a partner says, what is typed and meant, and how the partner takes it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// The partner's line before; empty where the person who uses AAC speaks first.
    #[serde(default)]
    pub partner: String,
    /// Typed, telegraphic.
    pub telegraphic: String,
    /// Typed, abbreviated.
    pub abbreviated: String,
    /// The whole sentence meant, as it would have been said aloud.
    pub intended: String,
    /// The partner's line after.
    pub reaction: String,
    /// Kana reading of `telegraphic`, in Japanese.
    #[serde(default)]
    pub telegraphic_reading: String,
    /// Kana reading of `abbreviated`, in Japanese.
    #[serde(default)]
    pub abbreviated_reading: String,
    /// Kana reading of `intended`, in Japanese.
    #[serde(default)]
    pub intended_reading: String,
}

impl Exchange {
    /// The typed text that the pack holds for a form; `None` for those that are made from `intended` by rule.
    #[must_use]
    pub fn typed(&self, form: Form) -> Option<&str> {
        match form {
            Form::Telegraphic => Some(&self.telegraphic),
            Form::Abbreviated => Some(&self.abbreviated),
            Form::Full | Form::Plain => None,
        }
    }
}
