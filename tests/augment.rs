//! Augmentation over real files: what is added, what stays, what is refused, and that nothing but names decides the noise.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use aacorn::assets::Assets;
use aacorn::augment::{Input, Options, Report, Step, augment, replay, targets};
use aacorn::language::Languages;
use aacorn::model::{Locale, Reason};
use aacorn::progress::Silent;
use aacorn::{Error, Result};
use serde_json::Value;
use unicode_segmentation::UnicodeSegmentation;

#[path = "support/distance.rs"]
mod distance;
use distance::distance;

const LAYOUTS: [&str; 3] = ["qwerty", "abc", "frequency"];
const SEVERITIES: [&str; 4] = ["minimal", "light", "moderate", "severe"];

fn languages() -> Languages {
    Languages::new(Assets::embedded())
}

fn locale(code: &str) -> Locale {
    Locale::parse(code).unwrap()
}

fn run_file(path: &Path, code: Option<&str>, jobs: usize, edits: bool) -> Result<Report> {
    let input = Input::File { path: path.to_owned(), locale: code.map(locale), output: None };
    augment(&Options { input, seed: 1, jobs, edits, profiles: vec![], dictionaries: None }, &languages(), &Silent)
}

fn record(id: &str, code: &str, turns: &[(&str, &str)]) -> String {
    let turns: Vec<String> = turns
        .iter()
        .map(|(typed, intended)| {
            format!(
                r#"{{"speaker": "Jo", "utterance": "Right?", "is_aac_user": false}}, {{"speaker":"Ann","is_aac_user":true,"utterance":{},"utterance_intended":{}}}"#,
                Value::from(*typed),
                Value::from(*intended)
            )
        })
        .collect();
    format!(
        r#"{{"scene":"a \u006bitchen","conversation": [{}],"custom_id":"{id}","n":1.50,"metadata":{{"lang_code":"{code}"}}}}"#,
        turns.join(",")
    )
}

const ENGLISH: [(&str, &str); 6] = [
    ("need tea please", "I need the tea, please."),
    ("ok", "OK."),
    ("dont know if im going, ask Sarah at 5:30", "I don't know if I'm going, ask Sarah at 5:30."),
    ("fine 👍🏽 see www.example.org \"now\" re\u{301}sume\u{301}", "Fine."),
    ("a", "A."),
    ("I think we should invite Mary round for a biscuit at the weekend because she did it last time for us all", "…"),
];

const ARABIC: [(&str, &str); 3] =
    [("وين محمد", "وين محمد؟"), ("لا شكرًا", "لا، شكرًا."), ("أظن لازم نعزم سارة عندنا نهاية الأسبوع", "أظن.")];

fn corpus(folder: &Path, code: &str, records: usize) -> PathBuf {
    let path = folder.join(code).join(format!("{code}_all_conversations.jsonl"));
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let turns: &[_] = if code.starts_with("ar") { &ARABIC } else { &ENGLISH };
    let lines: Vec<String> = (0..records).map(|at| record(&format!("{code}-1-{at}"), code, turns)).collect();
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    path
}

fn augmented(path: &Path) -> Vec<Value> {
    let name = path.file_name().unwrap().to_str().unwrap();
    let text = fs::read_to_string(path.with_file_name(format!("augmented_{name}"))).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn aac_turns(records: &[Value]) -> Vec<&Value> {
    let turns = records.iter().flat_map(|record| record["conversation"].as_array().unwrap());
    turns.filter(|turn| turn["is_aac_user"] == true).collect()
}

#[test]
fn a_turn_gains_the_fourteen_keys_in_order_and_all_else_stays_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = corpus(folder.path(), "en-GB", 3);
    run_file(&path, Some("en-GB"), 1, false).unwrap();
    let records = augmented(&path);
    let turn = aac_turns(&records)[0].as_object().unwrap();
    let mut expected: Vec<String> =
        ["speaker", "is_aac_user", "utterance", "utterance_intended"].map(str::to_owned).to_vec();
    for severity in SEVERITIES {
        expected.extend(LAYOUTS.map(|layout| format!("noisy_{layout}_{severity}")));
    }
    expected.extend(["minimally_corrected", "fully_corrected", "noise"].map(str::to_owned));
    assert_eq!(turn.keys().cloned().collect::<Vec<_>>(), expected);

    let text = fs::read_to_string(path.with_file_name("augmented_en-GB_all_conversations.jsonl")).unwrap();
    let mut rest = String::new();
    let mut at = 0;
    while let Some(start) = text[at..].find(",\"noisy_qwerty_minimal\"") {
        rest += &text[at..at + start];
        let from = at + start;
        at = from + text[from..].find("]}}").unwrap() + 2;
    }
    rest += &text[at..];
    let provenance = ",\"augmentation\":{";
    let lines: Vec<String> = rest
        .lines()
        .map(|line| {
            let start = line.find(provenance).unwrap();
            format!("{}{}", &line[..start], &line[start + line[start..].find("\"}").unwrap() + 2..])
        })
        .collect();
    assert_eq!(lines.join("\n") + "\n", fs::read_to_string(&path).unwrap());
}

#[test]
fn every_variant_is_exactly_as_far_as_asked_and_its_log_replays() {
    let folder = tempfile::tempdir().unwrap();
    for code in ["en-GB", "ar-SA"] {
        let path = corpus(folder.path(), code, 40);
        let report = run_file(&path, None, 2, true).unwrap();
        assert_eq!(report.files[0].short, 0);
        for turn in aac_turns(&augmented(&path)) {
            let source = turn["utterance"].as_str().unwrap();
            let asked = targets(source.graphemes(true).count());
            for layout in LAYOUTS {
                let mut milder = BTreeSet::new();
                for (severity, asked) in SEVERITIES.iter().zip(asked) {
                    let name = format!("noisy_{layout}_{severity}");
                    let text = turn[&name].as_str().unwrap();
                    assert_eq!(distance(source, text), asked as usize, "{source:?} {name} {text:?}");
                    let log = &turn["noise_edits"][&name];
                    let steps: Vec<Step> = serde_json::from_value(log.clone()).unwrap();
                    assert_eq!(replay(source, &steps).as_deref(), Some(text));
                    let edits: BTreeSet<String> = log
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|edit| format!("{} {} {}", edit["src_start"], edit["src_end"], edit["tgt"]))
                        .collect();
                    assert!(milder.is_subset(&edits), "{name} of {source:?} is not nested");
                    milder = edits;
                }
            }
            assert!(
                !source.contains("www") || turn["noisy_abc_severe"].as_str().unwrap().contains("www.example.org"),
                "an address is broken"
            );
        }
    }
}

#[test]
fn threads_order_and_neighbours_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = corpus(folder.path(), "en-GB", 400);
    let output = path.with_file_name("augmented_en-GB_all_conversations.jsonl");
    let mut outputs = Vec::new();
    for jobs in [1, 2, 8] {
        run_file(&path, None, jobs, false).unwrap();
        outputs.push(fs::read_to_string(&output).unwrap());
    }
    assert!(outputs.iter().all(|text| *text == outputs[0]));
    let mut lines: Vec<&str> = outputs[0].lines().collect();
    let text = fs::read_to_string(&path).unwrap();
    let some: Vec<&str> = text.lines().rev().step_by(7).collect();
    fs::write(&path, some.join("\n")).unwrap();
    run_file(&path, None, 2, false).unwrap();
    let again = fs::read_to_string(&output).unwrap();
    lines.reverse();
    assert!(again.lines().eq(lines.into_iter().step_by(7)));
}

#[test]
fn in_every_locale_only_names_decide_the_noise() {
    let languages = languages();
    let mut records = Vec::new();
    for locale in languages.keyboard_locales() {
        let rules = languages.text_rules(&locale).unwrap();
        let words = &rules.function_words;
        for at in 0..9 {
            let sentence: Vec<&str> = (0..6).map(|word| words[(at * 5 + word * 7) % words.len()].as_str()).collect();
            let text = sentence.join(&rules.word_separator);
            records.push(record(&format!("{locale}-1-{at}"), locale.as_str(), &[(&text, &text)]));
        }
    }
    assert!(records.len() >= 39 * 9);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mixed.jsonl");
    let noisy = |records: &[&String], jobs: usize| -> BTreeSet<String> {
        let lines: Vec<&str> = records.iter().map(|record| record.as_str()).collect();
        fs::write(&path, lines.join("\n")).unwrap();
        assert!(run_file(&path, None, jobs, true).unwrap().complete());
        let text = fs::read_to_string(path.with_file_name("augmented_mixed.jsonl")).unwrap();
        text.lines().map(str::to_owned).collect()
    };
    let all: Vec<&String> = records.iter().collect();
    let whole = noisy(&all, 1);
    assert_eq!(whole.len(), records.len());
    assert!(noisy(&all, 2) == whole && noisy(&all, 8) == whole, "the number of threads decides");
    let shuffled: Vec<&String> = (0..all.len()).map(|at| all[at * 100 % all.len()]).collect();
    assert!(shuffled.iter().collect::<BTreeSet<_>>().len() == all.len());
    assert!(noisy(&shuffled, 2) == whole, "the order decides");
    let shards = (0..7).flat_map(|shard| noisy(&all.iter().copied().skip(shard).step_by(7).collect::<Vec<_>>(), 1));
    assert!(shards.collect::<BTreeSet<_>>() == whole, "the neighbours decide");
}

#[test]
fn a_record_without_an_id_is_keyed_by_what_it_says_not_by_where_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.jsonl");
    let one = record("x", "en-GB", &ENGLISH[..2]).replace(r#""custom_id":"x","#, "");
    let two = record("x", "en-GB", &ENGLISH[2..4]).replace(r#""custom_id":"x","#, "");
    fs::write(&path, format!("{one}\n{two}\n")).unwrap();
    run_file(&path, None, 1, false).unwrap();
    let first = augmented(&path);
    fs::write(&path, format!("\n\n{two}\n{one}")).unwrap();
    run_file(&path, None, 1, false).unwrap();
    let second = augmented(&path);
    assert_eq!([&first[0], &first[1]], [&second[1], &second[0]]);
    assert!(first[0].get("custom_id").is_none());
}

#[test]
fn augmenting_again_replaces_what_was_added() {
    let folder = tempfile::tempdir().unwrap();
    let path = corpus(folder.path(), "en-GB", 2);
    run_file(&path, None, 1, false).unwrap();
    let once = path.with_file_name("augmented_en-GB_all_conversations.jsonl");
    run_file(&once, None, 1, false).unwrap();
    let twice = path.with_file_name("augmented_augmented_en-GB_all_conversations.jsonl");
    assert_eq!(fs::read(once).unwrap(), fs::read(twice).unwrap());
}

#[test]
fn bad_lines_are_rejected_with_their_numbers_and_cost_only_themselves() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("en-GB_all_conversations.jsonl");
    let good = record("a", "en-GB", &ENGLISH);
    let bad = [
        "{\"conversation\": [",
        "[1]",
        r#"{"error":"Empty choices array"}"#,
        r#"{"conversation":null}"#,
        r#"{"conversation":[{"speaker":"A","is_aac_user":true}]}"#,
        r#"{"conversation":[{"speaker":"A","is_aac_user":true,"utterance":null}]}"#,
        r#"{"conversation":[{"speaker":"A","utterance":"hi"}]}"#,
        r#"{"conversation":[{"speaker":"A","is_aac_user":true,"utterance":"  "}]}"#,
        r#"{"conversation":[{"speaker":"A","is_aac_user":true,"utterance":"\ud83d"}]}"#,
        "{\"conversation\":[],\"n\":NaN}",
    ];
    let lines: Vec<&str> = bad.iter().copied().chain([good.as_str()]).collect();
    fs::write(&path, lines.join("\n\n")).unwrap();
    let report = run_file(&path, Some("en-GB"), 2, false).unwrap();
    let file = &report.files[0];
    assert!(file.tally.balances() && !report.complete());
    assert_eq!((file.tally.planned, file.tally.accepted), (11, 1));
    assert_eq!(file.tally.rejected[&Reason::Unparseable], 2);
    assert_eq!(file.tally.rejected[&Reason::Invalid], 8);
    let rejects = folder.path().join("en-GB_augment_rejects.jsonl");
    let rejected: Vec<Value> =
        fs::read_to_string(&rejects).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (at, reject) in rejected.iter().enumerate() {
        assert_eq!(reject["line"], 2 * at + 1);
        assert_eq!(reject["raw"], bad[at]);
    }
    fs::write(&path, good).unwrap();
    assert!(run_file(&path, Some("en-GB"), 1, false).unwrap().complete());
    assert!(!rejects.exists(), "a stale reject file stays");
}

#[test]
fn files_of_the_python_reference_go_through() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aac_conversations_en-GB.jsonl");
    let line = r#"{"conversation": [{"speaker": "Sarah", "utterance": "need tea", "is_aac_user": "true"}, {"speaker": "Bob", "utterance": "ok", "is_aac_user": "False"}], "scene": "x", "metadata": {"lang_code": "en-GB", "generated_at": "2026-01-01", "provider": "openai", "model": "gpt-4o-mini"}}"#;
    fs::write(&path, line).unwrap();
    assert!(run_file(&path, None, 1, false).unwrap().complete());
    let records = augmented(&path);
    let turn = &records[0]["conversation"][0];
    assert_eq!(
        (turn["minimally_corrected"].as_str(), turn["fully_corrected"].as_str()),
        (Some("Need tea."), Some("Need tea."))
    );
    assert!(records[0]["conversation"][1].get("noisy_abc_light").is_none());
}

#[test]
fn the_output_is_never_the_input() {
    let folder = tempfile::tempdir().unwrap();
    let path = corpus(folder.path(), "en-GB", 1);
    let before = fs::read(&path).unwrap();
    let input = Input::File { path: path.clone(), locale: None, output: Some(path.clone()) };
    let error = augment(
        &Options { input, seed: 1, jobs: 1, edits: false, profiles: vec![], dictionaries: None },
        &languages(),
        &Silent,
    )
    .unwrap_err();
    assert!(matches!(error, Error::Usage(_)));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn a_folder_is_searched_for_what_process_wrote() {
    let folder = tempfile::tempdir().unwrap();
    corpus(folder.path(), "en-GB", 2);
    corpus(folder.path(), "ar-SA", 2);
    fs::write(folder.path().join("en-GB/process_report.json"), "{}").unwrap();
    let run = |locales: Vec<Locale>| {
        let input = Input::Folder { path: folder.path().to_owned(), locales };
        augment(
            &Options { input, seed: 1, jobs: 1, edits: false, profiles: vec![], dictionaries: None },
            &languages(),
            &Silent,
        )
    };
    assert_eq!(run(vec![]).unwrap().files.len(), 2);
    assert_eq!(run(vec![]).unwrap().files.len(), 2, "its own output was taken for input");
    assert_eq!(run(vec![locale("ar-SA")]).unwrap().files.len(), 1);
    assert!(matches!(run(vec![locale("fr-FR")]), Err(Error::Missing { .. })));
}

#[cfg(feature = "cli")]
mod cli {
    use assert_cmd::Command;

    use super::*;

    fn aacorn(folder: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aacorn"));
        command.current_dir(folder);
        command
    }

    #[test]
    fn both_forms_of_the_guide_work() {
        let folder = tempfile::tempdir().unwrap();
        let path = corpus(&folder.path().join("output"), "en-GB", 2);
        let output = path.with_file_name("augmented_en-GB_all_conversations.jsonl");
        let input = "output/en-GB/en-GB_all_conversations.jsonl";
        aacorn(folder.path()).args(["augment", "--input", input, "--lang", "en-GB"]).assert().success();
        let by_file = fs::read(&output).unwrap();
        fs::remove_file(&output).unwrap();
        let run = aacorn(folder.path()).args(["augment", "--lang", "all", "--dir", "output"]).assert().success();
        assert_eq!(fs::read(&output).unwrap(), by_file);
        let said = String::from_utf8(run.get_output().stdout.clone()).unwrap();
        assert!(
            said.starts_with("en-GB    planned 2 = accepted 2 + rejected 0 + missing 0; 12 AAC turns, 144 variants")
        );
    }

    #[test]
    fn exit_codes_tell_what_happened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.jsonl");
        fs::write(&path, "{}\n").unwrap();
        aacorn(folder.path()).args(["augment", "--input", "none.jsonl", "--lang", "en-GB"]).assert().code(1);
        aacorn(folder.path()).args(["augment", "--input", "x.jsonl", "--lang", "en-XX"]).assert().code(2);
        aacorn(folder.path()).args(["augment", "--input", "x.jsonl", "--output", "x.jsonl"]).assert().code(2);
        aacorn(folder.path()).args(["augment", "--input", "x.jsonl", "--lang", "en-GB"]).assert().code(3);
        assert!(folder.path().join("en-GB_augment_rejects.jsonl").exists());
    }

    #[test]
    fn threads_are_counted_as_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        corpus(folder.path(), "en-GB", 2);
        for threads in [["--jobs", "0"], ["-j", "2"]] {
            let output = aacorn(folder.path()).args(["augment", "--dir", "."]).args(threads).output().unwrap();
            assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }

    #[test]
    fn an_explanation_in_several_locales_says_which_is_which() {
        let folder = tempfile::tempdir().unwrap();
        let explain = |more: &[&str]| {
            let args = ["augment", "--explain", "hello there", "--lang", "en-GB", "fr-FR"];
            let output = aacorn(folder.path()).args(args).args(more).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let entries: Vec<Value> = serde_json::from_str(&explain(&["--json"])).unwrap();
        let locales: Vec<_> = entries.iter().map(|entry| entry["locale"].as_str().unwrap()).collect();
        assert_eq!(locales, ["en-GB", "fr-FR"]);
        assert_eq!(entries[1]["utterance"], "hello there");
        let shown = explain(&[]);
        assert!(shown.starts_with("en-GB\n") && shown.contains("\nfr-FR\n"), "{shown}");
    }
}
