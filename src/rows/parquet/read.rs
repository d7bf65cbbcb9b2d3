//! Rows of a Parquet file, as JSON values.

use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::basic::ConvertedType;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};
use serde_json::{Map, Number, Value};

use super::broken;
use crate::rows::Columns;
use crate::{Error, Result};

/// Reads the rows of a file.
pub(in crate::rows) struct ParquetReader {
    path: PathBuf,
    rows: RowIter<'static>,
    /// By column, whether its texts are JSON.
    json: Vec<(String, bool)>,
    row: u64,
}

impl ParquetReader {
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("read", path))?;
        let reader = SerializedFileReader::new(file).map_err(|error| broken(path, 0, &error))?;
        let schema = reader.metadata().file_metadata().schema();
        let json = schema.get_fields().iter().map(|field| {
            let info = field.get_basic_info();
            (field.name().to_owned(), info.converted_type() == ConvertedType::JSON)
        });
        let json = json.collect();
        Ok(Self { path: path.to_owned(), rows: reader.into_iter(), json, row: 0 })
    }

    pub fn header(&self) -> Vec<String> {
        self.json.iter().map(|(name, _)| name.clone()).collect()
    }

    pub fn next(&mut self) -> Result<Option<(Columns, u64)>> {
        let Some(row) = self.rows.next() else { return Ok(None) };
        self.row += 1;
        let row = row.map_err(|error| broken(&self.path, self.row, &error))?;
        let mut columns = columns(&row);
        for (name, _) in self.json.iter().filter(|(_, json)| *json) {
            if let Some(value @ Value::String(_)) = columns.get_mut(name)
                && let Some(read) = value.as_str().and_then(|text| serde_json::from_str(text).ok())
            {
                *value = read;
            }
        }
        Ok(Some((columns, self.row)))
    }
}

fn columns(row: &Row) -> Columns {
    row.get_column_iter().map(|(name, field)| (name.clone(), value(field))).collect()
}

fn value(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(value) => (*value).into(),
        Field::Byte(value) => (*value).into(),
        Field::Short(value) => (*value).into(),
        Field::Int(value) => (*value).into(),
        Field::Long(value) => (*value).into(),
        Field::UByte(value) => (*value).into(),
        Field::UShort(value) => (*value).into(),
        Field::UInt(value) => (*value).into(),
        Field::ULong(value) => (*value).into(),
        Field::Float(value) => Number::from_f64(f64::from(*value)).map_or(Value::Null, Value::Number),
        Field::Double(value) => Number::from_f64(*value).map_or(Value::Null, Value::Number),
        Field::Str(text) => text.as_str().into(),
        Field::Bytes(bytes) => String::from_utf8_lossy(bytes.data()).into(),
        Field::Group(row) => Value::Object(columns(row)),
        Field::ListInternal(list) => list.elements().iter().map(value).collect(),
        Field::MapInternal(map) => {
            let entries = map.entries().iter().map(|(key, field)| match value(key) {
                Value::String(key) => (key, value(field)),
                other => (other.to_string(), value(field)),
            });
            Value::Object(entries.collect::<Map<_, _>>())
        }
        // Dates, times and decimals as they are printed, without the quotation marks that texts have.
        other => other.to_string().trim_matches('"').into(),
    }
}
