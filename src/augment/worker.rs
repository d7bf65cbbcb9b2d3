//! Work on a chunk of lines: each becomes a record augmented, or a reject.

use std::borrow::Cow;
use std::sync::Arc;

use crate::augment::augmenter::Augmenter;
use crate::augment::chunk::Chunk;
use crate::augment::kits::Kits;
use crate::augment::record::{Counts, Rejection, Writer};
use crate::augment::splice::{Record, Unreadable, string, write_string};
use crate::files::Line;
use crate::model::{Locale, Reason, Tally};

/// The bytes of a line over the limit that its reject keeps.
const KEPT_BYTES: usize = 4096;

/// What a chunk gave.
#[derive(Debug, Default)]
pub struct Done {
    /// Records augmented, each with its line feed.
    pub records: Vec<u8>,
    /// Rejects, likewise.
    pub rejects: Vec<u8>,
    /// Bytes read.
    pub read: u64,
    /// What became of the lines.
    pub tally: Tally,
    /// What the records gained.
    pub counts: Counts,
}

/// What a thread keeps for itself.
pub struct Worker<'a> {
    kits: &'a Kits<'a>,
    locale: Option<&'a Locale>,
    /// The augmenter of the line before, which is mostly the one of the next.
    last: Option<(Locale, Arc<Augmenter>)>,
    writer: Writer,
}

impl<'a> Worker<'a> {
    /// A worker on records of `locale`, or each of its own.
    pub fn new(kits: &'a Kits<'a>, locale: Option<&'a Locale>, writer: Writer) -> Self {
        Self { kits, locale, last: None, writer }
    }

    /// Augments the lines of a chunk.
    pub fn work(&mut self, chunk: &Chunk, done: &mut Done) {
        done.records.clear();
        done.rejects.clear();
        done.tally = Tally::default();
        done.counts = Counts::default();
        done.read = chunk.len() as u64;
        for line in chunk.lines() {
            done.tally.planned += 1;
            match self.line(&line, &mut done.records) {
                Ok(counts) => {
                    done.records.push(b'\n');
                    done.tally.accepted += 1;
                    done.counts.aac_turns += counts.aac_turns;
                    done.counts.variants += counts.variants;
                    done.counts.short += counts.short;
                }
                Err(rejection) => {
                    *done.tally.rejected.entry(rejection.reason).or_default() += 1;
                    write_reject(&line, &rejection, &mut done.rejects);
                }
            }
        }
    }

    fn line(&mut self, line: &Line<'_>, out: &mut Vec<u8>) -> Result<Counts, Rejection> {
        let unparseable = |detail: String| Rejection { reason: Reason::Unparseable, detail };
        if line.too_long {
            return Err(unparseable("the line is too long".to_owned()));
        }
        let text = std::str::from_utf8(line.bytes).map_err(|error| unparseable(error.to_string()))?;
        let record = Record::read(text).map_err(|error| match error {
            Unreadable::Broken(broken) => unparseable(broken.to_string()),
            Unreadable::NoObject => Rejection::invalid("not a JSON object"),
        })?;
        let locale = match self.locale {
            Some(locale) => Cow::Borrowed(locale),
            None => Cow::Owned(own_locale(&record)?),
        };
        let augmenter = match &self.last {
            Some((of, augmenter)) if *of == *locale => augmenter,
            _ => {
                let augmenter = self.kits.get(&locale).map_err(|error| Rejection::invalid(error.to_string()))?;
                &self.last.insert((locale.into_owned(), augmenter)).1
            }
        };
        self.writer.write(augmenter, text, &record, out)
    }
}

/// The locale that a record says it is in.
fn own_locale(record: &Record<'_>) -> Result<Locale, Rejection> {
    let metadata = record.members.get("metadata").and_then(|value| Record::read(value).ok());
    let code = metadata.as_ref().and_then(|metadata| metadata.members.get("lang_code")).and_then(string);
    let code = code.ok_or_else(|| Rejection::invalid("no `metadata.lang_code`: name the locale with --lang"))?;
    Locale::parse(&code).ok_or_else(|| Rejection::invalid(format!("`{code}` is not a locale such as en-GB")))
}

fn write_reject(line: &Line<'_>, rejection: &Rejection, out: &mut Vec<u8>) {
    let kept = if line.too_long { &line.bytes[..line.bytes.len().min(KEPT_BYTES)] } else { line.bytes };
    out.extend_from_slice(
        format!("{{\"line\":{},\"reason\":\"{}\",\"detail\":", line.number, rejection.reason).as_bytes(),
    );
    write_string(out, |out| out.extend_from_slice(rejection.detail.as_bytes()));
    out.extend_from_slice(b",\"raw\":");
    write_string(out, |out| out.extend_from_slice(String::from_utf8_lossy(kept).as_bytes()));
    out.extend_from_slice(b"}\n");
}
