//! Going through the rows in order, each with its answer or why it has none.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::columns::{Columnist, Record, Without};
use super::folder::Folder;
use super::form::SAMPLE;
use super::index::Index;
use super::report::{Report, Values};
use super::target::Target;
use super::{super::Report as Settled, TableRun};
use crate::files::{self, AtomicFile, Lines};
use crate::model::Reason;
use crate::price::{Money, Prices};
use crate::progress::{Progress, go_on};
use crate::recipe::rows::{RowLine, RowRecipe, Skip, Unanswered};
use crate::rows::{Columns, Writer};
use crate::{Error, Result};

/// Rows between two looks at whether the person wants to stop.
const STRIDE: u64 = 1024;

/// A reject as `process` writes it.
#[derive(Deserialize)]
struct Reject {
    reason: Reason,
    detail: String,
    line: String,
}

/// A row without an answer, as the rejects list it.
#[derive(Serialize)]
struct Listed<'a> {
    id: Option<&'a str>,
    line: u64,
    custom_id: Option<&'a str>,
    status: &'a str,
    reason: Option<&'a str>,
    detail: Option<&'a str>,
    result: Option<&'a str>,
}

/// Writes the rows of a table with their answers.
pub(super) fn join(
    table: &TableRun,
    recipe: &RowRecipe,
    target: &Target,
    settled: Settled,
    progress: &dyn Progress,
) -> Result<Report> {
    let prices = Prices::load(None)?;
    let columnist = Columnist { recipe, asked: &table.run.model, prices: &prices, flat: target.flat };
    let mut join = Join {
        columnist,
        table,
        records: Index::read(&target.records)?,
        rejects: Index::read(&target.record_rejects())?,
        writer: Writer::create(&target.rows)?,
        listed: AtomicFile::create(&target.rejects)?,
        folder: target.files.as_ref().map(|path| Folder::new(path, recipe.output.extension.as_deref())),
        exploded: target.exploded.clone().map(|path| Writer::create(&path).map(|writer| (writer, path))).transpose()?,
        values: Values::default(),
        cost: Money::default(),
        unpriced: 0,
        report: Report {
            label: table.run.label.clone(),
            run: table.run.run.clone(),
            recipe: format!("{}@{}", table.run.recipe, table.run.version),
            output: target.rows.clone(),
            records: target.records.clone(),
            settled,
            ..Report::default()
        },
    };
    let task = progress.task("join", &table.run.label, Some(table.run.rows), "rows");
    let path = table.folder.join(&table.run.rows_file);
    let mut lines = Lines::new(files::open(&path)?, &path);
    while let Some(line) = lines.next()? {
        if line.bytes.is_empty() {
            continue;
        }
        if line.number % STRIDE == 0 {
            go_on(progress)?;
            task.advance(STRIDE);
        }
        let entry: RowLine = serde_json::from_slice(line.bytes).map_err(|error| Error::Line {
            path: path.clone(),
            line: line.number,
            detail: format!("not a row as `generate` writes them: {error}"),
        })?;
        join.row(&entry)?;
    }
    drop(task);
    join.finish(target)
}

struct Join<'a> {
    columnist: Columnist<'a>,
    table: &'a TableRun,
    records: Index,
    rejects: Index,
    writer: Writer,
    listed: AtomicFile,
    folder: Option<Folder>,
    exploded: Option<(Writer, PathBuf)>,
    values: Values,
    cost: Money,
    unpriced: u64,
    report: Report,
}

impl Join<'_> {
    fn row(&mut self, entry: &RowLine) -> Result<()> {
        self.report.rows += 1;
        let Some(custom_id) = &entry.custom_id else { return self.skipped(entry) };
        self.report.tally.planned += 1;
        if let Some(line) = self.records.line(custom_id)? {
            let record: Record = serde_json::from_slice(line)
                .map_err(|error| Error::data(self.report.records.to_string_lossy(), format!("{custom_id}: {error}")))?;
            return self.answered(entry, &record);
        }
        let reject: Option<Reject> = self.rejects.line(custom_id)?.and_then(|line| serde_json::from_slice(line).ok());
        match reject {
            Some(Reject { reason, detail, line }) => {
                self.report.rejected(reason, &detail, entry.id.as_deref().unwrap_or_default());
                let name = reason.to_string();
                let without = Without { status: "rejected", reason: Some(&name), detail: Some(&detail) };
                self.without(entry, &without, Some(&line))
            }
            None => {
                self.report.tally.missing += 1;
                self.without(entry, &Without { status: "missing", reason: None, detail: None }, None)
            }
        }
    }

    fn answered(&mut self, entry: &RowLine, record: &Record) -> Result<()> {
        let report = &mut self.report;
        report.tally.accepted += 1;
        let sample = record.qc.iter().any(|flag| flag == SAMPLE);
        report.samples += u64::from(sample);
        for name in &record.repairs {
            *report.repaired.entry(name.clone()).or_default() += 1;
        }
        for name in record.qc.iter().filter(|name| *name != SAMPLE) {
            *report.flagged.entry(name.clone()).or_default() += 1;
        }
        if let Some((input, output)) = record.metadata.tokens() {
            report.input_tokens += input;
            report.output_tokens += output;
        }
        match record.metadata.cost(self.columnist.prices, self.columnist.asked) {
            Some(cost) => self.cost = self.cost.plus(cost),
            None => self.unpriced += 1,
        }
        self.values.count(&record.answer);
        let status = if sample { "sample" } else { "answered" };
        let id = entry.id.as_deref().unwrap_or_default();
        let file = match &self.folder {
            Some(folder) => {
                let recipe = self.columnist.recipe;
                let mut whole = entry.row.clone();
                match &record.answer {
                    Value::Object(fields) => whole.extend(fields.clone()),
                    other => drop(whole.insert(recipe.output.column.clone(), other.clone())),
                }
                let whole = self.columnist.answered(&RowLine { row: whole, ..entry.clone() }, record, status, Some(""));
                let whole: Columns = whole.into_iter().filter(|(name, _)| name != "file").collect();
                Some(folder.write(id, &crate::rows::unflatten(&whole).unwrap_or(whole), &record.answer)?)
            }
            None => None,
        };
        self.explode(entry, &record.answer)?;
        self.writer.write(&self.columnist.answered(entry, record, status, file.as_deref()))
    }

    /// Writes the items of a list in the answer, each as a row with the columns that go with it.
    fn explode(&mut self, entry: &RowLine, answer: &Value) -> Result<()> {
        let (Some((writer, _)), Some(explode)) = (&mut self.exploded, &self.columnist.recipe.output.explode) else {
            return Ok(());
        };
        for (index, item) in answer[&explode.field].as_array().into_iter().flatten().enumerate() {
            let mut columns = Columns::new();
            columns.insert("id".to_owned(), entry.id.clone().into());
            for name in &explode.keep {
                if let Some(value) = crate::rows::get(&entry.row, name) {
                    columns.insert(name.clone(), value.clone());
                }
            }
            columns.insert("index".to_owned(), (index + 1).into());
            match item {
                Value::Object(fields) => columns.extend(fields.clone()),
                other => drop(columns.insert(explode.field.clone(), other.clone())),
            }
            writer.write(&columns)?;
        }
        Ok(())
    }

    fn skipped(&mut self, entry: &RowLine) -> Result<()> {
        let skip = entry.skipped.unwrap_or(Skip::NotWanted);
        *self.report.skipped.entry(skip).or_default() += 1;
        if skip == Skip::NotWanted {
            // Nobody asked about it, so nothing of it changes.
            return self.writer.write(&entry.row);
        }
        self.without(entry, &Without { status: "skipped", reason: Some(skip.name()), detail: None }, None)
    }

    fn without(&mut self, entry: &RowLine, without: &Without<'_>, result: Option<&str>) -> Result<()> {
        let listed = Listed {
            id: entry.id.as_deref(),
            line: entry.line,
            custom_id: entry.custom_id.as_deref(),
            status: without.status,
            reason: without.reason,
            detail: without.detail.filter(|detail| !detail.is_empty()),
            result,
        };
        self.listed.write_line(&serde_json::to_vec(&listed).expect("a reject is plain data"))?;
        match self.columnist.recipe.output.unanswered {
            Unanswered::Keep => self.writer.write(&self.columnist.unanswered(entry, without)),
            Unanswered::Drop => Ok(()),
        }
    }

    fn finish(self, target: &Target) -> Result<Report> {
        let Self { table, writer, listed, exploded, values, cost, unpriced, mut report, .. } = self;
        if report.rows != table.run.rows {
            let detail = format!("it holds {} rows, {} were written: is it whole?", report.rows, table.run.rows);
            return Err(Error::data(table.run.rows_file.clone(), detail));
        }
        writer.finish()?;
        report.rejects = if listed.bytes() > 0 { Some(listed.finish()?) } else { remove(&target.rejects)? };
        if let Some((writer, path)) = exploded {
            writer.finish()?;
            report.exploded = Some(path);
        }
        report.cost_usd = (unpriced == 0).then_some(cost);
        report.finish(values);
        let mut file = AtomicFile::create(&target.report)?;
        file.write_line(&serde_json::to_vec_pretty(&report).expect("a report is plain data"))?;
        file.finish()?;
        Ok(report)
    }
}

/// Removes a stale file; gives no path.
fn remove(path: &Path) -> Result<Option<PathBuf>> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::io("remove", path)(error)),
        _ => Ok(None),
    }
}
