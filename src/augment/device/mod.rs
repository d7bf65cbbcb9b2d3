//! Devices: a layout under an access method, as tables of what goes wrong at each key.
//!
//! Every access method enters by one door: it says, for each key, which other keys are hit in its stead and how often
//! ([`Model`]); [`Device`] turns that into integers once, and errors are then drawn without any float.

mod board;
mod characters;
mod flick;
mod grid;
mod input;
mod mix;
mod model;
mod scanning;
mod spatial;
mod table;
mod typing;
mod words;

pub use crate::language::Layout;
pub use characters::Characters;
pub use mix::Mix;
pub use model::{Model, Slip};
pub use table::Row;
pub use typing::Device;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::augment::profile::Profile;
use crate::language::{Keyboards, TextRules};
use crate::random::Streams;
use board::Board;
use flick::Flick;
use scanning::Scanning;
use spatial::{Method, Pointing};
use words::Words;

/// How the person reaches the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// A finger on the key.
    Touch,
    /// A finger through the holes of a keyguard.
    Keyguard,
    /// A pointer moved by the head.
    HeadMouse,
    /// Eye gaze; a key is taken when the gaze rests on it.
    EyeDwell,
    /// A switch, rows first, then cells.
    Scanning,
}

impl Layout {
    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Abc => "abc",
            Self::Frequency => "frequency",
            Self::Flick => "flick",
        }
    }
}

impl Access {
    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Touch => "touch",
            Self::Keyguard => "keyguard",
            Self::HeadMouse => "head_mouse",
            Self::EyeDwell => "eye_dwell",
            Self::Scanning => "scanning",
        }
    }
}

/// The devices of the guide's columns (the native layout by touch, the two grids by switch scanning), and those of `profiles`.
#[must_use]
pub fn devices(keyboards: &Keyboards, rules: &TextRules, profiles: &[Profile]) -> (Arc<Characters>, Vec<Device>) {
    let columns = [
        (Layout::Native, Access::Touch, None),
        (Layout::Abc, Access::Scanning, None),
        (Layout::Frequency, Access::Scanning, None),
    ];
    let asked = profiles.iter().map(|profile| (profile.layout, profile.access, profile.mix));
    let models: Vec<_> = columns
        .into_iter()
        .chain(asked)
        .map(|(layout, access, mix)| (layout, access, mix, model(keyboards, rules, layout, access)))
        .collect();
    let characters = Arc::new(Characters::new(models.iter().flat_map(|(.., model)| model.characters())));
    let words = Arc::new(Words::new(rules));
    let device = |(layout, access, mix, model)| Device::new(layout, access, mix, model, &characters, &words);
    let devices = models.into_iter().map(device).collect();
    (characters, devices)
}

/// The model of an access method on a layout, through the input method of the script where it has one. Where there is no flick
/// table, which [`Profile::fits`] refuses, the native layout stands for it.
fn model(keyboards: &Keyboards, rules: &TextRules, layout: Layout, access: Access) -> Box<dyn Model> {
    if let (Layout::Flick, Some(table)) = (layout, &keyboards.flick) {
        return input::through(Flick::new(table), &rules.script);
    }
    let grid = match layout {
        Layout::Native | Layout::Flick => None,
        Layout::Abc => Some(&keyboards.abc),
        Layout::Frequency => Some(&keyboards.frequency),
    };
    let method = match access {
        Access::Scanning => None,
        Access::Touch => Some(Method::TOUCH),
        Access::Keyguard => Some(Method::KEYGUARD),
        Access::HeadMouse => Some(Method::HEAD_MOUSE),
        Access::EyeDwell => Some(Method::EYE_DWELL),
    };
    let board = || grid.map_or_else(|| Board::new(keyboards, rules), |grid| Board::of_grid(grid, &keyboards.alphabet));
    match (method, grid) {
        (None, Some(grid)) => input::through(Scanning::new(grid::Cells::new(grid, &keyboards.alphabet)), &rules.script),
        (method, _) => input::through(Pointing::new(board(), method.unwrap_or(Method::TOUCH)), &rules.script),
    }
}

/// The streams of one turn; each (layout, access) has that of its name's [`stream_number`](crate::random::stream_number).
#[must_use]
pub fn streams(seed: u64, id: &[u8], turn: u32) -> Streams {
    Streams::new(seed, "augment", &[id, &turn.to_le_bytes()])
}
