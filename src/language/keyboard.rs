//! `keyboards/<locale>.toml`: the three layouts of a locale, and its alphabet.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What people in a locale type on.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keyboards {
    /// Every letter of the language, lower case, in its own alphabetical order.
    pub alphabet: Vec<String>,
    /// The layout of the keyboards sold and shown there.
    pub native: Native,
    /// A grid in alphabetical order, scanned row by row.
    pub abc: Grid,
    /// A grid in order of letter frequency, scanned row by row.
    pub frequency: Grid,
    /// The twelve-key flick table, in Japanese.
    #[serde(default)]
    pub flick: Option<Flick>,
}

/// A native layout, with the geometry of its keys in key widths.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Native {
    /// What people call it: `United Kingdom (QWERTY)`.
    pub name: String,
    /// Where its facts come from.
    pub source: String,
    /// The space bar.
    pub space: SpaceBar,
    /// Rows of keys from the top.
    pub rows: Vec<Row>,
    /// Dead keys: what a dead character makes of the letter that follows it.
    #[serde(default)]
    pub dead: BTreeMap<String, BTreeMap<String, String>>,
}

/// A row of keys, each one key width wide.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// Left edge of the first key, in key widths.
    pub offset: f64,
    /// Keys from the left; a key lists its characters by level: base, Shift, AltGr, AltGr+Shift.
    pub keys: Vec<Vec<String>>,
}

/// Where the space bar is, in key widths.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpaceBar {
    /// Row, from 0 at the top.
    pub row: u32,
    /// Left edge.
    pub offset: f64,
    /// Width.
    pub width: f64,
}

/// A grid of cells, each one selection.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grid {
    /// Where its order comes from, with the licence of the data.
    pub source: String,
    /// Rows of cells in scan order; the cell `space` is the space.
    pub rows: Vec<Vec<String>>,
}

/// A flick keyboard: each key gives five characters, by direction.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flick {
    /// Where its facts come from.
    #[serde(default)]
    pub source: String,
    /// Rows of keys; a key lists the characters of centre, left, up, right, down (empty where there is none).
    pub rows: Vec<Vec<Vec<String>>>,
}
