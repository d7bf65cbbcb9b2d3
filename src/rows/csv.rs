//! CSV and TSV: text in every cell.

use std::io::{BufRead, Write};
use std::path::Path;

use csv::{ByteRecord, ReaderBuilder, Terminator, WriterBuilder};
use serde_json::Value;

use super::{Columns, Format};
use crate::{Error, Result};

/// What the text of a cell stands for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Cells {
    /// Text, and nothing but. Written: texts as they are, nothing for null, other values as JSON.
    #[default]
    Text,
    /// Values without loss: a cell that is JSON is the value it spells, an empty one is no value at all, anything else is
    /// text. Written: texts as they are, unless they would be read as something else; those in JSON's quotation marks.
    Json,
}

impl Cells {
    /// The text of a cell that holds `value`.
    #[must_use]
    pub fn text(self, value: &Value) -> String {
        match (self, value) {
            (Self::Text, Value::Null) => String::new(),
            (Self::Text, Value::String(text)) => text.clone(),
            (Self::Json, Value::String(text)) if self.value(text).is_some_and(|read| read == *value) => text.clone(),
            (_, other) => other.to_string(),
        }
    }

    /// The value of a cell of that text; `None` where it says that there is none.
    #[must_use]
    pub fn value(self, text: &str) -> Option<Value> {
        match self {
            Self::Text => Some(text.into()),
            Self::Json if text.is_empty() => None,
            Self::Json => Some(serde_json::from_str(text).unwrap_or_else(|_| text.into())),
        }
    }
}

/// Reads records under a header.
pub(super) struct CsvReader {
    reader: csv::Reader<Box<dyn BufRead + Send>>,
    header: Vec<String>,
    record: ByteRecord,
    cells: Cells,
}

impl CsvReader {
    pub fn new(reader: Box<dyn BufRead + Send>, path: &Path, format: Format, cells: Cells) -> Result<Self> {
        let mut reader =
            ReaderBuilder::new().has_headers(false).flexible(true).delimiter(format.separator()).from_reader(reader);
        let mut record = ByteRecord::new();
        reader.read_byte_record(&mut record).map_err(|error| broken(path, &error))?;
        let mut header: Vec<String> = Vec::with_capacity(record.len());
        for (at, name) in record.iter().enumerate() {
            let name = text(name, path, 1)?;
            if header.contains(&name) {
                let detail = format!("two columns are called `{name}`, the second is number {}", at + 1);
                return Err(Error::Line { path: path.to_owned(), line: 1, detail });
            }
            header.push(name);
        }
        Ok(Self { reader, header, record, cells })
    }

    pub fn header(&self) -> &[String] {
        &self.header
    }

    pub fn next(&mut self, path: &Path) -> Result<Option<(Columns, u64)>> {
        if !self.reader.read_byte_record(&mut self.record).map_err(|error| broken(path, &error))? {
            return Ok(None);
        }
        let line = self.record.position().map_or(0, csv::Position::line);
        if self.record.len() != self.header.len() {
            let detail = format!(
                "{} fields, but the header has {}: is a quotation mark or a comma missing?",
                self.record.len(),
                self.header.len()
            );
            return Err(Error::Line { path: path.to_owned(), line, detail });
        }
        let mut columns = Columns::new();
        for (name, cell) in self.header.iter().zip(&self.record) {
            if let Some(value) = self.cells.value(&text(cell, path, line)?) {
                columns.insert(name.clone(), value);
            }
        }
        Ok(Some((columns, line)))
    }
}

fn text(bytes: &[u8], path: &Path, line: u64) -> Result<String> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Error::Line {
        path: path.to_owned(),
        line,
        detail: "not UTF-8: save the file as UTF-8 first".to_owned(),
    })
}

fn broken(path: &Path, error: &csv::Error) -> Error {
    let line = error.position().map_or(1, csv::Position::line);
    Error::Line { path: path.to_owned(), line, detail: error.to_string() }
}

/// Writes records under a header.
pub(super) struct CsvWriter<W: Write> {
    writer: csv::Writer<W>,
    header: Vec<String>,
    cells: Cells,
}

impl<W: Write> CsvWriter<W> {
    pub fn new(writer: W, path: &Path, format: Format, header: Vec<String>, cells: Cells) -> Result<Self> {
        let mut writer = WriterBuilder::new()
            .delimiter(format.separator())
            .terminator(Terminator::Any(b'\n'))
            .flexible(true)
            .from_writer(writer);
        writer.write_record(&header).map_err(|error| failed(path, error))?;
        Ok(Self { writer, header, cells })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// [`Error::Usage`] for a column that the header does not have.
    pub fn write(&mut self, columns: &Columns, path: &Path) -> Result<()> {
        if let Some(name) = columns.keys().find(|name| !self.header.contains(name)) {
            return Err(Error::Usage(format!("{}: the header has no column `{name}`", path.display())));
        }
        for name in &self.header {
            let cell = columns.get(name).map(|value| self.cells.text(value)).unwrap_or_default();
            self.writer.write_field(&cell).map_err(|error| failed(path, error))?;
        }
        self.writer.write_record(None::<&[u8]>).map_err(|error| failed(path, error))
    }

    pub fn into_inner(self, path: &Path) -> Result<W> {
        self.writer.into_inner().map_err(|error| Error::io("write", path)(error.into_error()))
    }
}

fn failed(path: &Path, error: csv::Error) -> Error {
    Error::io("write", path)(error.into())
}
