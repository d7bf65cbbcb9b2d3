//! `pack.toml`, and the whole pack that the files of a locale make together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::knowledge::Telling;
use super::people::{Partner, Person};
use super::phrasebook::Thread;
use super::scenario::Scenario;
use super::text::TextRules;

/// Everything known of a locale, checked: every reference in it resolves.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// What the language calls itself.
    pub name: String,
    /// Its English name.
    pub english_name: String,
    /// How far its texts can be trusted.
    pub status: Status,
    /// Native readers who have read all of it.
    pub reviewed_by: Vec<String>,
    /// Rules of writing.
    pub text: TextRules,
    /// Local names of things.
    pub terms: Terms,
    /// The starts of the lines of a prompt.
    pub labels: Labels,
    /// Word lists for the phrasebook.
    pub lists: BTreeMap<String, Vec<String>>,
    /// Places.
    #[serde(rename = "setting")]
    pub settings: Vec<Phrase>,
    /// Communicative purposes.
    #[serde(rename = "purpose")]
    pub purposes: Vec<Phrase>,
    /// Times of day.
    #[serde(rename = "time")]
    pub times: Vec<Phrase>,
    /// Moods.
    #[serde(rename = "mood")]
    pub moods: Vec<Phrase>,
    /// Ways of typing.
    pub access: Vec<Access>,
    /// Styles of typing.
    #[serde(rename = "style")]
    pub styles: Vec<Style>,
    /// Length bands of typed messages.
    #[serde(rename = "length")]
    pub lengths: Vec<LengthBand>,
    /// People who use AAC.
    #[serde(rename = "person")]
    pub people: Vec<Person>,
    /// People they talk with.
    #[serde(rename = "partner")]
    pub partners: Vec<Partner>,
    /// Situations.
    #[serde(rename = "scenario")]
    pub scenarios: Vec<Scenario>,
    /// The phrasebook.
    #[serde(rename = "thread")]
    pub threads: Vec<Thread>,
    /// How topics from knowledge files are told, where that has been written.
    #[serde(default)]
    pub knowledge: Option<Telling>,
}

/// Whether a native reader has read the pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Still to be written: not listed, and no `all` takes it.
    Skeleton,
    /// Written, not reviewed.
    Drafted,
    /// Read and mended by a native reader.
    Reviewed,
}

/// A text with an id.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phrase {
    /// Id within its list.
    pub id: String,
    /// The text, in the language of the pack.
    pub text: String,
}

/// Local names of the condition, of AAC, of professions and services.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "languages/README.md gives an example of each")]
pub struct Terms {
    pub als: String,
    pub als_short: String,
    pub aac: String,
    pub aac_short: String,
    pub device: String,
    pub speech_therapist: String,
    pub doctor: String,
    pub carer: String,
    pub assistant: String,
    pub health_service: String,
    pub emergency_number: String,
}

/// The start of each line of a prompt, with its colon and space.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each is the label of the slot of its name")]
pub struct Labels {
    pub language: String,
    pub scenario: String,
    pub setting: String,
    pub time: String,
    pub purpose: String,
    pub mood: String,
    pub person: String,
    pub partner: String,
    pub access: String,
    pub opens: String,
    pub style: String,
    pub length: String,
    pub turns: String,
    pub context: String,
    pub typed: String,
    pub intended: String,
}

/// A way of typing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// `touch`, `eye_gaze` …
    pub id: String,
    /// In the language of the pack, with the usual speed.
    pub text: String,
    /// Lowest and highest usual speed, words a minute.
    pub wpm: [u16; 2],
    /// The layout it types on.
    pub layout: Layout,
    /// The error profile of the device.
    pub errors: ErrorProfile,
}

/// Which of a locale's layouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// The layout of the keyboards sold there.
    Native,
    /// The alphabetical grid.
    Abc,
    /// The letter-frequency grid.
    Frequency,
    /// The twelve-key flick table, where the locale has one.
    Flick,
}

/// What goes wrong on a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the access methods")]
pub enum ErrorProfile {
    Touch,
    Keyboard,
    Keyguard,
    HeadMouse,
    EyeDwell,
    Scanning,
    SpellingBoard,
}

/// How much of a sentence is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Whole sentences.
    Full,
    /// Whole words, no capitals, no punctuation.
    Plain,
    /// Only the words that carry the meaning.
    Telegraphic,
    /// Shortened words.
    Abbreviated,
}

/// A style of typing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Style {
    /// Id within the pack.
    pub id: String,
    /// Which form it takes.
    pub form: Form,
    /// How often it is drawn, relative to the other styles.
    pub share: u32,
    /// Ids of the length bands that go with it.
    pub lengths: Vec<String>,
    /// What is left out and kept, in this language.
    pub text: String,
    /// Examples.
    pub gold: Vec<Gold>,
}

/// An example of a style.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Gold {
    /// What was said before.
    pub context: String,
    /// What is typed.
    pub typed: String,
    /// What is meant.
    pub intended: String,
}

/// A band of lengths of typed messages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LengthBand {
    /// Id within the pack.
    pub id: String,
    /// Shortest, in the pack's length unit.
    pub min: u16,
    /// Longest, in the pack's length unit.
    pub max: u16,
    /// The share it should have, relative to the other bands.
    pub share: u32,
    /// In the language of the pack.
    pub text: String,
}

impl Labels {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> [&str; 16] {
        let Self { language, scenario, setting, time, purpose, mood, person, partner, .. } = self;
        let Self { access, opens, style, length, turns, context, typed, intended, .. } = self;
        [
            language, scenario, setting, time, purpose, mood, person, partner, access, opens, style, length, turns,
            context, typed, intended,
        ]
    }
}

impl Pack {
    /// The access method of that id.
    #[must_use]
    pub fn access(&self, id: &str) -> Option<&Access> {
        self.access.iter().find(|access| access.id == id)
    }

    /// The length band of that id.
    #[must_use]
    pub fn length(&self, id: &str) -> Option<&LengthBand> {
        self.lengths.iter().find(|band| band.id == id)
    }
}

/// The phrase of that id.
pub(crate) fn phrase<'a>(phrases: &'a [Phrase], id: &str) -> Option<&'a Phrase> {
    phrases.iter().find(|phrase| phrase.id == id)
}
