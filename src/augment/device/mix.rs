//! How the errors of a device are shared out among their kinds.

use serde::Deserialize;

use crate::augment::engine::Kind;

/// How many of 1,000 errors are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mix {
    /// Another key.
    pub substitution: u16,
    /// No key.
    pub omission: u16,
    /// One more key.
    pub addition: u16,
    /// The same key twice.
    pub repetition: u16,
    /// Two keys in the wrong order.
    pub transposition: u16,
    /// The same key many times.
    pub key_repeat: u16,
    /// No space between two words.
    pub run_together: u16,
    /// A small word left out.
    pub dropped_word: u16,
    /// Another word taken from the predictions.
    pub prediction: u16,
}

impl Mix {
    /// No errors at all; the ground on which others are written.
    pub const ZERO: Self = Self {
        substitution: 0,
        omission: 0,
        addition: 0,
        repetition: 0,
        transposition: 0,
        key_repeat: 0,
        run_together: 0,
        dropped_word: 0,
        prediction: 0,
    };

    /// Each kind with its share.
    #[must_use]
    pub fn shares(&self) -> [(Kind, u16); 9] {
        [
            (Kind::Substitution, self.substitution),
            (Kind::Omission, self.omission),
            (Kind::Addition, self.addition),
            (Kind::Repetition, self.repetition),
            (Kind::Transposition, self.transposition),
            (Kind::KeyRepeat, self.key_repeat),
            (Kind::RunTogether, self.run_together),
            (Kind::DroppedWord, self.dropped_word),
            (Kind::Prediction, self.prediction),
        ]
    }
}
