//! Killed with SIGKILL at every step of submit, watch, fetch and process, and the server too: the next run finds what was
//! done, does the rest, and nothing is uploaded, created or paid twice.
#![cfg(all(unix, feature = "fault-points"))]
#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;

use serde_json::Value;
use support::program::{Serve, aacorn, ok, run};
use support::{limit, write_shard};

const SHARDS: usize = 3;
const EACH: usize = 6;

fn project() -> (tempfile::TempDir, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    for n in 0..SHARDS {
        write_shard(&folder.path().join("batch_files"), "en-GB", &format!("-{n:02}"), EACH);
    }
    (folder, tempfile::tempdir().unwrap())
}

/// Runs a command that is killed at `point`.
fn killed(folder: &Path, point: &str, args: &[&str]) {
    let output = aacorn(folder).args(args).env("AACORN_FAULT_POINT", point).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.signal(), Some(9), "{point} was not reached: {said}");
}

/// Every request has exactly one row, and no half-written file lies about under a final name.
fn whole(folder: &Path) {
    let mut rows: BTreeMap<String, usize> = BTreeMap::new();
    for entry in fs::read_dir(folder.join("batch_files/en-GB")).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("batch_output_") {
            for line in fs::read_to_string(path).unwrap().lines() {
                let row: Value = serde_json::from_str(line).unwrap();
                *rows.entry(row["custom_id"].as_str().unwrap().to_owned()).or_default() += 1;
            }
        }
    }
    assert_eq!(rows.len(), SHARDS * EACH);
    assert!(rows.values().all(|count| *count == 1), "{rows:?}");
}

#[test]
fn submit_killed_at_every_step_creates_each_job_once() {
    for point in ["before-upload", "after-upload", "before-create", "after-create", "after-create-noted"] {
        let (folder, state) = project();
        let serve = Serve::start(state.path());
        let submit = ["submit", "--base-url", &serve.base];
        killed(folder.path(), point, &submit);
        // Once more, if what is left to do leads there.
        aacorn(folder.path()).args(submit).env("AACORN_FAULT_POINT", point).output().unwrap();
        run(folder.path(), &submit);
        ok(folder.path(), &["watch", "--interval", "0.05"]);
        assert_eq!((serve.count("batches"), serve.count("files?purpose=batch")), (SHARDS, SHARDS), "{point}");
        whole(folder.path());
    }
}

#[test]
fn watch_and_fetch_killed_at_every_step_lose_nothing() {
    for point in ["before-download", "before-rename", "after-rename", "after-download"] {
        for command in [&["watch", "--interval", "0.05"][..], &["fetch"]] {
            let (folder, state) = project();
            let serve = Serve::start(state.path());
            ok(folder.path(), &["submit", "--base-url", &serve.base]);
            // Fetch alone takes what has ended: give the server the time to end it.
            let waiting = limit("the end of the jobs");
            while ok(folder.path(), &["status"]).matches("completed").count() != SHARDS {
                waiting();
            }
            killed(folder.path(), point, command);
            ok(folder.path(), &["watch", "--interval", "0.05"]);
            ok(folder.path(), &["fetch"]);
            assert_eq!((serve.count("batches"), serve.count("files?purpose=batch")), (SHARDS, SHARDS), "{point}");
            whole(folder.path());
        }
    }
}

#[test]
fn a_server_killed_while_it_answers_goes_on_and_gives_each_row_once() {
    for point in ["serve-after-answers", "serve-before-finish", "before-rename", "after-rename"] {
        let (folder, state) = project();
        let serve = Serve::start_with(state.path(), "0", point);
        let port = serve.base.split(':').nth(2).unwrap().split('/').next().unwrap().to_owned();
        run(folder.path(), &["submit", "--base-url", &serve.base]);
        assert_eq!(serve.ended().signal(), Some(9), "{point}");
        let again = Serve::start_on(state.path(), &port);
        run(folder.path(), &["submit", "--base-url", &again.base]);
        ok(folder.path(), &["watch", "--interval", "0.05"]);
        assert_eq!((again.count("batches"), again.count("files?purpose=batch")), (SHARDS, SHARDS), "{point}");
        whole(folder.path());
    }
}

#[test]
fn process_killed_before_and_after_a_rename_leaves_whole_files_only() {
    for point in ["before-rename", "after-rename"] {
        let (folder, _) = project();
        let folder = folder.path();
        ok(folder, &["run", "--lang", "en-GB", "--num", "4", "--out", "own", "--output", "expected"]);
        let process = ["process", "--responses", "own", "--metadata", "own", "--output", "output"];
        killed(folder, point, &process);
        ok(folder, &process);
        let records = |output: &str| fs::read(folder.join(output).join("en-GB/en-GB_all_conversations.jsonl")).unwrap();
        assert_eq!(records("output"), records("expected"), "{point}");
    }
}

#[test]
fn process_killed_with_its_index_on_disk_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // More than go into the MiB of memory.
    let ids = || (0..20_000).map(|number| format!("en-GB-1-{number:06}-abcdef"));
    let metadata = ids().map(|id| {
        format!(r#"{{"custom_id":"{id}","body":{{"model":"m"}},"metadata":{{"lang_code":"en-GB","template_id":1}}}}"#)
    });
    let results = ids().rev().step_by(100).map(|id| {
        let answer = r#"{\"conversation\":[{\"speaker\":\"A\",\"utterance\":\"Is the tea what you want?\",\"is_aac_user\":false},{\"speaker\":\"B\",\"utterance\":\"no\",\"is_aac_user\":true}]}"#;
        format!(r#"{{"custom_id":"{id}","response":{{"body":{{"choices":[{{"message":{{"content":"{answer}"}}}}]}}}}}}"#)
    });
    fs::write(folder.join("m.jsonl"), metadata.collect::<Vec<_>>().join("\n")).unwrap();
    fs::write(folder.join("r.jsonl"), results.collect::<Vec<_>>().join("\n")).unwrap();
    let process = ["process", "--responses", "r.jsonl", "--metadata", "m.jsonl", "--output"];
    let spilling = [&process[..], &["output", "--index-memory", "1"]].concat();
    killed(folder, "joined", &spilling);
    assert_eq!(fs::read_dir(folder.join("output")).unwrap().count(), 0);
    assert_eq!(run(folder, &spilling).0, 3);
    run(folder, &[&process[..], &["expected"]].concat());
    let records = |output: &str| fs::read(folder.join(output).join("en-GB/en-GB_all_conversations.jsonl")).unwrap();
    assert_eq!(records("output"), records("expected"));
    assert_eq!(records("output").iter().filter(|byte| **byte == b'\n').count(), 200);
}
