//! HTTP as the remote providers and the live engine use it. This module owns `reqwest`, `backon` and `secrecy`.
//!
//! A [`Client`] belongs to one base URL and sends its key nowhere else. What goes wrong is a [`Failure`], which knows
//! whether the call may be repeated, and whether it may have acted although no answer came.

mod base;
mod client;
mod download;
mod failure;
mod key;
mod patience;
mod upload;

pub use base::origin;
pub use client::{Auth, Client};
pub use download::Downloaded;
pub use failure::{Cause, Failure};
pub use key::Key;
pub use patience::Patience;
pub use upload::{Frame, Upload};

/// What a call gives.
pub type Answer<T> = std::result::Result<T, Failure>;
