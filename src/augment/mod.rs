//! The fourth stage: each utterance of a person who types to speak gains noisy and corrected variants.
//!
//! Text → keystrokes on a device → errors of that device → text. A *device* is a layout (`native`, `abc`, `frequency`) under an
//! access method (touch, keyguard, head mouse, eye dwell, scanning); `device/` says what it confuses with what, as integers computed
//! once. `engine/` draws from it **one ordered list of errors** for each (turn, layout, access). A severity is the shortest prefix
//! of the list whose grapheme Levenshtein distance is the one asked for, so severities are nested.
//!
//! - **Exact.** An error of cost *c* changes the distance by at most *c*. When the distance after the whole list is the sum of its costs,
//!   it is so after each prefix: one bit-parallel comparison proves all four severities. Where it is not, bisection finds the error
//!   that spoils it; it is dropped with all after it, and drawn anew in its kind, so that exactness does not bend the mix.
//! - **Deterministic.** One stream for each (seed, record, turn, layout/access); floats make tables, through a pure-Rust `libm`, and
//!   never decide. Order, threads and neighbours change nothing.
//! - **Native.** The unit is the grapheme. Input methods (`device/input/`) put the errors where the keys are: jamo, pinyin, romaji or kana. A key
//!   gives letters of the alphabet, the space, and the language's own marks. Numbers, addresses and emoji are spared while there
//!   is anything else to hit.
//! - **Faithful.** Records are never rebuilt: what a turn gains is spliced into the line (`splice`), every other byte stays.
//! - **Streaming.** Each worker of the [`crew`](crate::crew) reads a chunk, works, and lays the result down; whoever lays down the next one in line writes.
//!   In flight are at most two chunks a thread and two more.
//!
//! What a turn gains: the guide's 14 keys, then `noise`, which says asked and reached distances, `noise_edits` with `--edits`, and `variants`
//! with `--profile`. The record gains `augmentation`: seed, unit, rates and devices. A record augmented again has them replaced.

mod augmenter;
mod chars;
mod chunk;
mod correct;
mod device;
mod engine;
mod explain;
mod kits;
mod log;
mod profile;
mod record;
mod severity;
mod spelling;
mod splice;
mod stage;
mod turns;
mod values;
mod worker;
mod written;

pub use augmenter::{Augmenter, COLUMNS, Key, Variants, Workspace};
pub use correct::{Correction, Corrector};
pub use device::{Access, Device, Layout, Mix};
pub use engine::{Cause, Kind, Op};
pub use explain::{Column, Explained, Explanation, explain};
pub use kits::augmenter_of;
pub use log::{LoggedEdit, Step, replay};
pub use profile::{Profile, named as named_profiles, profiles};
pub use record::{Counts, Rejection};
pub use severity::{PerSeverity, SEVERITIES, Severity, targets};
pub use spelling::{Dictionary, find as find_dictionary};
pub use stage::{DEFAULT_SEED, FileReport, Input, Options, Report, augment};
