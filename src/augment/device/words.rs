//! Habits that concern words: run together, left out, taken wrongly from the predictions, and keys held down.

use crate::augment::engine::{Cause, Class, Edit, Kind, Op, Source, Symbol};
use crate::language::TextRules;

/// The small words of a language, sorted.
#[derive(Debug)]
pub struct Words {
    small: Vec<String>,
}

impl Words {
    /// Those of `rules`.
    pub fn new(rules: &TextRules) -> Self {
        let mut small = rules.function_words.clone();
        small.sort();
        small.dedup();
        Self { small }
    }

    /// An error of one of these kinds at or after grapheme `at`.
    pub fn propose(&self, source: &Source, kind: Kind, at: usize, bits: u32, new: &mut Vec<Symbol>) -> Option<Edit> {
        match kind {
            Kind::KeyRepeat => {
                let times = 2 + (bits & 1) as usize;
                let held = !source.class(at).has(Class::SPARED) && !source.class(at).has(Class::SPACE);
                held.then(|| {
                    new.extend(std::iter::repeat_n(source.symbol(at), times));
                    Edit::new(kind, Op::Insert, Cause::HeldKey, (at + 1, 0), times as u32)
                })
            }
            Kind::RunTogether => {
                let space = (at..source.len()).find(|at| source.class(*at).has(Class::SPACE))?;
                Some(Edit::new(kind, Op::Delete, Cause::RunTogether, (space, 1), 1))
            }
            Kind::DroppedWord => {
                let (start, end) = self.small_word(source, at)?;
                let length = end - start + 1;
                Some(Edit::new(kind, Op::Delete, Cause::DroppedWord, (start - 1, length), length as u32))
            }
            Kind::Prediction => {
                let (start, end) = word(source, at)?;
                let meant = source.slice(start, end);
                let first = meant.chars().next()?;
                let alike: Vec<&String> =
                    self.small.iter().filter(|word| word.starts_with(first) && *word != meant).collect();
                let taken: Vec<Symbol> =
                    alike.get(bits as usize % alike.len().max(1))?.chars().map(Symbol::from).collect();
                let plain = (start..end).map(|at| source.symbol(at)).collect::<Vec<_>>();
                let cost = distance(&plain, &taken);
                new.extend(taken);
                Some(Edit::new(kind, Op::Substitute, Cause::WrongPrediction, (start, end - start), cost))
            }
            _ => None,
        }
    }

    /// The first small word at or after grapheme `at`, or else from the beginning, that has a word before it.
    fn small_word(&self, source: &Source, at: usize) -> Option<(usize, usize)> {
        let mut places = (at..source.len()).chain(0..at);
        places
            .find_map(|at| word(source, at).filter(|(start, end)| *start > 1 && self.known(source.slice(*start, *end))))
    }

    fn known(&self, word: &str) -> bool {
        self.small.binary_search_by(|known| known.as_str().cmp(word)).is_ok()
    }
}

/// The word around grapheme `at`: letters only.
fn word(source: &Source, at: usize) -> Option<(usize, usize)> {
    let letter = |at: usize| source.class(at).has(Class::LETTER) && !source.class(at).has(Class::SPARED);
    if !letter(at) {
        return None;
    }
    let start = (0..at).rev().find(|at| !letter(*at)).map_or(0, |at| at + 1);
    let end = (at..source.len()).find(|at| !letter(*at)).unwrap_or(source.len());
    let alone = |at: Option<usize>| at.is_none_or(|at| source.class(at).has(Class::SPACE));
    (alone(start.checked_sub(1)) && alone((end < source.len()).then_some(end))).then_some((start, end))
}

/// Levenshtein distance of two words.
fn distance(a: &[Symbol], b: &[Symbol]) -> u32 {
    let mut row: Vec<u32> = (0..=b.len() as u32).collect();
    for (x, i) in a.iter().zip(1..) {
        let mut diagonal = std::mem::replace(&mut row[0], i);
        for (at, y) in b.iter().enumerate() {
            let next = (diagonal + u32::from(x != y)).min(row[at] + 1).min(row[at + 1] + 1);
            diagonal = std::mem::replace(&mut row[at + 1], next);
        }
    }
    row[b.len()]
}
