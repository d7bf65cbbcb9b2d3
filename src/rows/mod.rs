//! Rows: tables and lists of objects, read and written one row at a time, whatever the file format.
//!
//! A row is an ordered map from column to value. In CSV and TSV every value is text, so that `007` stays `007`; JSON and
//! Parquet bring their own types. The format is told by the extension, a packing (`.gz`, `.zst`) behind it; `-` is
//! standard input. This module owns `csv` (and `parquet`, behind the feature of that name).
//!
//! ```
//! # fn main() -> aacorn::Result<()> {
//! # let folder = tempfile::tempdir().expect("a temporary folder");
//! # let (from, to) = (folder.path().join("in.csv"), folder.path().join("out.jsonl.gz"));
//! # std::fs::write(&from, "id,text\n007,hello\n").expect("a file");
//! use aacorn::rows::{Reader, Writer};
//!
//! let mut writer = Writer::create(&to)?;
//! for row in Reader::open(&from, None)? {
//!     writer.write(&row?.columns)?;
//! }
//! assert_eq!(writer.finish()?, 1);
//! # Ok(())
//! # }
//! ```

mod convert;
mod csv;
mod dotted;
mod elements;
mod format;
#[cfg(feature = "parquet")]
mod parquet;
mod pick;
mod read;
mod write;

use std::path::Path;
use std::sync::Arc;

use serde_json::{Map, Value};

pub use convert::convert;
pub use csv::Cells;
pub use dotted::{Path as DottedPath, flatten, get, set, unflatten};
pub use format::Format;
pub use pick::{drawn, first};
pub use read::Reader;
pub use write::{Writer, writable};

/// The columns of a row, in order.
pub type Columns = Map<String, Value>;

/// A row, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The file it was read from; `-` for standard input.
    pub file: Arc<Path>,
    /// The number of its first line, from 1; in Parquet the number of the row.
    pub line: u64,
    /// Its columns, in the order of the file.
    pub columns: Columns,
}
