//! Answers as files of their own.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::Result;
use crate::files::AtomicFile;
use crate::random::fingerprint;
use crate::rows::Columns;

/// The longest name that is made of a row's id, in bytes, before the extension.
const MAX_NAME: usize = 80;

/// A folder of answers.
pub(super) struct Folder {
    path: PathBuf,
    extension: String,
}

impl Folder {
    pub fn new(path: &Path, extension: Option<&str>) -> Self {
        Self { path: path.to_owned(), extension: extension.unwrap_or("json").to_owned() }
    }

    /// Writes an answer and gives its file name: the whole row as JSON, or the text alone where the extension asks for that.
    pub fn write(&self, id: &str, columns: &Columns, answer: &Value) -> Result<String> {
        let name = format!("{}.{}", name(id), self.extension);
        let mut file = AtomicFile::create(&self.path.join(&name))?;
        match answer {
            Value::String(text) if self.extension != "json" => {
                file.put(text.trim_end().as_bytes())?;
                file.put(b"\n")?;
            }
            _ => file.write_line(&serde_json::to_vec_pretty(columns).expect("columns are plain data"))?,
        }
        file.finish()?;
        Ok(name)
    }
}

/// A file name made of an id, which is nobody's path: what is not safe in it becomes a hyphen, and then a digest tells it
/// from others.
fn name(id: &str) -> String {
    let safe = |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.');
    let mut name: String = id.chars().take(MAX_NAME).map(|char| if safe(char) { char } else { '-' }).collect();
    if name.is_empty() || name.starts_with(['.', '_']) || name == "index" || name == "report" || name == "rejects" {
        name.insert(0, '-');
    }
    if name != id {
        name = format!("{name}-{}", fingerprint(id.as_bytes(), 8));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn no_id_is_a_path() {
        assert_eq!(name("007"), "007");
        for id in ["../../etc/passwd", "a/b", ".hidden", "index", "", &"x".repeat(300), "youtube:a"] {
            let name = name(id);
            assert!(!name.contains(['/', ':', '\\']) && !name.starts_with('.') && name.len() <= 90, "{name}");
            assert_ne!(name, id);
        }
        assert_ne!(name("a/b"), name("a:b"));
    }
}
