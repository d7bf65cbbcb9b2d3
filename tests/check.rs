//! `check`: line, field, and what is wrong, before anything is paid for and after.

#![allow(clippy::unwrap_used, reason = "a test says what broke by panicking")]

use std::fs;
use std::path::PathBuf;

use aacorn::process::check::{Checked, check, show};
use aacorn::progress::Silent;
use assert_cmd::Command;

fn file(lines: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("b.jsonl");
    fs::write(&path, lines.join("\n") + "\n").unwrap();
    (folder, path)
}

fn checked(lines: &[&str]) -> Checked {
    let (_folder, path) = file(lines);
    check(&path, 1 << 20, &Silent).unwrap()
}

fn told(lines: &[&str]) -> Vec<(u64, String)> {
    checked(lines)
        .findings
        .into_iter()
        .map(|finding| (finding.line, format!("{} {}", finding.field, finding.what)))
        .collect()
}

const GOOD: &str = r#"{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[{"role":"user","content":"hi"}]}}"#;

#[test]
fn good_requests_of_every_api_have_no_findings() {
    let anthropic =
        r#"{"custom_id":"a","params":{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}}"#;
    let gemini = r#"{"key":"a","request":{"contents":[{"parts":[{"text":"hi"}]}]}}"#;
    for line in [GOOD, anthropic, gemini] {
        assert_eq!((told(&[line]), checked(&[line]).kind), (vec![], "requests"));
    }
}

#[test]
fn each_fault_of_a_request_is_told_with_its_line_and_field() {
    let with = |from: &str, to: &str| GOOD.replace(from, to);
    let cases = [
        (with("\"a\"", "\"a b\""), "custom_id `a b` is not 1 to 64 letters, digits, hyphens and underscores"),
        (with("\"a\"", "7"), "custom_id is missing, or no string"),
        (with("POST", "GET"), "method is not POST"),
        (with("\"url\"", "\"uri\""), "url is missing"),
        (with("\"body\"", "\"boby\""), "body is no object"),
        (with("\"model\"", "\"modal\""), "body.model is missing"),
        (with("\"m\"", "\"m\",\"stream\":true"), "body.stream is not possible in a batch"),
        (with("[{\"role\":\"user\",\"content\":\"hi\"}]", "[]"), "body.messages is missing or empty"),
        (
            r#"{"custom_id":"a","params":{"model":"m","messages":[1]}}"#.to_owned(),
            "params.max_tokens is missing: this API has no default",
        ),
        (r#"{"key":"a","request":{}}"#.to_owned(), "request.contents is missing or empty"),
        (String::new(), " is blank, which some providers refuse"),
        (GOOD[..50].to_owned(), " not JSON at byte 50: the text ends in a string"),
        ("{}".to_owned(), " is neither a request, metadata, a result nor a record"),
    ];
    for (line, what) in cases {
        assert_eq!(told(&[&line]), [(1, what.to_owned())], "{line}");
    }
    let second =
        GOOD.replace("/v1/chat/completions", "/v1/responses").replace("\"m\"", "\"n\"").replace("messages", "input");
    let found = told(&[GOOD, &second]);
    assert_eq!(
        found,
        [
            (2, "custom_id `a` stands in line 1 already".to_owned()),
            (2, "url is `/v1/responses`; the lines before have `/v1/chat/completions`".to_owned()),
            (2, "body.model is `n`; the lines before have `m`".to_owned()),
        ]
    );
}

#[test]
fn results_are_told_by_what_became_of_them() {
    let failed = r#"{"custom_id":"b","response":null,"error":{"code":"batch_expired","message":"late"}}"#;
    let prose = r#"{"custom_id":"c","response":{"body":{"choices":[{"message":{"content":"Sure!"}}]}}}"#;
    let nothing = r#"{"custom_id":"d","response":{"body":{"choices":[{"message":{"content":"{}"}}]}}}"#;
    let found = told(&[failed, prose, nothing]);
    let expected = [
        (1, " expired: batch_expired: late"),
        (2, "answer not JSON at byte 0: expected a value"),
        (3, "answer `conversation` is missing"),
    ];
    assert_eq!(found, expected.map(|(line, what)| (line, what.to_owned())));
}

#[test]
fn a_line_is_shown_with_the_answer_unfolded() {
    let (_folder, path) = file(&["", r#"{"custom_id":"c","response":{"body":"{\"content\":\"{\\\"a\\\":[1]}\"}"}}"#]);
    let shown = show(&path, 2, 1 << 20).unwrap();
    let expected = "{\n  \"custom_id\": \"c\",\n  \"response\": {\n    \"body\": {\n      \"content\": {\n        \"a\": [\n          1\n";
    assert!(shown.starts_with(expected), "{shown}");
    assert!(show(&path, 9, 1 << 20).unwrap_err().to_string().ends_with(":9: the file has fewer lines"));
}

#[test]
fn the_exit_code_tells_whether_anything_is_wrong() {
    for (line, code) in [(GOOD, 0), ("{", 1)] {
        let (_folder, path) = file(&[line]);
        Command::cargo_bin("aacorn").unwrap().arg("check").arg(&path).assert().code(code);
    }
}

/// What `generate`, `run` and `process` leave of rows is as good as what they leave of conversations.
#[test]
fn nothing_is_wrong_with_the_files_of_rows() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str]| {
        let output = Command::cargo_bin("aacorn").unwrap().current_dir(folder.path()).args(args).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    std::fs::write(folder.path().join("t.csv"), "id,content\n1,a\n2,b\n").unwrap();
    assert_eq!(run(&["run", "--recipe", "table", "--input", "t.csv", "--output", "o.csv"]).0, Some(0));
    let (code, stdout) = run(&["check", "batch_files/table-t", "o_run/records.jsonl"]);
    let told = |end: &str| stdout.lines().filter(|line| line.ends_with(end)).count();
    assert_eq!((told("2 lines of requests, 0 findings"), told("2 lines of metadata, 0 findings")), (1, 1), "{stdout}");
    assert_eq!((told("2 lines of results, 0 findings"), told("2 lines of records, 0 findings")), (1, 1), "{stdout}");
    assert_eq!(code, Some(0), "{stdout}");
}

#[test]
fn packed_files_are_checked_and_what_is_no_json_is_shown() {
    use std::io::Write as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.jsonl.gz");
    let mut packer = flate2::write::GzEncoder::new(std::fs::File::create(&path).unwrap(), flate2::Compression::fast());
    packer.write_all(b"{\"custom_id\":\n{\"a\":\"{\\\"b\\\":1}\"}\n").unwrap();
    packer.finish().unwrap();
    let checked = check(&path, 1 << 20, &Silent).unwrap();
    assert_eq!((checked.lines, checked.findings[0].line), (2, 1));
    assert!(show(&path, 1, 1 << 20).unwrap().starts_with("{\"custom_id\":\n(shown as it stands"));
    assert!(show(&path, 2, 1 << 20).unwrap().contains("\"b\": 1"));
}
