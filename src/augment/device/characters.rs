//! Characters as small numbers, by which the tables of devices are looked up.

use std::collections::BTreeSet;

/// The numbers of the characters that any device of a locale knows; 0 is none of them.
#[derive(Debug)]
pub struct Characters {
    ascii: [u16; 128],
    sorted: Vec<char>,
}

impl Characters {
    /// Numbers `chars`.
    pub fn new(chars: impl IntoIterator<Item = char>) -> Self {
        let sorted: Vec<char> = chars.into_iter().collect::<BTreeSet<char>>().into_iter().collect();
        let mut ascii = [0; 128];
        for (char, number) in sorted.iter().zip(1..) {
            if let Some(slot) = ascii.get_mut(*char as usize) {
                *slot = number;
            }
        }
        Self { ascii, sorted }
    }

    /// The number of a character.
    #[must_use]
    pub fn number(&self, char: char) -> u16 {
        match self.ascii.get(char as usize) {
            Some(number) => *number,
            None => self.sorted.binary_search(&char).map_or(0, |at| at as u16 + 1),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// They, in order of their numbers, from 1.
    #[must_use]
    pub fn all(&self) -> &[char] {
        &self.sorted
    }

    /// The character of a number; none for 0.
    #[must_use]
    pub fn of(&self, number: u16) -> Option<char> {
        number.checked_sub(1).map(|at| self.sorted[usize::from(at)])
    }
}
