//! `clean` removes what is no longer needed, and nothing else.

#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

mod support;

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use support::program::{Serve, aacorn, ok, run};
use support::{files, write_shard};

/// A half-written file as a program that was killed `hours` ago left it.
fn half_written(path: &Path, hours: u64) {
    let file = File::create(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(hours * 3600)).unwrap();
}

#[test]
fn clean_removes_what_is_here_already_and_nothing_else() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let here = folder.path();
    let batches = here.join("batch_files");
    write_shard(&batches, "en-GB", "-01", 6);
    let serve = Serve::start(state.path());
    ok(here, &["submit", "--base-url", &serve.base]);
    ok(here, &["watch", "--interval", "0.05"]);
    // Another whose results were removed here, and somebody else's file.
    write_shard(&batches, "en-GB", "-02", 5);
    ok(here, &["submit", "--base-url", &serve.base]);
    ok(here, &["watch", "--interval", "0.05"]);
    let lost = batches.join("en-GB/batch_output_en-GB_20260101_000000_0a1b2c3d-02.jsonl");
    let copy = fs::read(&lost).unwrap();
    fs::remove_file(&lost).unwrap();
    assert_eq!(serve.count("files"), 4);
    let (old, young) = (batches.join("en-GB/.aacorn-x1.part"), batches.join(".aacorn-x2.part"));
    half_written(&old, 2);
    half_written(&young, 0);
    let before = files(here);

    let unasked = aacorn(here).arg("clean").stdin(Stdio::null()).output().unwrap();
    assert_eq!(unasked.status.code(), Some(2), "it asks, and nobody answers");
    let dry = ok(here, &["clean", "--dry-run"]);
    assert!(dry.contains("nothing was removed") && dry.contains("next: aacorn clean --yes"), "{dry}");
    assert_eq!((serve.count("files"), files(here)), (4, before.clone()));

    let shown = ok(here, &["clean", "--yes"]);
    assert!(shown.contains("removed 3 files at the provider and 1 here"), "{shown}");
    assert!(shown.contains("its results are not here") && shown.contains("next: aacorn watch"), "{shown}");
    let mut after = before;
    after.remove(&old);
    assert_eq!(files(here), after, "batch files, results and what may be in use stay");
    assert_eq!(serve.count("files"), 1, "the results that are only there stay");

    ok(here, &["watch"]);
    assert_eq!(fs::read(&lost).unwrap(), copy, "and can still be fetched");
    let report: Value = serde_json::from_str(&ok(here, &["clean", "--yes", "--json"])).unwrap();
    assert_eq!((report["cleaned"]["remote"].as_u64(), serve.count("files")), (Some(1), 0));
    assert!(ok(here, &["clean", "--yes"]).contains("nothing to remove"));

    // What was cleaned and is lost here cannot be had any more, and that is said.
    fs::remove_file(&lost).unwrap();
    let (code, shown, stderr) = run(here, &["fetch"]);
    assert_eq!(code, 3);
    assert!(shown.contains("lost") && stderr.contains("`aacorn clean` removed them"), "{shown}{stderr}");
}

#[test]
fn a_job_that_has_not_ended_keeps_its_upload() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_shard(&folder.path().join("batch_files"), "en-GB", "", 5);
    let serve = Serve::start(state.path());
    ok(folder.path(), &["submit", "--base-url", &serve.base]);
    let shown = ok(folder.path(), &["clean", "--yes"]);
    assert!(shown.contains("has not ended") && shown.contains("nothing to remove"), "{shown}");
    assert_eq!(serve.count("files?purpose=batch"), 1);
}

#[test]
fn the_state_of_a_local_server_goes_when_nothing_needs_it() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    ok(here, &["run", "--lang", "en-GB", "--num", "2"]);
    fs::create_dir(here.join("batch_files/.local")).unwrap();
    assert!(ok(here, &["clean", "--yes"]).contains("removed 0 files at the provider and 1 here"));
    assert!(!here.join("batch_files/.local").exists());
}
