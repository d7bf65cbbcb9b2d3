//! Chinese through pinyin: a slip in the letters gives another syllable and its usual character, or the wrong one of the right
//! syllable is taken.

use super::Spelling;
use super::conversion::Readings;
use crate::augment::device::Slip;

/// Of the substitutions, the share that are characters of the same sound. Sound-alikes prevail among errors of pinyin users
/// (Zheng et al., ACL 2011, give no exact share): half is an assumption.
const HOMOPHONES: f64 = 0.5;

/// Characters by their pinyin.
#[derive(Debug)]
pub struct Pinyin(Readings);

impl Pinyin {
    /// The table that ships.
    pub fn new() -> Self {
        Self(Readings::new(include_str!("../data/pinyin.tsv")))
    }
}

impl Spelling for Pinyin {
    fn characters(&self) -> Vec<char> {
        self.0.characters()
    }

    fn keys(&self, char: char) -> Option<Vec<char>> {
        Some(self.0.reading(char)?.chars().collect())
    }

    fn composed(&self, keys: &[char], _: char) -> Vec<(char, f64)> {
        self.0.given(&keys.iter().collect::<String>())
    }

    fn confusions(&self, char: char) -> (f64, Vec<Slip>) {
        (HOMOPHONES, self.0.homophones(char))
    }

    fn shows_keys(&self) -> bool {
        false
    }
}
