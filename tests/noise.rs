//! What must hold of every variant in every locale that has keyboards, whatever the utterance.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

use std::collections::BTreeSet;

use aacorn::assets::Assets;
use aacorn::augment::{Augmenter, COLUMNS, Key, SEVERITIES, Step, Workspace, replay};
use aacorn::language::{Keyboards, Languages, TextRules};
use aacorn::model::Locale;
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

#[path = "support/distance.rs"]
mod distance;
use distance::distance;

struct Kit {
    locale: Locale,
    keyboards: Keyboards,
    rules: TextRules,
    augmenter: Augmenter,
}

fn kits() -> Vec<Kit> {
    let languages = Languages::new(Assets::embedded());
    let profiles = aacorn::augment::profiles(&Assets::embedded()).unwrap();
    let kits = languages.keyboard_locales().into_iter().map(|locale| {
        let keyboards = languages.keyboards(&locale).unwrap();
        let rules = languages.text_rules(&locale).unwrap();
        let fitting: Vec<_> =
            profiles.iter().filter(|profile| profile.fits(&locale, &keyboards).is_ok()).cloned().collect();
        let augmenter = Augmenter::new(&locale, &keyboards, &rules, &fitting, 1);
        Kit { locale, keyboards, rules, augmenter }
    });
    kits.collect()
}

/// Utterances made of the locale's own words, with what else people type among them.
fn utterances(kit: &Kit) -> impl Strategy<Value = String> + use<> {
    let mut words = kit.rules.function_words.clone();
    words.extend(kit.rules.question_words.clone());
    words.extend(
        ["5:30", "www.a-b.org", "👍🏽", "👨‍👩‍👧‍👦", "🇬🇧", "Ok,", "，", "。", "re\u{301}sume\u{301}"].map(str::to_owned),
    );
    let mark = prop::sample::select(vec!["", "", ".", "?", "!", "؟", "。", "…"]);
    (prop::collection::vec(prop::sample::select(words), 1..12), any::<bool>(), mark).prop_map(
        |(words, capital, mark)| {
            let text = words.join(" ") + mark;
            if capital { text.to_uppercase() } else { text }
        },
    )
}

fn check(kit: &Kit, utterance: &str, id: &[u8]) -> Result<(), TestCaseError> {
    let mut workspace = Workspace::default();
    let variants = kit.augmenter.variants(utterance, Key { record: id, turn: 3 }, &mut workspace);
    let source: Vec<&str> = utterance.graphemes(true).collect();
    prop_assert_eq!(variants.graphemes(), source.len());
    for column in 0..kit.augmenter.devices().len() {
        let mut milder = BTreeSet::new();
        for severity in 0..SEVERITIES.len() {
            let text = variants.text(column, severity);
            let named = format!("{} {utterance:?} {} {severity}: {text:?}", kit.locale, column);
            prop_assert_eq!(distance(utterance, &text), variants.asked()[severity] as usize, "distance of {}", &named);
            prop_assert_eq!(variants.reached(column)[severity], variants.asked()[severity], "reached {}", &named);
            let log = variants.log(column, severity);
            let steps: Vec<Step> = serde_json::from_value(serde_json::to_value(&log).unwrap()).unwrap();
            let replayed = replay(utterance, &steps);
            prop_assert_eq!(replayed.as_deref(), Some(text.as_str()), "replay of {}", &named);
            let target: Vec<&str> = text.graphemes(true).collect();
            for edit in &log {
                let there = target[edit.tgt_start as usize..edit.tgt_end as usize].concat();
                prop_assert_eq!(&there, &edit.tgt, "place in {}", &named);
            }
            let edits: BTreeSet<String> =
                log.iter().map(|edit| format!("{} {} {}", edit.src_start, edit.src_end, edit.tgt)).collect();
            prop_assert!(milder.is_subset(&edits), "nesting of {}", named);
            milder = edits;
            pure(kit, &source, &target, &named)?;
            if utterance.nfc().eq(utterance.chars()) {
                prop_assert!(text.nfc().eq(text.chars()), "NFC of {}", named);
            }
            prop_assert_eq!(text.trim().len(), text.len(), "ends of {}", named);
        }
    }
    Ok(())
}

/// No letter but those of the source and the alphabet, no underscore for a space, no direction marks.
fn pure(kit: &Kit, source: &[&str], target: &[&str], named: &str) -> Result<(), TestCaseError> {
    for grapheme in target {
        let lower = grapheme.to_lowercase();
        let bare: String = grapheme.chars().take(1).collect();
        let known = source.contains(grapheme)
            || kit.keyboards.alphabet.contains(&lower) && !spells(&kit.rules.script, grapheme)
            || source.iter().any(|own| own.starts_with(&bare))
            || composed(&kit.rules.script).is_some_and(|range| grapheme.chars().all(|char| range.contains(&char)))
            || grapheme.chars().all(|char| char.is_ascii() && !char.is_alphanumeric() && char != '_')
            || grapheme.chars().all(|char| !char.is_alphabetic() && !is_control(char));
        prop_assert!(known, "{:?} in {}", grapheme, named);
    }
    Ok(())
}

/// Whether a letter is only a key of the script's input method.
fn spells(script: &str, letter: &str) -> bool {
    matches!(script, "Hans" | "Jpan") && letter.chars().all(|char| char.is_ascii_alphabetic())
}

/// What the input method of a script composes.
fn composed(script: &str) -> Option<std::ops::RangeInclusive<char>> {
    match script {
        "Hang" | "Kore" => Some('\u{AC00}'..='\u{D7A3}'),
        "Hans" => Some('\u{4E00}'..='\u{9FFF}'),
        "Jpan" => Some('\u{3041}'..='\u{9FFF}'),
        _ => None,
    }
}

fn is_control(char: char) -> bool {
    matches!(char, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[test]
fn variants_are_exact_nested_pure_and_whole_in_every_locale() {
    for kit in kits() {
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(20));
        let run = runner.run(&(utterances(&kit), any::<u64>()), |(text, id)| check(&kit, &text, &id.to_le_bytes()));
        run.unwrap_or_else(|error| panic!("{}: {error}", kit.locale));
    }
}

#[test]
fn any_text_at_all_is_survived() {
    let kits = kits();
    let english = kits.iter().find(|kit| kit.locale.as_str() == "en-GB").unwrap();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(400));
    let text = prop_oneof!["\\PC{1,40}", ".{1,120}", "[a-c ]{1,8}", "[a-z👍\u{301}\u{200D}🇬🇧]{1,30}"];
    let run = runner.run(&text, |text| {
        let mut workspace = Workspace::default();
        let variants = english.augmenter.variants(&text, Key { record: b"x", turn: 0 }, &mut workspace);
        for column in 0..COLUMNS.len() {
            for severity in 0..SEVERITIES.len() {
                let found = distance(&text, &variants.text(column, severity));
                prop_assert_eq!(found, variants.reached(column)[severity] as usize);
                prop_assert!(!variants.text(column, severity).is_empty());
            }
        }
        Ok(())
    });
    run.unwrap();
}
