//! Tables of readings: which characters are read alike, and how often each is written.

use std::collections::BTreeMap;

use crate::augment::device::Slip;
use crate::augment::engine::Cause;

/// Of the characters that one reading gives, those less frequent than this share are not offered.
const OFFERED: f64 = 0.02;

/// Characters by their reading.
#[derive(Debug)]
pub struct Readings {
    characters: BTreeMap<&'static str, Vec<(char, f64)>>,
    readings: BTreeMap<char, &'static str>,
}

impl Readings {
    /// Reads a table: a line a reading, its characters each followed by its frequency; `#` begins a comment.
    pub fn new(table: &'static str) -> Self {
        let mut characters = BTreeMap::new();
        let mut readings = BTreeMap::new();
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let Some((reading, list)) = line.split_once('\t') else { continue };
            let of_reading: Vec<(char, f64)> = list
                .split(' ')
                .filter_map(|entry| {
                    let char = entry.chars().next()?;
                    Some((char, entry[char.len_utf8()..].parse().ok()?))
                })
                .collect();
            readings.extend(of_reading.iter().map(|(char, _)| (*char, reading)));
            characters.insert(reading, of_reading);
        }
        Self { characters, readings }
    }

    /// The characters that have a reading.
    pub fn characters(&self) -> Vec<char> {
        self.readings.keys().copied().collect()
    }

    /// How a character is read.
    pub fn reading(&self, char: char) -> Option<&'static str> {
        self.readings.get(&char).copied()
    }

    /// What a reading gives, with the share of each character.
    pub fn given(&self, reading: &str) -> Vec<(char, f64)> {
        let Some(all) = self.characters.get(reading) else { return Vec::new() };
        let total: f64 = all.iter().map(|(_, frequency)| frequency).sum();
        let shares = all.iter().map(|(char, frequency)| (*char, frequency / total));
        shares.filter(|(_, share)| *share >= OFFERED).collect()
    }

    /// Other characters of the same reading.
    pub fn homophones(&self, char: char) -> Vec<Slip> {
        let Some(reading) = self.reading(char) else { return Vec::new() };
        let given = self.given(reading).into_iter().filter(|(other, _)| *other != char);
        given.map(|(to, weight)| Slip { to, weight, cause: Cause::WrongConversion, instead: true }).collect()
    }
}
