//! Writing rows, one at a time.

use std::collections::HashSet;
use std::fmt;
use std::io::{BufRead, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::csv::{Cells, CsvWriter};
use super::{Columns, Format};
use crate::files::{Packer, Packing, Sink};
use crate::{Error, Result};

/// Writes the rows of a file, which appears when it is whole.
///
/// CSV, TSV and Parquet say their columns before their rows: unless those are given, the rows wait in a temporary file
/// until all columns have been seen, in the order in which they first came.
pub struct Writer {
    path: PathBuf,
    format: Format,
    cells: Cells,
    kind: Kind,
    rows: u64,
}

enum Kind {
    Jsonl(Packer),
    Json(Packer),
    Csv(Box<CsvWriter<Packer>>),
    Waiting(Box<Waiting>),
}

/// Rows that wait for their columns to be known.
struct Waiting {
    sink: Sink,
    packing: Packing,
    rows: BufWriter<NamedTempFile>,
    columns: Vec<String>,
    known: HashSet<String>,
}

impl Writer {
    /// Starts a file that will appear as `path`; format and packing are told by its extension.
    ///
    /// # Errors
    /// [`Error::Usage`] for an unknown extension, or Parquet without its feature; [`Error::Io`].
    pub fn create(path: &Path) -> Result<Self> {
        Self::create_with(path, None, None, Cells::Text)
    }

    /// [`Writer::create`] with a format that the extension does not say, with the columns in the order they are to have, and
    /// what the cells of CSV and TSV stand for.
    ///
    /// # Errors
    /// As [`Writer::create`].
    pub fn create_with(
        path: &Path,
        format: Option<Format>,
        columns: Option<Vec<String>>,
        cells: Cells,
    ) -> Result<Self> {
        let (format, packing) = match (format, Format::told(path)) {
            (Some(format), told) => (format, told.map(|(_, packing)| packing).unwrap_or_default()),
            (None, told) => told?,
        };
        Self::new(Sink::file(path)?, path, format, packing, columns, cells)
    }

    /// Writes to `sink`; `path` is for messages.
    ///
    /// # Errors
    /// As [`Writer::create`].
    pub fn new(
        sink: Sink,
        path: &Path,
        format: Format,
        packing: Packing,
        columns: Option<Vec<String>>,
        cells: Cells,
    ) -> Result<Self> {
        writable(format, path)?;
        let kind = match (format, columns) {
            (Format::Jsonl, _) => Kind::Jsonl(Packer::new(sink, packing, path)?),
            (Format::Json, _) => Kind::Json(Packer::new(sink, packing, path)?),
            (Format::Csv | Format::Tsv, Some(columns)) => {
                let packer = Packer::new(sink, packing, path)?;
                Kind::Csv(Box::new(CsvWriter::new(packer, path, format, columns, cells)?))
            }
            (Format::Csv | Format::Tsv | Format::Parquet, columns) => {
                let file = NamedTempFile::new().map_err(Error::io("make a temporary file for", path))?;
                let columns = columns.unwrap_or_default();
                let known = columns.iter().cloned().collect();
                Kind::Waiting(Box::new(Waiting { sink, packing, rows: BufWriter::new(file), columns, known }))
            }
        };
        Ok(Self { path: path.to_owned(), format, cells, kind, rows: 0 })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Usage`] for a column that is not among those given.
    pub fn write(&mut self, columns: &Columns) -> Result<()> {
        let path = &self.path;
        let put = |file: &mut dyn Write, before: &[u8], after: &[u8]| {
            file.write_all(before)
                .and_then(|()| serde_json::to_writer(&mut *file, columns).map_err(Into::into))
                .and_then(|()| file.write_all(after))
                .map_err(Error::io("write", path))
        };
        match &mut self.kind {
            Kind::Jsonl(packer) => put(packer, b"", b"\n")?,
            Kind::Json(packer) => put(packer, if self.rows == 0 { b"[\n" } else { b",\n" }, b"")?,
            Kind::Csv(writer) => writer.write(columns, path)?,
            Kind::Waiting(waiting) => {
                for name in columns.keys() {
                    if !waiting.known.contains(name) {
                        waiting.known.insert(name.clone());
                        waiting.columns.push(name.clone());
                    }
                }
                put(&mut waiting.rows, b"", b"\n")?;
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Ends the file, which then appears, and says how many rows it has.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn finish(self) -> Result<u64> {
        let Self { path, format, cells, kind, rows } = self;
        match kind {
            Kind::Jsonl(packer) => packer.finish(&path)?,
            Kind::Json(mut packer) => {
                let end: &[u8] = if rows == 0 { b"[]\n" } else { b"\n]\n" };
                packer.write_all(end).map_err(Error::io("write", &path))?;
                packer.finish(&path)?;
            }
            Kind::Csv(writer) => writer.into_inner(&path)?.finish(&path)?,
            Kind::Waiting(waiting) => waiting.finish(&path, format, cells)?,
        }
        Ok(rows)
    }
}

impl Waiting {
    fn finish(self, path: &Path, format: Format, cells: Cells) -> Result<()> {
        let Self { sink, packing, rows, columns, .. } = self;
        let file = rows.into_inner().map_err(|error| Error::io("write", path)(error.into_error()))?;
        let again = || {
            let mut file = file.reopen().map_err(Error::io("read", path))?;
            file.seek(SeekFrom::Start(0)).map_err(Error::io("read", path))?;
            Ok::<_, Error>(BufReader::new(file).lines().map(|line| {
                let line = line.map_err(Error::io("read", path))?;
                serde_json::from_str::<Columns>(&line).map_err(|error| Error::io("read", path)(error.into()))
            }))
        };
        #[cfg(feature = "parquet")]
        if format == Format::Parquet {
            return super::parquet::write(sink, path, &columns, again);
        }
        let mut writer = CsvWriter::new(Packer::new(sink, packing, path)?, path, format, columns, cells)?;
        for row in again()? {
            writer.write(&row?, path)?;
        }
        writer.into_inner(path)?.finish(path)
    }
}

/// Whether rows can be written in that format; `path` is for messages.
///
/// # Errors
/// [`Error::Usage`] for Parquet without its feature.
pub fn writable(format: Format, path: &Path) -> Result<()> {
    if format == Format::Parquet && cfg!(not(feature = "parquet")) {
        return Err(no_parquet(path));
    }
    Ok(())
}

/// Why a Parquet file cannot be read or written here.
pub(super) fn no_parquet(path: &Path) -> Error {
    let build = "build it with `cargo install --path . --features parquet`, or use .csv or .jsonl";
    Error::Usage(format!("{}: this aacorn was built without Parquet; {build}", path.display()))
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("path", &self.path).field("format", &self.format).finish_non_exhaustive()
    }
}
