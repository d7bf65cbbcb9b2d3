//! Looking at batch files before they are uploaded, and at results after: which line, which field, what is wrong.

mod show;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use crate::Result;
use crate::dialect::{Dialect, LineKind, Requests, decode, glance};
use crate::files::{self, Lines};
use crate::model::Outcome;
use crate::progress::{Progress, go_on};
use crate::random::id_digest;

use super::conversation::{Conversation, Fault};
use super::rows::tables;
use super::salvage::salvage;

pub use show::show;

/// How many findings of a file are listed; all are counted.
const LISTED: usize = 1000;
/// Lines between two looks at whether the person wants to stop.
const LINES_A_LOOK: u64 = 10_000;

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// The file.
    pub file: PathBuf,
    /// What most of its lines are: `requests`, `metadata`, `results`, `records` or `other`.
    pub kind: &'static str,
    /// Lines that are not blank.
    pub lines: u64,
    /// All findings.
    pub count: u64,
    /// The first of them.
    pub findings: Vec<Finding>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Line number, from 1; 0 for the file as a whole.
    pub line: u64,
    /// The field, as a path: `body.messages`. Empty for the line as a whole.
    pub field: String,
    /// What is wrong with it.
    pub what: String,
}

/// Looks at every line of a file.
///
/// # Errors
/// [`crate::Error::Io`] when it cannot be read; [`crate::Error::Data`] when it is a table's, whose run file cannot be read;
/// [`crate::Error::Interrupted`].
pub fn check(path: &Path, max_line: usize, progress: &dyn Progress) -> Result<Checked> {
    let mut lines = Lines::new(files::open(path)?, path).with_limit(max_line);
    // A file of a table has the table's run beside it.
    let rows = !tables(&[path.to_owned()], None)?.is_empty();
    let mut checker = Checker::new(rows);
    while let Some(line) = lines.next()? {
        if line.number % LINES_A_LOOK == 0 {
            go_on(progress)?;
        }
        if line.number == 1 && line.offset == 3 {
            checker.found(1, "", "begins with a byte order mark, which providers refuse");
        }
        match line {
            line if line.bytes.is_empty() => checker.found(line.number, "", "is blank, which some providers refuse"),
            line if line.too_long => {
                checker.found(line.number, "", format!("is longer than {} MiB", max_line >> 20));
            }
            line => checker.line(line.number, line.bytes),
        }
    }
    Ok(checker.finish(path))
}

struct Checker {
    lines: u64,
    kinds: BTreeMap<LineKind, u64>,
    ids: BTreeMap<[u64; 2], u64>,
    requests: Requests,
    count: u64,
    findings: Vec<Finding>,
    /// Answers are those to rows, which may have any form.
    rows: bool,
}

impl Checker {
    fn new(rows: bool) -> Self {
        Self {
            lines: 0,
            kinds: BTreeMap::new(),
            ids: BTreeMap::new(),
            requests: Requests::of_whoever(),
            count: 0,
            findings: Vec::new(),
            rows,
        }
    }

    fn found(&mut self, line: u64, field: &str, what: impl Into<String>) {
        self.count += 1;
        if self.findings.len() < LISTED {
            self.findings.push(Finding { line, field: field.to_owned(), what: what.into() });
        }
    }

    fn line(&mut self, number: u64, bytes: &[u8]) {
        self.lines += 1;
        let (text, glance) = match (std::str::from_utf8(bytes), glance(bytes)) {
            (Ok(text), Ok(glance)) => (text, glance),
            (_, Err(broken)) => return self.found(number, "", broken.to_string()),
            (Err(error), _) => return self.found(number, "", format!("not UTF-8: {error}")),
        };
        let value = match glance.kind {
            LineKind::Request | LineKind::Metadata => serde_json::from_str::<Value>(text),
            _ => Ok(Value::Null),
        };
        // A record of rows has metadata as well, and an answer of any form.
        let of_rows = glance.kind == LineKind::Metadata && value.as_ref().is_ok_and(has_answer);
        *self.kinds.entry(if of_rows { LineKind::Record } else { glance.kind }).or_default() += 1;
        match glance.id {
            Some(id) => {
                if let Some(first) = self.ids.insert(id_digest(id.as_bytes()), number) {
                    self.ids.insert(id_digest(id.as_bytes()), first);
                    self.found(number, "custom_id", format!("`{id}` stands in line {first} already"));
                }
            }
            None if glance.kind != LineKind::Other => self.found(number, "custom_id", "is missing, or no string"),
            None => {}
        }
        match glance.kind {
            LineKind::Metadata if of_rows => {}
            LineKind::Request | LineKind::Metadata => match value {
                Ok(value) => {
                    let mut wrong = Vec::new();
                    self.requests.look(&value, bytes.len() as u64 + 1, &mut wrong);
                    if glance.kind == LineKind::Metadata && glance.locale.is_none() && !is_row(&value) {
                        wrong.push(("metadata.lang_code".into(), "is missing".to_owned()));
                    }
                    wrong.into_iter().for_each(|(field, what)| self.found(number, &field, what));
                }
                Err(error) => self.found(number, "", error.to_string()),
            },
            LineKind::Result => self.result(number, text),
            LineKind::Record => {
                if let Err(Fault::Invalid(detail)) = Conversation::read(text) {
                    self.found(number, "conversation", detail);
                }
            }
            LineKind::Other => self.found(number, "", "is neither a request, metadata, a result nor a record"),
        }
    }

    fn result(&mut self, number: u64, text: &str) {
        match decode(text).map(|decoded| decoded.outcome) {
            Err(broken) => self.found(number, "", broken.to_string()),
            Ok(Outcome::Failure(failure)) => {
                let detail = if failure.detail.is_empty() { String::new() } else { format!(": {}", failure.detail) };
                self.found(number, "", format!("{}{detail}", failure.reason));
            }
            Ok(Outcome::Answer(_)) if self.rows => {}
            Ok(Outcome::Answer(answer)) => {
                let salvaged = salvage(&answer.text);
                let answer = salvaged.as_ref().map_or(&*answer.text, |salvaged| &salvaged.text);
                match Conversation::read(answer) {
                    Ok(_) => {}
                    Err(Fault::Broken(broken)) => self.found(number, "answer", broken.to_string()),
                    Err(Fault::Invalid(detail)) => self.found(number, "answer", detail),
                }
            }
        }
    }

    fn finish(mut self, path: &Path) -> Checked {
        let kind = self.kinds.iter().max_by_key(|(_, count)| **count).map_or(LineKind::Other, |(kind, _)| *kind);
        if kind == LineKind::Request {
            let limits = self.requests.dialect.unwrap_or(Dialect::OpenAi).limits();
            if self.lines > limits.requests {
                self.found(0, "", format!("{} requests; the provider takes {}", self.lines, limits.requests));
            }
            if self.requests.bytes > limits.bytes {
                self.found(0, "", format!("{} bytes; the provider takes {}", self.requests.bytes, limits.bytes));
            }
        }
        let kind = match kind {
            LineKind::Request => "requests",
            LineKind::Metadata => "metadata",
            LineKind::Result => "results",
            LineKind::Record => "records",
            LineKind::Other => "other",
        };
        Checked { file: path.to_owned(), kind, lines: self.lines, count: self.count, findings: self.findings }
    }
}

fn has_answer(record: &Value) -> bool {
    record.get("body").is_none() && record.get("answer").is_some()
}

/// Whether metadata plans a row of a table, which has no locale.
fn is_row(metadata: &Value) -> bool {
    metadata.pointer("/metadata/plan/line").is_some_and(Value::is_u64)
}
