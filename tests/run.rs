//! `aacorn run`: the same bytes for the same seed, and nothing lost or done twice wherever it is stopped.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

fn aacorn(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aacorn"));
    command.args(args).current_dir(folder).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(folder: &Path, args: &[&str]) -> (i32, String) {
    let output = aacorn(folder, args).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap() + std::str::from_utf8(&output.stderr).unwrap();
    (output.status.code().unwrap_or(-1), text)
}

/// Files at any depth whose names pass, by path.
fn files(folder: &Path, wanted: impl Fn(&str) -> bool + Copy) -> BTreeMap<PathBuf, Vec<u8>> {
    fn visit(root: &Path, folder: &Path, wanted: impl Fn(&str) -> bool + Copy, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(root, &path, wanted, found);
            } else if wanted(path.file_name().unwrap().to_str().unwrap()) {
                found.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    if folder.is_dir() {
        visit(folder, folder, wanted, &mut found);
    }
    found
}

/// Waits until so many files below `folder` have names that pass, whatever comes and goes meanwhile.
fn until(folder: &Path, many: usize, wanted: impl Fn(&str) -> bool) {
    fn count(folder: &Path, wanted: &dyn Fn(&str) -> bool) -> usize {
        let one = |path: PathBuf| match path.is_dir() {
            true => count(&path, wanted),
            false => usize::from(wanted(path.file_name().unwrap().to_str().unwrap())),
        };
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| one(entry.path())).sum()
    }
    let started = Instant::now();
    while count(folder, &wanted) < many {
        assert!(started.elapsed() < Duration::from_secs(120), "waited in vain for {many} files");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn corpus(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    files(&folder.join("output"), |name| name.ends_with("_all_conversations.jsonl"))
}

const FIXED: [&str; 4] = ["--seed", "7", "--now", "2026-01-01T00:00:00Z"];

fn all(num: &str) -> Vec<&str> {
    [&["run", "--lang", "all", "--num", num][..], &FIXED].concat()
}

/// Four scripts, where a whole run would take long.
fn some(num: &str) -> Vec<&str> {
    [&["run", "--lang", "en-GB", "fr-FR", "ar-SA", "ja-JP", "--num", num][..], &FIXED].concat()
}

#[test]
fn two_folders_hold_the_same_bytes_and_every_request_has_a_record() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (code, text) = run(one.path(), &all("8"));
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("+ rejected 0 + missing 0"), "{text}");
    run(two.path(), &all("8"));
    let everything = |name: &str| name.ends_with(".jsonl") || name.ends_with(".json");
    let (first, second) = (files(one.path(), everything), files(two.path(), everything));
    assert!(first.len() >= 18, "{:?}", first.keys());
    assert_eq!(first, second);
}

#[test]
fn records_carry_their_plan_and_the_guides_fourteen_keys() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["run", "--lang", "en-GB", "--num", "5"]);
    let path = folder.path().join("output/en-GB/augmented_en-GB_all_conversations.jsonl");
    let text = fs::read_to_string(path).unwrap();
    assert_eq!(text.lines().count(), 5);
    for (nth, line) in text.lines().enumerate() {
        let record: Value = serde_json::from_str(line).unwrap();
        let metadata = &record["metadata"];
        assert_eq!(metadata["lang_code"], "en-GB");
        assert_eq!(metadata["provider"], "local");
        assert_eq!(metadata["model"], "phrasebook-1");
        assert_eq!(metadata["template_id"], "aac@1/en");
        assert_eq!(metadata["plan"]["index"], nth);
        assert!(record["custom_id"].as_str().unwrap().starts_with(&format!("en-GB-1-{nth}-")));
        for turn in record["conversation"].as_array().unwrap() {
            let turn = turn.as_object().unwrap();
            let noisy = turn.keys().filter(|key| key.starts_with("noisy_") || key.ends_with("_corrected")).count();
            assert_eq!(noisy, if turn["is_aac_user"] == true { 14 } else { 0 });
            assert_eq!(turn.contains_key("utterance_intended"), turn["is_aac_user"] == true);
        }
    }
}

#[test]
fn a_finished_run_has_nothing_left_to_do_and_a_larger_one_adds() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &some("4"));
    let before = files(folder.path(), |name| name.ends_with(".jsonl"));
    let (code, _) = run(folder.path(), &some("4"));
    assert_eq!((code, files(folder.path(), |name| name.ends_with(".jsonl"))), (0, before.clone()));
    let (code, text) = run(folder.path(), &["run", "--lang", "en-GB", "--num", "6", "--seed", "7"]);
    assert!(code == 0 && text.contains("planned 6 = accepted 6"), "{text}");
    let after = files(folder.path(), |name| name.starts_with("openai_batch_en-GB_"));
    assert!(after.len() == 2 && after.iter().any(|(path, bytes)| before.get(path) == Some(bytes)));
}

#[test]
fn killed_anywhere_it_goes_on_to_the_same_corpus() {
    let whole = tempfile::tempdir().unwrap();
    run(whole.path(), &some("300"));
    let killed = tempfile::tempdir().unwrap();
    let stages = [
        (".aacorn-", 1),
        ("openai_batch_", 1),
        ("openai_batch_", 4),
        ("batch_output_", 1),
        ("batch_output_", 4),
        ("en-GB_all_conversations", 1),
        ("augmented_", 1),
    ];
    for (start, many) in stages {
        let mut child = aacorn(killed.path(), &some("300")).spawn().unwrap();
        until(killed.path(), many, |name| name.starts_with(start));
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().code(), None, "it had ended before {start} {many}");
        for (path, bytes) in files(killed.path(), |name| name.ends_with(".jsonl") && !name.starts_with('.')) {
            assert!(bytes.is_empty() || bytes.ends_with(b"}\n"), "{} is cut", path.display());
        }
    }
    let (code, text) = run(killed.path(), &some("300"));
    assert_eq!(code, 0, "{text}");
    assert_eq!(corpus(killed.path()), corpus(whole.path()));
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_no_unfinished_file_and_the_next_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = aacorn(folder.path(), &some("2000")).spawn().unwrap();
    until(folder.path(), 1, |name| name.starts_with("openai_batch_"));
    until(folder.path(), 1, |name| name.ends_with(".part"));
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(files(folder.path(), |name| name.ends_with(".part")).is_empty());
    let (code, text) = run(folder.path(), &some("2000"));
    assert!(code == 0 && text.contains("+ rejected 0 + missing 0"), "{text}");
}

#[test]
fn batch_files_for_another_provider_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["generate", "--lang", "en-GB", "--num", "3"]);
    let (code, text) = run(folder.path(), &["run", "--lang", "en-GB", "--num", "5"]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("planned 5 = accepted 2 + rejected 0 + missing 3"), "{text}");
    assert!(text.contains("1 batch file of these locales made for another provider"), "{text}");
}

#[test]
fn a_run_with_another_seed_leaves_earlier_records_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["run", "--lang", "en-GB", "--num", "3"]);
    let corpus = || {
        let path = folder.path().join("output/en-GB/augmented_en-GB_all_conversations.jsonl");
        fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let before = corpus();
    let (code, text) = run(folder.path(), &["run", "--lang", "en-GB", "--num", "2", "--seed", "2"]);
    assert_eq!(code, 0, "{text}");
    let after = corpus();
    assert_eq!(after.len(), 5);
    assert!(before.iter().all(|record| after.contains(record)));
}

#[test]
fn a_sample_of_the_engine_never_becomes_a_record() {
    let folder = tempfile::tempdir().unwrap();
    let templates = folder.path().join("templates/aac/en");
    fs::create_dir_all(&templates).unwrap();
    let unlabelled = include_str!("../templates/aac/en/user.tera").replace("{{ labels.mood }}", "");
    fs::write(templates.join("user.tera"), unlabelled).unwrap();
    let (code, text) = run(folder.path(), &["run", "--lang", "en-GB", "--num", "3"]);
    assert!(code == 3 && text.contains("planned 3 = accepted 0 + rejected 3 + missing 0"), "{text}");
    let rejects = fs::read_to_string(folder.path().join("output/en-GB/en-GB_rejects.jsonl")).unwrap();
    assert_eq!(rejects.matches("a sample of the offline engine").count(), 3, "{rejects}");
}

#[test]
fn a_job_that_failed_says_why() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["generate", "--lang", "en-GB", "--num", "2", "--provider", "local"]);
    let requests = files(folder.path(), |name| name.starts_with("openai_batch_en-GB_"));
    let (path, bytes) = requests.iter().next().unwrap();
    fs::write(folder.path().join(path), [bytes.as_slice(), bytes.as_slice()].concat()).unwrap();
    let (code, text) = run(folder.path(), &["run", "--lang", "en-GB", "--num", "2"]);
    assert!(code == 3 && text.contains("accepted 0") && text.contains("failed: openai_batch_en-GB_"), "{text}");
}

#[test]
fn a_missing_input_leaves_an_existing_output_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["run", "--lang", "en-GB", "--num", "2"]);
    let before = corpus(folder.path());
    let (code, _) =
        run(folder.path(), &["process", "--responses", "nowhere", "--metadata", "batch_files", "--output", "output"]);
    assert_eq!(code, 1);
    let (code, _) = run(folder.path(), &["augment", "--input", "nowhere.jsonl", "--lang", "en-GB"]);
    assert_eq!(code, 1);
    assert_eq!(corpus(folder.path()), before);
}

/// What stands there is told for what it is, whoever was to answer this time.
#[test]
fn who_answered_is_told_from_the_answers() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let output = assert_cmd::Command::cargo_bin("aacorn")
            .unwrap()
            .current_dir(folder.path())
            .env("OPENAI_API_KEY", "sk-none")
            .args(["run", "--lang", "en-GB", "--num", "3"])
            .args(args)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, stdout) = run(&[]);
    assert!(code == Some(0) && stdout.contains("answered by the phrasebook") && stdout.contains("next: aacorn show"));
    for elsewhere in [["--upstream", "http://127.0.0.1:1/v1"], ["--provider", "openai"]] {
        let (code, stdout) = run(&elsewhere);
        assert_eq!(code, Some(0), "{stdout}");
        assert!(stdout.contains("nobody was asked") && !stdout.contains("is missing"), "{stdout}");
    }
    let (_, stdout) = run(&["--upstream", "http://127.0.0.1:1/v1"]);
    assert!(stdout.contains("answered by the phrasebook"), "{stdout}");
}
