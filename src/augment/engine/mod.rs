//! The core: from an utterance and a device to one ordered list of errors, exact in its distance from the utterance.

mod bits;
mod class;
mod distance;
mod edit;
mod edits;
mod plan;
mod proof;
mod source;
mod spelled;
mod symbol;
mod used;

pub use class::Class;
pub use edit::{Cause, Edit, Kind, Op};
pub use plan::Plan;
pub use source::{INITIAL_KEPT, Source};
pub use symbol::Symbol;
