//! Knowledge files as they come: ATOMIC-2020's TSV, the same as JSON Lines, and the JSON array of the Python reference.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::Event;
use crate::files::Lines;
use crate::language::Relation;
use crate::{Error, Result};

/// An entry in JSON: ATOMIC's words, or the Python reference's.
#[derive(Deserialize)]
struct Entry {
    #[serde(alias = "topic")]
    head: String,
    relation: String,
    #[serde(alias = "which")]
    tail: String,
    #[serde(default)]
    aac_user_role: Option<String>,
}

/// Hands every entry of `path` to `sink`; what kind of file it is shows in its first character.
pub(super) fn read(path: &Path, sink: &mut dyn FnMut(Event)) -> Result<()> {
    let mut lines = Lines::open(path)?;
    let mut array = false;
    while let Some(line) = lines.next()? {
        let wrong = |detail: String| Error::Line { path: path.to_owned(), line: line.number, detail };
        let text = std::str::from_utf8(line.bytes).map_err(|error| wrong(error.to_string()))?;
        match text.as_bytes().first() {
            None => {}
            Some(b'[') if line.number == 1 => {
                array = true;
                break;
            }
            Some(b'{') => {
                let entry = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
                sink(event(entry, line.number).map_err(wrong)?);
            }
            Some(_) => sink(event(columns(text).map_err(wrong)?, line.number).map_err(wrong)?),
        }
    }
    if array {
        let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
        let wrong = |line: usize, detail: String| Error::Line { path: path.to_owned(), line: line as u64, detail };
        let text = text.trim_start_matches('\u{FEFF}');
        let entries: Vec<Entry> = serde_json::from_str(text).map_err(|error| wrong(error.line(), error.to_string()))?;
        for (place, entry) in (1..).zip(entries) {
            sink(event(entry, place).map_err(|detail| wrong(1, format!("entry {place}: {detail}")))?);
        }
    }
    Ok(())
}

fn columns(line: &str) -> Result<Entry, String> {
    let mut columns = line.split('\t').map(str::trim);
    match (columns.next(), columns.next(), columns.next(), columns.next()) {
        (Some(head), Some(relation), tail, None) => Ok(Entry {
            head: head.to_owned(),
            relation: relation.to_owned(),
            tail: tail.unwrap_or_default().to_owned(),
            aac_user_role: None,
        }),
        _ => Err("give head, relation and tail, with tabs between them".to_owned()),
    }
}

fn event(entry: Entry, place: u64) -> Result<Event, String> {
    let relation = Relation::parse(&entry.relation).ok_or_else(|| {
        let known = Relation::ALL.map(Relation::name).join(", ");
        format!("there is no relation `{}`; there are {known}", entry.relation)
    })?;
    let head = one_line(&entry.head);
    if head.is_empty() {
        return Err("the head (topic) is empty".to_owned());
    }
    let role = entry.aac_user_role.filter(|role| !role.trim().is_empty());
    Ok(Event { head, relation, tail: one_line(&entry.tail), role, entry: place })
}

/// A prompt's slot is one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
