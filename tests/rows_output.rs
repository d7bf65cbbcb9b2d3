//! Where the rows of a table go: what cannot take them is told before anyone is asked, and no input is replaced.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::fs;

use support::program::{Serve, ok, run};

const ROWS: &str = "id,content\n1,a\n2,b\n3,c\n";

#[test]
fn an_input_is_never_the_output() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("t.csv"), ROWS).unwrap();
    fs::write(path.join("more.csv"), "id,age\n1,30\n").unwrap();
    for output in ["t.csv", "./t.csv", "more.csv"] {
        let args = ["run", "--recipe", "table", "--input", "t.csv", "--join", "extra=more.csv:id", "--output", output];
        let (code, _, stderr) = run(path, &args);
        assert!(code == 2 && stderr.contains("would be replaced"), "{output}: {stderr}");
        assert!(!path.join("batch_files").exists(), "{output}");
    }
    ok(path, &["run", "--recipe", "table", "--input", "t.csv", "--output", "o.csv"]);
    let batch = "batch_files/table-t";
    let (code, _, stderr) = run(path, &["process", "--responses", batch, "--metadata", batch, "--output", "t.csv"]);
    assert!(code == 2 && stderr.contains("would be replaced"), "{stderr}");
    assert_eq!(fs::read_to_string(path.join("t.csv")).unwrap(), ROWS);
}

#[test]
fn an_output_that_cannot_be_written_is_told_before_anyone_is_asked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("t.csv"), ROWS).unwrap();
    let mut outputs =
        vec![("table", "o.xyz", "no known file format"), ("interviews", "o.csv", "give --output a folder")];
    if cfg!(not(feature = "parquet")) {
        outputs.push(("table", "o.parquet", "without Parquet"));
    }
    for (recipe, output, why) in outputs {
        let input: &[&str] = if recipe == "table" { &["--input", "t.csv"] } else { &[] };
        let args = [&["run", "--recipe", recipe, "--output", output][..], input].concat();
        let (code, _, stderr) = run(path, &args);
        assert!(code == 2 && stderr.contains(why), "{output}: {stderr}");
        assert!(!path.join("batch_files").exists(), "{output}");
    }
}

#[test]
fn a_request_that_would_be_refused_is_not_sent() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("t.csv"), ROWS).unwrap();
    let state = path.join("state");
    fs::create_dir_all(&state).unwrap();
    let serve = Serve::start(&state);
    let asked = ["run", "--recipe", "table", "--input", "t.csv", "--output", "o.csv", "--param", "temperature=5"];
    let (code, _, stderr) = run(path, &[&asked[..], &["--provider", "openai", "--base-url", &serve.base]].concat());
    assert!(code == 2 && stderr.contains("temperature"), "{code} {stderr}");
    assert_eq!(serve.count("batches"), 0);
    let (code, _, stderr) =
        run(path, &["generate", "--recipe", "table", "--input", "t.csv", "--param", "temperature=5"]);
    assert!(code == 2 && stderr.contains("temperature") && !path.join("batch_files").exists(), "{code} {stderr}");
}
