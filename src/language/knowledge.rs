//! `knowledge.toml`: how a topic from a knowledge file is told in a prompt of the language.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The slot of the head in [`Telling::event`].
const HEAD: &str = "{head}";

/// The sentences of a language around the quoted words of a commonsense file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telling {
    /// What stands around the event, with the slot `{head}`: that it is source material in its own language, to be told in
    /// the language of the conversation.
    pub event: String,
    /// A sentence for each relation, with the slot `{tail}` and, where it is of one of the two, `{x}` or `{y}`.
    pub relations: BTreeMap<Relation, String>,
}

impl Telling {
    /// An event on one line: `head`, then what the relation says of it. `x` and `y` are the names of the two, `space` stands
    /// between sentences.
    #[must_use]
    pub fn line(&self, head: &str, relation: Relation, tail: &str, [x, y]: [&str; 2], space: &str) -> String {
        let mut line = filled(&self.event, &[("head", head)]);
        if let Some(sentence) = self.relations.get(&relation) {
            line.push_str(space);
            line.push_str(&filled(sentence, &[("tail", tail), ("x", x), ("y", y)]));
        }
        line
    }

    /// Whether `line` is an event as [`Telling::line`] tells it.
    #[must_use]
    pub fn tells(&self, line: &str) -> bool {
        let before = self.event.split(HEAD).next().unwrap_or_default();
        !before.is_empty() && line.starts_with(before)
    }

    /// What is wrong with the sentences, if anything is.
    pub(super) fn fault(&self) -> Option<String> {
        if self.event.matches(HEAD).count() != 1 || self.event.starts_with(HEAD) {
            return Some("knowledge.event: `{head}` must stand in it once, after some text".to_owned());
        }
        for relation in Relation::ALL {
            let Some(sentence) = self.relations.get(&relation) else {
                return Some(format!("knowledge.relations.{}: it is missing", relation.name()));
            };
            if sentence.matches("{tail}").count() != 1 {
                return Some(format!("knowledge.relations.{}: `{{tail}}` must stand in it once", relation.name()));
            }
        }
        let slots = |text: &str, known: &[&str]| super::fill::slots(text).iter().any(|slot| !known.contains(slot));
        let unknown = self.relations.iter().find(|(_, sentence)| slots(sentence, &["tail", "x", "y"]));
        match unknown {
            _ if slots(&self.event, &["head"]) => Some("knowledge.event: an unknown slot".to_owned()),
            Some((relation, _)) => Some(format!("knowledge.relations.{}: an unknown slot", relation.name())),
            None => None,
        }
    }
}

/// `text` with its slots filled; what fills a slot is never looked into again.
fn filled(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(text.len() + 40);
    let mut rest = text;
    while let Some((before, slot, after)) = super::fill::next_slot(rest) {
        out.push_str(before);
        out.push_str(values.iter().find(|(name, _)| *name == slot).map_or("", |(_, value)| value));
        rest = after;
    }
    out.push_str(rest);
    out
}

macro_rules! relations {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// The relations of ATOMIC-2020 (Hwang et al. 2021, table 1).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
        #[expect(missing_docs, reason = "their names are ATOMIC's, and its paper explains them")]
        pub enum Relation {
            $(#[serde(rename = $name)] $variant,)+
        }

        impl Relation {
            /// All of them.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// Its name in knowledge files.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }
    };
}

relations! {
    AtLocation = "AtLocation",
    CapableOf = "CapableOf",
    Causes = "Causes",
    Desires = "Desires",
    HasProperty = "HasProperty",
    HasSubEvent = "HasSubEvent",
    HinderedBy = "HinderedBy",
    MadeUpOf = "MadeUpOf",
    NotDesires = "NotDesires",
    ObjectUse = "ObjectUse",
    IsAfter = "isAfter",
    IsBefore = "isBefore",
    IsFilledBy = "isFilledBy",
    OEffect = "oEffect",
    OReact = "oReact",
    OWant = "oWant",
    XAttr = "xAttr",
    XEffect = "xEffect",
    XIntent = "xIntent",
    XNeed = "xNeed",
    XReact = "xReact",
    XReason = "xReason",
    XWant = "xWant",
}

impl Relation {
    /// The relation of that name, in any case.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|relation| relation.name().eq_ignore_ascii_case(name))
    }
}
