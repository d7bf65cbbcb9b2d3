//! A few rows out of many: the first, or some drawn by chance.

use super::{Reader, Row};
use crate::Result;
use crate::random::Stream;

/// The first `number` rows that `wanted` takes.
///
/// # Errors
/// Those of reading.
pub fn first(reader: Reader, number: usize, wanted: impl Fn(&Row) -> bool) -> Result<Vec<Row>> {
    let mut found = Vec::new();
    for row in reader {
        let row = row?;
        if wanted(&row) {
            found.push(row);
        }
        if found.len() >= number {
            break;
        }
    }
    Ok(found)
}

/// `number` of the rows that `wanted` takes, each as likely as the others, in the order of the file. The same seed draws the
/// same rows of the same file.
///
/// # Errors
/// Those of reading.
pub fn drawn(reader: Reader, number: usize, seed: u64, wanted: impl Fn(&Row) -> bool) -> Result<Vec<Row>> {
    let mut stream = Stream::new(seed, "rows/drawn", &[]);
    let mut found: Vec<(u64, Row)> = Vec::new();
    let mut seen = 0u64;
    for row in reader {
        let row = row?;
        if !wanted(&row) {
            continue;
        }
        // Algorithm R (Vitter 1985).
        if found.len() < number {
            found.push((seen, row));
        } else {
            let at = stream.below(u32::try_from(seen + 1).unwrap_or(u32::MAX)) as usize;
            if at < number {
                found[at] = (seen, row);
            }
        }
        seen += 1;
    }
    found.sort_by_key(|(place, _)| *place);
    Ok(found.into_iter().map(|(_, row)| row).collect())
}
