//! A stretch of the plan in memory: all that settling it needs.

use super::super::place::Place;

/// A planned request.
#[derive(Debug, Clone, Copy)]
pub(in crate::process) struct Entry {
    /// Its metadata line; [`Place::NONE`] where the request was planned before.
    pub metadata: Place,
    /// The first line that answers it.
    pub answer: Place,
    /// Index of its locale.
    pub locale: u16,
}

/// Planned requests that follow each other, with the lines that answer them.
#[derive(Debug, Default)]
pub(in crate::process) struct Window {
    /// In the order of the plan.
    pub entries: Vec<Entry>,
    /// Further lines that answer an entry.
    further: Vec<(u32, Place)>,
}

impl Entry {
    pub fn new(metadata: Place, locale: u16) -> Self {
        Self { metadata, answer: Place::NONE, locale }
    }

    /// Whether it is to be settled: it is, unless it was planned before.
    pub fn counts(&self) -> bool {
        self.metadata.some().is_some()
    }
}

impl Window {
    /// Requests that nothing answers yet.
    pub fn new(entries: Vec<Entry>) -> Self {
        Self { entries, further: Vec::new() }
    }

    /// Adds a line that answers the entry at `at`.
    pub fn answer(&mut self, at: u32, place: Place) {
        let first = &mut self.entries[at as usize].answer;
        let later = if place < *first { std::mem::replace(first, place) } else { place };
        if let Some(later) = later.some() {
            self.further.push((at, later));
        }
    }

    /// Puts the lines that answer in order; needed before [`Window::further`].
    pub fn sort(&mut self) {
        self.further.sort_unstable();
    }

    /// The lines that answer the entry at `at` after its first one, in order.
    pub fn further(&self, at: usize) -> impl Iterator<Item = Place> {
        let start = self.further.partition_point(|(other, _)| (*other as usize) < at);
        self.further[start..].iter().take_while(move |(other, _)| *other as usize == at).map(|(_, place)| *place)
    }

    /// All lines that answer, each with the index of its entry, in no order.
    pub fn answers(&self) -> impl Iterator<Item = (u32, Place)> {
        let first = self.entries.iter().zip(0u32..).filter_map(|(entry, at)| Some((at, entry.answer.some()?)));
        first.chain(self.further.iter().copied())
    }

    /// Bytes that it takes, without its entries.
    pub fn further_bytes(&self) -> usize {
        self.further.len() * size_of::<(u32, Place)>()
    }
}
