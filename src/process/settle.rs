//! Ending requests: each as exactly one of accepted, rejected or missing.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::dialect::{Decoded, decode};
use crate::json;
use crate::model::{Failure, Outcome, Reason, SAMPLE_MARK, Stray};
use crate::random::id_digest;
use crate::{Error, Result};

use super::conversation::{Conversation, Fault};
use super::fetch::fetch;
use super::index::Entry;
use super::inputs::{Inputs, Role};
use super::judge::Judge;
use super::place::Place;
use super::plan::Plan;
use super::planned::Planned;
use super::record::write_provenance;
use super::report::LocaleReport;
use super::rows::RowForm;
use super::salvage::salvage;
use super::spare::Spares;

/// What came of a stretch of the plan.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// How many requests were settled.
    pub requests: u64,
    /// Lines of records.
    pub records: Vec<u8>,
    /// How many.
    pub record_count: u64,
    /// Lines of rejects.
    pub rejects: Vec<u8>,
    /// How many.
    pub reject_count: u64,
    /// By index of the locale.
    pub counts: BTreeMap<u16, LocaleReport>,
    /// Result lines that turned out to belong to no request.
    pub strays: Vec<(Stray, Place)>,
}

/// What a line that answers a request amounts to.
pub(super) enum Verdict {
    /// A record has been written.
    Accepted,
    /// No record.
    Rejected(Failure),
    /// No answer to anything.
    Stray(Stray),
}

/// Settles stretches of a plan.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settler<'a> {
    pub plan: &'a Plan,
    pub inputs: &'a Inputs,
    pub judge: &'a Judge,
    /// How answers are read where requests are rows; else they are conversations.
    pub rows: Option<&'a RowForm>,
    /// Buffers for records.
    pub spares: &'a Spares,
}

impl Settler<'_> {
    /// Settles the planned requests of `range` in the window that the plan holds.
    ///
    /// # Errors
    /// [`Error::Io`] when a line cannot be read again; [`Error::Line`] when it has changed since.
    pub fn settle(&self, range: Range<usize>) -> Result<Settled> {
        let window = self.plan.index.window();
        let entries = &window.entries[range.clone()];
        let metadata: Vec<Place> = entries.iter().map(|entry| entry.metadata).collect();
        let answers: Vec<Place> = entries.iter().map(|entry| entry.answer).collect();
        let (metadata, answers) =
            (fetch(self.inputs, &metadata, self.spares)?, fetch(self.inputs, &answers, self.spares)?);
        let mut settled = Settled { records: self.spares.take(), ..Settled::default() };
        settled.records.clear();
        for (at, entry) in entries.iter().enumerate() {
            if !entry.counts() {
                continue;
            }
            let planned = std::str::from_utf8(metadata.line(at)).ok().and_then(|line| Planned::read(line).ok());
            let planned = planned.ok_or_else(|| changed(self.inputs, entry.metadata))?;
            let request = Request { settler: self, entry, planned };
            settled.request(&request, answers.line(at), window.further(range.start + at))?;
            settled.requests += 1;
        }
        Ok(settled)
    }
}

/// A request that is being settled.
pub(super) struct Request<'a> {
    pub settler: &'a Settler<'a>,
    pub entry: &'a Entry,
    pub planned: Planned<'a>,
}

impl Settled {
    /// Tries the lines that answer a request in order; the first that gives a record wins.
    fn request(&mut self, request: &Request<'_>, first: &[u8], further: impl Iterator<Item = Place>) -> Result<()> {
        let mut done = false;
        let mut failed: Option<(Failure, String)> = None;
        let answers = request.entry.answer.some().into_iter().chain(further);
        for (index, place) in answers.enumerate() {
            let role = request.settler.inputs.files[place.file()].role;
            if done && role.settled() {
                continue;
            }
            let fetched;
            let line = if index == 0 {
                first
            } else {
                fetched = fetch(request.settler.inputs, &[place], request.settler.spares)?;
                fetched.line(0)
            };
            match role {
                Role::Input if done => {
                    let whole = std::str::from_utf8(line).is_ok_and(|line| json::check(line).is_ok());
                    self.stray(request, if whole { Stray::Duplicate } else { Stray::NotJson }, place);
                }
                Role::Records => {
                    self.keep_record(request, line);
                    done = true;
                }
                Role::Rejects if failed.is_none() => {
                    self.keep_reject(request, place, line)?;
                    return Ok(());
                }
                Role::Rejects => {}
                Role::Input => match self.answer(request, line)? {
                    Verdict::Accepted => done = true,
                    Verdict::Stray(stray) => self.stray(request, stray, place),
                    Verdict::Rejected(_) if failed.is_some() => self.stray(request, Stray::Duplicate, place),
                    Verdict::Rejected(failure) => {
                        failed = Some((failure, String::from_utf8_lossy(line).into_owned()));
                    }
                },
            }
        }
        match failed {
            _ if done => {}
            Some((failure, line)) => self.reject(request, &failure, &line),
            None => {
                let counts = self.counts(request);
                counts.tally.missing += 1;
                counts.example("missing", &request.planned.id);
            }
        }
        Ok(())
    }

    fn answer(&mut self, request: &Request<'_>, line: &[u8]) -> Result<Verdict> {
        let Ok(line) = std::str::from_utf8(line) else { return Ok(Verdict::Stray(Stray::NotJson)) };
        let Ok(Decoded { dialect, outcome, .. }) = decode(line) else { return Ok(Verdict::Stray(Stray::NotJson)) };
        let answer = match outcome {
            Outcome::Answer(answer) => answer,
            Outcome::Failure(failure) => return Ok(Verdict::Rejected(failure)),
        };
        if let Some(form) = request.settler.rows {
            return Ok(self.row(request, &answer, dialect.name(), form));
        }
        if sample_mark().find(answer.text.as_bytes()).is_some() {
            let detail = "a sample of the offline engine, which did not know the prompt".to_owned();
            return Ok(Verdict::Rejected(Failure { reason: Reason::Invalid, detail }));
        }
        let mut repairs = Vec::new();
        let salvaged;
        let conversation = match Conversation::read(&answer.text) {
            Err(fault) => match salvage(&answer.text) {
                Some(found) => {
                    salvaged = found;
                    repairs.extend(&salvaged.repairs);
                    Conversation::read(&salvaged.text)
                }
                None => Err(fault),
            },
            read => read,
        };
        let conversation = match conversation {
            Ok(conversation) => conversation,
            Err(fault) => return Ok(Verdict::Rejected(fault.into())),
        };
        repairs.extend(conversation.string_bool.then_some("string_bool"));
        repairs.extend((answer.replaced || conversation.lone_surrogate).then_some("lone_surrogate"));
        if let Some(failure) = mispaired(request, &conversation)? {
            return Ok(Verdict::Rejected(failure));
        }
        let code = request.settler.plan.code(request.entry);
        let judgement = request.settler.judge.judge(&conversation, request.planned.plan, request.entry.locale, code);
        if let Some(rule) = judgement.rejected {
            return Ok(Verdict::Rejected(Failure { reason: Reason::Invalid, detail: rule.to_owned() }));
        }
        self.records.push(b'{');
        conversation.write(&mut self.records);
        let flags = &judgement.flags;
        write_provenance(&mut self.records, &request.planned, code, &answer, dialect.name(), &repairs, flags);
        self.record_count += 1;
        let counts = self.counts(request);
        counts.tally.accepted += 1;
        count(&mut counts.repaired, &repairs);
        count(&mut counts.flagged, flags);
        count(&mut counts.not_applied, &judgement.not_applied);
        Ok(Verdict::Accepted)
    }

    fn reject(&mut self, request: &Request<'_>, failure: &Failure, line: &str) {
        let out = &mut self.rejects;
        out.extend_from_slice(b"{\"custom_id\":");
        json::string(out, &request.planned.id);
        out.extend_from_slice(b",\"reason\":");
        json::string(out, &failure.reason.to_string());
        out.extend_from_slice(b",\"detail\":");
        json::string(out, &failure.detail);
        out.extend_from_slice(b",\"line\":");
        json::string(out, line);
        out.extend_from_slice(b"}\n");
        self.reject_count += 1;
        self.counts(request).rejected(failure.reason, &request.planned.id);
    }

    /// Counts a line that would have answered a request, had it been whole or first.
    fn stray(&mut self, request: &Request<'_>, stray: Stray, place: Place) {
        self.strays.push((stray, place));
        *self.counts(request).tally.strays.entry(stray).or_default() += 1;
    }

    fn keep_record(&mut self, request: &Request<'_>, line: &[u8]) {
        self.records.extend_from_slice(line);
        self.records.push(b'\n');
        self.record_count += 1;
        let counts = self.counts(request);
        counts.tally.accepted += 1;
        counts.kept += 1;
    }

    fn keep_reject(&mut self, request: &Request<'_>, place: Place, line: &[u8]) -> Result<()> {
        #[derive(serde::Deserialize)]
        struct Reject {
            reason: Reason,
        }
        let Reject { reason } = serde_json::from_slice(line).map_err(|error| Error::Line {
            path: request.settler.inputs.path(place.file()).to_owned(),
            line: place.line(),
            detail: format!(
                "not a reject as `process` writes them ({error}): mend or remove the line, or start over with --fresh"
            ),
        })?;
        self.rejects.extend_from_slice(line);
        self.rejects.push(b'\n');
        self.reject_count += 1;
        self.counts(request).rejected(reason, &request.planned.id);
        Ok(())
    }

    pub fn counts(&mut self, request: &Request<'_>) -> &mut LocaleReport {
        self.counts.entry(request.entry.locale).or_default()
    }
}

/// An answer that names another planned request answers that one.
fn mispaired(request: &Request<'_>, conversation: &Conversation<'_>) -> Result<Option<Failure>> {
    let Some(echo) = conversation.echo() else { return Ok(None) };
    let echo = echo.to_str();
    let other = echo != request.planned.id && request.settler.plan.index.contains(id_digest(echo.as_bytes()))?;
    Ok(other.then(|| Failure { reason: Reason::Mispaired, detail: format!("the answer names {echo}") }))
}

fn sample_mark() -> &'static Finder<'static> {
    static FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(SAMPLE_MARK));
    &FINDER
}

fn changed(inputs: &Inputs, place: Place) -> Error {
    let detail = "the line has changed while it was being processed".to_owned();
    Error::Line { path: inputs.path(place.file()).to_owned(), line: place.line(), detail }
}

pub(super) fn count(counts: &mut BTreeMap<&'static str, u64>, names: &[&'static str]) {
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Broken(broken) => Self { reason: Reason::Unparseable, detail: broken.to_string() },
            Fault::Invalid(detail) => Self { reason: Reason::Invalid, detail },
        }
    }
}
