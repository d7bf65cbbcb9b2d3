//! The plan: every request that was planned, in order, with the places of its metadata and of its answers.

use std::ops::Range;

use crate::dialect::LineKind;
use crate::model::Stray;
use crate::progress::Progress;
use crate::{Error, Result};

use super::index::{Entry, Gathered, Index, Joined};
use super::inputs::{Input, Inputs};
use super::met::{Arranged, Met};
use super::report::{FileReport, Numbers, Report};
use super::scan::{Seen, scan};
use super::{Options, Output};

/// All planned requests.
#[derive(Debug)]
pub(super) struct Plan {
    /// Which requests there are, and where the lines are that answer them. In the order of the metadata; where each locale has
    /// a folder of its own, by locale first.
    pub index: Index,
    /// Locale codes, in order of code.
    pub locales: Vec<String>,
    /// Which stretches of the plan each metadata file holds, in order. They may hold requests that were planned before.
    pub runs: Vec<Run>,
    /// By index of the locale: requests, with those that were planned before.
    planned: Vec<u64>,
}

/// A stretch of the plan from one metadata file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// Index of the file.
    pub file: usize,
    /// Index of its locale; 0 where all locales stand together.
    pub locale: u16,
    /// Ordinals.
    pub range: Range<u32>,
}

impl Plan {
    /// Reads what was planned from the metadata.
    pub fn read(inputs: &mut Inputs, options: &Options, progress: &dyn Progress, report: &mut Report) -> Result<Self> {
        let mut gathered = Gathered::new(options.index_bytes, options.output.folder());
        let mut met = Met::default();
        for file in inputs.metadata.clone() {
            let total = std::fs::metadata(inputs.source(file)).map(|meta| meta.len()).ok();
            let task = progress.task("metadata", &inputs.name(file), total, "bytes");
            let before = gathered.len();
            let answers = inputs.results.contains(&file);
            let mut other = Numbers::default();
            let looked = scan(inputs, file, options.max_line, progress, &*task, |seen| {
                match seen {
                    Seen { kind: LineKind::Metadata, id: Some(id), locale, place } => {
                        let locale = met.count(locale.as_deref(), file);
                        gathered.push(id, place, locale)?;
                    }
                    Seen { kind: LineKind::Result | LineKind::Record, .. } if answers => {}
                    Seen { place, .. } => other.add(place.line()),
                }
                Ok(())
            })?;
            let found = gathered.len() - before;
            let path = inputs.path(file);
            if found > 0 {
                report.damaged_metadata.add(path, &other);
            }
            if found > 0 || inputs.files[file].named {
                looked.broken.values().for_each(|numbers| report.damaged_metadata.add(path, numbers));
            }
            report.files.push(FileReport::new(inputs, file, "metadata", looked.lines, found as u64));
        }
        if gathered.len() == 0 {
            return Err(Error::Missing {
                what: "metadata",
                path: options.metadata.first().cloned().unwrap_or_default(),
                hint_text: "no line there holds a request with its lang_code; `aacorn generate` writes them".to_owned(),
            });
        }
        let by_locale = matches!(options.output, Output::Folder(_));
        let Arranged { locales, planned, runs, order } = met.arrange(by_locale);
        Ok(Self { index: gathered.arrange(order)?, locales, runs, planned })
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
            let Input { named, path, .. } = &inputs.files[file];
            let mut found = 0u64;
            let looked = scan(inputs, file, options.max_line, progress, &*task, |seen| {
                let line = match seen.kind {
                    LineKind::Result => true,
                    LineKind::Record | LineKind::Other => *named,
                    LineKind::Request | LineKind::Metadata => false,
                };
                if !line {
                    return Ok(());
                }
                found += u64::from(seen.kind != LineKind::Other);
                match seen.id {
                    Some(id) => self.index.answer(id, seen.place)?,
                    None => report.strays.add(Stray::NoId, path, seen.place.line()),
                }
                Ok(())
            })?;
            if found > 0 || *named {
                for (stray, numbers) in looked.broken {
                    let first = numbers.first.iter().map(|line| (path.as_path(), *line));
                    report.strays.add_many(stray, numbers.count, first);
                }
            }
            report.files.push(FileReport::new(inputs, file, "results", looked.lines, found));
        }
        Ok(())
    }

    /// Brings requests and answers together, when all files have been looked at, and counts what was planned.
    pub fn join(&mut self, inputs: &Inputs, progress: &dyn Progress, report: &mut Report) -> Result<()> {
        let Joined { twice, unknown } = self.index.join(progress)?;
        report.planned_twice = twice.values().sum();
        for ((code, planned), index) in self.locales.iter().zip(&self.planned).zip(0..) {
            let twice = twice.get(&index).copied().unwrap_or_default();
            report.locale(code).tally.planned = planned - twice;
        }
        let count = unknown.count;
        let first = unknown.first();
        let lines = first.iter().map(|place| (inputs.path(place.file()), place.line()));
        report.strays.add_many(Stray::UnknownId, count, lines);
        Ok(())
    }

    /// The code of an entry's locale.
    pub fn code(&self, entry: &Entry) -> &str {
        &self.locales[usize::from(entry.locale)]
    }
}
