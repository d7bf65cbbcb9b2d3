//! Judging a conversation that has the right form: is it what was asked for?
//!
//! Each rule has a name and a severity that the recipe can set. A rule that needs to know what was asked for is skipped,
//! and counted as not applied, where the metadata does not say.

mod language;
mod plan;
mod text;

use std::collections::BTreeMap;

use crate::Result;
use crate::language::{Languages, TextRules};
use crate::model::Locale;
use crate::recipe::{Rules, Severity};

use super::conversation::Conversation;
use language::{Finding, Words};
use plan::Asked;

/// The rules of AAC conversations, with their severities where a recipe says nothing.
const RULES: [(&str, Severity); 9] = [
    (INTENDED_MISSING, Severity::Flag),
    (DESCRIPTION, Severity::Flag),
    (STAGE_DIRECTION, Severity::Flag),
    (ROLE_LABEL, Severity::Flag),
    (WRONG_LANGUAGE, Severity::Reject),
    (UNSURE_LANGUAGE, Severity::Flag),
    (REFUSAL_TEXT, Severity::Reject),
    (STYLE, Severity::Flag),
    (PEOPLE, Severity::Flag),
];

/// A typed turn does not say what was meant, though that was asked for.
const INTENDED_MISSING: &str = "intended_missing";
/// What was meant is described (“Expressing thanks”), not said.
const DESCRIPTION: &str = "description";
/// A turn holds a stage direction: `*smiles*`, `[laughs]`, `(points)`.
const STAGE_DIRECTION: &str = "stage_direction";
/// A turn begins with its speaker's name and a colon.
const ROLE_LABEL: &str = "role_label";
/// Another script, or plainly another language.
const WRONG_LANGUAGE: &str = "wrong_language";
/// It may be another language.
const UNSURE_LANGUAGE: &str = "unsure_language";
/// A turn is a model's refusal.
const REFUSAL_TEXT: &str = "refusal_text";
/// What was typed does not differ from what was meant as the planned style asks.
const STYLE: &str = "style";
/// Neither of the two people that were planned speaks.
const PEOPLE: &str = "people";

/// What the rules say of a conversation.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Judgement {
    /// The rule that it is rejected by.
    pub rejected: Option<&'static str>,
    /// The rules that it is flagged by.
    pub flags: Vec<&'static str>,
    /// The rules that could not be applied.
    pub not_applied: Vec<&'static str>,
}

/// Judges conversations of any locale.
#[derive(Debug)]
pub(super) struct Judge {
    severities: BTreeMap<&'static str, Severity>,
    words: Words,
    locales: Vec<Option<TextRules>>,
}

impl Judge {
    /// A judge for the locales of these codes, numbered as they stand.
    ///
    /// # Errors
    /// [`crate::Error::Data`] when the rules of writing of a locale are not what they must be.
    pub fn new(languages: &Languages, rules: &Rules, codes: &[String]) -> Result<Self> {
        let known = languages.keyboard_locales();
        let text = |locale: Locale| known.contains(&locale).then(|| languages.text_rules(&locale)).transpose();
        let locales =
            codes.iter().map(|code| Locale::parse(code).map_or(Ok(None), text)).collect::<Result<Vec<_>>>()?;
        let severities = RULES.map(|(name, severity)| (name, rules.get(name).copied().unwrap_or(severity)));
        Ok(Self { severities: BTreeMap::from(severities), words: Words::load(languages, &known)?, locales })
    }

    /// Applies every rule. `plan` is what was planned, as JSON.
    pub fn judge(&self, conversation: &Conversation<'_>, plan: Option<&str>, locale: u16, code: &str) -> Judgement {
        let asked = plan.and_then(Asked::read);
        let rules = self.locales.get(usize::from(locale)).and_then(Option::as_ref);
        let mut judgement = Judgement::default();
        let turns = conversation.turns();
        let any = |broken: fn(&super::conversation::Turn<'_>) -> bool| Some(turns.iter().any(broken));
        let finding = rules.map(|rules| self.words.finding(turns, code, rules));
        let begins = |list: fn(&TextRules) -> &Vec<String>, intended_only: bool| {
            let list = list(rules?);
            (!list.is_empty()).then(|| text::begins(turns, list, intended_only))
        };
        let findings = [
            (
                INTENDED_MISSING,
                asked.as_ref().map(|_| turns.iter().any(|turn| turn.is_aac_user && turn.intended.is_none())),
            ),
            (DESCRIPTION, begins(|rules| &rules.descriptions, true)),
            (STAGE_DIRECTION, any(text::has_stage_direction)),
            (ROLE_LABEL, any(text::has_role_label)),
            (WRONG_LANGUAGE, finding.map(|finding| finding == Finding::Wrong)),
            (UNSURE_LANGUAGE, finding.map(|finding| finding == Finding::Unsure)),
            (REFUSAL_TEXT, begins(|rules| &rules.refusals, false)),
            (STYLE, asked.as_ref().and_then(|asked| asked.style_ignored(turns))),
            (PEOPLE, asked.as_ref().and_then(|asked| asked.other_people(turns))),
        ];
        for (name, broken) in findings {
            match (self.severities.get(name).copied().unwrap_or(Severity::Off), broken) {
                (Severity::Off, _) | (_, Some(false)) => {}
                (_, None) => judgement.not_applied.push(name),
                (Severity::Flag, Some(true)) => judgement.flags.push(name),
                (Severity::Reject, Some(true)) => judgement.rejected = judgement.rejected.or(Some(name)),
            }
        }
        judgement
    }
}
