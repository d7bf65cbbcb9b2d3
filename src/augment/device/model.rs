//! The one door by which every access method enters: what it confuses with what.

use std::fmt;

use super::Mix;
use crate::augment::engine::Cause;

/// Something that may come of a character meant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slip {
    /// What comes.
    pub to: char,
    /// How often, relative to the other slips of the character.
    pub weight: f64,
    /// Why.
    pub cause: Cause,
    /// It comes instead of the character meant; else after it.
    pub instead: bool,
}

/// An access method on a layout: what it confuses with what.
pub trait Model: fmt::Debug + Send + Sync {
    /// The characters that can be typed.
    fn characters(&self) -> Vec<char>;

    /// Those of them that may come where another character would not do.
    fn letters(&self) -> Vec<char> {
        self.characters()
    }

    /// How many ways there are in which the errors of one utterance may lean; one is drawn for each utterance.
    fn leanings(&self) -> u8 {
        1
    }

    /// How many circumstances there are.
    fn contexts(&self) -> u8 {
        1
    }

    /// The circumstances of `meant` after `before`, for an utterance of that leaning: a number that only the model understands.
    fn context(&self, _before: Option<char>, _meant: char, _leaning: u8) -> u8 {
        0
    }

    /// What may come instead of `meant`.
    fn instead(&self, meant: char, context: u8) -> Vec<Slip>;

    /// What may come when a key is pressed besides those of `meant`.
    fn besides(&self, meant: char, context: u8) -> Vec<Slip>;

    /// What may remain of `meant` when one of its keys is not registered; nothing where it has one key.
    fn remains(&self, _meant: char) -> Vec<Slip> {
        Vec::new()
    }

    /// What comes after `meant` when its last key counts twice; nothing when that is `meant` again.
    fn again(&self, _meant: char) -> Vec<Slip> {
        Vec::new()
    }

    /// The shares of the kinds of error.
    fn mix(&self) -> Mix;

    /// Why a press is not registered, and why one counts twice.
    fn lapses(&self) -> (Cause, Cause);
}
