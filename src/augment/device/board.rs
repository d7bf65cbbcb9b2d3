//! A native layout as keys on a plane, and how each character is typed on it.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::grid::Cells;
use crate::augment::engine::Cause;
use crate::language::{Grid, Keyboards, TextRules};

/// A key: its middle and size in key widths, and what it gives at each level.
#[derive(Debug, Clone)]
pub struct Key {
    /// Middle, from the left.
    pub x: f64,
    /// Middle, from the top.
    pub y: f64,
    /// Width; the height is 1.
    pub width: f64,
    /// What it gives plain, with Shift, with `AltGr`, with both, as far as a person writing the language would have it.
    pub levels: [Option<char>; 4],
}

/// How a character is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stroke {
    /// The key that is pressed last.
    pub key: usize,
    /// The level of that key.
    pub level: usize,
    /// The dead character pressed before it.
    pub dead: Option<char>,
    /// The letter is a capital.
    pub capital: bool,
}

/// A native layout.
#[derive(Debug)]
pub struct Board {
    keys: Vec<Key>,
    strokes: BTreeMap<char, Stroke>,
    dead: BTreeMap<char, BTreeMap<char, char>>,
    alphabet: Vec<char>,
}

impl Board {
    /// The native layout of `keyboards`. Keys give only letters of the alphabet, the space, and the marks of `rules`.
    #[must_use]
    pub fn new(keyboards: &Keyboards, rules: &TextRules) -> Self {
        let alphabet: Vec<char> = keyboards.alphabet.iter().filter_map(|letter| only(letter)).collect();
        let marks = marks(rules);
        // Kana are spelled with letters that Japanese does not count as its own; the input method keeps them out of the text.
        let spells = |char: char| rules.script == "Jpan" && char.is_ascii_lowercase();
        let mut board = Self { keys: Vec::new(), strokes: BTreeMap::new(), dead: dead(keyboards), alphabet };
        for (row, y) in keyboards.native.rows.iter().zip(0..) {
            for (key, column) in row.keys.iter().zip(0..) {
                let mut levels = [None; 4];
                for (level, text) in levels.iter_mut().zip(key) {
                    *level = only(text).filter(|char| marks.contains(char) || board.is_letter(*char) || spells(*char));
                }
                let x = row.offset + f64::from(column) + 0.5;
                board.keys.push(Key { x, y: f64::from(y) + 0.5, width: 1.0, levels });
            }
        }
        let space = keyboards.native.space;
        let (x, y) = (space.offset + space.width / 2.0, f64::from(space.row) + 0.5);
        board.keys.push(Key { x, y, width: space.width, levels: [Some(' '), None, None, None] });
        board.find_strokes();
        board
    }

    /// A grid as keys of one width, for access methods that point at its cells.
    #[must_use]
    pub fn of_grid(grid: &Grid, alphabet: &[String]) -> Self {
        let letters: Vec<char> = alphabet.iter().filter_map(|letter| only(letter)).collect();
        let mut board = Self { keys: Vec::new(), strokes: BTreeMap::new(), dead: BTreeMap::new(), alphabet: letters };
        for (row, y) in Cells::new(grid, alphabet).rows().iter().zip(0..) {
            for (cell, x) in row.iter().zip(0..) {
                let levels = [*cell, None, None, None];
                board.keys.push(Key { x: f64::from(x) + 0.5, y: f64::from(y) + 0.5, width: 1.0, levels });
            }
        }
        board.find_strokes();
        board
    }

    /// Its keys.
    #[must_use]
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The characters it can type, in order.
    pub fn characters(&self) -> impl Iterator<Item = char> {
        self.strokes.keys().copied()
    }

    /// How `char` is typed.
    #[must_use]
    pub fn stroke(&self, char: char) -> Option<Stroke> {
        self.strokes.get(&char).copied()
    }

    /// What comes when the last key of `stroke` is `key` instead, all else as meant.
    #[must_use]
    pub fn with_key(&self, stroke: Stroke, key: usize) -> Option<char> {
        let levels = &self.keys[key].levels;
        let plain = match stroke.dead {
            Some(dead) => {
                let letter = levels[0]?;
                Some(self.composed(dead, letter).unwrap_or(letter))
            }
            None if stroke.capital => levels[1].or(levels[0]),
            None => levels[stroke.level],
        }?;
        if stroke.capital { capital(plain).or(Some(plain)) } else { Some(plain) }
    }

    /// What comes when Shift, `AltGr` or the dead key of `stroke` is missed, and which of them.
    #[must_use]
    pub fn bare(&self, stroke: Stroke) -> Option<(char, Cause)> {
        let base = self.keys[stroke.key].levels[0]?;
        match stroke {
            Stroke { dead: Some(_), capital, .. } => {
                Some((if capital { capital_of(base) } else { base }, Cause::MissedDeadKey))
            }
            Stroke { level: 1, .. } => Some((base, Cause::MissedShift)),
            Stroke { level: 2 | 3, capital, .. } => {
                Some((if capital { capital_of(base) } else { base }, Cause::MissedAltGr))
            }
            Stroke { capital: true, .. } => Some((base, Cause::MissedShift)),
            _ => None,
        }
    }

    fn is_letter(&self, char: char) -> bool {
        char.to_lowercase().all(|low| self.alphabet.contains(&low))
    }

    fn composed(&self, dead: char, letter: char) -> Option<char> {
        self.dead.get(&dead)?.get(&letter).copied().filter(|char| self.is_letter(*char))
    }

    /// Each character by the way most people take: plain or with Shift, with `AltGr` on the key of its bare letter, with a dead key, with
    /// `AltGr` elsewhere.
    fn find_strokes(&mut self) {
        self.take_levels(&[0, 1], |_, _| true);
        self.take_levels(&[2, 3], |base, char| char.nfd().next() == base);
        let composed: Vec<(char, char, char)> = self
            .dead
            .iter()
            .flat_map(|(dead, letters)| letters.iter().map(|(letter, composed)| (*dead, *letter, *composed)))
            .collect();
        for (dead, letter, composed) in composed {
            if self.is_letter(composed)
                && let Some(stroke) = self.strokes.get(&letter).copied()
            {
                self.strokes.entry(composed).or_insert(Stroke { dead: Some(dead), ..stroke });
            }
        }
        self.take_levels(&[2, 3], |_, _| true);
        self.reach_rest();
    }

    /// Takes the characters at some levels for which `is_way` holds, given the plain character of the key.
    fn take_levels(&mut self, levels: &[usize], is_way: impl Fn(Option<char>, char) -> bool) {
        for level in levels {
            for (key, index) in self.keys.iter().zip(0..) {
                if let Some(char) = key.levels[*level].filter(|char| is_way(key.levels[0], *char)) {
                    let capital = char.is_uppercase();
                    self.strokes.entry(char).or_insert(Stroke { key: index, level: *level, dead: None, capital });
                }
            }
        }
    }

    /// Letters without a key of their own are typed as their bare letter with a mark; capitals as their small letter with Shift.
    fn reach_rest(&mut self) {
        for letter in self.alphabet.clone() {
            let bare = letter.nfd().next().unwrap_or(letter);
            if bare != letter
                && let Some(stroke) = self.strokes.get(&bare).copied()
            {
                self.strokes.entry(letter).or_insert(Stroke { dead: Some('\u{301}'), ..stroke });
            }
            if let (Some(upper), Some(stroke)) = (capital(letter), self.strokes.get(&letter).copied()) {
                self.strokes.entry(upper).or_insert(Stroke { capital: true, ..stroke });
            }
        }
    }
}

/// The capital of a letter, where it is one character and another one.
#[must_use]
pub fn capital(letter: char) -> Option<char> {
    let mut upper = letter.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(only), None) if only != letter => Some(only),
        _ => None,
    }
}

fn capital_of(letter: char) -> char {
    capital(letter).unwrap_or(letter)
}

/// The character of a text of one character that is no combining mark.
pub fn only(text: &str) -> Option<char> {
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(char), None) if !is_combining_mark(char) && !char.is_control() => Some(char),
        _ => None,
    }
}

fn dead(keyboards: &Keyboards) -> BTreeMap<char, BTreeMap<char, char>> {
    let pairs = |letters: &BTreeMap<String, String>| {
        letters.iter().filter_map(|(letter, composed)| Some((only(letter)?, only(composed)?))).collect()
    };
    keyboards.native.dead.iter().filter_map(|(dead, letters)| Some((dead.chars().next()?, pairs(letters)))).collect()
}

/// The marks a person writing the language types in running text.
fn marks(rules: &TextRules) -> Vec<char> {
    let named = [&rules.full_stop, &rules.question_mark, &rules.exclamation_mark, &rules.comma, &rules.semicolon];
    let opening = rules.opening_marks.values();
    named.into_iter().chain(opening).filter_map(|mark| only(mark)).chain(['\'', '-', ':']).collect()
}
