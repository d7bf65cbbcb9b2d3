//! What keeps a pack from being used: all that is missing, empty or of a wrong form, by file. Loading stops at the first of it.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use super::keyboard::{Flick, Grid, Native};
use super::knowledge::Telling;
use super::load::{FILES, Languages};
use super::pack::{Access, Labels, LengthBand, Phrase, Status, Style, Terms};
use super::people::{Partner, Person};
use super::phrasebook::Thread;
use super::scenario::Scenario;
use super::text::TextRules;
use crate::assets::{Table, Value};
use crate::model::Locale;
use crate::{Error, Result};

/// Something that is to be written or mended before a pack can be used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The file, such as `languages/ga/pack.toml`.
    pub file: String,
    /// The entry, and what is wrong with it.
    pub what: String,
}

/// Texts that may be empty; in Chinese and Japanese nothing stands between words.
const MAY_BE_EMPTY: [&str; 2] = ["word_separator", "space_before"];

/// Lists that must hold something.
const MUST_HOLD: [&str; 7] = ["gold", "sentence_enders", "function_words", "alphabet", "rows", "keys", "quotes"];

/// Looks at the value of one key: the entry and what is wrong, for each that is not of its form.
type Check = fn(&str, &Value) -> Vec<(String, String)>;

/// The keys of a whole pack; all but the last must be there.
const PACK: [(&str, Check); 20] = [
    ("name", one::<String>),
    ("english_name", one::<String>),
    ("status", one::<Status>),
    ("reviewed_by", one::<Vec<String>>),
    ("text", one::<TextRules>),
    ("terms", one::<Terms>),
    ("labels", one::<Labels>),
    ("lists", one::<BTreeMap<String, Vec<String>>>),
    ("setting", each::<Phrase>),
    ("purpose", each::<Phrase>),
    ("time", each::<Phrase>),
    ("mood", each::<Phrase>),
    ("access", each::<Access>),
    ("style", each::<Style>),
    ("length", each::<LengthBand>),
    ("person", each::<Person>),
    ("partner", each::<Partner>),
    ("scenario", each::<Scenario>),
    ("thread", each::<Thread>),
    ("knowledge", one::<Telling>),
];

/// The keys of keyboards; all but the last must be there.
const KEYBOARDS: [(&str, Check); 5] = [
    ("alphabet", one::<Vec<String>>),
    ("native", one::<Native>),
    ("abc", one::<Grid>),
    ("frequency", one::<Grid>),
    ("flick", one::<Flick>),
];

/// The files of a locale, the region's before those of its base, and what they make together.
struct Layers {
    files: Vec<(String, Table)>,
    whole: Table,
    /// Where a key belongs that stands in none of them.
    home: fn(&Locale, &str) -> String,
}

impl Layers {
    /// The file in which an entry stands, or else as much of its path as stands anywhere. The region's own file comes first,
    /// but what is missing of an entry is missing where it was begun.
    fn file(&self, locale: &Locale, path: &[&str], said: &str) -> String {
        let holds = |length: usize| {
            let mut holders = self.files.iter().filter(|(_, table)| holds(table, &path[..length]));
            if said.contains("missing field") { holders.next_back() } else { holders.next() }
        };
        let found = (1..=path.len()).rev().find_map(holds);
        found.map_or_else(|| (self.home)(locale, path.first().unwrap_or(&"name")), |(file, _)| file.clone())
    }

    fn gaps(&self, locale: &Locale, parts: &[(&str, Check)]) -> Vec<Gap> {
        let mut gaps = Vec::new();
        let mut add = |path: &[&str], what: String| gaps.push(Gap { file: self.file(locale, path, &what), what });
        let optional = parts.len() - 1;
        for (nth, (key, check)) in parts.iter().enumerate() {
            match self.whole.get(*key) {
                Some(value) => {
                    for (entry, what) in check(key, value) {
                        let field = what.split(':').next().unwrap_or_default();
                        let path: Vec<_> = entry.split('.').chain(field.split('.')).collect();
                        add(&path, format!("{entry}: {what}"));
                    }
                }
                None if nth < optional => add(&[key], format!("`{key}` is missing")),
                None => {}
            }
        }
        for key in self.whole.keys().filter(|key| parts.iter().all(|(known, _)| known != key)) {
            add(&[key], format!("`{key}` is no key of it"));
        }
        let mut empty = Vec::new();
        unwritten(&self.whole, &mut Vec::new(), &mut empty);
        let mut by_file: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for path in empty {
            let file = self.file(locale, &path.iter().map(String::as_str).collect::<Vec<_>>(), "");
            let (key, rest) = path.split_first().expect("a path has a key");
            let entry = if rest.is_empty() { String::new() } else { rest.join(".") };
            by_file.entry((file, key.clone())).or_default().push(entry);
        }
        gaps.extend(by_file.into_iter().map(|((file, key), mut entries)| {
            // Entries without an id have the same path.
            entries.dedup();
            let of =
                entries.iter().filter(|entry| !entry.is_empty()).map(String::as_str).collect::<Vec<_>>().join(", ");
            Gap { file, what: if of.is_empty() { format!("{key} is empty") } else { format!("{key}: empty: {of}") } }
        }));
        gaps.sort();
        gaps
    }
}

impl Languages {
    /// Everything that keeps the pack and the keyboards of a locale from being loaded, file by file; nothing that only a whole
    /// pack shows.
    ///
    /// # Errors
    /// [`Error::Io`]; a file that is no TOML is a gap.
    pub fn gaps(&self, locale: &Locale) -> Result<Vec<Gap>> {
        let mut gaps = Vec::new();
        for (layers, parts) in [(self.pack_layers(locale), &PACK[..]), (self.keyboard_layers(locale), &KEYBOARDS)] {
            match layers {
                Ok(layers) => gaps.extend(layers.gaps(locale, parts)),
                Err(Error::Data { file, detail }) => gaps.push(Gap { file, what: detail }),
                Err(other) => return Err(other),
            }
        }
        Ok(gaps)
    }

    /// `fault`, which begins with its entry as `scenario.id:`, with the file in which that stands.
    pub(super) fn blame(&self, locale: &Locale, fault: &str) -> Error {
        let entry = fault.split(':').next().unwrap_or_default();
        match self.pack_layers(locale) {
            Ok(layers) => Error::data(layers.file(locale, &entry.split('.').collect::<Vec<_>>(), fault), fault),
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
    fn pack_layers(&self, locale: &Locale) -> Result<Layers> {
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

    fn keyboard_layers(&self, locale: &Locale) -> Result<Layers> {
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

fn one<T: DeserializeOwned>(key: &str, value: &Value) -> Vec<(String, String)> {
    let error = serde_path_to_error::deserialize::<_, T>(value.clone()).err();
    // An empty word is told among all that is empty.
    let error = error.map(|error| error.to_string()).filter(|said| !said.contains("unknown variant ``"));
    error.map(|said| (key.to_owned(), said.trim_end().to_owned())).into_iter().collect()
}

fn each<T: DeserializeOwned>(key: &str, value: &Value) -> Vec<(String, String)> {
    let Some(entries) = value.as_array() else { return vec![(key.to_owned(), "it must be a list".to_owned())] };
    let name = |entry: &Value| entry.get("id").and_then(Value::as_str).map(|id| format!("{key}.{id}"));
    entries.iter().flat_map(|entry| one::<T>(name(entry).as_deref().unwrap_or(key), entry)).collect()
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

/// The paths of all texts and lists that are empty and must not be.
fn unwritten(table: &Table, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    for (key, value) in table.iter().filter(|(key, _)| !MAY_BE_EMPTY.contains(&key.as_str())) {
        path.push(key.clone());
        let blank = |value: &Value| value.as_str().is_some_and(|text| text.trim().is_empty());
        match value {
            value if blank(value) => found.push(path.clone()),
            Value::Array(list) if list.is_empty() => {
                let must = MUST_HOLD.contains(&key.as_str()) || path.first().is_some_and(|first| first == "lists");
                found.extend(must.then(|| path.clone()));
            }
            Value::Array(list) if list.iter().all(blank) => found.push(path.clone()),
            Value::Array(list) => {
                for entry in list.iter().filter_map(Value::as_table) {
                    let id = entry.get("id").and_then(Value::as_str).filter(|id| !id.is_empty());
                    path.extend(id.map(str::to_owned));
                    unwritten(entry, path, found);
                    path.truncate(path.len() - usize::from(id.is_some()));
                }
            }
            Value::Table(inner) => unwritten(inner, path, found),
            _ => {}
        }
        path.pop();
    }
}
