//! Where records go, and writing them there in order.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::ops::Range;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::files::AtomicFile;
use crate::progress::{Progress, go_on};
use crate::{Error, Result};

use super::Options;
use super::fetch::fetch;
use super::inputs::Inputs;
use super::judge::Judge;
use super::place::Place;
use super::plan::{Entry, Plan};
use super::previous::Previous;
use super::report::{OutputReport, Report, Source};
use super::settle::{Settled, Settler};

/// Requests that are settled as one piece of work, and the bytes of answers that end it sooner.
const CHUNK: usize = 256;
const CHUNK_BYTES: usize = 4 << 20;
/// Pieces of work under way together, for each thread.
const CHUNKS_A_THREAD: usize = 12;

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
    #[must_use]
    pub fn told(path: &Path) -> Self {
        let file = path.extension().is_some_and(|ext| ext == "jsonl") && !path.is_dir();
        if file { Self::File(path.to_owned()) } else { Self::Folder(path.to_owned()) }
    }

    /// The files that a plan is written to, in order.
    pub(super) fn targets(&self, plan: &Plan) -> Vec<Target> {
        match self {
            Self::File(path) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let stem = name.strip_suffix(RECORDS).or_else(|| name.strip_suffix(".jsonl")).unwrap_or(&name);
                let rejects = path.with_file_name(format!("{stem}_rejects.jsonl"));
                vec![Target {
                    records: path.clone(),
                    rejects,
                    locales: plan.locales.clone(),
                    range: 0..plan.entries.len(),
                }]
            }
            Self::Folder(folder) => {
                let mut start = 0;
                let target = |(code, index): (&String, u16)| {
                    let end = plan.entries.partition_point(|entry| entry.locale <= index);
                    let range = std::mem::replace(&mut start, end)..end;
                    let place = |rest: &str| folder.join(code).join(format!("{code}{rest}"));
                    Target {
                        records: place(RECORDS),
                        rejects: place("_rejects.jsonl"),
                        locales: vec![code.clone()],
                        range,
                    }
                };
                plan.locales.iter().zip(0..).map(target).collect()
            }
        }
    }
}

/// An output file, with its rejects, and the stretch of the plan that goes there.
#[derive(Debug)]
pub(super) struct Target {
    pub records: PathBuf,
    pub rejects: PathBuf,
    pub locales: Vec<String>,
    range: Range<usize>,
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

/// A piece of work, in the order of the output.
enum Work<'a> {
    /// Requests to be settled.
    Settle(Range<usize>),
    /// Records of an earlier run.
    Records(&'a [Place]),
    /// Rejects of an earlier run.
    Rejects(&'a [Place]),
}

/// Settles what goes to `target` and writes it, united with what is there.
///
/// # Errors
/// [`Error::Io`]; [`Error::Interrupted`], and then the output is as it was.
pub(super) fn write(
    target: &Target,
    plan: &mut Plan,
    inputs: &mut Inputs,
    judge: &Judge,
    options: &Options,
    progress: &dyn Progress,
    report: &mut Report,
) -> Result<()> {
    let previous = Previous::find(target, plan, inputs, options, progress)?;
    let (plan, inputs) = (&*plan, &*inputs);
    let settler = Settler { plan, inputs, judge, rows: options.rows.as_deref() };
    let what = if let [locale] = target.locales.as_slice() { locale.as_str() } else { "all" };
    let task = progress.task("process", what, Some(target.range.len() as u64), "requests");
    let (sources, works) = works(target, plan, inputs, &previous);
    let (records, rejects) = (AtomicFile::create(&target.records)?, AtomicFile::create(&target.rejects)?);
    let mut writer = Writer { target, plan, inputs, report, sources, records, rejects };
    let mut works = works.iter();
    let mut ready: Vec<(usize, Settled)> = Vec::new();
    loop {
        go_on(progress)?;
        let group: Vec<_> = works.by_ref().take(rayon::current_num_threads() * CHUNKS_A_THREAD).collect();
        let compute = || {
            let settled = group.par_iter().map(|(source, work)| Ok((*source, work.run(&settler)?)));
            settled.collect::<Result<Vec<_>>>()
        };
        let done = std::mem::take(&mut ready);
        let put = || done.into_iter().try_for_each(|(source, settled)| writer.put(source, settled));
        let (next, wrote) = rayon::join(compute, put);
        wrote?;
        ready = next?;
        if ready.is_empty() {
            break;
        }
        task.advance(group.iter().map(|(_, work)| work.requests()).sum());
    }
    writer.finish()
}

impl Work<'_> {
    fn run(&self, settler: &Settler<'_>) -> Result<Settled> {
        let lines = |places: &[Place]| -> Result<Vec<u8>> {
            let fetched = fetch(settler.inputs, places)?;
            Ok((0..places.len()).flat_map(|at| [fetched.line(at), b"\n"]).flatten().copied().collect())
        };
        Ok(match self {
            Self::Settle(range) => settler.settle(range.clone())?,
            Self::Records(places) => {
                Settled { records: lines(places)?, record_count: places.len() as u64, ..Settled::default() }
            }
            Self::Rejects(places) => {
                Settled { rejects: lines(places)?, reject_count: places.len() as u64, ..Settled::default() }
            }
        })
    }

    fn requests(&self) -> u64 {
        match self {
            Self::Settle(range) => range.len() as u64,
            Self::Records(_) | Self::Rejects(_) => 0,
        }
    }
}

/// The names of the metadata files behind a target, in order, and its work, each piece with the index of its name.
fn works<'a>(
    target: &Target,
    plan: &Plan,
    inputs: &Inputs,
    previous: &'a Previous,
) -> (Vec<Source>, Vec<(usize, Work<'a>)>) {
    let mut parts: BTreeMap<String, Vec<Work<'a>>> = BTreeMap::new();
    let mut start = target.range.start;
    let planned = &plan.entries[target.range.clone()];
    for same_file in planned.chunk_by(|a, b| a.metadata.file() == b.metadata.file()) {
        let part = parts.entry(inputs.name(same_file[0].metadata.file())).or_default();
        let mut rest = same_file;
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = |entry: &&Entry| {
                bytes += entry.answer.length() + entry.metadata.length();
                bytes <= CHUNK_BYTES
            };
            let length = rest.iter().take(CHUNK).take_while(fits).count().max(1);
            part.push(Work::Settle(start..start + length));
            start += length;
            rest = &rest[length..];
        }
    }
    for (name, places) in &previous.records {
        parts.entry(name.clone()).or_default().extend(places.chunks(CHUNK).map(Work::Records));
    }
    for (name, places) in &previous.rejects {
        parts.entry(name.clone()).or_default().extend(places.chunks(CHUNK).map(Work::Rejects));
    }
    let sources = parts.keys().map(|name| Source { metadata: name.clone(), ..Source::default() }).collect();
    let works = parts.into_values().enumerate().flat_map(|(at, works)| works.into_iter().map(move |work| (at, work)));
    (sources, works.collect())
}

/// The files of a target under way, and what is counted of them.
struct Writer<'a> {
    target: &'a Target,
    plan: &'a Plan,
    inputs: &'a Inputs,
    report: &'a mut Report,
    sources: Vec<Source>,
    records: AtomicFile,
    rejects: AtomicFile,
}

impl Writer<'_> {
    fn put(&mut self, source: usize, settled: Settled) -> Result<()> {
        let counted = &mut self.sources[source];
        counted.records += settled.record_count;
        counted.rejects += settled.reject_count;
        self.records.put(&on_lines(settled.records))?;
        self.rejects.put(&on_lines(settled.rejects))?;
        for (locale, counts) in settled.counts {
            self.report.locale(&self.plan.locales[usize::from(locale)]).add(counts);
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
            sources: self.sources,
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
        assert_eq!(Output::told(Path::new("o/a.jsonl")), Output::File("o/a.jsonl".into()));
        assert_eq!(Output::told(Path::new("o/")), Output::Folder("o/".into()));
    }
}
