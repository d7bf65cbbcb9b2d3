//! Placeholders in the texts of a pack: names, agreement, forms of address, drawn words.

use std::borrow::Cow;

use super::people::{Address, Gender, Partner, Person};

/// The two people of a conversation.
#[derive(Debug, Clone, Copy)]
pub struct Cast<'a> {
    /// Who types to speak.
    pub person: &'a Person,
    /// Who talks with them.
    pub partner: &'a Partner,
}

/// `text` with its placeholders filled for `cast`; `words` are the drawn entries of the pack's lists, by list name.
///
/// A pack that has been loaded holds no placeholder that this does not know.
#[must_use]
pub fn fill<'t>(text: &'t str, cast: Cast<'_>, words: &[(&str, &str)]) -> Cow<'t, str> {
    let Some(first) = text.find('{') else { return Cow::Borrowed(text) };
    let mut filled = text[..first].to_owned();
    let mut rest = &text[first..];
    while let Some((before, slot, after)) = next_slot(rest) {
        filled.push_str(before);
        filled.push_str(value(slot, cast, words).unwrap_or_default());
        rest = after;
    }
    filled.push_str(rest);
    Cow::Owned(filled)
}

/// The placeholders of `text`, without their braces.
pub(super) fn slots(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, slot, after)) = next_slot(rest) {
        found.push(slot);
        rest = after;
    }
    found
}

/// What is wrong with a placeholder, given the names of the pack's lists.
pub(super) fn check_slot<'a>(slot: &str, mut lists: impl Iterator<Item = &'a str>) -> Option<&'static str> {
    match slot.split_once(':') {
        Some(("aac" | "partner" | "you", forms)) if forms.matches('|').count() == 1 => None,
        Some(("aac" | "partner" | "you", _)) => Some("takes exactly two forms, {aac:masculine|feminine}"),
        Some(_) => Some("only aac, partner and you have forms"),
        None if matches!(slot, "aac" | "partner" | "aac!" | "partner!") => None,
        None if lists.any(|list| list == slot) => None,
        None => Some("is neither a name nor a list of the pack"),
    }
}

pub(super) fn next_slot(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('{')?;
    let (slot, after) = rest.split_once('}')?;
    Some((before, slot, after))
}

fn value<'a>(slot: &'a str, cast: Cast<'a>, words: &[(&str, &'a str)]) -> Option<&'a str> {
    let Cast { person, partner } = cast;
    if let Some((who, forms)) = slot.split_once(':') {
        let (first, second) = forms.split_once('|')?;
        let takes_second = match who {
            "aac" => person.gender == Gender::F,
            "partner" => partner.gender == Gender::F,
            _ => partner.address == Address::Formal,
        };
        return Some(if takes_second { second } else { first });
    }
    match slot {
        "aac" => Some(&person.call),
        "partner" => Some(&partner.call),
        "aac!" => Some(calling(&person.vocative, &person.call)),
        "partner!" => Some(calling(&partner.vocative, &partner.call)),
        list => words.iter().find(|(name, _)| *name == list).map(|(_, word)| *word),
    }
}

fn calling<'a>(vocative: &'a str, call: &'a str) -> &'a str {
    if vocative.is_empty() { call } else { vocative }
}
