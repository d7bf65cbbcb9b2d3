//! Recipes: what to ask, of which plan items, and what a right answer is.
//!
//! A recipe is a folder below `templates/`: a manifest, a JSON schema, Tera templates. There are two kinds, told apart by
//! [`kind`]. The AAC recipe draws its plan items from a language pack; [`Planner`] draws them, [`Prompter`] renders them,
//! [`read_back`] finds them again in a prompt. All others ask about the [`rows`] of a table. Files here own Tera.

mod catalogue;
mod knowledge;
mod manifest;
mod plan;
mod prompt;
mod read_back;
pub mod rows;
pub mod schema;

pub use catalogue::{Kind, kind, names};
pub use knowledge::{Counts as KnowledgeCounts, Event, Filter, Knowledge, Source, Told, WHOLE};
pub use manifest::{Recipe, RequestDefaults, Rules, Severity};
pub use plan::{PlanItem, Planner, Speaker, Topic};
pub use prompt::{Prompter, language_line};
pub use read_back::{locale_of, read_back};
