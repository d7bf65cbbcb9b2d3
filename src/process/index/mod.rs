//! The join index: which requests are planned, and where the lines are that answer them.
//!
//! It is in memory while it fits in [`super::Options::index_bytes`], else on disk, at any point of the run; what comes of it is the same.
//! [`Gathered`] takes the plan in, [`Index`] the lines that answer it; [`Index::join`] brings them together, and then
//! [`Index::hold`] gives the plan back in its order, one [`Window`] after the other.

mod gathered;
mod memory;
mod spilled;
mod window;

use std::collections::{BTreeMap, BinaryHeap};
use std::ops::Range;
use std::path::PathBuf;

use crate::Result;
use crate::progress::Progress;

pub(super) use gathered::{Gathered, Order};
pub(super) use window::{Entry, Window};

use super::place::Place;
use super::report::LISTED;
use memory::Memory;
use spilled::Spilled;

/// The digest of a `custom_id`.
pub(super) type Id = [u64; 2];

/// What is planned, and what answers it.
#[derive(Debug)]
pub(super) struct Index {
    store: Store,
    limit: usize,
    /// Where temporary files go.
    folder: PathBuf,
    twice: Twice,
    unknown: Unknown,
    /// The window that is held, and its ordinals, where they are not all in memory.
    window: (Window, Range<u32>),
    /// Likewise, of the lines of an earlier run.
    left: Left,
}

#[derive(Debug)]
enum Store {
    Memory(Memory),
    Spilled(Box<Spilled>),
}

/// By index of the locale: requests that were planned before.
pub(super) type Twice = BTreeMap<u16, u64>;

/// Lines of an earlier run that belong to no request.
#[derive(Debug, Default)]
struct Left {
    /// With their numbers, in order.
    lines: Vec<(u64, Place)>,
    /// The numbers that these are all of.
    numbers: Range<u64>,
}

/// What the join found besides answers.
#[derive(Debug)]
pub(super) struct Joined {
    pub twice: Twice,
    /// Lines of results that name no planned request.
    pub unknown: Unknown,
}

/// Lines that name no planned request: all counted, the first listed.
#[derive(Debug, Default)]
pub(super) struct Unknown {
    /// How many.
    pub count: u64,
    first: BinaryHeap<Place>,
}

impl Index {
    fn new(store: Store, twice: Twice, limit: usize, folder: PathBuf) -> Self {
        let unknown = Unknown::default();
        Self { store, limit, folder, twice, unknown, window: (Window::default(), 0..0), left: Left::default() }
    }

    /// Adds a result line with its id.
    pub fn answer(&mut self, id: Id, place: Place) -> Result<()> {
        match &mut self.store {
            Store::Spilled(spilled) => return spilled.line(id, place, None),
            Store::Memory(memory) => {
                if !memory.answer(id, place) {
                    self.unknown.add(place);
                }
            }
        }
        self.spill()
    }

    /// Adds a line of an earlier run. It answers its request, or is left; `number` is its place among all such lines.
    pub fn earlier(&mut self, id: Option<Id>, place: Place, number: u64) -> Result<()> {
        match (&mut self.store, id) {
            (Store::Spilled(spilled), Some(id)) => return spilled.line(id, place, Some(number)),
            (Store::Spilled(spilled), None) => return spilled.leave(number, place),
            (Store::Memory(memory), id) => {
                if !id.is_some_and(|id| memory.answer(id, place)) {
                    memory.left.push((number, place));
                }
            }
        }
        self.spill()
    }

    /// Goes to disk when there is too much in memory.
    fn spill(&mut self) -> Result<()> {
        if let Store::Memory(memory) = &self.store
            && memory.bytes() > self.limit
        {
            self.store = Store::Spilled(Box::new(Spilled::of(memory, &self.folder, self.limit)?));
        }
        Ok(())
    }

    /// Brings requests and the lines that answer them together, when all of them are there.
    pub fn join(&mut self, progress: &dyn Progress) -> Result<Joined> {
        match &mut self.store {
            Store::Memory(memory) => memory.window.sort(),
            Store::Spilled(spilled) => spilled.join(&mut self.twice, &mut self.unknown, progress)?,
        }
        Ok(Joined { twice: std::mem::take(&mut self.twice), unknown: std::mem::take(&mut self.unknown) })
    }

    /// Whether a request of that id is planned; known after the join.
    pub fn contains(&self, id: Id) -> Result<bool> {
        match &self.store {
            Store::Memory(memory) => Ok(memory.find(id).is_some()),
            Store::Spilled(spilled) => spilled.contains(id),
        }
    }

    /// The ordinals of the requests in [`Index::window`].
    pub fn held(&self) -> Range<u32> {
        match &self.store {
            Store::Memory(memory) => 0..memory.ids.len() as u32,
            Store::Spilled(_) => self.window.1.clone(),
        }
    }

    /// Makes the request of that ordinal one of those in [`Index::window`].
    pub fn hold(&mut self, ordinal: u32) -> Result<()> {
        if let Store::Spilled(spilled) = &self.store {
            // The last one goes first: there is room for one.
            self.window = (Window::default(), 0..0);
            self.window = spilled.window(ordinal)?;
        }
        Ok(())
    }

    /// The requests that are held.
    pub fn window(&self) -> &Window {
        match &self.store {
            Store::Memory(memory) => &memory.window,
            Store::Spilled(_) => &self.window.0,
        }
    }

    /// The numbers of which [`Index::left`] has all lines that are left.
    pub fn held_left(&self) -> Range<u64> {
        match &self.store {
            Store::Memory(_) => 0..u64::MAX,
            Store::Spilled(_) => self.left.numbers.clone(),
        }
    }

    /// Makes that number one of those.
    pub fn hold_left(&mut self, number: u64) -> Result<()> {
        if let Store::Spilled(spilled) = &self.store {
            self.left = Left::default();
            self.left = spilled.left(number)?;
        }
        Ok(())
    }

    /// Lines of an earlier run that belong to no request, with their numbers, in order.
    pub fn left(&self) -> &[(u64, Place)] {
        match &self.store {
            Store::Memory(memory) => &memory.left,
            Store::Spilled(_) => &self.left.lines,
        }
    }
}

impl Unknown {
    fn add(&mut self, place: Place) {
        self.count += 1;
        self.first.push(place);
        if self.first.len() > LISTED as usize {
            self.first.pop();
        }
    }

    /// The first of them, in order.
    pub fn first(self) -> Vec<Place> {
        self.first.into_sorted_vec()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::progress::Silent;
    use crate::random::id_digest;

    const REQUESTS: u32 = 100;
    const ENTRY: usize = gathered::ENTRY_BYTES;

    fn id(number: u32) -> Id {
        id_digest(&number.to_le_bytes())
    }

    fn place(file: usize, line: u32) -> Place {
        Place::new(file, u64::from(line) * 10, 9, line)
    }

    /// Every third request is planned again at the end, each is answered twice, and there are lines that answer nothing.
    fn index(limit: usize, folder: &Path) -> (Index, Vec<bool>) {
        let mut gathered = Gathered::new(limit, folder);
        for number in (0..REQUESTS).chain((0..REQUESTS).step_by(3)) {
            gathered.push(id(number), place(1, number), 0).unwrap();
        }
        let mut index = gathered.arrange(Order { ranks: vec![0], next: None }).unwrap();
        let mut spilled = vec![matches!(index.store, Store::Spilled(_))];
        for line in (0..REQUESTS + 5).rev() {
            index.answer(id(line), place(0, line)).unwrap();
        }
        spilled.push(matches!(index.store, Store::Spilled(_)));
        for line in 0..REQUESTS + 7 {
            index.earlier(Some(id(line)), place(2, line), u64::from(line)).unwrap();
        }
        index.earlier(None, place(2, 500), 500).unwrap();
        spilled.push(matches!(index.store, Store::Spilled(_)));
        (index, spilled)
    }

    fn check(mut index: Index) {
        let Joined { twice, unknown } = index.join(&Silent).unwrap();
        assert_eq!(twice, Twice::from([(0, 34)]));
        assert_eq!(
            (unknown.count, unknown.first()),
            (5, (REQUESTS..REQUESTS + 5).map(|line| place(0, line)).collect())
        );
        for ordinal in 0..REQUESTS + 34 {
            if !index.held().contains(&ordinal) {
                index.hold(ordinal).unwrap();
            }
            let at = (ordinal - index.held().start) as usize;
            let (entry, further) = (index.window().entries[at], index.window().further(at).collect::<Vec<_>>());
            assert_eq!(entry.counts(), ordinal < REQUESTS);
            if entry.counts() {
                let found = (entry.metadata, entry.answer, further);
                assert_eq!(found, (place(1, ordinal), place(0, ordinal), vec![place(2, ordinal)]));
            }
        }
        let mut left = Vec::new();
        for number in 0..=500 {
            if !index.held_left().contains(&number) {
                index.hold_left(number).unwrap();
            }
            left.extend(index.left().iter().copied().filter(|(at, _)| *at == number));
        }
        let expected = (REQUESTS..REQUESTS + 7).chain([500]).map(|line| (u64::from(line), place(2, line)));
        assert_eq!(left, expected.collect::<Vec<_>>());
        for number in 0..REQUESTS * 2 {
            assert_eq!(index.contains(id(number)).unwrap(), number < REQUESTS);
        }
    }

    #[test]
    fn an_index_on_disk_knows_what_one_in_memory_knows() {
        let folder = tempfile::tempdir().unwrap();
        let all = (REQUESTS as usize + 34) * ENTRY;
        for (limit, expected) in [
            (usize::MAX, [false, false, false]),
            (all + 24, [false, false, true]),
            (all - 1, [true, true, true]),
            (ENTRY, [true, true, true]),
            (0, [true, true, true]),
        ] {
            let (index, spilled) = index(limit, folder.path());
            assert_eq!(spilled, expected, "limit {limit}");
            check(index);
        }
    }
}
