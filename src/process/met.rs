//! The locales of a plan as they are met, how many requests each has in each metadata file, and so where each request stands.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Locale;

use super::index::Order;
use super::plan::Run;

/// More locales than there are in the world; what comes after is undetermined, so that nonsense cannot fill the index.
const MAX_LOCALES: usize = 4096;

/// What stands for a locale that no metadata names, as BCP 47 writes it.
const UNDETERMINED: &str = "und";

/// Locales in the order in which they were met.
#[derive(Debug, Default)]
pub(super) struct Met {
    codes: Vec<String>,
    /// By locale: files in order, with how many requests of it are in each.
    counts: Vec<Vec<(usize, u32)>>,
    /// Files in order, with how many requests are in each.
    all: Vec<(usize, u32)>,
}

/// Locales in order of code, and requests in the order of the plan.
#[derive(Debug)]
pub(super) struct Arranged {
    pub locales: Vec<String>,
    /// By index of the locale: how many requests it has.
    pub planned: Vec<u64>,
    pub runs: Vec<Run>,
    pub order: Order,
}

impl Met {
    /// Counts a request of a file. Returns the index of its locale as it was met.
    pub fn count(&mut self, code: Option<&str>, file: usize) -> u16 {
        let locale = intern(&mut self.codes, code);
        let at = usize::from(locale);
        if self.counts.len() <= at {
            self.counts.resize(at + 1, Vec::new());
        }
        for counts in [&mut self.counts[at], &mut self.all] {
            match counts.last_mut() {
                Some((last, count)) if *last == file => *count += 1,
                _ => counts.push((file, 1)),
            }
        }
        locale
    }

    /// Numbers the locales in order of code, and the requests as they came, or by locale first.
    pub fn arrange(self, by_locale: bool) -> Arranged {
        let ranks: BTreeMap<&String, u16> = self.codes.iter().collect::<BTreeSet<_>>().into_iter().zip(0..).collect();
        let locales: Vec<String> = ranks.keys().map(|code| (*code).clone()).collect();
        let ranks: Vec<u16> = self.codes.iter().map(|code| ranks[code]).collect();
        let mut met: Vec<usize> = (0..ranks.len()).collect();
        met.sort_by_key(|at| ranks[*at]);
        let planned = met.iter().map(|at| self.counts[*at].iter().map(|(_, count)| u64::from(*count)).sum()).collect();
        let mut runs = Vec::new();
        let mut start = 0;
        let mut stretch = |counts: &[(usize, u32)], locale| {
            for (file, count) in counts {
                runs.push(Run { file: *file, locale, range: start..start + count });
                start += count;
            }
        };
        let mut next = None;
        if by_locale {
            let mut starts = vec![0; ranks.len()];
            let mut before = 0;
            for at in met {
                starts[at] = before;
                stretch(&self.counts[at], ranks[at]);
                before += self.counts[at].iter().map(|(_, count)| count).sum::<u32>();
            }
            next = Some(starts);
        } else {
            stretch(&self.all, 0);
        }
        Arranged { locales, planned, runs, order: Order { ranks, next } }
    }
}

/// The index of the locale in `codes`, where it is added when it is new.
fn intern(codes: &mut Vec<String>, code: Option<&str>) -> u16 {
    let found = |codes: &[String], code: &str| codes.iter().position(|known| known == code);
    let at = code.and_then(|code| found(codes, code)).unwrap_or_else(|| {
        let code = canonical(code.filter(|_| codes.len() < MAX_LOCALES));
        found(codes, &code).unwrap_or_else(|| {
            codes.push(code);
            codes.len() - 1
        })
    });
    u16::try_from(at).expect("the number of locales is bounded")
}

/// A locale code that is safe as the name of a folder.
fn canonical(code: Option<&str>) -> String {
    let Some(code) = code else { return UNDETERMINED.to_owned() };
    if let Some(locale) = Locale::parse(code) {
        return locale.to_string();
    }
    let language = (2..=3).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphabetic());
    if language { code.to_ascii_lowercase() } else { UNDETERMINED.to_owned() }
}
