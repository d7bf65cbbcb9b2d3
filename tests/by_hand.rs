//! Results that were downloaded by hand find their batch files.

#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

mod support;

use std::fs;
use std::path::Path;

use support::program::{Serve, ok, run};
use support::write_shard;

fn answer(id: &str) -> String {
    format!(
        r#"{{"custom_id":"{id}","response":{{"status_code":200,"body":{{"choices":[{{"message":{{"content":"hello"}},"finish_reason":"stop"}}]}}}},"error":null}}"#
    )
}

fn expired(id: &str) -> String {
    format!(r#"{{"custom_id":"{id}","response":null,"error":{{"code":"batch_expired","message":"too late"}}}}"#)
}

fn write(folder: &Path, name: &str, rows: &[String]) {
    fs::write(folder.join(name), rows.join("\n")).unwrap();
}

const NAME: &str = "20260101_000000_0a1b2c3d";

#[test]
fn files_go_where_their_ids_say_and_a_second_time_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write_shard(&here.join("batch_files"), "en-GB", "-01", 3);
    write_shard(&here.join("batch_files"), "fr-FR", "", 2);
    write(here, "downloads.jsonl", &[answer("en-GB-01-2"), answer("fr-FR-0"), answer("en-GB-01-0"), answer("other")]);
    write(here, "errors.jsonl", &[expired("en-GB-01-1")]);
    let (code, shown, _) = run(here, &["fetch", "--from", "downloads.jsonl", "errors.jsonl"]);
    assert_eq!(code, 3, "{shown}");
    assert!(shown.contains("1 row that answer no request"), "{shown}");
    let read = |name: &str| fs::read_to_string(here.join("batch_files").join(name)).unwrap();
    let english = read(&format!("en-GB/batch_output_en-GB_{NAME}-01.jsonl"));
    assert_eq!(english, [answer("en-GB-01-2"), answer("en-GB-01-0")].join("\n") + "\n");
    assert_eq!(read(&format!("en-GB/batch_errors_en-GB_{NAME}-01.jsonl")), expired("en-GB-01-1") + "\n");
    assert_eq!(read(&format!("fr-FR/batch_output_fr-FR_{NAME}.jsonl")), answer("fr-FR-0") + "\n");

    assert!(ok(here, &["status"]).contains("next: aacorn process"), "there is no job to watch");

    let before = support::files(here);
    let (_, shown, _) = run(here, &["fetch", "--from", "downloads.jsonl", "errors.jsonl"]);
    assert!(shown.contains("there already"), "{shown}");
    assert_eq!(support::files(here), before);

    write(here, "downloads.jsonl", &[answer("en-GB-01-2"), answer("en-GB-01-0"), answer("en-GB-01-1")]);
    let (code, _, stderr) = run(here, &["fetch", "--from", "downloads.jsonl"]);
    assert!(code == 1 && stderr.contains("move those away first"), "{stderr}");
    assert_eq!(
        read(&format!("en-GB/batch_output_en-GB_{NAME}-01.jsonl")),
        english,
        "what is here is never overwritten"
    );
}

#[test]
fn what_cannot_be_taken_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write_shard(&here.join("batch_files"), "en-GB", "", 3);
    let (code, _, stderr) = run(here, &["fetch", "--from", "nowhere.jsonl"]);
    assert!(code == 1 && stderr.contains("nowhere.jsonl"), "{stderr}");
    write(here, "foreign.jsonl", &[answer("a"), answer("b")]);
    let (code, _, stderr) = run(here, &["fetch", "--from", "foreign.jsonl"]);
    assert!(code == 1 && stderr.contains("none of its 2 rows answers"), "{stderr}");
    let row = answer("en-GB-0");
    fs::write(here.join("cut.jsonl"), format!("{row}\n{}", &row[..40])).unwrap();
    let (code, _, stderr) = run(here, &["fetch", "--from", "cut.jsonl"]);
    assert!(code == 1 && stderr.contains("cut.jsonl:2") && stderr.contains("download it again"), "{stderr}");
}

#[test]
fn a_job_whose_results_came_by_hand_is_not_asked_for_any_more() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let here = folder.path();
    write_shard(&here.join("batch_files"), "en-GB", "", 3);
    let serve = Serve::start(state.path());
    ok(here, &["submit", "--base-url", &serve.base]);
    drop(serve);
    write(here, "all.jsonl", &[answer("en-GB-0"), answer("en-GB-1"), answer("en-GB-2")]);
    let shown = ok(here, &["fetch", "--from", "all.jsonl"]);
    assert!(shown.contains("fetched"), "{shown}");
    ok(here, &["watch"]);
    let (_, shown, _) = run(here, &["submit", "--base-url", "http://127.0.0.1:9/v1"]);
    assert!(shown.contains("already"), "{shown}");
}

#[test]
fn the_results_of_a_retry_go_to_the_retry() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    write_shard(&here.join("batch_files"), "en-GB", "", 4);
    write(here, "first.jsonl", &[answer("en-GB-0"), expired("en-GB-1"), answer("en-GB-2"), expired("en-GB-3")]);
    assert_eq!(run(here, &["fetch", "--from", "first.jsonl"]).0, 0);
    ok(here, &["retry"]);
    write(here, "second.jsonl", &[answer("en-GB-1"), answer("en-GB-3")]);
    ok(here, &["fetch", "--from", "second.jsonl"]);
    let to = here.join(format!("batch_files/en-GB/batch_output_en-GB_{NAME}-r1.jsonl"));
    assert!(fs::read_to_string(to).unwrap().contains("en-GB-3"));
    assert!(ok(here, &["retry"]).contains("4 of 4 answered"));
}
