//! The offline engine: conversations that keep to their plan, learnt from the request body alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use aacorn::assets::Assets;
use aacorn::language::{Form, Languages};
use aacorn::recipe::{Planner, Prompter, Recipe, Speaker};
use aacorn::serve::{Composer, EngineRequest, Phrasebook, sample};
use serde_json::{Value, json};

fn answer(engine: &Phrasebook, system: &str, user: &str) -> Value {
    let body = json!({"model": "any", "messages": [
        {"role": "system", "content": system}, {"role": "user", "content": user}]});
    let answer = engine.answer(&EngineRequest { endpoint: "/v1/chat/completions", body: &body }).unwrap();
    serde_json::from_str(&answer.content).unwrap()
}

/// Whether `typed` is the words of `intended` without capitals, and without marks but those inside words and numbers.
fn is_plain(typed: &str, intended: &str) -> bool {
    let words = |text: &str| {
        text.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    let bare =
        |word: &str| word.trim_matches(['.', ',', '?', '!', '…', '¿', '¡', '。', '、', '？', '！', '،', '؟']) == word;
    let lower = typed.chars().all(|char| char.to_lowercase().eq([char]));
    words(typed) == words(intended) && lower && typed.split_whitespace().all(bare)
}

#[test]
fn conversations_keep_to_their_plan_in_every_locale() {
    let assets = Assets::embedded();
    let languages = Arc::new(Languages::new(assets.clone()));
    let recipe = Recipe::load(&assets, "aac").unwrap();
    let engine = Phrasebook::new(Arc::clone(&languages));
    for locale in languages.locales() {
        let pack = languages.pack(&locale).unwrap();
        let prompter = Prompter::new(&assets, &recipe, Arc::clone(&pack), &locale).unwrap();
        let mut planner = Planner::new(Arc::clone(&pack), &locale, &recipe, 5).unwrap();
        let mut prompt = Vec::new();
        let mut distinct = BTreeSet::new();
        for index in 0..200 {
            let item = planner.item(index);
            prompter.user(&item, &mut prompt).unwrap();
            let prompt = std::str::from_utf8(&prompt).unwrap();
            let answer = answer(&engine, prompter.system(), prompt);
            let turns = answer["conversation"].as_array().unwrap();
            let shown = || format!("{locale} {index} {answer:#}");
            assert_eq!(turns.len(), item.turns as usize, "{}", shown());
            assert!(!answer["scene"].as_str().unwrap().contains(['{', '}', '|']), "{}", shown());
            for (nth, turn) in turns.iter().enumerate() {
                let by_aac = (nth % 2 == 0) == (item.opens == Speaker::Aac);
                assert_eq!(turn["is_aac_user"], by_aac, "turns alternate, begun by whom the plan says: {}", shown());
                let name = if by_aac { &item.person.call } else { &item.partner.call };
                assert_eq!(turn["speaker"], **name);
                let (typed, intended) = (turn["utterance"].as_str().unwrap(), turn["utterance_intended"].as_str());
                assert!(!typed.trim().is_empty() && !typed.contains(['{', '}', '|']), "{}", shown());
                assert_eq!(intended.is_some(), by_aac);
                if let Some(intended) = intended {
                    assert!(!intended.trim().is_empty() && !intended.contains(['{', '}', '|']), "{}", shown());
                    match item.style.form {
                        Form::Full => assert_eq!(typed, intended, "{}", shown()),
                        Form::Plain => assert!(is_plain(typed, intended), "{}", shown()),
                        Form::Telegraphic | Form::Abbreviated => assert_ne!(typed, intended, "{}", shown()),
                    }
                }
            }
            distinct.insert(answer["conversation"].to_string());
        }
        assert!(distinct.len() >= 198, "of 200 conversations of {locale}, {} are distinct", distinct.len());
    }
}

#[test]
fn a_prompt_it_does_not_know_gets_a_marked_sample() {
    let engine = Phrasebook::new(Arc::new(Languages::new(Assets::embedded())));
    let body = json!({"messages": [{"role": "user", "content": "Classify this."}], "response_format": {
        "type": "json_schema", "json_schema": {"name": "label", "strict": true, "schema": {
            "type": "object", "required": ["label"], "additionalProperties": false,
            "properties": {"label": {"type": "string"}}}}}});
    let answer = engine.answer(&EngineRequest { endpoint: "/v1/chat/completions", body: &body }).unwrap();
    let answer: Value = serde_json::from_str(&answer.content).unwrap();
    assert_eq!(answer, json!({"label": sample::MARK}));
}
