//! Ids: the row's own, of any text, and the safe one that a request carries.

use std::borrow::Cow;

use serde_json::Value;

use super::select::is_blank;
use crate::random::fingerprint;
use crate::rows::{Columns, get};

/// The longest id that a request may have at every provider, in bytes.
const MAX_ID: usize = 64;

/// The first of `names` that holds something in this row: its name, and its text.
fn first<'a>(columns: &'a Columns, names: &'a [String]) -> Option<(&'a str, Cow<'a, str>)> {
    names.iter().find_map(|name| {
        let value = get(columns, name).filter(|value| !is_blank(value))?;
        Some((name.as_str(), text(value)))
    })
}

fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

/// The row's own id: the first of the id columns that holds something, as text, without a change; `None` where none does.
#[must_use]
pub fn source_id<'a>(columns: &'a Columns, names: &'a [String]) -> Option<Cow<'a, str>> {
    first(columns, names).map(|(_, text)| text)
}

/// What is asked about: the first of the text columns that holds something, cut after `max_chars` characters; and how many
/// it had, where it was cut.
#[must_use]
pub fn text_of<'a>(
    columns: &'a Columns,
    names: &'a [String],
    max_chars: Option<usize>,
) -> Option<(Cow<'a, str>, Option<usize>)> {
    let (_, text) = first(columns, names)?;
    let Some(end) = max_chars.and_then(|most| text.char_indices().nth(most)).map(|(at, _)| at) else {
        return Some((text, None));
    };
    let chars = text.chars().count();
    let cut = match text {
        Cow::Borrowed(text) => Cow::Borrowed(&text[..end]),
        Cow::Owned(mut text) => {
            text.truncate(end);
            Cow::Owned(text)
        }
    };
    Some((cut, Some(chars)))
}

/// The id of a request: `<recipe>-<id>-<8 hex of what is asked>`. The row's own id stands in it where it is short and
/// safe, else a digest of it.
#[must_use]
pub fn custom_id(recipe: &str, id: &str, prompt_hash: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let recipe = &recipe[..recipe.len().min(24)];
    let hash = &prompt_hash[..8];
    let room = MAX_ID - recipe.len() - hash.len() - 2;
    if id.len() <= room && id.bytes().all(safe) {
        format!("{recipe}-{id}-{hash}")
    } else {
        format!("{recipe}-x{}-{hash}", fingerprint(id.as_bytes(), 24))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn any_id_becomes_a_safe_one() {
        let url = format!("https://example.org/{}", "a".repeat(280));
        let hash = "0123456789abcdef";
        for (id, expected) in [("007", Some("tag-007-01234567")), ("youtube:a:b", None), (&url, None), ("é", None)] {
            let made = custom_id("tag", id, hash);
            assert!(made.len() <= 64 && made.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
            assert!(expected.is_none_or(|expected| made == expected), "{made}");
        }
        assert_ne!(custom_id("tag", "youtube:a:b", hash), custom_id("tag", "youtube:a:c", hash));
    }

    #[test]
    fn ids_are_taken_as_they_are_and_texts_cut_between_characters() {
        let row = json!({"id": " ", "url": "u", "n": 7, "text": "äöü"});
        let row = row.as_object().unwrap();
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(source_id(row, &names(&["id", "url"])).unwrap(), "u");
        assert_eq!(source_id(row, &names(&["n"])).unwrap(), "7");
        assert_eq!(source_id(row, &names(&["id", "other"])), None);
        assert_eq!(text_of(row, &names(&["text"]), Some(2)).unwrap(), ("äö".into(), Some(3)));
        assert_eq!(text_of(row, &names(&["text"]), Some(3)).unwrap(), ("äöü".into(), None));
    }
}
