//! Hunspell dictionaries: finding the one of a locale, reading it in its own encoding. This file owns `spellbook` and `encoding_rs`.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::files::Sha256;
use crate::model::Locale;
use crate::{Error, Result};

/// A dictionary, and which it is.
pub struct Dictionary {
    words: spellbook::Dictionary,
    name: String,
    digests: [String; 2],
}

impl fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dictionary").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The dictionary of `locale` in `folder`: `en_GB.aff` and `en_GB.dic`, else `en-GB.…`, else `en.…`; never that of another region.
///
/// # Errors
/// [`Error::Missing`] when there is no such folder; [`Error::Io`]; [`Error::Data`] when a file is not a Hunspell dictionary.
pub fn find(folder: &Path, locale: &Locale) -> Result<Option<Dictionary>> {
    if !folder.is_dir() {
        let hint_text = "a folder with Hunspell files such as en_GB.aff and en_GB.dic".to_owned();
        return Err(Error::Missing { what: "folder of dictionaries", path: folder.to_owned(), hint_text });
    }
    let names = [locale.as_str().replace('-', "_"), locale.to_string(), locale.language().to_owned()];
    let files = |name: &String| ["aff", "dic"].map(|ending| folder.join(format!("{name}.{ending}")));
    let found = names.iter().find(|name| files(name).iter().all(|file| file.is_file()));
    found.map(|name| Dictionary::read(name, &files(name))).transpose()
}

impl Dictionary {
    fn read(name: &str, [aff, dic]: &[PathBuf; 2]) -> Result<Self> {
        let (rules, words) = (bytes(aff)?, bytes(dic)?);
        let encoding = encoding(&rules).map_err(|detail| Error::data(aff.display().to_string(), detail))?;
        let decoded = |path: &Path, bytes: &[u8]| match encoding.decode(bytes) {
            (text, _, false) => Ok(text.into_owned()),
            _ => {
                let detail = format!("not {} throughout, as its SET line says", encoding.name());
                Err(Error::data(path.display().to_string(), detail))
            }
        };
        let digests = [&rules, &words].map(|bytes| {
            let mut digest = Sha256::default();
            digest.update(bytes);
            digest.hex()
        });
        let words = spellbook::Dictionary::new(&decoded(aff, &rules)?, &decoded(dic, &words)?)
            .map_err(|error| Error::data(aff.with_extension("*").display().to_string(), error))?;
        Ok(Self { words, name: name.to_owned(), digests })
    }

    /// Whether it has `word`, whole or by its rules.
    #[must_use]
    pub fn knows(&self, word: &str) -> bool {
        self.words.check(word)
    }

    /// Its name, and the SHA-256 of its two files, as the JSON object that records carry.
    #[must_use]
    pub fn provenance(&self) -> String {
        let [aff, dic] = &self.digests;
        format!("{{\"name\":\"{}\",\"aff_sha256\":\"{aff}\",\"dic_sha256\":\"{dic}\"}}", self.name)
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(Error::io("read", path))
}

/// The encoding that the rules name; UTF-8 where they name none.
fn encoding(rules: &[u8]) -> Result<&'static encoding_rs::Encoding, String> {
    let line = rules.split(|byte| *byte == b'\n').find_map(|line| line.trim_ascii().strip_prefix(b"SET "));
    let Some(label) = line else { return Ok(encoding_rs::UTF_8) };
    let label = String::from_utf8_lossy(label.trim_ascii()).to_lowercase();
    let label = label.strip_prefix("microsoft-").map_or(label.clone(), |rest| rest.replace("cp", "windows-"));
    let label = label.strip_suffix("-2533").unwrap_or(&label);
    encoding_rs::Encoding::for_label(label.as_bytes())
        .ok_or_else(|| format!("unknown encoding `{label}` in its SET line"))
}
