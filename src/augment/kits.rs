//! The augmenters of the locales that a run meets.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use crate::Result;
use crate::augment::augmenter::Augmenter;
use crate::augment::profile::Profile;
use crate::augment::spelling::find as find_dictionary;
use crate::augment::stage::Options;
use crate::language::Languages;
use crate::model::Locale;
use crate::progress::Progress;

/// The augmenter of a locale, and whether it has a dictionary.
///
/// # Errors
/// [`crate::Error::UnknownLocale`], [`crate::Error::Data`]; [`crate::Error::Usage`] when a profile does not fit the locale; those of [`find_dictionary`].
pub fn augmenter_of(
    locale: &Locale,
    languages: &Languages,
    profiles: &[Profile],
    dictionaries: Option<&Path>,
    seed: u64,
) -> Result<(Augmenter, bool)> {
    let keyboards = languages.keyboards(locale)?;
    let rules = languages.text_rules(locale)?;
    profiles.iter().try_for_each(|profile| profile.fits(locale, &keyboards))?;
    let augmenter = Augmenter::new(locale, &keyboards, &rules, profiles, seed);
    let dictionary = dictionaries.map(|folder| find_dictionary(folder, locale)).transpose()?.flatten();
    Ok(match dictionary {
        Some(dictionary) => (augmenter.with_dictionary(dictionary, &rules), true),
        None => (augmenter, false),
    })
}

/// The augmenters made so far.
pub struct Kits<'a> {
    progress: &'a dyn Progress,
    languages: &'a Languages,
    options: &'a Options,
    made: RwLock<HashMap<Locale, Arc<Augmenter>>>,
}

impl<'a> Kits<'a> {
    /// None yet.
    pub fn new(options: &'a Options, languages: &'a Languages, progress: &'a dyn Progress) -> Self {
        Self { progress, languages, options, made: RwLock::default() }
    }

    /// The augmenter of a locale, made when it is first asked for.
    ///
    /// # Errors
    /// Those of [`augmenter_of`].
    pub fn get(&self, locale: &Locale) -> Result<Arc<Augmenter>> {
        let made = self.made.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(augmenter) = made.get(locale) {
            return Ok(Arc::clone(augmenter));
        }
        drop(made);
        let Options { profiles, dictionaries, seed, .. } = self.options;
        let (augmenter, spelled) = augmenter_of(locale, self.languages, profiles, dictionaries.as_deref(), *seed)?;
        if !spelled && let Some(folder) = dictionaries {
            let folder = folder.display();
            self.progress.note(&format!("{locale}: no dictionary in {folder}, so spelling stays as it is"));
        }
        let augmenter = Arc::new(augmenter);
        let mut made = self.made.write().unwrap_or_else(PoisonError::into_inner);
        made.insert(locale.clone(), Arc::clone(&augmenter));
        Ok(augmenter)
    }
}
