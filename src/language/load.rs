//! Finding and reading packs: the region's files over those of the base.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde::de::DeserializeOwned;

use super::keyboard::Keyboards;
use super::pack::Pack;
use super::text::TextRules;
use super::validate::faults;
use crate::assets::{Assets, Folder, Table, Value, from_toml};
use crate::model::Locale;
use crate::{Error, Result};

/// Files of a pack's folder other than `text.toml`; their tables share one namespace.
pub(super) const FILES: [&str; 5] = ["pack.toml", "people.toml", "scenarios.toml", "phrasebook.toml", "knowledge.toml"];

/// More edits than these between two codes of different languages, and one is no slip for the other.
const FAR: usize = 2;

/// How many locales an error about an unknown one names.
const NEAR: usize = 3;

/// The packs and keyboards that there are, read when first asked for.
#[derive(Debug, Default)]
pub struct Languages {
    assets: Assets,
    packs: Mutex<BTreeMap<Locale, Arc<Pack>>>,
}

impl Languages {
    /// Those of `assets`.
    #[must_use]
    pub fn new(assets: Assets) -> Self {
        Self { assets, packs: Mutex::default() }
    }

    /// The locales with a pack, in order of code; skeletons are none.
    #[must_use]
    pub fn locales(&self) -> Vec<Locale> {
        self.folders().into_iter().filter(|locale| !self.is_skeleton(locale)).collect()
    }

    /// The locales with the folder of a pack, whatever is in it.
    #[must_use]
    pub fn folders(&self) -> Vec<Locale> {
        self.assets
            .list(Folder::Languages, "")
            .iter()
            .filter_map(|name| Locale::parse(name).filter(|locale| locale.as_str() == name))
            .filter(|locale| self.assets.list(Folder::Languages, locale.as_str()).contains("pack.toml"))
            .collect()
    }

    /// Whether the pack of a locale says that it is still to be written.
    #[must_use]
    pub fn is_skeleton(&self, locale: &Locale) -> bool {
        let head = self.table(&format!("{locale}/pack.toml"));
        head.ok().flatten().is_some_and(|head| head.get("status").and_then(Value::as_str) == Some("skeleton"))
    }

    /// The locales that `asked` names, skeletons among them.
    ///
    /// # Errors
    /// [`Error::UnknownLocale`] naming the nearest ones.
    pub fn resolve_folders<S: AsRef<str>>(&self, asked: &[S]) -> Result<Vec<Locale>> {
        named(asked, &self.folders())
    }

    /// The locales that `asked` names: codes in any case, or `all`; each once, in the order asked.
    ///
    /// # Errors
    /// [`Error::UnknownLocale`] naming the nearest ones.
    pub fn resolve<S: AsRef<str>>(&self, asked: &[S]) -> Result<Vec<Locale>> {
        named(asked, &self.locales())
    }

    /// The same among the locales with keyboards, with or without a pack.
    ///
    /// # Errors
    /// [`Error::UnknownLocale`] naming the nearest ones.
    pub fn resolve_keyboards<S: AsRef<str>>(&self, asked: &[S]) -> Result<Vec<Locale>> {
        named(asked, &self.keyboard_locales())
    }

    /// The pack of a locale.
    ///
    /// # Errors
    /// [`Error::UnknownLocale`]; [`Error::Data`] naming file and field when a pack is not what it must be.
    pub fn pack(&self, locale: &Locale) -> Result<Arc<Pack>> {
        if let Some(pack) = self.cache().get(locale) {
            return Ok(Arc::clone(pack));
        }
        let Some(mut whole) = self.merged(locale, &FILES)? else {
            let near = nearest(locale.as_str(), &self.locales());
            return Err(Error::UnknownLocale { given: locale.to_string(), near });
        };
        whole.insert("text".to_owned(), Value::Table(self.text_table(locale)?));
        let pack = serde_path_to_error::deserialize(Value::Table(whole));
        let pack: Pack = pack.map_err(|error| self.blame_form(locale, &error))?;
        if let Some(fault) = faults(&pack).first() {
            return Err(self.blame(locale, fault));
        }
        let pack = Arc::new(pack);
        self.cache().insert(locale.clone(), Arc::clone(&pack));
        Ok(pack)
    }

    /// The rules of writing of a locale; they are there for locales without a pack as well.
    ///
    /// # Errors
    /// [`Error::Data`] when there are none or a field is wrong.
    pub fn text_rules(&self, locale: &Locale) -> Result<TextRules> {
        typed(self.text_table(locale)?, &format!("languages/{locale}/text.toml"))
    }

    /// How many scenarios the region of a locale adds to, or changes in, those of its base.
    ///
    /// # Errors
    /// [`Error::Data`] when the file is not TOML.
    pub fn own_scenarios(&self, locale: &Locale) -> Result<usize> {
        let table = self.table(&format!("{locale}/scenarios.toml"))?.unwrap_or_default();
        Ok(table.get("scenario").and_then(Value::as_array).map_or(0, Vec::len))
    }

    /// The keyboards of a locale; they are there for locales without a pack as well.
    ///
    /// # Errors
    /// [`Error::UnknownLocale`] when there are none; [`Error::Data`] when a field is wrong.
    pub fn keyboards(&self, locale: &Locale) -> Result<Keyboards> {
        let Some(whole) = self.merged_keyboards(locale)? else {
            let near = nearest(locale.as_str(), &self.keyboard_locales());
            return Err(Error::UnknownLocale { given: locale.to_string(), near });
        };
        typed(whole, &format!("languages/keyboards/{locale}.toml"))
    }

    pub(super) fn merged_keyboards(&self, locale: &Locale) -> Result<Option<Table>> {
        let file = format!("keyboards/{locale}.toml");
        let Some(mut region) = self.table(&file)? else { return Ok(None) };
        let base = take_extends(&mut region, &file)?;
        let mut whole = self.table(&format!("keyboards/{base}.toml"))?.unwrap_or_default();
        merge(&mut whole, region);
        Ok(Some(whole))
    }

    /// The locales with keyboards, in order of code.
    #[must_use]
    pub fn keyboard_locales(&self) -> Vec<Locale> {
        let names = self.assets.list(Folder::Languages, "keyboards");
        names.iter().filter_map(|name| Locale::parse(name.strip_suffix(".toml")?)).collect()
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, BTreeMap<Locale, Arc<Pack>>> {
        self.packs.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn text_table(&self, locale: &Locale) -> Result<Table> {
        let mut whole = self.table(&format!("{}/text.toml", locale.language()))?.unwrap_or_default();
        merge(&mut whole, self.table(&format!("{locale}/text.toml"))?.unwrap_or_default());
        Ok(whole)
    }

    /// The named files of the region over those of its base; `None` when the region has no `pack.toml`.
    pub(super) fn merged(&self, locale: &Locale, files: &[&str]) -> Result<Option<Table>> {
        let head = format!("{locale}/pack.toml");
        let Some(mut pack) = self.table(&head)? else { return Ok(None) };
        let base = take_extends(&mut pack, &head)?;
        let mut whole = Table::new();
        for file in files {
            merge(&mut whole, self.table(&format!("{base}/{file}"))?.unwrap_or_default());
        }
        merge(&mut whole, pack);
        for file in files.iter().filter(|file| **file != "pack.toml") {
            merge(&mut whole, self.table(&format!("{locale}/{file}"))?.unwrap_or_default());
        }
        Ok(Some(whole))
    }

    pub(super) fn table(&self, path: &str) -> Result<Option<Table>> {
        let Some(text) = self.assets.read(Folder::Languages, path)? else { return Ok(None) };
        from_toml(&format!("languages/{path}"), &text).map(Some)
    }
}

fn take_extends(table: &mut Table, file: &str) -> Result<String> {
    match table.remove("extends") {
        Some(Value::String(base)) => Ok(base),
        _ => Err(Error::data(format!("languages/{file}"), "`extends = \"<base language>\"` is missing")),
    }
}

fn typed<T: DeserializeOwned>(table: Table, file: &str) -> Result<T> {
    serde_path_to_error::deserialize(Value::Table(table)).map_err(|error| Error::data(file, error))
}

/// Puts `over` on top of `base`: tables by key, lists of tables by `id`, anything else replaced.
fn merge(base: &mut Table, over: Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            (Some(Value::Array(below)), Value::Array(above)) if has_ids(below) && has_ids(&above) => {
                merge_by_id(below, above);
            }
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

fn id(value: &Value) -> Option<&str> {
    value.get("id").and_then(Value::as_str)
}

fn has_ids(list: &[Value]) -> bool {
    !list.is_empty() && list.iter().all(|value| id(value).is_some())
}

fn merge_by_id(base: &mut Vec<Value>, over: Vec<Value>) {
    for value in over {
        let at = base.iter().position(|below| id(below) == id(&value));
        let Value::Table(above) = value else { continue };
        let dropped = above.get("drop").and_then(Value::as_bool).unwrap_or(false);
        match at {
            Some(at) if dropped => {
                base.remove(at);
            }
            Some(at) => {
                if let Value::Table(below) = &mut base[at] {
                    merge(below, above);
                }
            }
            None => base.push(Value::Table(above)),
        }
    }
}

/// The locales that `asked` names among `known`, each once, in the order asked.
fn named<S: AsRef<str>>(asked: &[S], known: &[Locale]) -> Result<Vec<Locale>> {
    let mut found = Vec::new();
    for text in asked.iter().flat_map(|text| text.as_ref().split(',')) {
        let named = match text {
            "all" => known.to_vec(),
            code => match Locale::parse(code).filter(|locale| known.contains(locale)) {
                Some(locale) => vec![locale],
                None => return Err(Error::UnknownLocale { given: code.to_owned(), near: nearest(code, known) }),
            },
        };
        for locale in named {
            if !found.contains(&locale) {
                found.push(locale);
            }
        }
    }
    Ok(found)
}

fn nearest(given: &str, known: &[Locale]) -> Vec<String> {
    // People write UK for the region that BCP 47 calls GB.
    let given = given.to_ascii_lowercase().replace("-uk", "-gb");
    let language = given.split(['-', '_']).next().unwrap_or_default();
    let mut ranked: Vec<_> = known
        .iter()
        .map(|locale| {
            let code = locale.as_str().to_ascii_lowercase();
            (locale.language() != language, strsim::damerau_levenshtein(&given, &code), locale.to_string())
        })
        .collect();
    ranked.sort();
    ranked.retain(|(foreign, distance, _)| !foreign || *distance <= FAR);
    ranked.into_iter().take(NEAR).map(|(.., code)| code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_overrides_by_key_and_by_id() {
        let mut base: Table = "a = 1\nlist = [1, 2]\n[[p]]\nid = 'x'\nn = 1\nm = 1\n[[p]]\nid = 'y'\n".parse().unwrap();
        let over =
            "list = [3]\n[[p]]\nid = 'x'\nn = 2\n[[p]]\nid = 'z'\n[[p]]\nid = 'y'\ndrop = true\n".parse().unwrap();
        merge(&mut base, over);
        let expected: Table = "a = 1\nlist = [3]\n[[p]]\nid = 'x'\nn = 2\nm = 1\n[[p]]\nid = 'z'\n".parse().unwrap();
        assert_eq!(base, expected);
    }

    #[test]
    fn the_nearest_locales_share_the_language_first() {
        let known = ["de-DE", "en-GB", "en-US", "es-ES"].map(|code| Locale::parse(code).unwrap());
        assert_eq!(nearest("en-UK", &known)[..2], ["en-GB", "en-US"]);
        assert_eq!(nearest("dk-DE", &known)[0], "de-DE");
    }
}
