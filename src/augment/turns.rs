//! What of a record is to be augmented, and by what its choices are keyed.

use std::borrow::Cow;

use crate::augment::record::Rejection;
use crate::augment::splice::{Object, Record, string};
use crate::random::hash;

/// A turn to be augmented.
pub struct AacTurn<'a> {
    /// Its place in the conversation, from 0.
    pub number: u32,
    /// What was typed.
    pub utterance: Cow<'a, str>,
    /// What was meant, where the record says so.
    pub intended: Option<Cow<'a, str>>,
    /// Its members.
    pub members: &'a Object<'a>,
}

/// The turns to be augmented, when every turn is what it must be.
///
/// # Errors
/// What one of them is not.
pub fn aac_turns<'a>(record: &'a Record<'_>) -> Result<Vec<AacTurn<'a>>, Rejection> {
    let turns = match (&record.turns, record.members.get("conversation")) {
        (Some(turns), _) => turns,
        (None, Some(_)) => return Err(Rejection::invalid("`conversation` is not a list of turns")),
        (None, None) => return Err(Rejection::invalid("no `conversation`")),
    };
    let mut found = Vec::with_capacity(turns.len());
    for (number, members) in (0..).zip(turns) {
        let wrong = |what: &str| Err(Rejection::invalid(format!("turn {}: {what}", number + 1)));
        let Some(utterance) = members.get("utterance").and_then(string) else {
            return wrong("no `utterance`");
        };
        let Some(aac) = members.get("is_aac_user") else { return wrong("no `is_aac_user`") };
        match is_true(aac) {
            Some(false) => continue,
            Some(true) if utterance.trim().is_empty() => return wrong("the `utterance` is empty"),
            Some(true) => {}
            None => return wrong("`is_aac_user` is neither true nor false"),
        }
        let intended = members.get("utterance_intended").and_then(string).filter(|text| !text.trim().is_empty());
        found.push(AacTurn { number, utterance, intended, members });
    }
    Ok(found)
}

/// True or false, also where a model wrote it as a string.
fn is_true(value: &str) -> Option<bool> {
    match value.trim_matches('"').to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// What the choices in a record are keyed by: its `custom_id`; without one, the hash of its scene and its turns' speakers and
/// utterances, never its place in the file.
pub fn identity(record: &Record<'_>, key: &mut Vec<u8>) {
    if let Some(id) = record.members.get("custom_id").and_then(string) {
        key.extend_from_slice(id.as_bytes());
        return;
    }
    let mut content = Vec::new();
    let mut part = |value: Option<&str>| {
        let text = value.and_then(string).unwrap_or_default();
        content.extend_from_slice(&(text.len() as u64).to_le_bytes());
        content.extend_from_slice(text.as_bytes());
    };
    part(record.members.get("scene"));
    for turn in record.turns.iter().flatten() {
        part(turn.get("speaker"));
        part(turn.get("utterance"));
    }
    key.extend_from_slice(hash(&content).as_bytes());
}
