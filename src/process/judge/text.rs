//! What does not belong into what somebody says.

use crate::process::conversation::Turn;

/// Whether a text of the turn holds a stage direction: between asterisks, in square brackets, or in a bracket at its start.
pub(super) fn has_stage_direction(turn: &Turn<'_>) -> bool {
    [turn.utterance, turn.intended].into_iter().flatten().any(|text| directs(text.raw()))
}

fn directs(text: &str) -> bool {
    if memchr::memchr3(b'*', b'[', b'(', text.as_bytes()).is_none() {
        return text.starts_with(['（', '【']);
    }
    let starred = text.split('*').skip(1).step_by(2).any(|inside| inside.chars().any(char::is_alphabetic));
    let pairs = text.matches('*').count() >= 2 && starred;
    let square = text.split_once('[').is_some_and(|(_, rest)| rest.contains(']'));
    pairs || square || text.trim_start().starts_with(['(', '（', '【'])
}

/// Whether the turn begins with its speaker's name and a colon.
pub(super) fn has_role_label(turn: &Turn<'_>) -> bool {
    let Some(speaker) = turn.speaker.map(|speaker| speaker.raw().trim()) else { return false };
    [turn.utterance, turn.intended].into_iter().flatten().any(|text| {
        let rest = text.raw().trim_start().strip_prefix(speaker);
        rest.is_some_and(|rest| rest.trim_start().starts_with([':', '：']))
    })
}

/// Whether a text begins with one of `beginnings`, which are lower case.
pub(super) fn begins(turns: &[Turn<'_>], beginnings: &[String], intended_only: bool) -> bool {
    let texts = turns.iter().flat_map(|turn| [turn.utterance.filter(|_| !intended_only), turn.intended]);
    texts.flatten().any(|text| beginnings.iter().any(|beginning| begins_with(text.raw(), beginning)))
}

fn begins_with(text: &str, beginning: &str) -> bool {
    let mut letters = text.trim_start().chars().flat_map(char::to_lowercase);
    beginning.chars().all(|expected| {
        let letter = letters.next();
        letter == Some(expected) || letter == Some('’') && expected == '\''
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stage_directions_are_told_from_brackets_of_speech() {
        for text in ["*smiles* hello", "hello [laughs]", "(points at the door) there", "（笑）はい"] {
            assert!(directs(text), "{text}");
        }
        for text in ["2*3 is 6", "it's 5 * 4", "tea (the green one)", "no", "[", "**"] {
            assert!(!directs(text), "{text}");
        }
    }

    #[test]
    fn beginnings_are_found_in_any_case() {
        assert!(begins_with(" Expressing thanks", "expressing "));
        assert!(begins_with("I’m sorry, but", "i'm sorry, but"));
        assert!(!begins_with("Expressings", "expressing "));
        assert!(!begins_with("Exp", "expressing "));
    }
}
