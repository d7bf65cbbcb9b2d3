//! From one file format to another, row by row.

use std::path::Path;

use super::{Cells, Format, Reader, Writer, flatten, unflatten};
use crate::progress::{Progress, go_on};
use crate::{Error, Result};

/// Rows between two looks at whether the person wants to stop.
const STRIDE: u64 = 1024;

/// Writes the rows of `from` to `to`; the formats are told by the extensions. Tables get a column for each nested value,
/// under its dotted name, and JSON made of a table has the nested values again. Returns the number of rows.
///
/// # Errors
/// [`Error::Usage`] for an unknown format or a `to` that is `from`; [`Error::Line`] for a row that cannot be read or whose
/// columns cannot be put back; [`Error::Io`]; [`Error::Interrupted`]. `to` is then as it was.
pub fn convert(from: &Path, to: &Path, cells: Cells, progress: &dyn Progress) -> Result<u64> {
    if same(from, to) {
        return Err(Error::Usage(format!("{}: the output would be the input; give another name", to.display())));
    }
    let reader = Reader::open_with(from, None, cells)?;
    let (source, target) = (reader.format(), Format::told(to)?.0);
    let header = reader.header().filter(|_| is_table(target));
    let mut writer = Writer::create_with(to, None, header, cells)?;
    let task = progress.task("convert", &to.display().to_string(), None, "rows");
    let mut rows = 0;
    for row in reader {
        let row = row?;
        let wrong = |detail| Error::Line { path: from.to_owned(), line: row.line, detail };
        match (is_table(source), is_table(target)) {
            (false, true) => writer.write(&flatten(&row.columns))?,
            (true, false) => writer.write(&unflatten(&row.columns).map_err(wrong)?)?,
            _ => writer.write(&row.columns)?,
        }
        rows += 1;
        if rows % STRIDE == 0 {
            go_on(progress)?;
            task.advance(STRIDE);
        }
    }
    writer.finish()
}

fn is_table(format: Format) -> bool {
    matches!(format, Format::Csv | Format::Tsv | Format::Parquet)
}

fn same(from: &Path, to: &Path) -> bool {
    from == to || matches!((from.canonicalize(), to.canonicalize()), (Ok(from), Ok(to)) if from == to)
}
