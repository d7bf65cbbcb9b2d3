//! `aacorn process`: results become records.

use std::path::PathBuf;
use std::sync::Arc;

use crate::files::{MAX_LINE_BYTES, jsonl_files};
use crate::process::rows::{self, TableRun};
use crate::process::{self, Options, Output, Report};
use crate::progress::Progress;
use crate::recipe::{Kind, Recipe, kind};
use crate::rows::Format;
use crate::{Error, Result};

use super::{Context, Exit, print};

/// Damaged lines that are named.
const SHOWN: usize = 5;

/// Unwrap batch results, judge them, and join them with their metadata.
///
/// Every planned request ends as exactly one of accepted, rejected or missing. Results are never changed, so this can be
/// repeated; an existing output is united with what is new.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files of results, or folders that are searched for them.
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    responses: Vec<PathBuf>,
    /// Metadata files, or folders that are searched for them.
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    metadata: Vec<PathBuf>,
    /// A .jsonl file, or a folder in which each locale gets one. For the rows of a recipe a file of any format, or a folder.
    #[arg(long, value_name = "PATH", default_value = "output")]
    output: PathBuf,
    /// Start over instead of uniting with an existing output.
    #[arg(long)]
    fresh: bool,
    /// Longest line that is read, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = (MAX_LINE_BYTES >> 20) as u16, value_parser = clap::value_parser!(u16).range(1..=2048))]
    max_line: u16,
    /// Memory for the index of requests, in MiB. What does not fit goes to temporary files in the output's folder; the output
    /// is the same at any number.
    #[arg(long, value_name = "MIB", hide_short_help = true, default_value_t = (process::INDEX_BYTES >> 20) as u32, value_parser = clap::value_parser!(u32).range(1..=1 << 20))]
    index_memory: u32,
    /// Threads; 0 for as many as the machine has. The output is the same at any number.
    #[arg(long, short, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=256))]
    jobs: u16,
    /// For rows: the run whose table is written; by default the last one.
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// What [`process::process`] returns.
pub fn run(args: Args, context: &Context) -> Result<Exit> {
    let tables = rows::tables(&args.metadata, args.run.as_deref())?;
    if tables.is_empty() {
        return conversations(args, context);
    }
    let (metadata, responses) = (rest(&args.metadata, &tables), rest(&args.responses, &tables));
    if tables.len() > 1 && Format::told(&args.output).is_ok() && !args.output.is_dir() {
        let names: Vec<_> = tables.iter().map(|table| table.run.label.as_str()).collect();
        let detail = format!("{} tables go into one file: {}", tables.len(), names.join(", "));
        return Err(Error::Usage(format!("--output: {detail}; give a folder, or --metadata of one of them")));
    }
    let options = rows::Options {
        responses: args.responses.clone(),
        output: args.output.clone(),
        fresh: args.fresh,
        max_line: usize::from(args.max_line) << 20,
        index_bytes: (args.index_memory as usize) << 20,
        jobs: args.jobs.into(),
        languages: Arc::clone(&context.languages),
    };
    if !metadata.is_empty() && !args.output.is_dir() && Format::told(&args.output).is_ok() {
        let detail = "rows and conversations go into one file; give a folder, or --metadata of one of them";
        return Err(Error::Usage(format!("--output: {detail}")));
    }
    let mut reports = Vec::new();
    for table in &tables {
        reports.push(rows::process(&context.assets, table, &options, &context.progress)?);
    }
    let complete = reports.iter().all(|report| report.complete);
    let exit = if complete { Exit::Complete } else { Exit::Incomplete };
    if !context.json {
        reports.iter().for_each(super::rows::show_table);
    }
    let others = match metadata.as_slice() {
        [] => None,
        _ => Some(settle(Args { metadata, responses, ..args }, context)?),
    };
    if context.json {
        match (reports.as_slice(), &others) {
            (tables, Some(conversations)) => {
                print::json(&serde_json::json!({"tables": tables, "conversations": conversations}));
            }
            ([report], None) => print::json(report),
            (reports, None) => print::json(&reports),
        }
    }
    Ok(if others.is_none_or(|report| report.complete) { exit } else { Exit::Incomplete })
}

/// What of `paths` belongs to no table: the folders and files beside theirs.
fn rest(paths: &[PathBuf], tables: &[TableRun]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in paths {
        let is = |table: &TableRun| &table.folder == path || path.parent() == Some(&table.folder);
        if tables.iter().any(is) {
            continue;
        }
        let holds = tables.iter().any(|table| table.folder.starts_with(path));
        match jsonl_files(path, "files") {
            Ok(files) if holds => {
                found.extend(
                    files.into_iter().filter(|file| tables.iter().all(|table| !file.starts_with(&table.folder))),
                );
            }
            _ => found.push(path.clone()),
        }
    }
    found
}

fn conversations(args: Args, context: &Context) -> Result<Exit> {
    let report = settle(args, context)?;
    if context.json {
        print::json(&report);
    }
    Ok(if report.complete { Exit::Complete } else { Exit::Incomplete })
}

/// Processes conversations, and tells what came of it unless JSON is asked for.
fn settle(args: Args, context: &Context) -> Result<Report> {
    let recipe = match process::recipe_of(&args.metadata)? {
        Some(recipe) if kind(&context.assets, &recipe).is_ok_and(|kind| kind == Kind::Packs) => recipe,
        Some(recipe) => {
            let detail = "is no recipe for conversations that is here: judged by the rules of `aac`";
            context.progress.note(&format!("`{recipe}` {detail}"));
            "aac".to_owned()
        }
        // The Python reference names none.
        None => "aac".to_owned(),
    };
    let options = Options {
        responses: args.responses,
        metadata: args.metadata,
        output: Output::told(&args.output)?,
        fresh: args.fresh,
        max_line: usize::from(args.max_line) << 20,
        index_bytes: (args.index_memory as usize) << 20,
        jobs: args.jobs.into(),
        languages: Arc::clone(&context.languages),
        rules: Recipe::load(&context.assets, &recipe)?.rules,
        rows: None,
    };
    let report = process::process(&options, &context.progress)?;
    if !context.json {
        show(&report, &options.output, &context.progress);
    }
    Ok(report)
}

fn show(report: &Report, output: &Output, progress: &dyn Progress) {
    for (code, locale) in &report.locales {
        let kept = if locale.kept > 0 { format!("; {} kept from before", locale.kept) } else { String::new() };
        print::line(format_args!("{code:<8} {}{kept}", print::equation(&locale.tally)));
        for (reason, count) in &locale.tally.rejected {
            let ids = locale.examples.get(&reason.to_string()).map(|ids| ids.join(", ")).unwrap_or_default();
            print::line(format_args!("  {count:>7} {reason:<12} {ids}"));
        }
        if let Some(ids) = locale.examples.get("missing") {
            print::line(format_args!("  {:>7} {:<12} {}", locale.tally.missing, "missing", ids.join(", ")));
        }
        counts("repaired", &locale.repaired);
        counts("flagged", &locale.flagged);
        counts("not applied", &locale.not_applied);
    }
    if report.locales.len() > 1 {
        print::line(format_args!("{:<8} {}", "total", print::equation(&report.total)));
    }
    for (stray, count) in &report.strays.counts {
        let at = report.strays.listed.get(stray).and_then(|listed| listed.first());
        let at = at.map(|at| format!("first at {}:{}", at.file.display(), at.line)).unwrap_or_default();
        print::line(format_args!("{}: {stray} ({at})", print::count(*count, "stray line")));
    }
    let damaged = &report.damaged_metadata;
    for at in damaged.listed.iter().take(SHOWN) {
        print::line(format_args!("damaged metadata at {}:{}", at.file.display(), at.line));
    }
    if damaged.count > SHOWN as u64 {
        print::line(format_args!("and {} more lines of metadata are damaged", damaged.count - SHOWN as u64));
    }
    for file in report.files.iter().filter(|file| file.problem.is_some()) {
        print::line(format_args!(
            "not whole: {}: {}",
            file.file.display(),
            file.problem.as_deref().unwrap_or_default()
        ));
    }
    if report.planned_twice > 0 {
        let requests = print::count(report.planned_twice, "request");
        print::line(format_args!("{requests} planned more than once; each counts once"));
    }
    match report.passed_over().len() {
        0 => {}
        count => {
            let files = print::count(count as u64, "file");
            progress.note(&format!("{files} passed over: no line there is of the kind that was looked for"));
        }
    }
    for written in &report.outputs {
        match written.written {
            true => print::line(format_args!("wrote {}", written.records.display())),
            false if written.records.exists() => {
                print::line(format_args!("nothing was accepted: {} stays as it was", written.records.display()));
            }
            false => print::line(format_args!("nothing written to {}", written.records.display())),
        }
        if let Some(rejects) = &written.rejects {
            print::line(format_args!("wrote {}", rejects.display()));
        }
    }
    if report.total.accepted == 0 {
        print::line("processed 0 conversations; the likeliest causes:");
        for (cause, count) in report.causes() {
            print::line(format_args!("  {count:>7} {cause}"));
        }
        return;
    }
    if report.total.planned > report.total.accepted {
        print::line("requests without a record: `aacorn retry` asks for them once more");
    }
    match (output, report.locales.keys().next()) {
        (Output::File(path), Some(code)) if report.locales.len() == 1 => {
            print::next(format_args!("aacorn augment --input {} --lang {code}", path.display()));
        }
        (Output::File(path), _) => print::next(format_args!("aacorn augment --input {}", path.display())),
        (Output::Folder(folder), _) => {
            print::next(format_args!("aacorn augment --lang all --dir {}", folder.display()))
        }
    }
}

fn counts(what: &str, counts: &std::collections::BTreeMap<&'static str, u64>) {
    if !counts.is_empty() {
        let named: Vec<_> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
        print::line(format_args!("  {what}: {}", named.join(", ")));
    }
}
