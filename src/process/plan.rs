//! The plan: every request that was planned, in order, with the places of its metadata and of its answers.
//!
//! An entry costs 64 bytes with its share of the index, so ten million requests fit in 640 MB and nothing has to spill.

use std::collections::{BTreeMap, BTreeSet};

use crate::dialect::LineKind;
use crate::model::{Locale, Stray};
use crate::progress::Progress;
use crate::{Error, Result};

use super::inputs::{Inputs, Role};
use super::place::Place;
use super::report::{At, FileReport, Report};
use super::scan::{Seen, scan};
use super::{Options, Output, report};

/// More locales than there are in the world; what comes after is undetermined, so that nonsense cannot fill the index.
const MAX_LOCALES: usize = 4096;

/// What stands for a locale that no metadata names, as BCP 47 writes it.
const UNDETERMINED: &str = "und";

/// A planned request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    id: [u64; 2],
    /// Its metadata line.
    pub metadata: Place,
    /// The first line that answers it.
    pub answer: Place,
    /// Index of its locale.
    pub locale: u16,
}

/// All planned requests.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// In the order of the metadata; where each locale has a folder of its own, by locale first.
    pub entries: Vec<Entry>,
    /// Locale codes, in order of code.
    pub locales: Vec<String>,
    /// Ordinals in order of id.
    index: Vec<u32>,
    /// Further lines that answer a request, in order.
    further: Vec<(u32, Place)>,
}

impl Plan {
    /// Reads what was planned from the metadata.
    pub fn read(inputs: &mut Inputs, options: &Options, progress: &dyn Progress, report: &mut Report) -> Result<Self> {
        let mut plan = Self::default();
        let mut codes: Vec<String> = Vec::new();
        for file in inputs.metadata.clone() {
            let total = std::fs::metadata(inputs.source(file)).map(|meta| meta.len()).ok();
            let task = progress.task("metadata", &inputs.name(file), total, "bytes");
            let before = plan.entries.len();
            let looked = scan(inputs, file, options.max_line, progress, &*task, |seen| {
                let Seen { kind: LineKind::Metadata, id: Some(id), locale, place } = seen else { return Ok(()) };
                let locale = intern(&mut codes, locale.as_deref());
                plan.entries.push(Entry { id, metadata: place, answer: Place::NONE, locale });
                Ok(())
            })?;
            let found = plan.entries.len() - before;
            if found > 0 || inputs.files[file].named {
                let path = inputs.path(file);
                report.damaged_metadata.extend(looked.broken.iter().map(|(_, line)| At::new(path, *line)));
            }
            report.files.push(FileReport::new(inputs, file, "metadata", looked.lines, found as u64));
        }
        if plan.entries.is_empty() {
            return Err(Error::Missing {
                what: "metadata",
                path: options.metadata.first().cloned().unwrap_or_default(),
                hint_text: "no line there holds a request with its lang_code; `aacorn generate` writes them".to_owned(),
            });
        }
        if plan.entries.len() > u32::MAX as usize {
            return Err(Error::Usage("more than 4 billion requests in one run".to_owned()));
        }
        plan.rank_locales(&codes);
        if matches!(options.output, Output::Folder(_)) && !plan.entries.is_sorted_by_key(|entry| entry.locale) {
            plan.entries.sort_by_key(|entry| entry.locale);
        }
        report.planned_twice = plan.build_index();
        for code in &plan.locales {
            report.locales.insert(code.clone(), report::LocaleReport::default());
        }
        for entry in &plan.entries {
            report.locale(&plan.locales[usize::from(entry.locale)]).tally.planned += 1;
        }
        Ok(plan)
    }

    /// Finds the lines that answer what was planned.
    pub fn find_results(
        &mut self,
        inputs: &mut Inputs,
        options: &Options,
        progress: &dyn Progress,
        report: &mut Report,
    ) -> Result<()> {
        for file in inputs.results.clone() {
            let total = std::fs::metadata(inputs.source(file)).map(|meta| meta.len()).ok();
            let task = progress.task("results", &inputs.name(file), total, "bytes");
            let named = inputs.files[file].named;
            let mut strays = Vec::new();
            let (mut found, mut hint) = (0u64, 0);
            let looked = scan(inputs, file, options.max_line, progress, &*task, |seen| {
                let line = match seen.kind {
                    LineKind::Result => true,
                    LineKind::Record | LineKind::Other => named,
                    LineKind::Request | LineKind::Metadata => false,
                };
                if !line {
                    return Ok(());
                }
                found += u64::from(seen.kind != LineKind::Other);
                match seen.id.map(|id| self.find(id, hint)) {
                    Some(Some(ordinal)) => {
                        self.answer(ordinal, seen.place);
                        hint = ordinal + 1;
                    }
                    Some(None) => strays.push((Stray::UnknownId, seen.place.line())),
                    None => strays.push((Stray::NoId, seen.place.line())),
                }
                Ok(())
            })?;
            if found > 0 || named {
                strays.extend(looked.broken);
                strays.sort_by_key(|(_, line)| *line);
                for (stray, line) in strays {
                    report.strays.add(stray, inputs.path(file), line);
                }
            }
            report.files.push(FileReport::new(inputs, file, "results", looked.lines, found));
        }
        self.further.sort_unstable();
        Ok(())
    }

    /// The ordinal of a request. `hint` is tried first: answers mostly come in the order of their requests.
    pub fn find(&self, id: [u64; 2], hint: u32) -> Option<u32> {
        if self.entries.get(hint as usize).is_some_and(|entry| entry.id == id) {
            return Some(hint);
        }
        let at = self.index.binary_search_by_key(&id, |ordinal| self.entries[*ordinal as usize].id).ok()?;
        Some(self.index[at])
    }

    /// Adds a line that answers a request.
    pub fn answer(&mut self, ordinal: u32, place: Place) {
        let first = &mut self.entries[ordinal as usize].answer;
        let later = if place < *first { std::mem::replace(first, place) } else { place };
        if let Some(later) = later.some() {
            self.further.push((ordinal, later));
        }
    }

    /// Puts lines that were added since the results were found in order.
    pub fn sort_answers(&mut self) {
        self.further.sort_unstable();
    }

    /// The lines that answer a request after its first one, in order.
    pub fn further(&self, ordinal: u32) -> impl Iterator<Item = Place> {
        let start = self.further.partition_point(|(other, _)| *other < ordinal);
        self.further[start..].iter().take_while(move |(other, _)| *other == ordinal).map(|(_, place)| *place)
    }

    /// The code of an entry's locale.
    pub fn code(&self, entry: &Entry) -> &str {
        &self.locales[usize::from(entry.locale)]
    }

    /// Numbers the locales in order of code.
    fn rank_locales(&mut self, codes: &[String]) {
        let ranks: BTreeMap<&String, u16> = codes.iter().collect::<BTreeSet<_>>().into_iter().zip(0..).collect();
        for entry in &mut self.entries {
            entry.locale = ranks[&codes[usize::from(entry.locale)]];
        }
        self.locales = ranks.into_keys().cloned().collect();
    }

    /// Sorts the ids and drops requests that were planned before; returns how many there were.
    fn build_index(&mut self) -> u64 {
        self.entries.shrink_to_fit();
        self.sort_index();
        let entries = &self.entries;
        let same = |pair: &&[u32]| entries[pair[0] as usize].id == entries[pair[1] as usize].id;
        let mut twice: Vec<u32> = self.index.windows(2).filter(same).map(|pair| pair[1]).collect();
        if twice.is_empty() {
            return 0;
        }
        twice.sort_unstable();
        let mut ordinal = 0u32..;
        self.entries.retain(|_| twice.binary_search(&ordinal.next().expect("ordinals are endless")).is_err());
        self.sort_index();
        twice.len() as u64
    }

    fn sort_index(&mut self) {
        self.index = (0..self.entries.len() as u32).collect();
        let entries = &self.entries;
        self.index.sort_unstable_by_key(|ordinal| (entries[*ordinal as usize].id, *ordinal));
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

impl Role {
    /// Whether lines of such a file were judged by an earlier run.
    pub fn settled(self) -> bool {
        self != Self::Input
    }
}
