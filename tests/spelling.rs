//! Spelling by a dictionary: what is set right, what is left alone, and that the record says which dictionary it was.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

use std::fs;
use std::path::Path;

use aacorn::assets::Assets;
use aacorn::augment::{Correction, Input, Options, augment, augmenter_of};
use aacorn::language::Languages;
use aacorn::model::Locale;
use aacorn::progress::Silent;
use aacorn::{Error, Result};
use serde_json::{Value, json};

const WORDS: &str = "water please need glass glasses doctor today bring heat hear hero form from the Sarah nkecho thinking because light";

fn english(folder: &Path) {
    fs::write(folder.join("en_GB.aff"), "SET UTF-8\nSFX S Y 1\nSFX S 0 s .\n").unwrap();
    let words: Vec<String> = WORDS.split(' ').map(|word| format!("{word}/S")).collect();
    fs::write(folder.join("en_GB.dic"), format!("{}\n{}\n", words.len(), words.join("\n"))).unwrap();
}

fn corrected(folder: &Path, code: &str, typed: &str, names: &[&str]) -> Result<String> {
    let locale = Locale::parse(code).unwrap();
    let (augmenter, _) = augmenter_of(&locale, &Languages::new(Assets::embedded()), &[], Some(folder), 1)?;
    let mut room = Correction::default();
    room.set_names(names.iter().copied());
    Ok(augmenter.correct(typed, &mut room).to_owned())
}

#[test]
fn an_unknown_word_becomes_the_one_the_device_most_likely_meant() {
    let folder = tempfile::tempdir().unwrap();
    english(folder.path());
    let cases = [
        ("i need wster", "I need water."),           // a neighbouring key
        ("i need watr", "I need water."),            // a press that did not register
        ("need watter", "Need water."),              // a bounce
        ("bring watre today", "Bring water today."), // two presses out of order
        ("bring glassrs", "Bring glasses."),         // by a rule of the dictionary
        ("hte doctor", "The doctor."),
        ("ask sarah", "Ask Sarah."), // known with a capital only
        ("\"watrr\", please", "\"Water\", please."),
    ];
    for (typed, expected) in cases {
        assert_eq!(corrected(folder.path(), "en-GB", typed, &[]).unwrap(), expected);
    }
}

#[test]
fn what_is_known_unclear_or_no_plain_word_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    english(folder.path());
    let cases = [
        ("form the light", "Form the light."), // known, though `from` is near
        ("i can hea", "I can hea."),           // heat or hear
        ("thx zzzzq", "Thx zzzzq."),           // nothing is near
        ("Watr at 5pmm", "Watr at 5pmm."),     // a capital; a number
        ("see watr.org", "See watr.org."),     // an address
        ("dont", "Don't."),                    // the rules of the language know it
        ("wa ok", "Wa ok."),                   // too short
    ];
    for (typed, expected) in cases {
        assert_eq!(corrected(folder.path(), "en-GB", typed, &[]).unwrap(), expected);
    }
    assert_eq!(corrected(folder.path(), "en-GB", "ask nkechi", &["Nkechi Eze"]).unwrap(), "Ask nkechi.");
    assert_eq!(corrected(folder.path(), "en-GB", "ask nkechi", &["Ann"]).unwrap(), "Ask nkecho.");
}

#[test]
fn dictionaries_are_read_in_their_own_encoding_and_fall_back_to_the_language() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("fr.aff"), "SET ISO8859-1\n").unwrap();
    fs::write(folder.path().join("fr.dic"), b"2\nfen\xEAtre\nlune\n").unwrap();
    assert_eq!(corrected(folder.path(), "fr-FR", "la fenetre", &[]).unwrap(), "La fenêtre.");
    fs::write(folder.path().join("fr_FR.aff"), "SET UTF-8\n").unwrap();
    fs::write(folder.path().join("fr_FR.dic"), b"1\nfen\xEAtre\n").unwrap();
    let error = corrected(folder.path(), "fr-FR", "la fenetre", &[]).unwrap_err();
    assert!(matches!(&error, Error::Data { file, .. } if file.ends_with("fr_FR.dic")), "{error}");
    fs::write(folder.path().join("fr_FR.aff"), "SET KLINGON\n").unwrap();
    let error = corrected(folder.path(), "fr-FR", "la fenetre", &[]).unwrap_err();
    assert!(error.to_string().contains("klingon"), "{error}");
    fs::write(folder.path().join("fr_FR.aff"), "SET UTF-8\nSFX A Y many\n").unwrap();
    fs::write(folder.path().join("fr_FR.dic"), "1\nun\n").unwrap();
    assert!(matches!(corrected(folder.path(), "fr-FR", "la", &[]), Err(Error::Data { .. })));
}

#[test]
fn korean_is_spelled_through_its_jamo() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ko.aff"), "SET UTF-8\n").unwrap();
    fs::write(folder.path().join("ko.dic"), "2\n주세요\n텔레비전\n").unwrap();
    assert_eq!(corrected(folder.path(), "ko-KR", "물 좀 주새요", &[]).unwrap(), "물 좀 주세요.");
}

fn run(folder: &Path, dictionaries: &Path, code: &str) -> Result<Value> {
    let path = folder.join("lines.jsonl");
    let turn = json!({"speaker": "Ann", "is_aac_user": true, "utterance": "need watr", "utterance_intended": "I need some watr"});
    let record = json!({"conversation": [turn], "metadata": {"lang_code": code}});
    fs::write(&path, format!("{record}\n")).unwrap();
    let input = Input::File { path: path.clone(), locale: Locale::parse(code), output: None };
    let dictionaries = Some(dictionaries.to_owned());
    let options = Options { input, seed: 1, jobs: 1, edits: false, profiles: vec![], dictionaries };
    augment(&options, &Languages::new(Assets::embedded()), &Silent)?;
    Ok(serde_json::from_str(&fs::read_to_string(path.with_file_name("augmented_lines.jsonl")).unwrap()).unwrap())
}

#[test]
fn a_record_says_which_dictionary_spelled_it() {
    let folder = tempfile::tempdir().unwrap();
    english(folder.path());
    let record = run(folder.path(), folder.path(), "en-GB").unwrap();
    let turn = &record["conversation"][0];
    assert_eq!(turn["minimally_corrected"], "Need water.");
    assert_eq!(turn["fully_corrected"], "I need some water.");
    let digest = |name: &str| aacorn::files::sha256(&folder.path().join(name)).unwrap().0;
    let expected = json!({"name": "en_GB", "aff_sha256": digest("en_GB.aff"), "dic_sha256": digest("en_GB.dic")});
    assert_eq!(record["augmentation"]["dictionary"], expected);
    let record = run(folder.path(), folder.path(), "de-DE").unwrap();
    assert!(record["augmentation"].get("dictionary").is_none());
    assert_eq!(record["conversation"][0]["minimally_corrected"], "Need watr.");
}

#[test]
fn a_folder_that_is_not_there_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let error = run(folder.path(), &folder.path().join("none"), "en-GB").unwrap_err();
    assert!(matches!(error, Error::Missing { .. }));
}
