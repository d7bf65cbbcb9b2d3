//! Results become records: unwrapped, judged, and joined with their metadata by `custom_id`.
//!
//! 1. [`scan`] looks at every line of every input once: what it is, whose, where. Metadata lines become the [`plan`],
//!    result lines its candidates. Only ids and offsets are kept, in the [`index`]: in memory, or on disk when they are many.
//! 2. [`settle`] goes through the plan in order, reads the lines at their offsets, and ends each request as exactly one of
//!    accepted, rejected or missing. Chunks of the plan are settled in parallel and written in order.
//! 3. What an earlier run left is united with what is new ([`previous`]); [`report`] counts all of it.

pub mod check;
mod conversation;
mod fetch;
mod index;
mod inputs;
mod judge;
mod met;
mod output;
mod place;
mod plan;
mod planned;
mod previous;
mod recipe;
mod record;
mod report;
pub mod rows;
pub mod salvage;
mod scan;
mod settle;
mod spare;
mod work;

use std::path::PathBuf;
use std::sync::Arc;

use crate::language::Languages;
use crate::progress::Progress;
use crate::recipe::Rules;
use crate::{Error, Result, fault};

pub use output::Output;
pub use recipe::recipe_of;
pub use report::{At, Damaged, FileReport, LocaleReport, Report, Source, Strays};

use inputs::Inputs;
use judge::Judge;
use plan::Plan;
use previous::Finder;

/// What the join index takes in memory before it goes to disk, in bytes: about 9 million requests.
pub const INDEX_BYTES: usize = 512 << 20;

/// What to process, and where to.
#[derive(Debug, Clone)]
pub struct Options {
    /// Files of results, or folders searched at any depth.
    pub responses: Vec<PathBuf>,
    /// Files of metadata, or folders searched at any depth.
    pub metadata: Vec<PathBuf>,
    /// Where records go.
    pub output: Output,
    /// Start over: an existing output is replaced, not united with.
    pub fresh: bool,
    /// The longest line that is read, in bytes.
    pub max_line: usize,
    /// What the join index may take in memory, in bytes: 60 for each planned request, and 24 for each further line that answers
    /// one. What does not fit goes to temporary files in the folder of the output. The output is the same at any number.
    pub index_bytes: usize,
    /// Threads; 0 for as many as the machine has.
    pub jobs: usize,
    /// What languages look like.
    pub languages: Arc<Languages>,
    /// How severe the rules of the recipe are.
    pub rules: Rules,
    /// How answers are read where requests are the rows of a table; `None` where they are conversations.
    pub rows: Option<Arc<rows::RowForm>>,
}

/// Ends every planned request as accepted, rejected or missing, and writes what came of it.
///
/// # Errors
/// [`Error::Missing`] when an input is not there or holds no metadata; [`Error::Io`]; [`Error::Interrupted`]. An existing
/// output is then as it was.
pub fn process(options: &Options, progress: &dyn Progress) -> Result<Report> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.jobs)
        .build()
        .map_err(|error| Error::Usage(format!("cannot start {} threads: {error}", options.jobs)))?;
    pool.install(|| run(options, progress))
}

fn run(options: &Options, progress: &dyn Progress) -> Result<Report> {
    let mut report = Report::default();
    let mut inputs = Inputs::find(options)?;
    let mut plan = Plan::read(&mut inputs, options, progress, &mut report)?;
    let mut targets = options.output.targets(&plan.locales);
    if options.rows.is_none() {
        inputs.spare(&targets)?;
    }
    plan.find_results(&mut inputs, options, progress, &mut report)?;
    let mut finder = Finder { index: &mut plan.index, inputs: &mut inputs, options, progress, found: 0 };
    for target in &mut targets {
        target.previous = finder.find(target)?;
    }
    plan.join(&inputs, progress, &mut report)?;
    fault::point("joined");
    let judge = Judge::new(&options.languages, &options.rules, &plan.locales)?;
    for target in &mut targets {
        output::write(target, &mut plan, &inputs, &judge, options, progress, &mut report)?;
    }
    report.finish();
    for target in &targets {
        target.write_report(&report)?;
    }
    Ok(report)
}
