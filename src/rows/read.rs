//! Reading rows, one at a time.

use std::fmt;
use std::io::{BufRead, Read};
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::csv::{Cells, CsvReader};
use super::elements::Elements;
use super::{Columns, Format, Row};
use crate::files::{self, Lines};
use crate::{Error, Result};

/// Reads the rows of a file. As an iterator it gives each row or what is wrong with it; after an error it ends.
pub struct Reader {
    file: Arc<Path>,
    format: Format,
    kind: Kind,
    ended: bool,
}

enum Kind {
    Csv(Box<CsvReader>),
    Jsonl(Lines<Box<dyn BufRead + Send>>),
    Json(Elements),
    #[cfg(feature = "parquet")]
    Parquet(super::parquet::ParquetReader),
}

impl Reader {
    /// Opens `path`; `-` is standard input. `format` is told by the extension where it is `None`, and for standard input by
    /// the first character: `[` begins a JSON array, `{` JSON Lines, anything else CSV.
    ///
    /// # Errors
    /// [`Error::Usage`] for an unknown extension, or Parquet without its feature; [`Error::Io`]; [`Error::Line`] for a
    /// header that cannot be used.
    pub fn open(path: &Path, format: Option<Format>) -> Result<Self> {
        Self::open_with(path, format, Cells::Text)
    }

    /// [`Reader::open`], saying what the cells of CSV and TSV stand for.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open_with(path: &Path, format: Option<Format>, cells: Cells) -> Result<Self> {
        let told = match format {
            Some(format) => Some(format),
            None if path.as_os_str() == "-" => None,
            None => Some(Format::told(path)?.0),
        };
        if told == Some(Format::Parquet) {
            return Self::parquet(path);
        }
        Self::new(files::open(path)?, path, told, cells)
    }

    /// Rows of a stream; `path` is for messages.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn new(mut reader: Box<dyn BufRead + Send>, path: &Path, format: Option<Format>, cells: Cells) -> Result<Self> {
        let format = match format {
            Some(format) => format,
            None => {
                let mut start = Vec::new();
                (&mut reader).take(256).read_to_end(&mut start).map_err(Error::io("read", path))?;
                let format = sniff(&start);
                reader = Box::new(std::io::BufReader::new(std::io::Cursor::new(start).chain(reader)));
                format
            }
        };
        let kind = match format {
            Format::Csv | Format::Tsv => Kind::Csv(Box::new(CsvReader::new(reader, path, format, cells)?)),
            Format::Jsonl => Kind::Jsonl(Lines::new(reader, path)),
            Format::Json => Kind::Json(Elements::new(reader, path)),
            Format::Parquet => return Err(Error::Usage("Parquet is read from a file, not from a stream".to_owned())),
        };
        Ok(Self { file: path.into(), format, kind, ended: false })
    }

    #[cfg(feature = "parquet")]
    fn parquet(path: &Path) -> Result<Self> {
        let kind = Kind::Parquet(super::parquet::ParquetReader::open(path)?);
        Ok(Self { file: path.into(), format: Format::Parquet, kind, ended: false })
    }

    #[cfg(not(feature = "parquet"))]
    fn parquet(path: &Path) -> Result<Self> {
        Err(super::write::no_parquet(path))
    }

    /// The format that is read.
    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// The columns, where the file says them before its rows: CSV, TSV, Parquet.
    #[must_use]
    pub fn header(&self) -> Option<Vec<String>> {
        match &self.kind {
            Kind::Csv(reader) => Some(reader.header().to_vec()),
            Kind::Jsonl(_) | Kind::Json(_) => None,
            #[cfg(feature = "parquet")]
            Kind::Parquet(reader) => Some(reader.header()),
        }
    }

    fn read(&mut self) -> Result<Option<(Columns, u64)>> {
        match &mut self.kind {
            Kind::Csv(reader) => reader.next(&self.file),
            Kind::Jsonl(lines) => loop {
                let Some(line) = lines.next()? else { return Ok(None) };
                if line.too_long {
                    let detail = "the line is longer than 64 MiB".to_owned();
                    return Err(Error::Line { path: self.file.to_path_buf(), line: line.number, detail });
                }
                if !line.bytes.is_empty() {
                    return object(line.bytes, &self.file, line.number).map(Some);
                }
            },
            Kind::Json(elements) => match elements.next()? {
                Some((bytes, line)) => object(bytes, &self.file, line).map(Some),
                None => Ok(None),
            },
            #[cfg(feature = "parquet")]
            Kind::Parquet(reader) => reader.next(),
        }
    }
}

impl Iterator for Reader {
    type Item = Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let read = self.read();
        self.ended = !matches!(read, Ok(Some(_)));
        read.transpose().map(|read| read.map(|(columns, line)| Row { file: Arc::clone(&self.file), line, columns }))
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").field("file", &self.file).field("format", &self.format).finish_non_exhaustive()
    }
}

fn object(bytes: &[u8], path: &Path, line: u64) -> Result<(Columns, u64)> {
    let told = |detail: String| Error::Line { path: path.to_owned(), line, detail };
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(columns)) => Ok((columns, line)),
        Ok(_) => Err(told("not an object: a row is a JSON object of columns".to_owned())),
        Err(error) => Err(told(format!("not JSON: {error}"))),
    }
}

fn sniff(start: &[u8]) -> Format {
    let text = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    match text.trim_ascii_start().first() {
        Some(b'[') => Format::Json,
        Some(b'{') => Format::Jsonl,
        _ => Format::Csv,
    }
}
