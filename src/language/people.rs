//! `people.toml`: the people who use AAC and the people they talk with.

use serde::{Deserialize, Serialize};

use super::fill::{Cast, fill};
use super::text::TextRules;

/// A person who types to speak.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// Id within the pack.
    pub id: String,
    /// Full name in the order of the language.
    pub name: String,
    /// How others call this person.
    pub call: String,
    /// The form for calling out, where it differs.
    #[serde(default)]
    pub vocative: String,
    /// Grammatical gender of the name.
    pub gender: Gender,
    /// Years.
    pub age: u8,
    /// What they do or did for a living.
    pub work: String,
    /// Family.
    pub family: String,
    /// Interests.
    pub interests: String,
    /// How they talk.
    pub register: String,
    /// Condition, since when, how it began.
    pub stage: String,
    /// Speech that is left.
    pub speech: String,
    /// Equipment other than for typing.
    pub equipment: String,
    /// Reading and writing.
    pub literacy: String,
    /// Ids of the access methods this person uses.
    pub access: Vec<String>,
    /// What scenarios may need.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// Someone a person who uses AAC talks with.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partner {
    /// Id within the pack.
    pub id: String,
    /// Full name in the order of the language.
    pub name: String,
    /// How others call this partner.
    pub call: String,
    /// The form for calling out, where it differs.
    #[serde(default)]
    pub vocative: String,
    /// Grammatical gender of the name.
    pub gender: Gender,
    /// What kind of partner, for scenarios and threads.
    pub kind: PartnerKind,
    /// Ids of the people this partner can be a partner of; empty for anyone.
    #[serde(default)]
    pub of: Vec<String>,
    /// The relation, with placeholders.
    pub relation: String,
    /// Patience.
    pub patience: String,
    /// Experience with AAC.
    pub experience: String,
    /// Habits in conversation.
    pub habit: String,
    /// How the two address each other.
    pub address: Address,
}

/// Grammatical gender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Gender {
    /// Feminine.
    F,
    /// Masculine.
    M,
    /// Neither; takes the first form of an alternation.
    N,
}

/// How two people address each other: tu or vous, du or Sie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Address {
    /// tu, du, ты, plain speech.
    Familiar,
    /// vous, Sie, вы, polite speech.
    Formal,
}

/// What a partner is to the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are plain words")]
pub enum PartnerKind {
    Spouse,
    Child,
    Parent,
    Sibling,
    Relative,
    Friend,
    Neighbour,
    Carer,
    Colleague,
    Professional,
    Official,
    Service,
    Stranger,
}

impl Person {
    /// All facts in one line, as a prompt shows them; the name first, then the form of call.
    #[must_use]
    pub fn line(&self, text: &TextRules) -> String {
        let facts = [
            &self.work,
            &self.family,
            &self.interests,
            &self.register,
            &self.stage,
            &self.speech,
            &self.equipment,
            &self.literacy,
        ];
        let name = format!("{} ({}){}{}{}", self.name, self.call, text.comma, text.word_separator, self.age);
        line(text, name, facts.into_iter().map(String::as_str))
    }
}

impl Partner {
    /// Whether this partner can be talking with `person`.
    #[must_use]
    pub fn fits(&self, person: &Person) -> bool {
        self.of.is_empty() || self.of.contains(&person.id)
    }

    /// All facts in one line, as a prompt shows them, agreeing with `person`.
    #[must_use]
    pub fn line(&self, text: &TextRules, person: &Person) -> String {
        let cast = Cast { person, partner: self };
        let name = format!(
            "{} ({}){}{}{}",
            self.name,
            self.call,
            text.comma,
            text.word_separator,
            fill(&self.relation, cast, &[])
        );
        let facts = [&self.patience, &self.experience, &self.habit].map(|fact| fill(fact, cast, &[]));
        line(text, name, facts.iter().map(AsRef::as_ref))
    }
}

fn line<'a>(text: &TextRules, name: String, facts: impl Iterator<Item = &'a str>) -> String {
    let mut line = name;
    for fact in facts.filter(|fact| !fact.is_empty()) {
        line.push_str(&text.list_separator);
        line.push_str(fact);
    }
    line
}
