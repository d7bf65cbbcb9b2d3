//! Topics from knowledge files: named people, whole words, each event once a round, the other slots as they were.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

const TSV: &str = "PersonX accuses PersonY of cheating\toEffect\tto be told off\n\
                   PersonX eats ___\txWant\tto have some more\n\
                   PersonX buys a new phone\txNeed\tto save up\n\
                   \n\
                   PersonX buys a new phone\txReact\tnone\n";

fn aacorn(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aacorn")).args(args).current_dir(folder).output().unwrap()
}

fn generate(folder: &Path, knowledge: &str, more: &[&str]) -> Output {
    let args = ["generate", "--lang", "en-GB", "--knowledge", knowledge];
    aacorn(folder, &[&args[..], more].concat())
}

/// The metadata lines that a run left.
fn planned(folder: &Path) -> Vec<Value> {
    let found: Vec<PathBuf> = fs::read_dir(folder.join("batch_files/en-GB"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with("_metadata.jsonl"))
        .collect();
    assert_eq!(found.len(), 1);
    fs::read_to_string(&found[0]).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn user(line: &Value) -> &str {
    line["body"]["messages"][1]["content"].as_str().unwrap()
}

fn written(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("k"), text).unwrap();
    folder
}

#[test]
fn events_take_the_place_of_scenarios_and_name_the_two() {
    let folder = written(TSV);
    let done = generate(folder.path(), "k", &["--num", "6"]);
    assert!(done.status.success(), "{done:?}");
    let said = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(said.contains("knowledge: 4 entries read = 3 used + 0 filtered + 1 without a tail"), "{said}");
    let lines = planned(folder.path());
    let mut used = BTreeMap::<u64, u32>::new();
    for line in &lines {
        let (prompt, plan) = (user(line), &line["metadata"]["plan"]);
        assert!(plan.get("scenario").is_none());
        let (knowledge, aac) = (&plan["knowledge"], plan["person"]["call"].as_str().unwrap());
        let partner = plan["partner"]["call"].as_str().unwrap();
        let text = knowledge["text"].as_str().unwrap();
        assert!(prompt.contains(&format!("Scenario: {text}\n")), "{prompt}");
        assert!(!prompt.contains("PersonX") && !prompt.contains("PersonY"), "{prompt}");
        assert!(!prompt.contains("__") && !prompt.contains(['{', '}']), "{prompt}");
        match knowledge["relation"].as_str().unwrap() {
            "oEffect" => {
                let named = |x: &str, y: &str| {
                    text.contains(&format!("“{x} accuses {y} of cheating”. What happens to {y} then: “to be told off”"))
                };
                assert!(named(aac, partner) || named(partner, aac), "{text}");
            }
            "xWant" => assert!(text.contains("have some more") && text.contains(aac) && text.contains(partner)),
            relation => assert_eq!(relation, "xNeed"),
        }
        *used.entry(knowledge["entry"].as_u64().unwrap()).or_default() += 1;
    }
    assert_eq!(used, BTreeMap::from([(1, 2), (2, 2), (3, 2)]), "each event once in each round");
}

#[test]
fn a_share_mixes_them_with_scenarios() {
    let folder = written(TSV);
    assert!(generate(folder.path(), "k", &["--num", "20", "--knowledge-share", "0.3"]).status.success());
    let events =
        planned(folder.path()).iter().filter(|line| line["metadata"]["plan"].get("knowledge").is_some()).count();
    assert_eq!(events, 6);
}

#[test]
fn the_three_forms_of_a_file_give_the_same_prompts() {
    let entries = || {
        TSV.lines().filter(|line| !line.is_empty()).map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            (columns[0], columns[1], columns[2])
        })
    };
    let lines: String = entries()
        .map(|(head, relation, tail)| json!({"head": head, "relation": relation, "tail": tail}).to_string() + "\n")
        .collect();
    let array: Vec<Value> = entries()
        .map(|(topic, relation, which)| json!({"topic": topic, "relation": relation, "which": which, "aac_user_role": "person with ALS", "partner": "Taylor"}))
        .collect();
    let array = serde_json::to_string_pretty(&array).unwrap();
    let prompts: BTreeSet<Vec<String>> = [TSV, &lines, &array]
        .map(|text| {
            let folder = written(text);
            let done = generate(folder.path(), "k", &["--num", "9"]);
            assert!(done.status.success(), "{done:?}");
            planned(folder.path()).iter().map(|line| user(line).to_owned()).collect()
        })
        .into();
    assert_eq!(prompts.len(), 1);
}

#[test]
fn the_filter_takes_whole_words_and_relations() {
    for (filter, left) in [("eat", 0), ("eats", 1), ("phone,xNeed", 1), ("phone,xWant", 0), ("!cheating", 2)] {
        let folder = written(TSV);
        let done = generate(folder.path(), "k", &["--num", "4", "--knowledge-filter", filter]);
        let entries: BTreeSet<u64> = match done.status.code() {
            Some(0) => planned(folder.path())
                .iter()
                .map(|line| line["metadata"]["plan"]["knowledge"]["entry"].as_u64().unwrap())
                .collect(),
            code => {
                assert_eq!(code, Some(2), "{done:?}");
                assert!(!folder.path().join("batch_files").exists());
                BTreeSet::new()
            }
        };
        assert_eq!(entries.len(), left, "{filter}");
    }
}

#[test]
fn a_wrong_line_is_named_before_anything_is_written() {
    for (text, told) in [
        ("a\txWant\tb\nPersonX sleeps\n", "k:2: give head, relation and tail"),
        ("PersonX sleeps\txwish\tb\n", "k:1: there is no relation `xwish`; there are AtLocation,"),
        ("[{\"topic\": \"a\", \"relation\": \"xWant\"}]", "k:1: missing field `tail`"),
        ("{\"head\": \"\", \"relation\": \"xWant\", \"tail\": \"b\"}", "k:1: the head (topic) is empty"),
    ] {
        let folder = written(text);
        let done = generate(folder.path(), "k", &["--num", "2"]);
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!done.status.success() && said.contains(told), "{said}");
        assert!(!folder.path().join("batch_files").exists());
    }
}

#[test]
fn the_offline_engine_answers_prompts_with_events() {
    let folder = written(TSV);
    let args = ["run", "--lang", "en-GB", "--num", "6", "--knowledge", "k", "--knowledge-share", "0.5", "--json"];
    let done = aacorn(folder.path(), &args);
    assert!(done.status.success(), "{done:?}");
    let records = fs::read_to_string(folder.path().join("output/en-GB/en-GB_all_conversations.jsonl")).unwrap();
    let scenes = records.lines().filter(|line| line.contains("source material")).count();
    assert_eq!((records.lines().count(), scenes), (6, 3));
}
