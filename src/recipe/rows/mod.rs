//! Recipes over rows: every row of a table or list is one plan item, and its answer goes back to it.
//!
//! [`RowRecipe`] is the manifest with what it names; [`Selection`] says which rows are asked about, [`RowPrompter`] renders
//! the prompts of a row, [`RowJudge`] says what of an answer is kept. [`RunFile`] and [`RowLine`] are what `generate` leaves
//! for `process`, so that answers find their rows again whatever becomes of the input.

mod ident;
mod join;
mod judge;
mod manifest;
mod mend;
mod overrides;
mod prompt;
mod run;
mod sections;
mod select;

pub use ident::{custom_id, source_id, text_of};
pub use join::Joins;
pub use judge::{Judged, RowJudge};
pub use manifest::{Check, RowRecipe, Template};
pub use mend::Mend;
pub use overrides::{JoinFile, Overrides, variable};
pub use prompt::{Rendered, RowPrompter};
pub use run::{RowLine, RunFile, Skip, is_run_file};
pub use sections::{Aliases, Endpoint, Explode, Input, Join, Limits, Output, Placement, Request, Stance, Unanswered};
pub use select::{Condition, Selection, is_blank};
