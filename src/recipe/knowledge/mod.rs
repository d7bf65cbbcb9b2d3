//! Topics from a commonsense knowledge file, in place of, or mixed with, the scenarios of a pack.
//!
//! A file is read whole: memory grows with it, not with the number of plan items. Which event an index takes depends on
//! (seed, locale, index, file, filter, share) alone.

mod cast;
mod filter;
mod read;

use std::path::PathBuf;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::language::{Cast, Relation, Telling};
use crate::model::Locale;
use crate::random::Stream;
use crate::{Error, Result};

use cast::Blank;
pub use filter::Filter;

/// The share of plan items that take their topic from the file, in thousandths.
pub const WHOLE: u32 = 1000;

/// Which knowledge to use, and how much of it.
#[derive(Debug, Clone)]
pub struct Source {
    /// ATOMIC-2020 TSV, JSON Lines of the same, or a JSON array.
    pub path: PathBuf,
    /// Which of its events.
    pub filter: Filter,
    /// How many of the plan items take a topic from it, in thousandths.
    pub share: u32,
}

/// The events of a knowledge file that a filter leaves.
#[derive(Debug)]
pub struct Knowledge {
    events: Vec<Event>,
    share: u32,
    counts: Counts,
}

/// What became of the entries of a knowledge file: `read = used + filtered + unannotated`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Entries in the file.
    pub read: u64,
    /// Events that plan items can take.
    pub used: u64,
    /// Left out by the filter.
    pub filtered: u64,
    /// Left out because nothing is said of them: their tail is `none`.
    pub unannotated: u64,
}

/// Something that happens, and one thing more about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What happens: `PersonX buys PersonY a coffee`.
    pub head: String,
    /// What the tail is to it.
    pub relation: Relation,
    /// `to be friendly`.
    pub tail: String,
    /// The part of the person who uses AAC, where the file says it.
    pub role: Option<String>,
    /// Line of the file, or place in its array, from 1.
    pub entry: u64,
}

impl Knowledge {
    /// Reads the events of a file.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::Line`] for an entry that is no event, with what it lacks; [`Error::Usage`] when the filter leaves none.
    pub fn read(source: &Source) -> Result<Self> {
        let mut counts = Counts::default();
        let mut events = Vec::new();
        read::read(&source.path, &mut |event: Event| {
            counts.read += 1;
            if matches!(event.tail.to_ascii_lowercase().as_str(), "none" | "") {
                counts.unannotated += 1;
            } else if source.filter.passes(&event) {
                counts.used += 1;
                events.push(event);
            } else {
                counts.filtered += 1;
            }
        })?;
        if events.is_empty() {
            let Counts { read, filtered, unannotated, .. } = counts;
            return Err(Error::Usage(format!(
                "--knowledge {}: no event is left of {read} ({filtered} filtered, {unannotated} without a tail)",
                source.path.display()
            )));
        }
        Ok(Self { events, share: source.share.min(WHOLE), counts })
    }

    /// What became of the entries of the file.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Which event the plan item of that index takes, counted from 0 over all rounds; `None` when it takes a scenario.
    fn number(&self, index: u64) -> Option<u64> {
        let before = |index: u64| (u128::from(index) * u128::from(self.share) / u128::from(WHOLE)) as u64;
        (before(index + 1) > before(index)).then(|| before(index))
    }
}

/// Draws events: in shuffled rounds, so that every one is used before any comes again.
#[derive(Debug)]
pub(super) struct Draw {
    knowledge: std::sync::Arc<Knowledge>,
    order: Option<(u64, Vec<u32>)>,
}

impl Draw {
    pub fn new(knowledge: std::sync::Arc<Knowledge>) -> Self {
        Self { knowledge, order: None }
    }

    /// Prepares the order that the plan item of that index needs; the place of its event, or `None` when it takes a scenario.
    pub fn place(&mut self, seed: u64, locale: &Locale, index: u64) -> Option<usize> {
        let number = self.knowledge.number(index)?;
        let events = self.knowledge.events.len() as u64;
        let (round, place) = (number / events, (number % events) as usize);
        if self.order.as_ref().is_none_or(|(cached, _)| *cached != round) {
            let mut order: Vec<u32> = (0..events as u32).collect();
            Stream::new(seed, "plan/knowledge", &[locale.as_str().as_bytes(), &round.to_le_bytes()])
                .shuffle(&mut order);
            self.order = Some((round, order));
        }
        self.order.as_ref().map(|(_, order)| order[place] as usize)
    }

    pub fn event(&self, place: usize) -> &Event {
        &self.knowledge.events[place]
    }
}

/// An event as a prompt tells it.
#[derive(Debug, Clone)]
pub struct Told<'p> {
    /// The line of the prompt.
    pub text: String,
    /// Where it came from; `None` when it was read back from a prompt.
    pub event: Option<&'p Event>,
}

impl PartialEq for Told<'_> {
    /// Two are the same that say the same.
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<'p> Told<'p> {
    /// Tells `event` of these two; the stream says which of them is its first person, where the file does not.
    pub(super) fn new(event: &'p Event, telling: &Telling, space: &str, people: Cast<'_>, stream: &mut Stream) -> Self {
        let (aac, partner) = (people.person.call.as_str(), people.partner.call.as_str());
        let first = match event.role.as_deref().and_then(cast::letter) {
            Some('x') => true,
            Some('y') => false,
            _ => stream.below(2) == 0,
        };
        let (x, y) = if first { (aac, partner) } else { (partner, aac) };
        // What fills a blank can be said only of one that is still there.
        let blank = if event.relation == Relation::IsFilledBy { Blank::Kept } else { Blank::Filled };
        let (head, tail) = (cast::named(&event.head, x, y, blank), cast::named(&event.tail, x, y, blank));
        Self { text: telling.line(&head, event.relation, &tail, [x, y], space), event: Some(event) }
    }
}

impl Serialize for Told<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(event) = self.event else { return serializer.serialize_str(&self.text) };
        let mut facts = serializer.serialize_struct("Told", 6)?;
        facts.serialize_field("head", &event.head)?;
        facts.serialize_field("relation", &event.relation)?;
        facts.serialize_field("tail", &event.tail)?;
        facts.serialize_field("entry", &event.entry)?;
        facts.serialize_field("aac_user_role", &event.role)?;
        facts.serialize_field("text", &self.text)?;
        facts.end()
    }
}
