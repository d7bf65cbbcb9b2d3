//! Parquet: typed columns, lists of numbers and texts, anything deeper as JSON text. This folder owns `parquet`.

mod read;
mod write;

use std::path::Path;

use parquet::errors::ParquetError;

pub(super) use read::ParquetReader;
pub(super) use write::write;

use crate::Error;

fn broken(path: &Path, row: u64, error: &ParquetError) -> Error {
    Error::Line { path: path.to_owned(), line: row, detail: format!("Parquet: {error}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::rows::{Reader, Writer};

    #[test]
    fn values_come_back_with_their_types() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.parquet");
        let rows = [
            json!({"id": "007", "n": 1, "x": 0.5, "b": true, "tags": ["a", "b"], "v": [0.1, 2], "o": {"k": [1]}, "e": []}),
            json!({"id": "a", "n": null, "x": 2, "b": false, "tags": [], "v": null, "o": null, "e": null}),
        ];
        let mut writer = Writer::create(&path).unwrap();
        rows.iter().for_each(|row| writer.write(row.as_object().unwrap()).unwrap());
        writer.finish().unwrap();
        let read: Vec<_> = Reader::open(&path, None).unwrap().map(|row| row.unwrap().columns).collect();
        let mut expected = rows.to_vec();
        expected[0]["v"] = json!([0.1, 2.0]);
        expected[1]["x"] = json!(2.0);
        assert_eq!(read.into_iter().map(serde_json::Value::Object).collect::<Vec<_>>(), expected);
    }
}
