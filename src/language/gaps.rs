//! What keeps a pack from being used: all that is missing, empty or of a wrong form, by file. Loading stops at the first of it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::keyboard::{Flick, Grid, Native};
use super::knowledge::Telling;
use super::layers::Layers;
use super::load::Languages;
use super::pack::{Access, Labels, LengthBand, Pack, Phrase, Status, Style, Terms};
use super::people::{Partner, Person};
use super::phrasebook::Thread;
use super::scenario::Scenario;
use super::text::TextRules;
use super::validate::faults;
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

impl Layers {
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
    /// Everything that keeps the pack and the keyboards of a locale from being loaded, file by file: what is missing, and when
    /// nothing is, what does not fit together.
    ///
    /// # Errors
    /// [`Error::Io`]; a file that is no TOML is a gap.
    pub fn gaps(&self, locale: &Locale) -> Result<Vec<Gap>> {
        let mut gaps = Vec::new();
        for (layers, parts) in [(self.pack_layers(locale), &PACK[..]), (self.keyboard_layers(locale), &KEYBOARDS)] {
            match layers {
                Ok(layers) => {
                    let found = layers.gaps(locale, parts);
                    let pack = if found.is_empty() { Pack::deserialize(layers.whole.clone()).ok() } else { None };
                    let faults = pack.map_or_else(Vec::new, |pack| faults(&pack));
                    gaps.extend(found);
                    gaps.extend(faults.into_iter().map(|what| Gap { file: layers.blamed(locale, &what), what }));
                }
                Err(Error::Data { file, detail }) => gaps.push(Gap { file, what: detail }),
                Err(other) => return Err(other),
            }
        }
        Ok(gaps)
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
