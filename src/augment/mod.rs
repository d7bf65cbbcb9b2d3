//! The fourth stage: each utterance of a person who types to speak gains noisy and corrected variants.

mod augmenter;
mod chars;
mod correct;
mod crew;
mod device;
mod engine;
mod explain;
mod log;
mod profile;
mod record;
mod severity;
mod splice;
mod stage;

pub use augmenter::{Augmenter, COLUMNS, Key, Variants, Workspace};
pub use correct::{Correction, Corrector};
pub use device::{Access, Device, Layout, Mix};
pub use engine::{Cause, Kind, Op};
pub use explain::{Column, Explained, Explanation, explain};
pub use log::{LoggedEdit, Step, replay};
pub use profile::{Profile, named as named_profiles, profiles};
pub use record::{Counts, Rejection};
pub use severity::{PerSeverity, SEVERITIES, Severity, targets};
pub use stage::{FileReport, Input, Options, Report, augment};
