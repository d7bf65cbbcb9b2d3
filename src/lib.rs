//! Aacorn grows text datasets through LLM batch APIs.
//!
//! The stages, each a function that reads files and writes files:
//!
//! 1. [`generate`]: language packs and prompt templates become plan items, and those become batch files with their metadata.
//! 2. [`jobs`]: batch files go to a provider, their raw results come back.
//! 3. [`process`]: results are unwrapped, judged and joined with their metadata by `custom_id`.
//! 4. [`augment`]: noisy and corrected variants are added to each utterance of a person who types to speak.
//!
//! [`pipeline`] runs them in a row. Each module uses only those listed below it; `tests/architecture.rs` holds that.
//! The library never prints: it reports to [`progress::Progress`].
//!
//! Without the default features (`cli`, `net`) the stages that touch no network remain.

#![warn(clippy::print_stderr, clippy::print_stdout, clippy::unwrap_used)]

#[cfg(feature = "cli")]
pub mod cli;

#[cfg(feature = "net")]
pub mod pipeline;

pub mod augment;
pub mod generate;
#[cfg(feature = "net")]
pub mod jobs;
pub mod process;

#[cfg(feature = "net")]
pub mod ledger;
#[cfg(feature = "net")]
pub mod provider;
#[cfg(feature = "net")]
pub mod serve;

pub mod dialect;

pub mod price;
pub mod recipe;

pub mod language;

pub mod crew;
pub mod model;

pub mod assets;
mod fault;
pub mod files;
#[cfg(feature = "net")]
pub mod http;
pub mod json;
pub mod origin;
pub mod progress;
pub mod random;
pub mod rows;
#[cfg(feature = "net")]
pub mod sqlite;

pub mod error;

pub use error::{Error, Result};
