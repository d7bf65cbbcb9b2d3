//! Answers go back to their rows: the last stage of every recipe over rows.
//!
//! Results are settled as those of any other request ([`RowForm`] reads the answers), into records in a folder beside the
//! output; then [`join`] goes through the rows as `generate` kept them, in their order, and writes each with its answer and
//! where that came from. So results may come in any order and in several parts, and the input may be long gone.

mod columns;
mod folder;
mod form;
mod index;
mod join;
mod report;
mod target;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::assets::Assets;
use crate::language::Languages;
use crate::progress::Progress;
use crate::recipe::rows::{Overrides, RowRecipe, RunFile, is_run_file};
use crate::rows::Format;
use crate::{Error, Result};

pub use form::RowForm;
pub use report::Report;

use super::Output;
use target::Target;

/// What to process, and where to.
#[derive(Debug, Clone)]
pub struct Options {
    /// Files or folders of results.
    pub responses: Vec<PathBuf>,
    /// A file for one table, or a folder.
    pub output: PathBuf,
    /// Start over: what earlier results left in the output is not united with what is new.
    pub fresh: bool,
    /// The longest line that is read, in bytes.
    pub max_line: usize,
    /// What the join index may take in memory, in bytes: see [`super::Options::index_bytes`].
    pub index_bytes: usize,
    /// Threads; 0 for as many as the machine has.
    pub jobs: usize,
    /// What languages look like.
    pub languages: Arc<Languages>,
}

/// A table of rows, as `generate` left it.
#[derive(Debug, Clone)]
pub struct TableRun {
    /// The folder of its files.
    pub folder: PathBuf,
    /// The run.
    pub run: RunFile,
}

/// The tables whose files are at or below `paths`, each with its last run, or with that of the id `run`.
///
/// # Errors
/// [`Error::Io`]; [`Error::Data`] when a run file cannot be read; [`Error::Usage`] when there is no run of that id.
pub fn tables(paths: &[PathBuf], run: Option<&str>) -> Result<Vec<TableRun>> {
    let mut files = Vec::new();
    for path in paths {
        match path.parent().filter(|_| path.is_file()) {
            Some(folder) => {
                find(if folder.as_os_str().is_empty() { Path::new(".") } else { folder }, false, &mut files)?
            }
            None if path.is_dir() => find(path, true, &mut files)?,
            None => {}
        }
    }
    files.sort();
    files.dedup();
    let mut tables: Vec<TableRun> = Vec::new();
    for path in files {
        let bytes = fs::read(&path).map_err(Error::io("read", &path))?;
        let found: RunFile =
            serde_json::from_slice(&bytes).map_err(|error| Error::data(path.to_string_lossy(), error))?;
        if run.is_some_and(|run| found.run != run) {
            continue;
        }
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        match tables.iter_mut().find(|table| table.folder == folder && table.run.label == found.label) {
            // A run that came later in the same second has the higher round.
            Some(table) if (&table.run.run, table.run.round) < (&found.run, found.round) => table.run = found,
            Some(_) => {}
            None => tables.push(TableRun { folder, run: found }),
        }
    }
    match run {
        Some(run) if tables.is_empty() => Err(Error::Usage(format!("--run {run}: there is no such run of rows there"))),
        _ => Ok(tables),
    }
}

fn find(folder: &Path, deep: bool, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).map_err(Error::io("read folder", folder))? {
        let path = entry.map_err(Error::io("read folder", folder))?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if path.is_dir() && deep && !hidden {
            find(&path, deep, found)?;
        } else if is_run_file(&path) {
            found.push(path);
        }
    }
    Ok(())
}

/// Makes sure that the rows of the table `label`, in the format `own`, can be written to `output`: a thing to know before anyone
/// is paid. `input` is where they are, when they do not come with the recipe.
///
/// # Errors
/// [`Error::Usage`] for an output that cannot take what the recipe gives, or that would replace what it is made of.
pub fn check_output(
    recipe: &RowRecipe,
    output: &Path,
    label: &str,
    own: Format,
    overrides: &Overrides,
    input: Option<&Path>,
) -> Result<()> {
    Target::told(output, label, own, recipe)?.spare(&overrides.inputs(input))
}

/// Settles the results of a table and writes its rows with their answers.
///
/// # Errors
/// [`Error::Missing`] when an input is not there; [`Error::Data`] when the recipe cannot be used; [`Error::Usage`] for an
/// output that cannot take what the recipe gives; [`Error::Io`]; [`Error::Interrupted`].
pub fn process(assets: &Assets, table: &TableRun, options: &Options, progress: &dyn Progress) -> Result<Report> {
    let recipe = RowRecipe::load(assets, &table.run.recipe)?.with(&table.run.overrides)?;
    if recipe.version != table.run.version {
        let (was, is) = (table.run.version, recipe.version);
        progress.note(&format!("asked with version {was} of `{}`, judged with version {is}", recipe.name));
    }
    let own = Format::ALL.into_iter().find(|format| format.name() == table.run.format).unwrap_or(Format::Jsonl);
    let target = Target::told(&options.output, &table.run.label, own, &recipe)?;
    target.spare(&table.run.overrides.inputs(Some(&table.run.input)))?;
    let form = Arc::new(RowForm::new(assets, &recipe)?);
    let metadata = metadata(table)?;
    if metadata.is_empty() {
        return join::join(table, &recipe, &target, super::Report::default(), progress);
    }
    let settled = super::process(
        &super::Options {
            responses: responses(table, &options.responses),
            metadata,
            output: Output::File(target.records.clone()),
            fresh: options.fresh,
            max_line: options.max_line,
            index_bytes: options.index_bytes,
            jobs: options.jobs,
            languages: Arc::clone(&options.languages),
            rules: crate::recipe::Rules::default(),
            rows: Some(form),
        },
        progress,
    )?;
    join::join(table, &recipe, &target, settled, progress)
}

/// Where the results are: of a folder that holds several tables, this table's own part.
fn responses(table: &TableRun, given: &[PathBuf]) -> Vec<PathBuf> {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let own = whole(&table.folder);
    let mut found: Vec<PathBuf> = Vec::new();
    for path in given {
        let narrow = if own.starts_with(whole(path)) { &table.folder } else { path };
        if !found.contains(narrow) {
            found.push(narrow.clone());
        }
    }
    found
}

/// The metadata files of all runs of a table: an earlier run's answers count where they answer the same question.
fn metadata(table: &TableRun) -> Result<Vec<PathBuf>> {
    let start = format!("batch_{}_", table.run.label);
    let mut found = Vec::new();
    for entry in fs::read_dir(&table.folder).map_err(Error::io("read folder", &table.folder))? {
        let path = entry.map_err(Error::io("read folder", &table.folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(&start) && name.ends_with("_metadata.jsonl") {
            found.push(path);
        }
    }
    found.sort();
    if found.is_empty() && table.run.planned > 0 {
        let hint_text = "the metadata file of this run was removed".to_owned();
        return Err(Error::Missing { what: "metadata", path: table.folder.clone(), hint_text });
    }
    Ok(found)
}
