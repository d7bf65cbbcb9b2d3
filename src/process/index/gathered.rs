//! The plan as it is read: in memory while it fits there, then in a file.

use std::path::{Path, PathBuf};

use crate::files::Piles;
use crate::{Error, Result};

use super::super::place::Place;
use super::memory::Memory;
use super::spilled::{Spilled, block_bytes};
use super::window::{Entry, Window};
use super::{Id, Index, Store, Twice};

/// Bytes that a planned request takes in memory, its share of the sorted ids included.
pub(super) const ENTRY_BYTES: usize = size_of::<Entry>() + size_of::<Id>() + size_of::<u32>();

/// Planned requests in the order of their metadata.
#[derive(Debug)]
pub(in crate::process) struct Gathered {
    limit: usize,
    folder: PathBuf,
    ids: Vec<Id>,
    entries: Vec<Entry>,
    /// All of them, as soon as they are more than fit.
    file: Option<Piles<5>>,
    count: usize,
}

/// Where requests stand in the plan: as they came, or by locale first.
#[derive(Debug)]
pub(in crate::process) struct Order {
    /// By index of the locale as it was met: its index in order of code.
    pub ranks: Vec<u16>,
    /// By index of the locale as it was met: where its next request stands. `None` where requests stand as they came.
    pub next: Option<Vec<u32>>,
}

impl Gathered {
    /// Nothing yet; beyond about `limit` bytes it goes to a file in `folder`.
    pub fn new(limit: usize, folder: &Path) -> Self {
        let (ids, entries) = (Vec::new(), Vec::new());
        Self { limit, folder: folder.to_owned(), ids, entries, file: None, count: 0 }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Adds a request; `locale` is the index of its locale as it was met.
    pub fn push(&mut self, id: Id, metadata: Place, locale: u16) -> Result<()> {
        if self.count > u32::MAX as usize - 1 {
            return Err(Error::Usage("more than 4 billion requests in one run".to_owned()));
        }
        self.count += 1;
        if let Some(file) = &mut self.file {
            return file.push(0, record(id, metadata, locale));
        }
        self.ids.push(id);
        self.entries.push(Entry::new(metadata, locale));
        if self.count * ENTRY_BYTES <= self.limit {
            return Ok(());
        }
        let mut file = Piles::create(&self.folder, block_bytes(self.limit))?;
        for (id, entry) in std::mem::take(&mut self.ids).into_iter().zip(std::mem::take(&mut self.entries)) {
            file.push(0, record(id, entry.metadata, entry.locale))?;
        }
        self.file = Some(file);
        Ok(())
    }

    /// Puts the requests in order, so that they can be found by id.
    pub fn arrange(self, mut order: Order) -> Result<Index> {
        let Self { limit, folder, mut ids, mut entries, file, count } = self;
        if let Some(file) = file {
            let mut spilled = Spilled::create(&folder, limit, count)?;
            let mut came = 0..;
            file.read(0, |[high, low, first, second, locale]| {
                let (ordinal, locale) = order.of(locale as u16, &mut came);
                spilled.plan([high, low], ordinal, Entry::new(Place::from_words([first, second]), locale))
            })?;
            return Ok(Index::new(Store::Spilled(Box::new(spilled)), Twice::new(), limit, folder));
        }
        ids.shrink_to_fit();
        entries.shrink_to_fit();
        let mut came = 0..;
        let mut ordinals = Vec::with_capacity(if order.next.is_some() { count } else { 0 });
        for entry in &mut entries {
            let (ordinal, locale) = order.of(entry.locale, &mut came);
            entry.locale = locale;
            if order.next.is_some() {
                ordinals.push(ordinal);
            }
        }
        // Each to its place by swapping: there may be no room for a second copy.
        for at in 0..ordinals.len() {
            while ordinals[at] as usize != at {
                let other = ordinals[at] as usize;
                ids.swap(at, other);
                entries.swap(at, other);
                ordinals.swap(at, other);
            }
        }
        drop(ordinals);
        let window = Window::new(entries);
        let mut twice = Twice::new();
        let memory = Memory::new(ids, window, &mut twice);
        Ok(Index::new(Store::Memory(memory), twice, limit, folder))
    }
}

impl Order {
    /// The ordinal of the request that is next as they came, and the index of its locale in order of code.
    fn of(&mut self, locale: u16, came: &mut impl Iterator<Item = u32>) -> (u32, u16) {
        let rank = self.ranks[usize::from(locale)];
        let ordinal = match &mut self.next {
            Some(next) => {
                next[usize::from(locale)] += 1;
                next[usize::from(locale)] - 1
            }
            None => came.next().expect("ordinals are fewer than 4 billion"),
        };
        (ordinal, rank)
    }
}

fn record([high, low]: Id, metadata: Place, locale: u16) -> [u64; 5] {
    let [first, second] = metadata.words();
    [high, low, first, second, u64::from(locale)]
}
