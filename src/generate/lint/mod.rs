//! What a language pack must be, checked by machine: counts, texts, prompts.
//!
//! Loading a pack already checks that its references resolve. The lint checks that it is good enough to be used.

mod counts;
mod near;
mod prompts;
mod texts;

use std::fmt;

use serde::Serialize;

use crate::Result;
use crate::assets::Assets;
use crate::language::{Keyboards, Languages, Pack, Status};
use crate::model::Locale;
use crate::recipe::Recipe;

/// Something to mend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The locale.
    pub locale: Locale,
    /// The entry, as `scenario.id`, or the file.
    pub place: String,
    /// What is wrong, and what would be right.
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.locale, self.place, self.what)
    }
}

/// What the checks look at.
struct Subject<'a> {
    languages: &'a Languages,
    locale: &'a Locale,
    pack: &'a Pack,
    keyboards: &'a Keyboards,
}

/// Where the checks put what they find.
struct Findings<'a> {
    locale: &'a Locale,
    found: Vec<Finding>,
    notes: Vec<Finding>,
}

impl Findings<'_> {
    fn note(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.notes.push(Finding { locale: self.locale.clone(), place: place.into(), what: what.into() });
    }

    fn add(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.found.push(Finding { locale: self.locale.clone(), place: place.into(), what: what.into() });
    }
}

/// What the checks say of a pack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Lint {
    /// All that is to be mended; empty when the pack is fit for use.
    pub findings: Vec<Finding>,
    /// What could not be checked.
    pub notes: Vec<Finding>,
}

/// Checks the pack of `locale`.
///
/// # Errors
/// Only for a locale that there is not, or a file that cannot be read: what is wrong *in* a pack is a finding.
pub fn lint(assets: &Assets, languages: &Languages, recipe: &Recipe, locale: &Locale) -> Result<Lint> {
    let mut findings = Findings { locale, found: Vec::new(), notes: Vec::new() };
    match (languages.pack(locale), languages.keyboards(locale)) {
        (Ok(pack), Ok(keyboards)) => {
            let subject = Subject { languages, locale, pack: &pack, keyboards: &keyboards };
            if pack.status == Status::Skeleton {
                findings.add("status", "`skeleton`: set it to `drafted` when all is written");
            }
            counts::check(&subject, &mut findings)?;
            texts::check(&subject, &mut findings);
            near::check(&subject, &mut findings);
            prompts::check(assets, recipe, locale, &pack, &mut findings);
        }
        (pack, keyboards) => {
            // Loading tells the first thing; who writes a pack wants all.
            for gap in languages.gaps(locale)? {
                findings.add(gap.file, gap.what);
            }
            let listed = !findings.found.is_empty();
            for error in [pack.err(), keyboards.err()].into_iter().flatten() {
                match error {
                    crate::Error::Data { .. } if listed => {}
                    crate::Error::Data { file, detail } => findings.add(file, detail),
                    other => return Err(other),
                }
            }
            prompts::written(assets, recipe, locale, &mut findings)?;
        }
    }
    Ok(Lint { findings: findings.found, notes: findings.notes })
}
