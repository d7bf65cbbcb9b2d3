//! `aacorn show` and `aacorn convert`: records for reading, and rows from one format to another without loss.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

fn aacorn(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aacorn")).args(args).current_dir(folder).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn record(number: u32, lang: &str, typed: &str) -> Value {
    json!({
        "scene": "In the kitchen.",
        "conversation": [
            {"speaker": "Colin", "is_aac_user": false, "utterance": "How's the tea?"},
            {"speaker": "Margaret", "is_aac_user": true, "utterance": typed, "utterance_intended": "It's too hot.",
             "noisy_qwerty_minimal": format!("{typed}s")},
        ],
        "metadata": {"custom_id": format!("{lang}-1-{number}"), "lang_code": lang, "qc": [], "plan": {"turns": number}},
    })
}

fn records(folder: &Path) -> Vec<Value> {
    let records: Vec<Value> =
        (0..40).map(|number| record(number, if number % 2 == 0 { "en-GB" } else { "de-DE" }, "too hot")).collect();
    let lines: String = records.iter().map(|record| record.to_string() + "\n").collect();
    fs::write(folder.join("r.jsonl"), lines).unwrap();
    records
}

#[test]
fn a_record_has_typed_and_intended_side_by_side_and_its_variants_below() {
    let folder = tempfile::tempdir().unwrap();
    records(folder.path());
    let shown = said(&aacorn(folder.path(), &["show", "r.jsonl", "-n", "1"]));
    let turn = shown.lines().find(|line| line.starts_with("Margaret")).unwrap();
    assert!(turn.contains("too hot") && turn.ends_with("It's too hot."), "{shown}");
    assert!(shown.contains("qwerty minimal       too hots\n"), "{shown}");
    assert!(shown.starts_with("en-GB-1-0") && !shown.contains("de-DE-1-1") && !shown.contains('\u{1b}'), "{shown}");
    let bare = said(&aacorn(folder.path(), &["show", "r.jsonl", "-n", "1", "--no-variants"]));
    assert!(!bare.contains("qwerty"), "{bare}");
}

#[test]
fn records_are_chosen_by_language_condition_and_chance() {
    let folder = tempfile::tempdir().unwrap();
    records(folder.path());
    let ids = |args: &[&str]| {
        let done = aacorn(folder.path(), &[&["show", "r.jsonl", "--json"], args].concat());
        let shown: Vec<Value> = serde_json::from_slice(&done.stdout).unwrap();
        shown.iter().map(|row| row["metadata"]["custom_id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&["--lang", "de", "-n", "2"]), ["de-DE-1-1", "de-DE-1-3"]);
    assert_eq!(ids(&["--where", "metadata.plan.turns=7"]), ["de-DE-1-7"]);
    let drawn = ids(&["--random", "--seed", "5", "-n", "4"]);
    assert_eq!(drawn, ids(&["--random", "--seed", "5", "-n", "4"]));
    assert!(drawn.len() == 4 && drawn != ids(&["--random", "--seed", "6", "-n", "4"]), "{drawn:?}");
    let none = aacorn(folder.path(), &["show", "r.jsonl", "--lang", "fr"]);
    assert!(none.status.code() == Some(1) && said(&none).contains("no such record"), "{}", said(&none));
    assert_eq!(aacorn(folder.path(), &["show", "r.jsonl", "-n", "0"]).status.code(), Some(2));
}

#[test]
fn text_of_a_record_cannot_take_hold_of_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let hostile = record(1, "en-GB", "hot\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m").to_string();
    fs::write(folder.path().join("r.jsonl"), hostile).unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_aacorn"))
        .args(["show", "r.jsonl"])
        .env("CLICOLOR_FORCE", "1")
        .current_dir(folder.path())
        .output()
        .unwrap();
    let shown = said(&done);
    assert!(shown.contains("hot") && !shown.contains("\u{1b}[2J") && !shown.contains("\u{1b}]"), "{shown:?}");
    assert!(!shown.contains('\u{7}') && !shown.contains('\u{9b}'), "{shown:?}");
}

#[test]
fn nested_rows_come_back_from_a_table_without_loss() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = records(folder.path());
    all.push(json!({"id": "007", "n": 7, "text": "42", "none": null, "empty": {}, "list": [[], {"a.b": "x\ny, \"z\""}], "é": true}));
    let lines: String = all.iter().map(|record| record.to_string() + "\n").collect();
    fs::write(folder.path().join("r.jsonl"), &lines).unwrap();
    for table in ["t.csv", "t.tsv", "t.csv.gz", "t.tsv.zst"] {
        let out = aacorn(folder.path(), &["convert", "r.jsonl", table]);
        assert!(out.status.success() && said(&out).contains("41 rows in"), "{}", said(&out));
        assert!(aacorn(folder.path(), &["convert", table, "back.json"]).status.success());
        let back: Vec<Value> = serde_json::from_slice(&fs::read(folder.path().join("back.json")).unwrap()).unwrap();
        assert_eq!(back, all, "{table}");
    }
    let header = fs::read_to_string(folder.path().join("t.csv")).unwrap();
    assert!(header.starts_with("scene,conversation.0.speaker,conversation.0.is_aac_user,"), "{}", &header[..200]);
}

#[test]
fn plain_tables_keep_their_text() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.csv"), "id,n\n007,1\nx,\n").unwrap();
    assert!(aacorn(folder.path(), &["convert", "t.csv", "t.jsonl", "--text"]).status.success());
    let text = fs::read_to_string(folder.path().join("t.jsonl")).unwrap();
    assert_eq!(text, "{\"id\":\"007\",\"n\":\"1\"}\n{\"id\":\"x\",\"n\":\"\"}\n");
    assert!(aacorn(folder.path(), &["convert", "t.csv", "u.tsv", "--text"]).status.success());
    assert_eq!(fs::read_to_string(folder.path().join("u.tsv")).unwrap(), "id\tn\n007\t1\nx\t\n");
}

#[test]
fn what_cannot_be_converted_is_said_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.csv"), "a,a.b\n1,2\n").unwrap();
    fs::write(folder.path().join("bad.jsonl"), "{\"a\":1}\n{\"a\":\n").unwrap();
    for (args, told) in [
        (["convert", "t.csv", "t.csv"], "the output would be the input"),
        (["convert", "t.csv", "t.xyz"], "no known file format"),
        (["convert", "t.csv", "o.json"], "t.csv:2: the column `a.b` cannot stand beside"),
        (["convert", "bad.jsonl", "o.csv"], "bad.jsonl:2:"),
    ] {
        let done = aacorn(folder.path(), &args);
        assert!(!done.status.success() && said(&done).contains(told), "{}", said(&done));
    }
    assert!(!folder.path().join("o.json").exists() && !folder.path().join("o.csv").exists());
}
