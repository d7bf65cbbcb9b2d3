//! Composing a conversation from the threads of a pack's phrasebook.
//!
//! An opening, bodies that serve the plan's purpose, a close. The partner's reaction to one exchange and the line that leads
//! to the next are one turn, so turns alternate.

use serde::Serialize;

use super::plain::plain;
use crate::language::{Cast, Exchange, Form, Pack, Role, Thread, fill};
use crate::random::Stream;
use crate::recipe::{PlanItem, Speaker};

/// A thread that names no more settings than this is about them; a longer list only says where it cannot be.
const FEW_PLACES: usize = 6;

/// The answer that the AAC recipe asks for.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Conversation {
    pub(super) scene: String,
    pub(super) conversation: Vec<Turn>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Turn {
    pub(super) speaker: String,
    pub(super) is_aac_user: bool,
    pub(super) utterance: String,
    pub(super) utterance_intended: Option<String>,
}

/// The conversation of `item`; `stream` makes the choices that the plan leaves open.
pub(super) fn compose(pack: &Pack, item: &PlanItem<'_>, stream: &mut Stream) -> Conversation {
    let cast = Cast { person: item.person, partner: item.partner };
    let words: Vec<(&str, &str)> = pack
        .lists
        .iter()
        .filter(|(_, entries)| !entries.is_empty())
        .map(|(name, entries)| (name.as_str(), stream.choose(entries).as_str()))
        .collect();
    let exchanges = exchanges(pack, item, stream);

    let mut turns = Vec::with_capacity(item.turns as usize + 2);
    let mut spoken = String::new();
    for (nth, exchange) in exchanges.iter().enumerate() {
        // An opening by the person who uses AAC has nothing said before it.
        if nth > 0 || item.opens == Speaker::Partner {
            say(&mut spoken, &fill(&exchange.partner, cast, &words), pack);
            turns.push(Turn {
                speaker: item.partner.call.clone(),
                is_aac_user: false,
                utterance: std::mem::take(&mut spoken),
                utterance_intended: None,
            });
        }
        let intended = fill(&exchange.intended, cast, &words).into_owned();
        let typed = match exchange.typed(item.style.form) {
            Some(typed) => fill(typed, cast, &words).into_owned(),
            None if item.style.form == Form::Plain => plain(&intended, &pack.text),
            None => intended.clone(),
        };
        turns.push(Turn {
            speaker: item.person.call.clone(),
            is_aac_user: true,
            utterance: typed,
            utterance_intended: Some(intended),
        });
        say(&mut spoken, &fill(&exchange.reaction, cast, &words), pack);
    }
    if turns.len() < item.turns as usize {
        turns.push(Turn {
            speaker: item.partner.call.clone(),
            is_aac_user: false,
            utterance: spoken,
            utterance_intended: None,
        });
    }
    Conversation { scene: item.topic.text(cast).into_owned(), conversation: turns }
}

/// Adds a line to what the partner says in one turn.
fn say(spoken: &mut String, line: &str, pack: &Pack) {
    if !spoken.is_empty() && !line.is_empty() {
        spoken.push_str(&pack.text.word_separator);
    }
    spoken.push_str(line);
}

/// As many exchanges as the plan has pairs of turns.
fn exchanges<'p>(pack: &'p Pack, item: &PlanItem<'_>, stream: &mut Stream) -> Vec<&'p Exchange> {
    let wanted = (item.turns as usize / 2).max(1);
    let close: &[Exchange] = match pick(pack, item, Role::Close, stream) {
        Some(thread) if wanted > 2 => &thread.exchanges[..1],
        _ => &[],
    };
    let mut found: Vec<&Exchange> = Vec::with_capacity(wanted);
    if let Some(thread) = pick(pack, item, Role::Open, stream) {
        found.extend(&thread.exchanges);
    }
    found.truncate(wanted);
    let room = wanted.saturating_sub(close.len());
    let bodies = bodies(pack, item, stream);
    let mut unused = Vec::new();
    for thread in bodies {
        if thread.exchanges.len() <= room.saturating_sub(found.len()) {
            found.extend(&thread.exchanges);
        } else {
            unused.push(thread);
        }
    }
    for thread in unused {
        let left = room.saturating_sub(found.len());
        found.extend(thread.exchanges.iter().take(left));
    }
    found.truncate(room.max(1));
    found.extend(close);
    found
}

/// The body threads in the order they are to be used: those that serve the plan's purpose before the general ones, and among
/// each those of its setting before those of any.
fn bodies<'p>(pack: &'p Pack, item: &PlanItem<'_>, stream: &mut Stream) -> Vec<&'p Thread> {
    let mut bodies: Vec<&Thread> =
        pack.threads.iter().filter(|thread| thread.role == Role::Body && fits(thread, item)).collect();
    stream.shuffle(&mut bodies);
    let of_the_place = |thread: &Thread| (1..=FEW_PLACES).contains(&thread.settings.len());
    bodies.sort_by_key(|thread| (thread.purposes.is_empty(), !of_the_place(thread)));
    bodies
}

/// An opening or a close that fits; an opening is begun by whoever the plan says.
fn pick<'p>(pack: &'p Pack, item: &PlanItem<'_>, role: Role, stream: &mut Stream) -> Option<&'p Thread> {
    let begins =
        |thread: &Thread| role != Role::Open || thread.exchanges[0].partner.is_empty() == (item.opens == Speaker::Aac);
    let fitting: Vec<&Thread> =
        pack.threads.iter().filter(|thread| thread.role == role && fits(thread, item) && begins(thread)).collect();
    (!fitting.is_empty()).then(|| *stream.choose(&fitting))
}

fn fits(thread: &Thread, item: &PlanItem<'_>) -> bool {
    let Thread { purposes, settings, kinds, .. } = thread;
    (purposes.is_empty() || purposes.contains(&item.purpose.id))
        && (settings.is_empty() || settings.contains(&item.setting.id))
        && (kinds.is_empty() || kinds.contains(&item.partner.kind))
}
