//! Where records go, and writing them there in order.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::crew::in_order;
use crate::files::{AtomicFile, Packing};
use crate::progress::Progress;
use crate::rows::Format;
use crate::{Error, Result};

use super::Options;
use super::inputs::Inputs;
use super::judge::Judge;
use super::plan::Plan;
use super::previous::Previous;
use super::report::{OutputReport, Report, Source};
use super::settle::{Settled, Settler};
use super::spare::Spares;
use super::work::{Work, Works};

/// Pieces of work that are cut at once; fewer where the index does not hold so many.
const GROUP: usize = 4096;

/// The source of a piece of work, how many requests it settled, and what came of them.
type Done = (usize, u64, Settled);

const RECORDS: &str = "_all_conversations.jsonl";
const REPORT: &str = "process_report.json";

/// Where records go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// All into one file, its rejects and report beside it.
    File(PathBuf),
    /// `<locale>/<locale>_all_conversations.jsonl` below a folder.
    Folder(PathBuf),
}

impl Output {
    /// A file where the path ends in `.jsonl` and is no folder, else a folder.
    ///
    /// # Errors
    /// [`Error::Usage`] for a file of another format.
    pub fn told(path: &Path) -> Result<Self> {
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        match Format::told(path) {
            Ok((Format::Jsonl, Packing::Plain)) => Ok(Self::File(path.to_owned())),
            Ok(_) => {
                let detail = "conversations are written as .jsonl; `aacorn convert` makes other formats of it";
                Err(Error::Usage(format!("--output {}: {detail}", path.display())))
            }
            Err(_) => Ok(Self::Folder(path.to_owned())),
        }
    }

    /// The folder that everything is written in or below.
    pub(super) fn folder(&self) -> &Path {
        match self {
            Self::File(path) => path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")),
            Self::Folder(folder) => folder,
        }
    }

    /// The files that the requests of these locales are written to, in order.
    pub(super) fn targets(&self, locales: &[String]) -> Vec<Target> {
        match self {
            Self::File(path) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let stem = name.strip_suffix(RECORDS).or_else(|| name.strip_suffix(".jsonl")).unwrap_or(&name);
                let rejects = path.with_file_name(format!("{stem}_rejects.jsonl"));
                let previous = Previous::default();
                vec![Target { records: path.clone(), rejects, locales: locales.to_vec(), previous, group: 0 }]
            }
            Self::Folder(folder) => {
                let target = |(code, group): (&String, u16)| {
                    let place = |rest: &str| folder.join(code).join(format!("{code}{rest}"));
                    let (records, rejects) = (place(RECORDS), place("_rejects.jsonl"));
                    Target { records, rejects, locales: vec![code.clone()], previous: Previous::default(), group }
                };
                locales.iter().zip(0..).map(target).collect()
            }
        }
    }
}

/// An output file, with its rejects, and what goes there.
#[derive(Debug)]
pub(super) struct Target {
    pub records: PathBuf,
    pub rejects: PathBuf,
    pub locales: Vec<String>,
    /// What an earlier run left there.
    pub previous: Previous,
    /// Which runs of the plan go there: those with this locale.
    group: u16,
}

impl Target {
    pub fn report_path(&self) -> PathBuf {
        self.records.with_file_name(REPORT)
    }

    /// Writes the part of the report that is about this output, beside it.
    pub fn write_report(&self, report: &Report) -> Result<()> {
        let Some(output) = report.outputs.iter().find(|output| output.records == self.records) else { return Ok(()) };
        let text = serde_json::to_vec_pretty(&report.of_output(output)).expect("reports are plain data");
        let mut file = AtomicFile::create(&self.report_path())?;
        file.write_line(&text)?;
        file.finish().map(drop)
    }
}

/// Settles what goes to `target` and writes it, united with what is there.
///
/// # Errors
/// [`Error::Io`]; [`Error::Interrupted`], and then the output is as it was.
pub(super) fn write(
    target: &mut Target,
    plan: &mut Plan,
    inputs: &Inputs,
    judge: &Judge,
    options: &Options,
    progress: &dyn Progress,
    report: &mut Report,
) -> Result<()> {
    let locales = plan.locales.clone();
    let what = if let [locale] = target.locales.as_slice() { locale.as_str() } else { "all" };
    let runs = || plan.runs.iter().filter(|run| run.locale == target.group);
    let requests = runs().map(|run| run.range.len() as u64).sum();
    let task = progress.task("process", what, Some(requests), "requests");
    let (sources, mut works) = Works::new(runs(), std::mem::take(&mut target.previous), inputs);
    let (records, rejects) = (AtomicFile::create(&target.records)?, AtomicFile::create(&target.rejects)?);
    let sources = sources.into_iter().map(|source| (source, false)).collect();
    let spares = Spares::default();
    let mut writer = Writer { target, locales: &locales, inputs, report, sources, records, rejects, spares: &spares };
    loop {
        let mut group = works.next(&mut plan.index, GROUP)?.into_iter().peekable();
        if group.peek().is_none() {
            break;
        }
        let settler = Settler { plan, inputs, judge, rows: options.rows.as_deref(), spares: &spares };
        let next = |piece: &mut Option<(usize, Work)>| {
            *piece = group.next();
            Ok(piece.is_some())
        };
        let settle = |(): &mut (), piece: &Option<(usize, Work)>, done: &mut Option<Done>| {
            let Some((source, work)) = piece else { return Ok(()) };
            *done = Some((*source, work.requests(), work.run(&settler)?));
            Ok(())
        };
        let put = |done: &mut Option<Done>| {
            let Some((source, requests, settled)) = done.take() else { return Ok(()) };
            task.advance(requests);
            writer.put(source, settled)
        };
        in_order(rayon::current_num_threads(), progress, next, || Ok(()), settle, put)?;
    }
    writer.finish()
}

/// The files of a target under way, and what is counted of them.
struct Writer<'a> {
    target: &'a Target,
    locales: &'a [String],
    inputs: &'a Inputs,
    report: &'a mut Report,
    /// With whether anything came of it.
    sources: Vec<(Source, bool)>,
    records: AtomicFile,
    rejects: AtomicFile,
    spares: &'a Spares,
}

impl Writer<'_> {
    fn put(&mut self, source: usize, settled: Settled) -> Result<()> {
        let (counted, any) = &mut self.sources[source];
        *any |= settled.requests + settled.record_count + settled.reject_count > 0;
        counted.records += settled.record_count;
        counted.rejects += settled.reject_count;
        let records = on_lines(settled.records);
        self.records.put(&records)?;
        self.spares.give(records);
        self.rejects.put(&on_lines(settled.rejects))?;
        for (locale, counts) in settled.counts {
            self.report.locale(&self.locales[usize::from(locale)]).add(counts);
        }
        for (stray, place) in settled.strays {
            self.report.strays.add(stray, self.inputs.path(place.file()), place.line());
        }
        Ok(())
    }

    /// Gives the files their names. Records that are none replace nothing, and rejects that are none remove what was there.
    fn finish(self) -> Result<()> {
        let written = self.records.bytes() > 0;
        if written {
            self.records.finish()?;
        }
        let rejects = if self.rejects.bytes() > 0 {
            Some(self.rejects.finish()?)
        } else if !written && self.target.records.exists() {
            // Nothing came of starting over: what is there stays, whole.
            self.target.rejects.exists().then(|| self.target.rejects.clone())
        } else {
            match fs::remove_file(&self.target.rejects) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(Error::io("remove", &self.target.rejects)(error));
                }
                _ => None,
            }
        };
        self.report.outputs.push(OutputReport {
            records: self.target.records.clone(),
            rejects,
            locales: self.target.locales.clone(),
            written,
            sources: self.sources.into_iter().filter(|(_, any)| *any).map(|(source, _)| source).collect(),
        });
        Ok(())
    }
}

/// Separators that some tools take for the end of a line are escaped, wherever a model wrote them.
fn on_lines(lines: Vec<u8>) -> Vec<u8> {
    let next = |from: usize| {
        let mut at = from;
        while let Some(found) = memchr::memchr2(0xE2, 0xC2, &lines[at..]) {
            at += found;
            match lines[at..] {
                [0xE2, 0x80, 0xA8, ..] => return Some((at, 3, "\\u2028")),
                [0xE2, 0x80, 0xA9, ..] => return Some((at, 3, "\\u2029")),
                [0xC2, 0x85, ..] => return Some((at, 2, "\\u0085")),
                _ => at += 1,
            }
        }
        None
    };
    let Some(mut found) = next(0) else { return lines };
    let mut escaped = Vec::with_capacity(lines.len() + 64);
    let mut start = 0;
    loop {
        let (at, length, escape) = found;
        escaped.extend_from_slice(&lines[start..at]);
        escaped.extend_from_slice(escape.as_bytes());
        start = at + length;
        match next(start) {
            Some(again) => found = again,
            None => break,
        }
    }
    escaped.extend_from_slice(&lines[start..]);
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_of_lines_are_escaped() {
        let escaped = on_lines("\"a\u{2028}b\u{2029}é\u{85}\u{2027}\"\n".into());
        assert_eq!(String::from_utf8(escaped).unwrap(), "\"a\\u2028b\\u2029é\\u0085\u{2027}\"\n");
    }

    #[test]
    fn the_output_is_told_from_its_path() {
        assert_eq!(Output::told(Path::new("o/a.jsonl")).unwrap(), Output::File("o/a.jsonl".into()));
        assert_eq!(Output::told(Path::new("o/")).unwrap(), Output::Folder("o/".into()));
        for other in ["o.csv", "o.json", "o.jsonl.gz"] {
            assert!(Output::told(Path::new(other)).is_err(), "{other}");
        }
    }
}
