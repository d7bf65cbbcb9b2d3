//! Rows keep what they hold, whatever the file format, and say where something is wrong.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use aacorn::rows::{Cells, Columns, Format, Reader, Writer, flatten, unflatten};
use proptest::prelude::*;
use serde_json::{Value, json};

fn read(path: &Path) -> aacorn::Result<Vec<Columns>> {
    Reader::open(path, None)?.map(|row| row.map(|row| row.columns)).collect()
}

fn read_text(name: &str, text: &[u8]) -> aacorn::Result<Vec<Columns>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    read(&path)
}

fn rows(value: &Value) -> Vec<Columns> {
    value.as_array().unwrap().iter().map(|row| row.as_object().unwrap().clone()).collect()
}

fn written(path: &Path, rows: &[Columns], cells: Cells) {
    let mut writer = Writer::create_with(path, None, None, cells).unwrap();
    rows.iter().for_each(|row| writer.write(row).unwrap());
    assert_eq!(writer.finish().unwrap(), rows.len() as u64);
}

#[test]
fn text_stays_text_in_csv() {
    let read = read_text("a.csv", "\u{FEFF}id,note\n007,\"a, \"\"b\"\"\nc\"\n,NaN\n".as_bytes()).unwrap();
    assert_eq!(read, rows(&json!([{"id": "007", "note": "a, \"b\"\nc"}, {"id": "", "note": "NaN"}])));
}

#[test]
fn every_format_and_packing_gives_back_what_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let given = rows(&json!([
        {"id": "007", "text": "Grüße, \"Ada\"\n\t\u{2028}", "n": 1, "deep": {"a": [1, {"b": null}]}},
        {"id": "a", "later": true, "x": 0.1},
    ]));
    for name in ["a.jsonl", "a.json", "a.jsonl.gz", "a.json.zst"] {
        let path = folder.path().join(name);
        written(&path, &given, Cells::Text);
        assert_eq!(read(&path).unwrap(), given, "{name}");
    }
    for name in ["a.csv", "a.tsv", "a.csv.gz"] {
        let path = folder.path().join(name);
        written(&path, &given, Cells::Text);
        let read = read(&path).unwrap();
        assert_eq!(read[0]["text"], given[0]["text"], "{name}");
        assert_eq!(read[0]["deep"], r#"{"a":[1,{"b":null}]}"#);
        assert_eq!(read[1].keys().collect::<Vec<_>>(), ["id", "text", "n", "deep", "later", "x"]);
        assert_eq!((&read[1]["later"], &read[0]["later"]), (&json!("true"), &json!("")));
    }
}

#[test]
fn a_row_knows_its_line() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text, lines) in [
        ("a.csv", "id\n\"a\nb\"\nc\n", [2, 4]),
        ("a.jsonl", "{\"id\":1}\n\n{\"id\":2}", [1, 3]),
        ("a.json", "[{\"id\":1},\n\n{\"id\":2}]", [1, 3]),
    ] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let found: Vec<u64> = Reader::open(&path, None).unwrap().map(|row| row.unwrap().line).collect();
        assert_eq!(found, lines, "{name}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (name, text, line, detail) in [
        ("a.csv", "id,b\n1,2\n3\n", 3, "1 fields, but the header has 2"),
        ("a.csv", "id,id\n1,2\n", 1, "two columns are called `id`"),
        ("a.csv", "id\n\u{e9}\n", 0, ""),
        ("a.jsonl", "{\"a\":1}\n[2]\n", 2, "not an object"),
        ("a.jsonl", "{\"a\":1}\n{\"a\":}\n", 2, "not JSON"),
        ("a.json", "[{\"a\":1}\n{\"a\":2}]", 2, "comma"),
    ] {
        match read_text(name, text.as_bytes()) {
            Ok(_) => assert_eq!(line, 0, "{text}"),
            Err(error) => {
                let error = error.to_string();
                assert!(error.contains(&format!("{name}:{line}: ")) && error.contains(detail), "{error}");
            }
        }
    }
    let latin = read_text("a.csv", b"id\n\xE9\n").unwrap_err().to_string();
    assert!(latin.contains(":2: not UTF-8"), "{latin}");
    assert!(read_text("a.pkl", b"").unwrap_err().to_string().contains("no known file format"));
}

#[test]
fn nothing_appears_before_it_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.csv", "a.json.gz"] {
        let path = folder.path().join(name);
        let mut writer = Writer::create(&path).unwrap();
        writer.write(&rows(&json!([{"a": 1}]))[0]).unwrap();
        drop(writer);
        assert!(!path.exists());
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_stream_is_told_by_its_first_character() {
    for (text, format) in
        [("[{\"a\":\"1\"}]", Format::Json), (" {\"a\":\"1\"}\n", Format::Jsonl), ("a\n1\n", Format::Csv)]
    {
        let reader = Reader::new(Box::new(std::io::Cursor::new(text)), Path::new("-"), None, Cells::Text).unwrap();
        assert_eq!(reader.format(), format);
        let read: Vec<_> = reader.map(|row| row.unwrap().columns).collect();
        assert_eq!(read, rows(&json!([{"a": "1"}])));
    }
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no others", |number| number.is_finite()).prop_map(Value::from),
        "[\"0-9a-ntruefls{},.\\[\\] \n-]{0,5}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn flat_cells_of_values_give_them_back(
        values in prop::collection::vec(scalar(), 1..6),
        list in prop::collection::vec(scalar(), 0..3),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let row: Columns = values.into_iter().enumerate().map(|(at, value)| (format!("c{at}"), value)).collect();
        let nested: Columns = json!({"id": "x", "in": {"list": list}}).as_object().unwrap().clone();
        let given = [row, nested];
        written(&path, &given.iter().map(flatten).collect::<Vec<_>>(), Cells::Json);
        let read: Vec<Columns> = Reader::open_with(&path, None, Cells::Json)
            .unwrap()
            .map(|row| unflatten(&row.unwrap().columns).unwrap())
            .collect();
        prop_assert_eq!(read.as_slice(), given.as_slice());
    }
}
