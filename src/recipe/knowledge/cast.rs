//! The people of an event: PersonX, PersonY and blanks become the two of the plan item.

use std::borrow::Cow;

/// What stands for a third person, and for a blank when both people are in the text already.
const SOMEBODY: &str = "…";

/// The letter of a placeholder such as `PersonX` that is all of `text`, in lower case.
pub(super) fn letter(text: &str) -> Option<char> {
    person(text.trim()).filter(|(_, length)| *length == text.trim().len()).map(|(letter, _)| letter)
}

/// What becomes of blanks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blank {
    /// Whoever of the two is not in the text yet.
    Filled,
    /// An ellipsis.
    Kept,
}

/// `text` with the names of the two in it.
pub(super) fn named<'t>(text: &'t str, x: &str, y: &str, blanks: Blank) -> Cow<'t, str> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut after_letter = false;
    while let Some(char) = text[at..].chars().next() {
        let placeholder = (!after_letter).then(|| person(&text[at..]).or_else(|| blank(&text[at..]))).flatten();
        match placeholder {
            Some((letter, length)) => {
                found.push((at, length, letter));
                at += length;
                after_letter = false;
            }
            None => {
                after_letter = char.is_alphanumeric();
                at += char.len_utf8();
            }
        }
    }
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut taken = [false, false];
    for (.., letter) in &found {
        match letter {
            'x' => taken[0] = true,
            'y' => taken[1] = true,
            _ => {}
        }
    }
    let blank = match (blanks, taken) {
        (Blank::Filled, [true, false]) => y,
        (Blank::Filled, [false, _]) => x,
        (Blank::Kept, _) | (_, [true, true]) => SOMEBODY,
    };
    let mut out = String::with_capacity(text.len() + 16);
    let mut written = 0;
    for (at, length, letter) in found {
        out.push_str(&text[written..at]);
        out.push_str(match letter {
            'x' => x,
            'y' => y,
            '_' => blank,
            _ => SOMEBODY,
        });
        written = at + length;
    }
    out.push_str(&text[written..]);
    Cow::Owned(out)
}

/// A person's placeholder at the start of `text` (`PersonX`, `person y`): its letter and length in bytes.
fn person(text: &str) -> Option<(char, usize)> {
    let word = text.get(..6).filter(|word| word.eq_ignore_ascii_case("person"))?;
    let rest = &text[word.len()..];
    let spaces = usize::from(rest.starts_with(' '));
    let mut chars = rest[spaces..].chars();
    let letter =
        chars.next().map(|letter| letter.to_ascii_lowercase()).filter(|letter| ('x'..='z').contains(letter))?;
    let ended = chars.next().is_none_or(|next| !next.is_alphanumeric());
    ended.then_some((letter, word.len() + spaces + 1))
}

/// A blank at the start of `text`: two underscores or more.
fn blank(text: &str) -> Option<(char, usize)> {
    let length = text.bytes().take_while(|byte| *byte == b'_').count();
    (length >= 2).then_some(('_', length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_blanks_are_filled() {
        for (text, filled) in [
            ("PersonX accuses PersonY of cheating", "Marta accuses Colin of cheating"),
            ("PersonX's dog bites person y", "Marta's dog bites Colin"),
            ("PersonX loses ___", "Marta loses Colin"),
            ("___ is late", "Marta is late"),
            ("PersonX gives PersonY ___", "Marta gives Colin …"),
            ("PersonX meets PersonZ", "Marta meets …"),
            ("persons in a room, a personxylophone", "persons in a room, a personxylophone"),
            ("café personX", "café Marta"),
        ] {
            assert_eq!(named(text, "Marta", "Colin", Blank::Filled), filled);
        }
        assert_eq!(named("PersonX adopts ___", "Marta", "Colin", Blank::Kept), "Marta adopts …");
    }

    #[test]
    fn a_role_may_name_the_person() {
        assert_eq!(letter("PersonY"), Some('y'));
        assert_eq!(letter("person with ALS"), None);
    }
}
