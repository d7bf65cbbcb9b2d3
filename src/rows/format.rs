//! File formats, told by the extension.

use std::fmt;
use std::path::Path;

use crate::files::Packing;
use crate::{Error, Result};

/// A file format of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Values separated by commas, a header first, quoted as RFC 4180 has it.
    Csv,
    /// The same with tabs.
    Tsv,
    /// JSON Lines: an object a line.
    Jsonl,
    /// A JSON array of objects, or objects one after another.
    Json,
    /// Apache Parquet; only with the feature `parquet`.
    Parquet,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Csv, Self::Tsv, Self::Jsonl, Self::Json, Self::Parquet];

    /// The name, which is the extension.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Tsv => "tsv",
            Self::Jsonl => "jsonl",
            Self::Json => "json",
            Self::Parquet => "parquet",
        }
    }

    /// Format and packing of a path, by its extensions: `rows.csv`, `rows.jsonl.zst`.
    ///
    /// # Errors
    /// [`Error::Usage`] when they say nothing that is known.
    pub fn told(path: &Path) -> Result<(Self, Packing)> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let (rest, packing) = match name.rsplit_once('.') {
            Some((rest, "gz" | "gzip")) => (rest, Packing::Gzip),
            Some((rest, "zst" | "zstd")) => (rest, Packing::Zstd),
            _ => (&*name, Packing::Plain),
        };
        let format = match rest.rsplit_once('.').map(|(_, extension)| extension) {
            Some("csv") => Self::Csv,
            Some("tsv" | "tab") => Self::Tsv,
            Some("jsonl" | "ndjson") => Self::Jsonl,
            Some("json") => Self::Json,
            Some("parquet") if packing == Packing::Plain => Self::Parquet,
            _ => {
                let known = "its name must end in .csv, .tsv, .jsonl, .json or .parquet, all but the last also with .gz or .zst";
                return Err(Error::Usage(format!("{}: no known file format; {known}", path.display())));
            }
        };
        Ok((format, packing))
    }

    pub(super) fn separator(self) -> u8 {
        if self == Self::Tsv { b'\t' } else { b',' }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_tell_format_and_packing() {
        let told = |name: &str| Format::told(Path::new(name)).unwrap();
        assert_eq!(told("a/b.CSV"), (Format::Csv, Packing::Plain));
        assert_eq!(told("b.v2.jsonl.zst"), (Format::Jsonl, Packing::Zstd));
        assert_eq!(told("b.tsv.gz"), (Format::Tsv, Packing::Gzip));
        assert_eq!(told("b.parquet"), (Format::Parquet, Packing::Plain));
        for name in ["b", "b.gz", "b.pkl", "b.parquet.gz", ".csv.d"] {
            assert!(Format::told(Path::new(name)).is_err(), "{name}");
        }
    }
}
