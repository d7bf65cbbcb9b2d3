//! The files that a locale is made of, and in which of them an entry stands.

use serde_path_to_error::Segment;

use super::load::{FILES, Languages};
use crate::assets::{Table, Value};
use crate::model::Locale;
use crate::{Error, Result};

/// The files of a locale, the region's before those of its base.
pub(super) struct Layers {
    files: Vec<(String, Table)>,
    /// What they make together.
    pub whole: Table,
    /// Where a key belongs that stands in none of them.
    home: fn(&Locale, &str) -> String,
}

impl Layers {
    /// The file in which an entry stands, or else as much of its path as stands anywhere. The region's own file comes first,
    /// but what is missing of an entry is missing where it was begun.
    pub fn file(&self, locale: &Locale, path: &[&str], said: &str) -> String {
        let holds = |length: usize| {
            let mut holders = self.files.iter().filter(|(_, table)| holds(table, &path[..length]));
            if said.contains("missing field") { holders.next_back() } else { holders.next() }
        };
        let found = (1..=path.len()).rev().find_map(holds);
        found.map_or_else(|| (self.home)(locale, path.first().unwrap_or(&"name")), |(file, _)| file.clone())
    }

    /// The file of the entry with which `fault` begins.
    pub fn blamed(&self, locale: &Locale, fault: &str) -> String {
        let entry = fault.split(':').next().unwrap_or_default();
        self.file(locale, &entry.split('.').collect::<Vec<_>>(), fault)
    }
}

impl Languages {
    /// `fault`, which begins with its field as `scenario.id.text:`, with the file in which that stands.
    pub(super) fn blame(&self, locale: &Locale, fault: &str) -> Error {
        match self.pack_layers(locale) {
            Ok(layers) => Error::data(layers.blamed(locale, fault), fault),
            Err(error) => error,
        }
    }

    /// The same for what has not the form of a pack.
    pub(super) fn blame_form(
        &self,
        locale: &Locale,
        error: &serde_path_to_error::Error<impl std::error::Error>,
    ) -> Error {
        let layers = match self.pack_layers(locale) {
            Ok(layers) => layers,
            Err(error) => return error,
        };
        let (said, mut parts) = (error.to_string(), error.path().iter());
        // Of what is missing at the top, only the message says the name.
        let key = match parts.next() {
            Some(Segment::Map { key }) => key.as_str(),
            _ => said.split('`').nth(1).unwrap_or_default(),
        };
        let mut path = vec![key];
        for part in parts {
            match part {
                Segment::Map { key } => path.push(key),
                Segment::Seq { index } if path.len() == 1 => {
                    let entry = layers.whole.get(key).and_then(|list| list.get(*index));
                    path.extend(entry.and_then(|entry| entry.get("id")?.as_str()));
                }
                _ => break,
            }
        }
        Error::data(layers.file(locale, &path, &said), said)
    }

    /// The files of a pack.
    pub(super) fn pack_layers(&self, locale: &Locale) -> Result<Layers> {
        let mut files = Vec::new();
        for folder in [locale.as_str(), locale.language()] {
            for file in FILES {
                self.layer(format!("{folder}/{file}"), &mut files)?;
            }
            if let Some(rules) = self.table(&format!("{folder}/text.toml"))? {
                let table = Table::from_iter([("text".to_owned(), Value::Table(rules))]);
                files.push((format!("languages/{folder}/text.toml"), table));
            }
        }
        let mut whole = self.merged(locale, &FILES)?.unwrap_or_default();
        whole.insert("text".to_owned(), Value::Table(self.text_table(locale)?));
        let home = |locale: &Locale, key: &str| {
            let file = match key {
                "person" | "partner" => "people",
                "scenario" => "scenarios",
                "thread" => "phrasebook",
                "knowledge" | "text" => key,
                _ => "pack",
            };
            format!("languages/{}/{file}.toml", locale.language())
        };
        Ok(Layers { files, whole, home })
    }

    pub(super) fn keyboard_layers(&self, locale: &Locale) -> Result<Layers> {
        let mut files = Vec::new();
        for name in [locale.as_str(), locale.language()] {
            self.layer(format!("keyboards/{name}.toml"), &mut files)?;
        }
        let whole = self.merged_keyboards(locale)?.unwrap_or_default();
        let home = |locale: &Locale, key: &str| {
            let name = if key == "native" { locale.as_str() } else { locale.language() };
            format!("languages/keyboards/{name}.toml")
        };
        Ok(Layers { files, whole, home })
    }

    fn layer(&self, path: String, files: &mut Vec<(String, Table)>) -> Result<()> {
        files.extend(self.table(&path)?.map(|table| (format!("languages/{path}"), table)));
        Ok(())
    }
}

/// Whether there is something at `path`, whose parts are keys, and ids where a list is.
fn holds<'a>(table: &'a Table, path: &[&str]) -> bool {
    let mut tables = vec![table];
    for (nth, part) in path.iter().enumerate() {
        let last = nth + 1 == path.len();
        let found: Vec<&'a Value> = tables.iter().filter_map(|table| table.get(*part)).collect();
        if found.is_empty() {
            let ours = |table: &&&Table| table.get("id").and_then(Value::as_str) == Some(*part);
            tables = tables.iter().filter(ours).copied().collect();
        } else if last {
            return true;
        } else {
            let inner = |value: &'a Value| match value {
                Value::Array(list) => list.iter().filter_map(Value::as_table).collect(),
                value => value.as_table().into_iter().collect::<Vec<_>>(),
            };
            tables = found.into_iter().flat_map(inner).collect();
        }
        if tables.is_empty() {
            return false;
        }
    }
    true
}
