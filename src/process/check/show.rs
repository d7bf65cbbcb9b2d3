//! One line, spread out for reading.

use std::path::Path;

use serde_json::Value;

use crate::files::{self, Lines};
use crate::{Error, Result};

/// How deep texts inside texts are unfolded.
const MAX_DEPTH: u32 = 4;

/// Line `number` (from 1) of a file over many lines, with every JSON text inside a string unfolded in its place. A line that is
/// not JSON is given as it stands, with why it is none.
///
/// # Errors
/// [`Error::Line`] when there is no such line; [`Error::Io`].
pub fn show(path: &Path, number: u64, max_line: usize) -> Result<String> {
    let mut lines = Lines::new(files::open(path)?, path).with_limit(max_line);
    let failed = |detail: String| Error::Line { path: path.to_owned(), line: number, detail };
    while let Some(line) = lines.next()? {
        if line.number == number {
            let mut value = match serde_json::from_slice(line.bytes) {
                Ok(value) => value,
                Err(error) => {
                    let text = String::from_utf8_lossy(line.bytes);
                    let column = error.column();
                    return Ok(format!(
                        "{text}\n(shown as it stands: at byte {column} it is no JSON that can be spread out)"
                    ));
                }
            };
            unfold(&mut value, MAX_DEPTH);
            return serde_json::to_string_pretty(&value).map_err(|error| failed(error.to_string()));
        }
    }
    Err(failed("the file has fewer lines".to_owned()))
}

fn unfold(value: &mut Value, depth: u32) {
    match value {
        Value::String(text) if depth > 0 && text.trim_start().starts_with(['{', '[']) => {
            if let Ok(mut inside) = serde_json::from_str::<Value>(text) {
                unfold(&mut inside, depth - 1);
                *value = inside;
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| unfold(value, depth)),
        Value::Object(members) => members.values_mut().for_each(|value| unfold(value, depth)),
        _ => {}
    }
}
