//! One error: what it replaces, by what, and why.

use serde::Serialize;

/// What happens at the device; a mix gives each its share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Another key than the one meant.
    Substitution,
    /// A key that was not registered.
    Omission,
    /// A key besides the one meant.
    Addition,
    /// A key registered twice.
    Repetition,
    /// Two keys in the wrong order.
    Transposition,
    /// One key held down, registered many times.
    KeyRepeat,
    /// Two words without the space between them.
    RunTogether,
    /// A small word left out.
    DroppedWord,
    /// Another word, taken from the predictions.
    Prediction,
}

/// What happens to the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Graphemes become others.
    Substitute,
    /// Graphemes vanish.
    Delete,
    /// Graphemes appear.
    Insert,
    /// Two graphemes change places.
    Transpose,
}

/// Why, in the terms of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The press landed on a neighbouring key.
    Miss,
    /// Shift was not held.
    MissedShift,
    /// `AltGr` was not held.
    MissedAltGr,
    /// The dead key before the letter was not registered.
    MissedDeadKey,
    /// The mark after the letter was not registered.
    MissedMark,
    /// The press was too light or too short to register.
    LightPress,
    /// The key bounced.
    Bounce,
    /// A neighbouring key was pressed along with the one meant.
    ExtraKey,
    /// Two presses came in the wrong order.
    OutOfOrder,
    /// The switch was pressed when the next row was lit.
    LateRow,
    /// The switch was pressed when the row before was lit.
    EarlyRow,
    /// The switch was pressed when the next cell was lit.
    LateCell,
    /// The switch was pressed when the cell before was lit.
    EarlyCell,
    /// The scan passed without a press.
    MissedSelection,
    /// One selection counted twice.
    RepeatedSelection,
    /// The pointer overshot the key on its way.
    Overshoot,
    /// The gaze was measured beside where it was.
    Drift,
    /// The gaze rested on a key in passing.
    Midas,
    /// The gaze rested too briefly.
    ShortDwell,
    /// The gaze rested long enough for two.
    LongDwell,
    /// The pointer was clicked in passing.
    ClickInPassing,
    /// The key was held until it repeated.
    HeldKey,
    /// The space was not typed.
    RunTogether,
    /// The word was left out.
    DroppedWord,
    /// Another word was taken from the predictions.
    WrongPrediction,
    /// The input method gave another character of the same sound.
    WrongConversion,
    /// The flick was too short to count.
    ShortFlick,
    /// The flick went another way.
    StrayFlick,
}

impl Cause {
    /// It in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Miss => "miss",
            Self::MissedShift => "missed shift",
            Self::MissedAltGr => "missed AltGr",
            Self::MissedDeadKey => "missed dead key",
            Self::MissedMark => "missed mark",
            Self::LightPress => "light press",
            Self::Bounce => "bounce",
            Self::ExtraKey => "extra key",
            Self::OutOfOrder => "out of order",
            Self::LateRow => "late row",
            Self::EarlyRow => "early row",
            Self::LateCell => "late cell",
            Self::EarlyCell => "early cell",
            Self::MissedSelection => "missed selection",
            Self::RepeatedSelection => "repeated selection",
            Self::Overshoot => "overshoot",
            Self::Drift => "drift",
            Self::Midas => "midas",
            Self::ShortDwell => "short dwell",
            Self::LongDwell => "long dwell",
            Self::ClickInPassing => "click in passing",
            Self::HeldKey => "held key",
            Self::RunTogether => "run together",
            Self::DroppedWord => "dropped word",
            Self::WrongPrediction => "wrong prediction",
            Self::WrongConversion => "wrong conversion",
            Self::ShortFlick => "short flick",
            Self::StrayFlick => "stray flick",
        }
    }
}

/// One error in an utterance: its graphemes `start .. start + len` become others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edit {
    /// First grapheme of the source that it replaces.
    pub start: u32,
    /// How many it replaces.
    pub len: u32,
    /// Where its new graphemes begin and end in the plan's store.
    pub(super) out: (u32, u32),
    /// What it adds to the distance.
    pub cost: u32,
    /// What happens at the device.
    pub kind: Kind,
    /// What happens to the text.
    pub op: Op,
    /// Why.
    pub cause: Cause,
}

impl Edit {
    /// An edit of `graphemes` (start and number) whose new ones are pushed next.
    #[must_use]
    #[inline]
    pub fn new(kind: Kind, op: Op, cause: Cause, graphemes: (usize, usize), cost: u32) -> Self {
        Self { start: graphemes.0 as u32, len: graphemes.1 as u32, out: (0, 0), cost, kind, op, cause }
    }
}
