//! Korean on a two-set keyboard: syllables as jamo, and back.

use super::Spelling;
use crate::augment::device::Slip;

const INITIALS: &str = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ";
const VOWELS: &str = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ";
const FINALS: &str = "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ";
/// Jamo of two keys.
const PAIRS: [(char, [char; 2]); 18] = [
    ('ㅘ', ['ㅗ', 'ㅏ']),
    ('ㅙ', ['ㅗ', 'ㅐ']),
    ('ㅚ', ['ㅗ', 'ㅣ']),
    ('ㅝ', ['ㅜ', 'ㅓ']),
    ('ㅞ', ['ㅜ', 'ㅔ']),
    ('ㅟ', ['ㅜ', 'ㅣ']),
    ('ㅢ', ['ㅡ', 'ㅣ']),
    ('ㄳ', ['ㄱ', 'ㅅ']),
    ('ㄵ', ['ㄴ', 'ㅈ']),
    ('ㄶ', ['ㄴ', 'ㅎ']),
    ('ㄺ', ['ㄹ', 'ㄱ']),
    ('ㄻ', ['ㄹ', 'ㅁ']),
    ('ㄼ', ['ㄹ', 'ㅂ']),
    ('ㄽ', ['ㄹ', 'ㅅ']),
    ('ㄾ', ['ㄹ', 'ㅌ']),
    ('ㄿ', ['ㄹ', 'ㅍ']),
    ('ㅀ', ['ㄹ', 'ㅎ']),
    ('ㅄ', ['ㅂ', 'ㅅ']),
];

const FIRST: u32 = 0xAC00;
const LAST: u32 = 0xD7A3;

/// Syllables of modern Korean.
#[derive(Debug)]
pub struct Hangul;

impl Spelling for Hangul {
    fn characters(&self) -> Vec<char> {
        (FIRST..=LAST).filter_map(char::from_u32).collect()
    }

    fn keys(&self, char: char) -> Option<Vec<char>> {
        let at = u32::from(char).checked_sub(FIRST).filter(|_| u32::from(char) <= LAST)?;
        let (initial, vowel, last) = (at / 588, at % 588 / 28, at % 28);
        let mut jamo = vec![nth(INITIALS, initial)?, nth(VOWELS, vowel)?];
        jamo.extend(last.checked_sub(1).and_then(|last| nth(FINALS, last)));
        Some(jamo.into_iter().flat_map(apart).collect())
    }

    fn composed(&self, keys: &[char], _: char) -> Vec<(char, f64)> {
        syllable(keys).map(|char| (char, 1.0)).into_iter().collect()
    }

    fn confusions(&self, _: char) -> (f64, Vec<Slip>) {
        (0.0, Vec::new())
    }

    fn shows_keys(&self) -> bool {
        true
    }
}

fn nth(jamo: &str, at: u32) -> Option<char> {
    jamo.chars().nth(at as usize)
}

fn place(jamo: &str, char: char) -> Option<u32> {
    jamo.chars().zip(0..).find(|(other, _)| *other == char).map(|(_, at)| at)
}

fn apart(jamo: char) -> Vec<char> {
    PAIRS.iter().find(|(whole, _)| *whole == jamo).map_or_else(|| vec![jamo], |(_, keys)| keys.to_vec())
}

fn together(keys: &[char]) -> Option<char> {
    match keys {
        [only] => Some(*only),
        [a, b] => PAIRS.iter().find(|(_, keys)| *keys == [*a, *b]).map(|(whole, _)| *whole),
        _ => None,
    }
}

/// The one syllable or jamo that keys make.
fn syllable(keys: &[char]) -> Option<char> {
    let (&first, rest) = keys.split_first()?;
    if rest.is_empty() {
        return Some(first);
    }
    let initial = place(INITIALS, first)?;
    let vowels = rest.iter().take_while(|key| place(VOWELS, **key).is_some()).count();
    let vowel = place(VOWELS, together(&rest[..vowels])?)?;
    let last = match &rest[vowels..] {
        [] => 0,
        finals => place(FINALS, together(finals)?)? + 1,
    };
    char::from_u32(FIRST + initial * 588 + vowel * 28 + last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_syllable_is_composed_of_its_own_keys() {
        for char in Hangul.characters() {
            assert_eq!(syllable(&Hangul.keys(char).unwrap()), Some(char));
        }
        assert_eq!(Hangul.keys('값').unwrap(), ['ㄱ', 'ㅏ', 'ㅂ', 'ㅅ']);
        assert_eq!(syllable(&['ㅗ', 'ㄱ']), None);
    }
}
