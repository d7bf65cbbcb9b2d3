//! Damage to any input costs what was hit and nothing else: no panic, the equation holds, the exit code tells.

#![allow(clippy::unwrap_used, reason = "a test says what broke by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use aacorn::assets::Assets;
use aacorn::language::Languages;
use aacorn::process::{self, Options, Output, Report};
use aacorn::progress::Silent;
use aacorn::recipe::Rules;
use proptest::prelude::*;
use serde_json::{Value, json};

const LINES: usize = 12;

fn id(number: usize) -> String {
    format!("en-GB-1-{number}-abcdef")
}

fn metadata(number: usize) -> String {
    json!({"custom_id": id(number), "method": "POST", "url": "/v1/chat/completions", "body": {"model": "m"},
        "metadata": {"lang_code": "en-GB", "created_at": "2026-01-01T00:00:00Z", "template_id": number}})
    .to_string()
}

fn answer(number: usize) -> String {
    let conversation = json!({"scene": format!("Scene {number}, at the café."), "conversation": [
        {"speaker": "A", "is_aac_user": false, "utterance": format!("Do you want the {number} or not?")},
        {"speaker": "B", "is_aac_user": true, "utterance": "no thx", "utterance_intended": "No, thank you very much."}]});
    json!({"id": "b", "custom_id": id(number), "response": {"status_code": 200, "body": {"created": 1_778_000_000, "model": "m",
        "choices": [{"message": {"content": conversation.to_string()}, "finish_reason": "stop"}]}}, "error": null})
    .to_string()
}

fn failure(number: usize) -> String {
    json!({"id": "b", "custom_id": id(number), "response": null, "error": {"code": "batch_expired", "message": "m"}})
        .to_string()
}

/// The three files of a batch: metadata, results, errors. The last two requests have failed.
fn batch() -> [Vec<String>; 3] {
    [
        (0..LINES).map(metadata).collect(),
        (0..LINES - 2).map(answer).collect(),
        (LINES - 2..LINES).map(failure).collect(),
    ]
}

fn bytes(lines: &[String]) -> Vec<u8> {
    (lines.join("\n") + "\n").into_bytes()
}

struct Run {
    report: Report,
    accepted: BTreeSet<String>,
    rejected: BTreeSet<String>,
    records: Vec<Value>,
}

fn run(files: &[Vec<u8>; 3]) -> Option<Run> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::create_dir(path("r")).unwrap();
    for (name, bytes) in ["m.jsonl", "r/output.jsonl", "r/errors.jsonl"].into_iter().zip(files) {
        fs::write(path(name), bytes).unwrap();
    }
    let options = Options {
        responses: vec![path("r")],
        metadata: vec![path("m.jsonl")],
        output: Output::File(path("o.jsonl")),
        fresh: false,
        max_line: 1 << 20,
        index_bytes: process::INDEX_BYTES,
        jobs: 1,
        languages: Arc::new(Languages::new(Assets::embedded())),
        rules: Rules::new(),
        rows: None,
    };
    let report = process::process(&options, &Silent).ok()?;
    let read = |path: &Path| -> Vec<Value> {
        let text = fs::read_to_string(path).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let ids = |lines: &[Value]| lines.iter().map(|line| line["custom_id"].as_str().unwrap().to_owned()).collect();
    let (records, rejects) = (read(&path("o.jsonl")), read(&path("o_rejects.jsonl")));
    Some(Run { report, accepted: ids(&records), rejected: ids(&rejects), records })
}

fn check(run: &Run) {
    let total = &run.report.total;
    assert!(total.balances(), "{total:?}");
    assert_eq!(total.accepted, run.records.len() as u64);
    assert_eq!(total.accepted, run.accepted.len() as u64, "no record stands there twice");
    assert_eq!(total.rejected_total(), run.rejected.len() as u64);
    assert!(run.accepted.is_disjoint(&run.rejected));
    for record in &run.records {
        let number: usize = record["custom_id"].as_str().unwrap().split('-').nth(3).unwrap().parse().unwrap();
        let scene = record["scene"].as_str().unwrap();
        assert!(scene.starts_with(&format!("Scene {number},")), "an answer under another id: {record}");
    }
}

/// What a damage does to one line of a file, and how many lines it can cost.
type Damage = (&'static str, fn(&mut Vec<u8>, usize), usize);

fn line_of(file: &[u8], number: usize) -> std::ops::Range<usize> {
    let starts: Vec<usize> = std::iter::once(0).chain(memchr::memchr_iter(b'\n', file).map(|at| at + 1)).collect();
    let number = number.min(starts.len() - 2);
    starts[number]..starts[number + 1] - 1
}

const DAMAGES: [Damage; 14] = [
    ("cut inside the line, to the end of the file", |file, line| file.truncate(line_of(file, line).start + 60), LINES),
    (
        "cut inside the line",
        |file, line| {
            let range = line_of(file, line);
            drop(file.drain(range.end - 30..range.end));
        },
        1,
    ),
    (
        "a byte made no UTF-8",
        |file, line| {
            let at = line_of(file, line).start + 75;
            file[at] = 0xFF;
        },
        1,
    ),
    (
        "a quotation mark lost",
        |file, line| {
            let at = line_of(file, line).start + 1;
            file[at] = b'x';
        },
        1,
    ),
    (
        "a NUL byte",
        |file, line| {
            let at = line_of(file, line).start + 75;
            file[at] = 0;
        },
        1,
    ),
    (
        "dropped",
        |file, line| {
            let range = line_of(file, line);
            drop(file.drain(range.start..=range.end));
        },
        1,
    ),
    (
        "doubled",
        |file, line| {
            let range = line_of(file, line);
            let copy = file[range.start..=range.end].to_vec();
            drop(file.splice(range.start..range.start, copy));
        },
        0,
    ),
    (
        "merged with the next",
        |file, line| {
            let end = line_of(file, line).end;
            if end + 1 < file.len() {
                file.remove(end);
            }
        },
        2,
    ),
    (
        "emptied",
        |file, line| {
            let range = line_of(file, line);
            drop(file.drain(range));
        },
        1,
    ),
    (
        "split in two",
        |file, line| {
            let at = line_of(file, line).start + 75;
            file.insert(at, b'\n');
        },
        1,
    ),
    (
        "reversed",
        |file, _| {
            let lines: Vec<Vec<u8>> =
                file.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).rev().map(<[u8]>::to_vec).collect();
            *file = lines.join(&b'\n');
        },
        0,
    ),
    (
        "with a BOM, CRLF and blank lines",
        |file, _| {
            let text = String::from_utf8(std::mem::take(file)).unwrap();
            *file = ("\u{FEFF}\r\n".to_owned() + &text.replace('\n', "  \r\n\r\n")).into_bytes();
        },
        0,
    ),
    (
        "in UTF-16",
        |file, _| {
            let text = String::from_utf8(std::mem::take(file)).unwrap();
            *file = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        },
        LINES,
    ),
    ("emptied as a whole", |file, _| file.clear(), LINES),
];

#[test]
fn any_damage_to_any_file_costs_only_what_was_hit() {
    let whole: BTreeSet<String> = (0..LINES - 2).map(id).collect();
    let good = batch().map(|lines| bytes(&lines));
    let undamaged = run(&good).unwrap();
    assert_eq!((&undamaged.accepted, undamaged.rejected.len()), (&whole, 2));
    for (name, damage, cost) in DAMAGES {
        for file in 0..3 {
            for line in [0, 1, LINES / 2, LINES - 1] {
                let what = format!("file {file}, line {line} {name}");
                let mut files = good.clone();
                damage(&mut files[file], line);
                // Metadata of which nothing is left is an error, told before anything is written.
                let Some(run) = run(&files) else {
                    assert!(file == 0 && cost == LINES, "{what}");
                    continue;
                };
                check(&run);
                assert!(run.accepted.is_subset(&whole), "{what}");
                let lost = whole.len() - run.accepted.len();
                assert!(lost <= if file == 2 { 0 } else { cost }, "{what}: lost {lost}");
                assert!(!run.report.complete, "{what}: two requests have failed all along");
                if file < 2 && lost > 0 && name != "dropped" {
                    let told =
                        run.report.total.missing + run.report.damaged_metadata.count + run.report.total.strays_total();
                    assert!(told > 0, "{what}: nothing tells of it");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn order_drops_and_duplicates_change_only_what_they_must(
        order in Just((0..LINES).collect::<Vec<_>>()).prop_shuffle(),
        copies in prop::collection::vec(0..3usize, LINES),
    ) {
        let [metadata, ..] = batch();
        let lines: Vec<String> = order.iter().flat_map(|number| vec![answer(*number); copies[*number]]).collect();
        let run = run(&[bytes(&metadata), bytes(&lines), Vec::new()]).unwrap();
        check(&run);
        let expected: Vec<String> = (0..LINES).filter(|number| copies[*number] > 0).map(id).collect();
        let found: Vec<&str> = run.records.iter().map(|record| record["custom_id"].as_str().unwrap()).collect();
        prop_assert_eq!(found, expected.iter().map(String::as_str).collect::<Vec<_>>());
        let duplicates: usize = copies.iter().map(|copies| copies.saturating_sub(1)).sum();
        prop_assert_eq!(run.report.total.strays_total(), duplicates as u64);
        prop_assert_eq!(run.report.complete, copies.iter().all(|copies| *copies > 0));
    }

    #[test]
    fn a_flipped_byte_costs_at_most_its_line(file in 0..3usize, at in any::<prop::sample::Index>(), byte: u8) {
        let mut files = batch().map(|lines| bytes(&lines));
        let at = at.index(files[file].len());
        let ends_line = files[file][at] == b'\n';
        files[file][at] = byte;
        let run = run(&files).unwrap();
        prop_assert!(run.report.total.balances());
        let cost = if ends_line { 2 } else { 1 };
        prop_assert!(run.accepted.len() + cost >= LINES - 2, "lost {}", LINES - 2 - run.accepted.len());
    }
}
