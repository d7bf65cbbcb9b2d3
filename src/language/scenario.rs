//! `scenarios.toml`: what conversations are about.

use serde::{Deserialize, Serialize};

use super::people::{Partner, PartnerKind, Person};

/// A situation two people talk in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Id within the pack.
    pub id: String,
    /// A whole sentence, with placeholders.
    pub text: String,
    /// The part of life.
    pub domain: Domain,
    /// Id of the communicative purpose.
    pub purpose: String,
    /// Id of the setting.
    pub setting: String,
    /// Kinds of partner it can happen with.
    pub partners: Vec<PartnerKind>,
    /// Who starts.
    pub opens: Opens,
    /// Ids of the times it can happen at; empty for any.
    #[serde(default)]
    pub times: Vec<String>,
    /// Ids of the moods it goes with; empty for any.
    #[serde(default)]
    pub moods: Vec<String>,
    /// Tags the person must have.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Labels such as `end_of_life`.
    #[serde(default)]
    pub tags: Vec<String>,
}

impl Scenario {
    /// Whether it can happen between these two.
    #[must_use]
    pub fn fits(&self, person: &Person, partner: &Partner) -> bool {
        self.partners.contains(&partner.kind)
            && partner.fits(person)
            && person.call != partner.call
            && self.needs.iter().all(|need| person.tags.contains(need))
    }
}

/// Parts of life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are plain words")]
pub enum Domain {
    Home,
    Family,
    Friends,
    Work,
    Money,
    Health,
    Services,
    Public,
    Travel,
    Leisure,
    Online,
}

/// Who starts a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Opens {
    /// The person who uses AAC.
    Aac,
    /// The partner.
    Partner,
    /// One or the other.
    Either,
}
