//! Judging a conversation that has the right form: is it what was asked for?
//!
//! Each rule has a name and a severity that the recipe can set. A rule that needs to know what was asked for is skipped,
//! and counted as not applied, where the metadata does not say.

mod language;
mod plan;
mod text;

use std::collections::BTreeMap;

use crate::language::{Languages, TextRules};
use crate::model::Locale;
use crate::recipe::{Rules, Severity};
use crate::{Error, Result};

use super::conversation::Conversation;
use language::{Finding, Words};
use plan::Asked;
use text::Beginnings;

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
    locales: Vec<Option<Writing>>,
}

/// What the rules look for in the texts of one locale.
#[derive(Debug)]
struct Writing {
    rules: TextRules,
    descriptions: Option<Beginnings>,
    refusals: Option<Beginnings>,
}

impl Writing {
    fn new(rules: TextRules) -> Self {
        let (descriptions, refusals) = (Beginnings::new(&rules.descriptions), Beginnings::new(&rules.refusals));
        Self { rules, descriptions, refusals }
    }
}

impl Judge {
    /// A judge for the locales of these codes, numbered as they stand.
    ///
    /// # Errors
    /// [`Error::Data`] when `rules` names one that there is not, or the rules of writing of a locale are not what they must be.
    pub fn new(languages: &Languages, rules: &Rules, codes: &[String]) -> Result<Self> {
        if let Some(unknown) = rules.keys().find(|name| !RULES.iter().any(|(known, _)| known == name)) {
            let known = RULES.map(|(name, _)| name).join(", ");
            return Err(Error::data(
                "recipe.toml",
                format!("rules.{unknown}: there is no such rule; there are {known}"),
            ));
        }
        let known = languages.keyboard_locales();
        let text = |locale: Locale| {
            known.contains(&locale).then(|| languages.text_rules(&locale).map(Writing::new)).transpose()
        };
        let locales =
            codes.iter().map(|code| Locale::parse(code).map_or(Ok(None), text)).collect::<Result<Vec<_>>>()?;
        let severities = RULES.map(|(name, severity)| (name, rules.get(name).copied().unwrap_or(severity)));
        Ok(Self { severities: BTreeMap::from(severities), words: Words::load(languages, &known)?, locales })
    }

    /// Applies every rule. `plan` is what was planned, as JSON.
    pub fn judge(&self, conversation: &Conversation<'_>, plan: Option<&str>, locale: u16, code: &str) -> Judgement {
        let asked = plan.and_then(Asked::read);
        let writing = self.locales.get(usize::from(locale)).and_then(Option::as_ref);
        let mut judgement = Judgement::default();
        let turns = conversation.turns();
        let any = |broken: fn(&super::conversation::Turn<'_>) -> bool| Some(turns.iter().any(broken));
        let finding = writing.map(|writing| self.words.finding(turns, code, &writing.rules));
        let begin = |list: fn(&Writing) -> &Option<Beginnings>, intended_only: bool| {
            list(writing?).as_ref().map(|beginnings| beginnings.begin(turns, intended_only))
        };
        let findings = [
            (
                INTENDED_MISSING,
                asked.as_ref().map(|_| turns.iter().any(|turn| turn.is_aac_user && turn.intended.is_none())),
            ),
            (DESCRIPTION, begin(|writing| &writing.descriptions, true)),
            (STAGE_DIRECTION, any(text::has_stage_direction)),
            (ROLE_LABEL, any(text::has_role_label)),
            (WRONG_LANGUAGE, finding.map(|finding| finding == Finding::Wrong)),
            (UNSURE_LANGUAGE, finding.map(|finding| finding == Finding::Unsure)),
            (REFUSAL_TEXT, begin(|writing| &writing.refusals, false)),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::Assets;

    const PLAN: &str =
        r#"{"seed":1,"person":{"call":"Margaret"},"partner":{"call":"Colin"},"style":{"id":"s","form":"telegraphic"}}"#;

    fn conversation(turns: &[(&str, &str, Option<&str>)]) -> String {
        let turns: Vec<_> = turns
            .iter()
            .enumerate()
            .map(|(number, (speaker, utterance, intended))| {
                serde_json::json!({"speaker": speaker, "utterance": utterance, "utterance_intended": intended,
                    "is_aac_user": number % 2 == 1})
            })
            .collect();
        serde_json::json!({ "conversation": turns }).to_string()
    }

    fn judged(code: &str, rules: &Rules, plan: Option<&str>, turns: &[(&str, &str, Option<&str>)]) -> Judgement {
        let languages = Languages::new(Assets::embedded());
        let judge = Judge::new(&languages, rules, &[code.to_owned()]).unwrap();
        let text = conversation(turns);
        judge.judge(&Conversation::read(&text).unwrap(), plan, 0, code)
    }

    fn flags(turns: &[(&str, &str, Option<&str>)]) -> Vec<&'static str> {
        judged("en-GB", &Rules::new(), Some(PLAN), turns).flags
    }

    #[test]
    fn a_good_conversation_is_flagged_by_no_rule() {
        let turns = [
            ("Colin", "Do you want me to put the kettle on before the match?", None),
            ("Margaret", "yes 2 sugars", Some("Yes, and put two sugars in it this time.")),
        ];
        assert_eq!(flags(&turns), [""; 0]);
    }

    #[test]
    fn each_rule_finds_what_it_is_about() {
        let partner = ("Colin", "Do you want me to put the kettle on before the match?", None);
        let cases = [
            (("Margaret", "yes 2 sugars", None), vec![INTENDED_MISSING]),
            (("Margaret", "*smiles* yes 2 sugars", Some("Yes, and put two sugars in it.")), vec![STAGE_DIRECTION]),
            (("Margaret", "Margaret: yes sugars", Some("Yes, and put two sugars in it.")), vec![ROLE_LABEL]),
            (("Margaret", "yes and two of the sugars", Some("Yes, and two of the sugars!")), vec![STYLE]),
        ];
        for (turn, expected) in cases {
            assert_eq!(flags(&[partner, turn]), expected, "{turn:?}");
        }
        let others = [("Bob", partner.1, None), ("Anna", "yes 2 sugars", Some("Yes, and put two sugars in it."))];
        assert_eq!(flags(&others), [PEOPLE]);
    }

    #[test]
    fn without_a_plan_what_depends_on_it_is_not_applied() {
        let turns = [("A", "Do you want the tea or not?", None), ("B", "no", None)];
        let found = judged("en-GB", &Rules::new(), None, &turns);
        assert_eq!(found.flags, [""; 0]);
        for rule in [INTENDED_MISSING, STYLE, PEOPLE] {
            assert!(found.not_applied.contains(&rule), "{rule}");
        }
    }

    #[test]
    fn another_language_or_script_is_no_record() {
        let english =
            "Do you want me to put the kettle on before the match? I was going to make some of the tea for you.";
        let french = "Est-ce que tu veux que je mette la bouilloire avant le match ? Je vais faire du thé pour toi dans la cuisine.";
        let arabic = "تبي أسوي لك شاي قبل المباراة ولا بعدها؟ أنا في المطبخ الحين";
        let russian = "Хочешь, я поставлю чайник перед матчем? Я как раз иду на кухню.";
        let chinese = "你想在比赛之前喝茶吗我现在就去厨房给你泡一杯茶";
        let cases = [
            ("en-GB", english, Finding::Sure),
            ("fr-FR", french, Finding::Sure),
            ("ar-SA", arabic, Finding::Sure),
            ("fr-FR", english, Finding::Wrong),
            ("en-GB", french, Finding::Wrong),
            ("ar-SA", english, Finding::Wrong),
            ("en-GB", russian, Finding::Wrong),
            ("ja-JP", chinese, Finding::Wrong),
        ];
        for (code, text, finding) in cases {
            let found = judged(code, &Rules::new(), None, &[("A", text, None), ("B", text, Some(text))]);
            assert_eq!(found.rejected.is_some(), finding == Finding::Wrong, "{code}: {text}: {found:?}");
            assert_eq!(found.flags.contains(&UNSURE_LANGUAGE), finding == Finding::Unsure, "{code}: {text}");
        }
    }

    #[test]
    fn descriptions_and_refusals_are_known_by_the_words_of_the_pack() {
        let partner = ("Colin", "Do you want me to put the kettle on before the match?", None);
        let described = ("Margaret", "yes 2 sugars", Some("Expressing a wish for two sugars in the tea"));
        assert_eq!(flags(&[partner, described]), [DESCRIPTION]);
        let refused = ("Margaret", "I’m sorry, but I can’t assist with that.", Some("I am not going to do it."));
        assert_eq!(judged("en-GB", &Rules::new(), Some(PLAN), &[partner, refused]).rejected, Some(REFUSAL_TEXT));
    }

    #[test]
    fn a_rule_that_there_is_not_is_an_error() {
        let rules = Rules::from([("spelling".to_owned(), Severity::Flag)]);
        let error = Judge::new(&Languages::new(Assets::embedded()), &rules, &[]).unwrap_err();
        assert!(error.to_string().contains("rules.spelling: there is no such rule"), "{error}");
    }

    #[test]
    fn the_recipe_says_how_severe_a_rule_is() {
        let turns = [("A", "*nods* Do you want the tea or not?", None), ("B", "no", Some("No, I do not want it."))];
        let with = |severity| judged("en-GB", &Rules::from([(STAGE_DIRECTION.to_owned(), severity)]), None, &turns);
        assert_eq!(with(Severity::Reject).rejected, Some(STAGE_DIRECTION));
        assert_eq!(with(Severity::Flag).flags, [STAGE_DIRECTION]);
        assert_eq!(
            with(Severity::Off),
            Judgement { not_applied: with(Severity::Off).not_applied, ..Judgement::default() }
        );
    }
}
