//! Rows become requests: the first stage of every recipe over rows.
//!
//! The batch files of a table stand in `<out>/<label>/` under the same names as a locale's, the label in the locale's place.
//! Beside them `batch_<label>_<run>_rows.zst` keeps every row in order with the id of its request, and
//! `batch_<label>_<run>_run.json` says what the run was, so that answers find their rows when the input is long gone.
//! What an earlier run asked about a row in the same way is not asked again.

mod arguments;
mod asked;
mod check;
mod columns;
mod faults;
mod label;
mod scaffold;
mod table;
mod work;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::check_params;
use super::shards::Shard;
use crate::Result;
use crate::assets::Assets;
use crate::dialect::{Dialect, JsonMode};
use crate::model::Provider;
use crate::progress::Progress;
use crate::recipe::rows::{Joins, Overrides, RowPrompter, RowRecipe, RunFile, Selection};
use crate::recipe::schema;
use crate::rows::Format;

pub use check::{Checked, Shown, check};
pub use label::label;
pub use scaffold::{Imported, import_yaml, scaffold};

use arguments::{checked, model, only_openai, open, params};
use asked::Asked;
use columns::check_columns;
use work::Work;

/// What to ask about, and of whom.
#[derive(Debug, Clone)]
pub struct Options {
    /// The recipe's name.
    pub recipe: String,
    /// What the person says over it.
    pub overrides: Overrides,
    /// The rows; `-` is standard input. `None` for those that the recipe brings.
    pub input: Option<PathBuf>,
    /// Their format, where the extension does not say it.
    pub format: Option<Format>,
    /// Name of the folder of batch files; `None` for one made of recipe and input.
    pub label: Option<String>,
    /// Rows to pass over at the start.
    pub offset: u64,
    /// The most rows to take.
    pub limit: Option<u64>,
    /// Ask about the same rows again.
    pub again: bool,
    /// Who will answer.
    pub provider: Provider,
    /// The model, or `None` for the recipe's own for that provider.
    pub model: Option<String>,
    /// Parameters that win over the recipe's.
    pub params: Map<String, Value>,
    /// How strictly the form of the answer is asked for.
    pub json_mode: JsonMode,
    /// Folder of the batch files.
    pub out: PathBuf,
    /// The time that names the run.
    pub now: Timestamp,
}

/// What was generated.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The run, new or found.
    pub run: RunFile,
    /// The folder of its files.
    pub folder: PathBuf,
    /// Whether these rows had all been asked about before, so that nothing was written.
    pub found: bool,
    /// New batch files.
    pub shards: Vec<Shard>,
    /// Rows that were passed on without a request, the first of each kind.
    pub listed: Vec<String>,
}

/// Generates the batch files of a table of rows. Memory holds a digest for each row, and the joined tables.
///
/// # Errors
/// [`crate::Error::Refused`] when rows have no id, no text, or the id of another, before anything is written; [`crate::Error::Usage`],
/// [`crate::Error::Data`], [`crate::Error::Line`] for a wrong argument, recipe or input; [`crate::Error::Io`]; [`crate::Error::Interrupted`].
pub fn generate(assets: &Assets, options: &Options, progress: &dyn Progress) -> Result<Report> {
    let recipe = RowRecipe::load(assets, &options.recipe)?.with(&options.overrides)?;
    let params = params(&recipe, options);
    check_params(options.provider, options.model.as_ref(), &checked(&recipe, &params))?;
    let model = model(&recipe, options)?;
    only_openai(&recipe, options.provider)?;
    let (reader, input) = open(assets, &recipe, options)?;
    let label = label(assets, options)?;
    let folder = options.out.join(&label);
    let format = reader.format().name().to_owned();
    let asked = Asked::read(&folder, &label)?;
    let work = Work {
        prompter: RowPrompter::new(assets, &recipe)?,
        selection: Selection::parse(&recipe.input.wanted)?,
        joins: Joins::read(assets, &recipe, &options.overrides, options.input.is_none())?,
        schema: recipe.schema.as_ref().map(|schema| schema::sent(schema, options.provider)),
        params,
        model,
        dialect: Dialect::from(options.provider),
        recipe,
        options,
    };
    check_columns(&work.recipe, &work.joins, &reader)?;
    let written = work.write(reader, &input, &format, &label, &folder, asked, progress);
    if written.is_err() {
        // Folders that were made for files which are not there; one that holds something stays.
        let _ = std::fs::remove_dir(&folder).and_then(|()| std::fs::remove_dir(&options.out));
    }
    written
}

/// The runs whose files are in `folder`, oldest first.
///
/// # Errors
/// [`crate::Error::Io`]; [`crate::Error::Data`] when a run file cannot be read.
pub fn runs(folder: &Path) -> Result<Vec<RunFile>> {
    asked::runs(folder)
}
