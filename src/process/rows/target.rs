//! Where the rows of a table go, and what stands beside them.

use std::path::{Path, PathBuf};

use crate::recipe::rows::{Placement, RowRecipe};
use crate::rows::{Format, writable};
use crate::{Error, Result};

/// The files of an output.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The rows with their answers; the index where answers are files.
    pub rows: PathBuf,
    /// The rows without an answer.
    pub rejects: PathBuf,
    /// The report.
    pub report: PathBuf,
    /// Records and their rejects.
    pub records: PathBuf,
    /// The folder of the answers, where they are files.
    pub files: Option<PathBuf>,
    /// The items of a list in the answers, where they become rows of their own.
    pub exploded: Option<PathBuf>,
    /// Whether nested provenance becomes columns with dotted names.
    pub flat: bool,
}

impl Target {
    /// The files for an output that the person names: a file by its extension, else a folder in which the table `label` gets
    /// its own, in the format `own`.
    ///
    /// # Errors
    /// [`Error::Usage`] for a format that cannot be written, or a file where there must be a folder.
    pub fn told(output: &Path, label: &str, own: Format, recipe: &RowRecipe) -> Result<Self> {
        let told = Format::told(output).ok().filter(|_| !output.is_dir());
        let exploded = |rows: &Path| recipe.output.explode.as_ref().map(|explode| rows.with_file_name(&explode.file));
        if recipe.output.place == Placement::FilePerRow {
            if told.is_some() {
                let detail = format!("recipe `{}` writes a file for each row: give --output a folder", recipe.name);
                return Err(Error::Usage(detail));
            }
            let format = if own == Format::Json { Format::Jsonl } else { own };
            let rows = output.join(format!("index.{format}"));
            writable(format, &rows)?;
            return Ok(Self {
                exploded: exploded(&rows),
                rows,
                rejects: output.join("rejects.jsonl"),
                report: output.join("report.json"),
                records: output.join("_run/records.jsonl"),
                files: Some(output.to_owned()),
                flat: is_flat(format),
            });
        }
        let (rows, format) = match told {
            Some((format, _)) => (output.to_owned(), format),
            None if output.extension().is_some() && !output.is_dir() => return Err(unknown(output)),
            None => (output.join(label).join(format!("{label}.{own}")), own),
        };
        writable(format, &rows)?;
        let name = rows.file_name().unwrap_or_default().to_string_lossy();
        let stem = name.split('.').next().unwrap_or_default().to_owned();
        let beside = |end: &str| rows.with_file_name(format!("{stem}{end}"));
        Ok(Self {
            rejects: beside("_rejects.jsonl"),
            report: beside("_report.json"),
            records: beside("_run").join("records.jsonl"),
            files: None,
            flat: is_flat(format),
            exploded: exploded(&rows),
            rows,
        })
    }

    /// Makes sure that none of `inputs` would be replaced.
    ///
    /// # Errors
    /// [`Error::Usage`] when one would be.
    pub fn spare(&self, inputs: &[PathBuf]) -> Result<()> {
        let own = [&self.rows, &self.rejects, &self.report, &self.records, &self.record_rejects()];
        for path in own.into_iter().chain(&self.exploded) {
            let same = |input: &PathBuf| matches!((path.canonicalize(), input.canonicalize()), (Ok(path), Ok(input)) if path == input);
            if inputs.iter().any(same) {
                let detail = "is an input, and would be replaced: name another file or folder";
                return Err(Error::Usage(format!("--output: {} {detail}", path.display())));
            }
        }
        Ok(())
    }

    /// The rejects of the records.
    pub fn record_rejects(&self) -> PathBuf {
        self.records.with_file_name("records_rejects.jsonl")
    }
}

fn is_flat(format: Format) -> bool {
    matches!(format, Format::Csv | Format::Tsv | Format::Parquet)
}

fn unknown(output: &Path) -> Error {
    Format::told(output).err().unwrap_or_else(|| Error::Usage(format!("{}: no known file format", output.display())))
}
