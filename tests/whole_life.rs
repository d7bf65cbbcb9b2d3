//! From batch files to a corpus at a provider that loses half of a batch: what came is used, `retry` asks for exactly the
//! rest, here or at another provider, the totals balance, and no key is left anywhere.

#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::fakes::{Fake, KEY as FAKE_KEY};
use support::program::{KEY, Serve, aacorn, ok, run};

/// Three batch files of ten requests each, made for OpenAI.
fn project() -> (tempfile::TempDir, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        ok(folder.path(), &["generate", "--lang", "en-GB", "--num", "10"]);
    }
    (folder, tempfile::tempdir().unwrap())
}

fn process(folder: &Path) -> (i32, String) {
    let args = ["process", "--responses", "batch_files", "--metadata", "batch_files", "--output", "output"];
    let (code, stdout, _) = run(folder, &args);
    (code, stdout)
}

/// Every file below `folder`, hidden ones and databases too.
fn all_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { all_files(&path) } else { vec![path] }).collect()
}

fn no_key_in(folder: &Path, key: &str) {
    let files = all_files(folder);
    assert!(files.len() > 3);
    for file in files {
        let bytes = fs::read(&file).unwrap();
        assert!(!bytes.windows(key.len()).any(|window| window == key.as_bytes()), "{}", file.display());
    }
}

#[test]
fn the_expired_half_of_a_batch_is_asked_for_once_more_and_the_totals_balance() {
    let (folder, state) = project();
    let here = folder.path();
    let serve = Serve::start_args(state.path(), &["--faults", "expire=50%@2"]);
    ok(here, &["submit", "--base-url", &serve.base]);
    let (code, shown, _) = run(here, &["watch", "--interval", "0.05"]);
    assert!(code == 3 && shown.contains("expired, fetched"), "{shown}");
    assert_eq!(run(here, &["fetch"]).0, 3, "fetch after watch tells the same");
    let (code, shown) = process(here);
    assert_eq!(code, 3);
    assert!(shown.contains("planned 30 = accepted 25 + rejected 5 + missing 0"), "{shown}");

    let shown = ok(here, &["retry"]);
    assert!(shown.contains("5 of 10 answered; again: 5 expired"), "{shown}");
    let made: Vec<_> =
        all_files(here).into_iter().filter(|path| path.to_string_lossy().ends_with("-r1.jsonl")).collect();
    assert_eq!(made.len(), 1);
    assert_eq!(fs::read_to_string(&made[0]).unwrap().lines().count(), 5);
    let (code, shown, _) = run(here, &["submit", "--base-url", &serve.base]);
    assert_eq!((code, shown.matches("it is job").count()), (0, 3), "{shown}");
    run(here, &["watch", "--interval", "0.05"]);
    let (code, shown) = process(here);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("planned 30 = accepted 30 + rejected 0 + missing 0"), "{shown}");
    assert_eq!((serve.count("batches"), serve.count("files?purpose=batch")), (4, 4));
    assert!(ok(here, &["retry"]).contains("nothing to send again"));
    no_key_in(here, KEY);
    no_key_in(state.path(), KEY);
}

#[test]
fn what_one_provider_did_not_answer_another_is_asked_for() {
    let (folder, state) = project();
    let here = folder.path();
    let serve = Serve::start_args(state.path(), &["--faults", "expire=50%@2"]);
    ok(here, &["submit", "--base-url", &serve.base]);
    run(here, &["watch", "--interval", "0.05"]);
    let (code, _, stderr) = run(here, &["retry", "--provider", "openai", "--service", "mistral"]);
    assert!(code == 2 && stderr.contains("name it with --model"), "{stderr}");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (anthropic, gemini) = runtime.block_on(async { (Fake::anthropic().await, Fake::gemini().await) });
    let shown = ok(here, &["retry", "--provider", "anthropic"]);
    assert!(
        shown.contains("next: aacorn submit --provider anthropic") && shown.contains("anthropic_batch_"),
        "{shown}"
    );
    let made = shown.lines().last().unwrap().rsplit(' ').next().unwrap().to_owned();
    assert_eq!(fs::read_to_string(here.join(&made)).unwrap().matches("\"params\":").count(), 5);
    let with_key = |args: &[&str]| {
        let mut command = aacorn(here);
        command.env("ANTHROPIC_API_KEY", FAKE_KEY).env("GEMINI_API_KEY", FAKE_KEY).args(args).output().unwrap()
    };
    let sent = with_key(&["submit", "--provider", "anthropic", "--base-url", &anthropic.base, &made]);
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    let watched = with_key(&["watch", "--interval", "0.05", &made]);
    assert!(watched.status.success(), "{}", String::from_utf8_lossy(&watched.stdout));
    assert_eq!(anthropic.jobs(), 1);
    no_key_in(here, FAKE_KEY);

    // Once more for Gemini, whose lines name no model: the ledger remembers it.
    let output = PathBuf::from(made.replace("anthropic_batch_", "batch_output_"));
    let rows = fs::read_to_string(here.join(&output)).unwrap();
    let expired = rows.lines().map(|row| {
        let row: Value = serde_json::from_str(row).unwrap();
        json!({"custom_id": row["custom_id"], "result": {"type": "expired"}}).to_string() + "\n"
    });
    fs::write(here.join(&output), expired.collect::<String>()).unwrap();
    let shown = ok(here, &["retry", "--provider", "gemini"]);
    let made = shown.lines().last().unwrap().rsplit(' ').next().unwrap().to_owned();
    assert!(made.contains("gemini_batch_") && made.ends_with("-r2.jsonl"), "{shown}");
    let sent = with_key(&["submit", "--provider", "gemini", "--base-url", &gemini.base, &made]);
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    assert!(with_key(&["watch", "--interval", "0.05", &made]).status.success());
    assert_eq!(gemini.jobs(), 1);
}

#[test]
fn a_record_says_who_answered_in_the_end() {
    let (folder, state) = project();
    let here = folder.path();
    let serve = Serve::start(state.path());
    ok(here, &["submit", "--base-url", &serve.base]);
    ok(here, &["watch", "--interval", "0.05"]);
    let output = all_files(here).into_iter().find(|path| path.to_string_lossy().contains("batch_output_")).unwrap();
    // Ten of the answers, as Anthropic would have given them.
    let rows = fs::read_to_string(&output).unwrap();
    let as_anthropic = rows.lines().map(|row| {
        let row: Value = serde_json::from_str(row).unwrap();
        let text = &row["response"]["body"]["choices"][0]["message"]["content"];
        let content = json!([{"type": "text", "text": text}]);
        let message = json!({"model": "claude-haiku-4-5", "content": content, "stop_reason": "end_turn"});
        json!({"custom_id": row["custom_id"], "result": {"type": "succeeded", "message": message}}).to_string() + "\n"
    });
    fs::write(&output, as_anthropic.collect::<String>()).unwrap();
    let (code, shown) = process(here);
    assert_eq!(code, 0, "{shown}");
    let records = fs::read_to_string(here.join("output/en-GB/en-GB_all_conversations.jsonl")).unwrap();
    assert_eq!(records.matches(r#""provider":"anthropic","model":"claude-haiku-4-5""#).count(), 10);
    assert_eq!(records.matches(r#""provider":"openai""#).count(), 20);
}

#[test]
fn costs_are_counted_by_vocabulary_and_the_estimates_error_is_told() {
    let (folder, state) = project();
    let here = folder.path();
    let tags =
        ["cost", "--requests", "1", "--input-tokens", "253500", "--expected-output", "8450", "--model", "gpt-4o-mini"];
    assert!(ok(here, &tags).contains("$0.0215 in a batch"));
    let table = ["cost", "--requests", "100", "500", "1000", "5000", "10000", "--input-tokens", "3000"];
    let shown =
        ok(here, &[&table[..], &["--expected-output", "2000", "--price-in", "3", "--price-out", "15"]].concat());
    for figures in [
        ["100", "$3.90", "$1.95"],
        ["500", "$19.50", "$9.75"],
        ["1000", "$39.00", "$19.50"],
        ["5000", "$195.00", "$97.50"],
        ["10000", "$390.00", "$195.00"],
    ] {
        let line = shown.lines().find(|line| line.split_whitespace().eq(figures));
        assert!(line.is_some(), "{figures:?}: {shown}");
    }
    let shown = ok(here, &["cost"]);
    assert!(
        shown.contains("tokens of requests counted by: o200k_base") && shown.contains("give --expected-output"),
        "{shown}"
    );
    let shown = ok(here, &["cost", "--expected-output", "700"]);
    assert!(shown.contains("estimate, in a batch: $0.0") && shown.contains("at once: $0.0"), "{shown}");

    // Past usage: the answers to two batch files tell how long those to the third will be.
    let serve = Serve::start(state.path());
    let mut files: Vec<String> = all_files(&here.join("batch_files"))
        .into_iter()
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("openai_batch_"))
        .map(|path| path.to_str().unwrap().to_owned())
        .collect();
    files.sort();
    ok(here, &["submit", "--base-url", &serve.base, &files[0], &files[1]]);
    ok(here, &["watch", "--interval", "0.05", &files[0], &files[1]]);
    let costs: Value = serde_json::from_str(&ok(here, &["cost", "--json"])).unwrap();
    for cost in costs.as_array().unwrap() {
        assert!(cost["estimate"]["batch"].as_f64() > Some(0.0) && cost["basis"] == "o200k_base", "{cost}");
    }
    assert!(costs[0]["off"]["input"].is_number() && costs[0]["off"]["output"].is_number(), "{costs}");
    assert!(costs[2]["actual"].is_null() && costs[2]["off"].is_null(), "{costs}");
    let alone: Value = serde_json::from_str(&ok(here, &["cost", "--json", &files[2]])).unwrap();
    assert!(
        alone[0]["estimate"]["output_tokens"].as_u64() > Some(0),
        "the folder's other answers are witnesses: {alone}"
    );
    let shown = ok(here, &["cost"]);
    assert!(
        shown.contains("bill, in a batch: $") && shown.contains("the estimate was off: tokens of requests by"),
        "{shown}"
    );
}
