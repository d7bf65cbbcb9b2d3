//! Which batch files there are, and what their results are called.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::family;
use crate::files::{Lines, jsonl_files, sha256};
use crate::ledger;
use crate::model::Locale;
use crate::provider::Ticket;
use crate::{Error, Result};

/// The request dialects, as they begin the names of batch files.
pub(super) const DIALECTS: [&str; 3] = ["openai", "anthropic", "gemini"];

/// A batch file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shard {
    /// Where it is.
    pub path: PathBuf,
}

impl Shard {
    /// Its file name.
    #[must_use]
    pub fn file_name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Its path relative to `folder`, with `/`: its name in the ledger of that folder.
    #[must_use]
    pub fn name(&self, folder: &Path) -> String {
        let relative = self.path.strip_prefix(folder).unwrap_or(&self.path);
        relative.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
    }

    /// Where its answers go: `batch_output_<locale>_<run>.jsonl` beside it.
    #[must_use]
    pub fn output(&self) -> PathBuf {
        self.path.with_file_name(format!("batch_output_{}.jsonl", self.key()))
    }

    /// Where its errors go: `batch_errors_<locale>_<run>.jsonl` beside it.
    #[must_use]
    pub fn errors(&self) -> PathBuf {
        self.path.with_file_name(format!("batch_errors_{}.jsonl", self.key()))
    }

    /// What it is known by at a provider. Reads the whole file.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be read.
    pub fn ticket(&self) -> Result<Ticket> {
        let (sha256, bytes) = sha256(&self.path)?;
        let mut lines = Lines::open(&self.path)?;
        let mut requests = 0;
        while let Some(line) = lines.next()? {
            requests += u64::from(!line.bytes.is_empty());
        }
        let key = self.key();
        let run = match key.split_once('_') {
            Some((locale, run)) if Locale::parse(locale).is_some() => run.to_owned(),
            _ => key,
        };
        let model = self.model()?;
        Ok(Ticket { run, shard: self.file_name(), sha256, bytes, requests, model, begun: 0, upload: None })
    }

    /// The model that the first request names; where requests name none, the first line of the metadata beside them.
    pub(super) fn model(&self) -> Result<Option<String>> {
        let request = first(&self.path)?;
        let named = ["body", "params"].iter().find_map(|name| request[*name]["model"].as_str());
        if let Some(model) = named {
            return Ok(Some(model.to_owned()));
        }
        Ok(self.metadata()?["model"].as_str().map(str::to_owned))
    }

    /// The recipe that made its requests, when its metadata is here.
    ///
    /// # Errors
    /// [`Error::Io`] when a file cannot be read.
    pub fn recipe(&self) -> Result<Option<String>> {
        Ok(self.metadata()?["recipe"].as_str().map(str::to_owned))
    }

    /// What the first line of the metadata beside it says; null when it is not there.
    fn metadata(&self) -> Result<Value> {
        // A retry has its requests from the first of its family, which may be of another dialect.
        let of = family::first(self);
        let stem = of.path.file_stem().unwrap_or_default().to_string_lossy();
        let path = split(&stem).and_then(|(dialect, key)| {
            let (locale, run) = without_retry(key).0.split_once('_')?;
            Some(self.path.with_file_name(format!("batch_{locale}_{dialect}_{run}_metadata.jsonl")))
        });
        match path.filter(|path| path.is_file()) {
            Some(path) => Ok(first(&path)?["metadata"].clone()),
            None => Ok(Value::Null),
        }
    }

    /// The dialect that its name begins with.
    #[must_use]
    pub fn dialect(&self) -> Option<&'static str> {
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let (dialect, _) = split(&stem)?;
        DIALECTS.into_iter().find(|known| *known == dialect)
    }

    /// `<locale>_<run>[-NN]`: the name without `<dialect>_batch_` and the extension.
    #[must_use]
    pub fn key(&self) -> String {
        let stem = self.path.file_stem().unwrap_or_default().to_string_lossy();
        let (_, key) = split(&stem).unwrap_or(("", &stem));
        key.to_owned()
    }
}

/// The first line of a file, as far as it is JSON.
fn first(path: &Path) -> Result<Value> {
    let mut lines = Lines::open(path)?;
    Ok(lines.next()?.and_then(|line| serde_json::from_slice(line.bytes).ok()).unwrap_or_default())
}

/// `<name>` and `N` of `<name>-rN`; 0 where there is no number.
pub(super) fn without_retry(name: &str) -> (&str, u32) {
    match name.rsplit_once("-r").and_then(|(name, number)| Some((name, number.parse().ok()?))) {
        Some((name, number)) => (name, number),
        None => (name, 0),
    }
}

/// The dialect and the rest of a batch file's name.
fn split(stem: &str) -> Option<(&str, &str)> {
    let (dialect, key) = stem.split_once("_batch_")?;
    DIALECTS.contains(&dialect).then_some((dialect, key))
}

/// The batch files at or below `path`, sorted by path: a file is taken as it is, in a folder those named
/// `<dialect>_batch_<locale>_<run>.jsonl`.
///
/// # Errors
/// [`Error::Missing`] when nothing is there.
pub fn shards(path: &Path) -> Result<Vec<Shard>> {
    let files = jsonl_files(path, "batch files")?;
    let is_shard = |file: &PathBuf| {
        path.is_file()
            || file.extension().is_some_and(|ext| ext == "jsonl")
                && file.file_stem().and_then(|stem| split(stem.to_str()?)).is_some()
    };
    let found: Vec<Shard> = files.into_iter().filter(is_shard).map(|path| Shard { path }).collect();
    if found.is_empty() {
        let hint_text = "make some first: aacorn generate --lang en-GB --num 10".to_owned();
        return Err(Error::Missing { what: "batch files", path: path.to_owned(), hint_text });
    }
    Ok(found)
}

/// The folder whose ledger is in charge of `path`: the nearest above that has one, else the folder of all locales.
#[must_use]
pub fn ledger_folder(path: &Path) -> PathBuf {
    let folder = if path.is_file() { path.parent().unwrap_or(Path::new("")) } else { path };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    if let Some(above) = folder.ancestors().find(|above| ledger::Ledger::exists(above)) {
        return above.to_owned();
    }
    let of_a_locale = folder.file_name().and_then(|name| Locale::parse(name.to_str()?)).is_some();
    match folder.parent() {
        Some(parent) if of_a_locale && parent.as_os_str().is_empty() => PathBuf::from("."),
        Some(parent) if of_a_locale => parent.to_owned(),
        _ => folder.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn results_are_named_after_their_batch_file() {
        let shard = Shard { path: "batch_files/en-GB/openai_batch_en-GB_20260101_000000_0a1b2c3d-02.jsonl".into() };
        let folder = Path::new("batch_files/en-GB");
        assert_eq!(shard.output(), folder.join("batch_output_en-GB_20260101_000000_0a1b2c3d-02.jsonl"));
        assert_eq!(shard.errors(), folder.join("batch_errors_en-GB_20260101_000000_0a1b2c3d-02.jsonl"));
        assert_eq!(shard.name(Path::new("batch_files")), "en-GB/openai_batch_en-GB_20260101_000000_0a1b2c3d-02.jsonl");
        assert_eq!(Shard { path: "mine.jsonl".into() }.output(), Path::new("batch_output_mine.jsonl"));
    }

    #[test]
    fn a_retry_for_another_provider_has_the_metadata_of_the_first_batch_file() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            fs::write(folder.path().join(name), text).unwrap();
            Shard { path: folder.path().join(name) }
        };
        write("batch_en-GB_openai_r_metadata.jsonl", "{\"metadata\":{\"recipe\":\"aac\"}}\n");
        let first = write("openai_batch_en-GB_r.jsonl", "{}\n");
        let retries =
            ["anthropic_batch_en-GB_r-r1.jsonl", "openai_batch_en-GB_r-r2.jsonl"].map(|name| write(name, "{}\n"));
        for shard in retries.iter().chain([&first]) {
            assert_eq!(shard.recipe().unwrap().as_deref(), Some("aac"), "{}", shard.path.display());
        }
    }

    #[test]
    fn a_folder_gives_its_batch_files_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let names = [
            "fr-FR/anthropic_batch_fr-FR_r.jsonl",
            "en-GB/openai_batch_en-GB_r.jsonl",
            "en-GB/batch_en-GB_openai_r_metadata.jsonl",
            "en-GB/batch_output_en-GB_r.jsonl",
            "en-GB/openai_batch_en-GB_r.json",
        ];
        for name in names {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "{\"a\":1}\n\n{}").unwrap();
        }
        let found = shards(folder.path()).unwrap();
        let found_names: Vec<_> = found.iter().map(|shard| shard.name(folder.path())).collect();
        assert_eq!(found_names, [names[1], names[0]]);
        let ticket = found[0].ticket().unwrap();
        assert_eq!((ticket.run.as_str(), ticket.requests, ticket.bytes), ("r", 2, 11));
        assert!(ticket.upload_name().starts_with("openai_batch_en-GB_r."));
        assert!(shards(&folder.path().join("en-GB/openai_batch_en-GB_r.json")).is_ok(), "a named file is taken");
        let empty = tempfile::tempdir().unwrap();
        assert!(shards(empty.path()).unwrap_err().to_string().contains("aacorn generate"));
    }

    #[test]
    fn one_ledger_is_in_charge_however_a_path_is_given() {
        let folder = tempfile::tempdir().unwrap();
        let locale = folder.path().join("en-GB");
        fs::create_dir_all(&locale).unwrap();
        let file = locale.join("openai_batch_en-GB_r.jsonl");
        fs::write(&file, "{}").unwrap();
        for path in [folder.path(), &locale, &file] {
            assert_eq!(ledger_folder(path), folder.path());
        }
        fs::write(locale.join(ledger::FILE), "").unwrap();
        assert_eq!(ledger_folder(&file), locale, "one that is there stays in charge");
    }
}
