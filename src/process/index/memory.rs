//! The index where it fits in memory: 60 bytes for each planned request, 24 for each further line that answers one.

use super::super::place::Place;
use super::window::Window;
use super::{Id, Twice};

/// All planned requests, and what is known of them.
#[derive(Debug)]
pub(super) struct Memory {
    /// By ordinal.
    pub ids: Vec<Id>,
    /// All of the plan.
    pub window: Window,
    /// Ordinals in order of id, without requests that were planned before.
    index: Vec<u32>,
    /// Where to look first: answers mostly come in the order of their requests.
    hint: u32,
    /// Lines of an earlier run that belong to no request, with their numbers, in order.
    pub left: Vec<(u64, Place)>,
}

impl Memory {
    /// Sorts the ids. Of requests that were planned more than once the first counts, the others are added to `twice`.
    pub fn new(ids: Vec<Id>, mut window: Window, twice: &mut Twice) -> Self {
        let mut index: Vec<u32> = (0..ids.len() as u32).collect();
        index.sort_unstable_by_key(|ordinal| (ids[*ordinal as usize], *ordinal));
        index.dedup_by(|later, first| {
            let same = ids[*later as usize] == ids[*first as usize];
            if same {
                let entry = &mut window.entries[*later as usize];
                entry.metadata = Place::NONE;
                *twice.entry(entry.locale).or_default() += 1;
            }
            same
        });
        Self { ids, window, index, hint: 0, left: Vec::new() }
    }

    /// The ordinal of a request.
    pub fn find(&self, id: Id) -> Option<u32> {
        let at = self.hint as usize;
        if self.ids.get(at) == Some(&id) && self.window.entries[at].counts() {
            return Some(self.hint);
        }
        let at = self.index.binary_search_by_key(&id, |ordinal| self.ids[*ordinal as usize]).ok()?;
        Some(self.index[at])
    }

    /// Adds a line that answers a request, where there is one of that id.
    pub fn answer(&mut self, id: Id, place: Place) -> bool {
        let Some(ordinal) = self.find(id) else { return false };
        self.window.answer(ordinal, place);
        self.hint = ordinal + 1;
        true
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        let planned = self.window.entries.len() * super::gathered::ENTRY_BYTES;
        planned + self.window.further_bytes() + self.left.len() * size_of::<(u64, Place)>()
    }
}
