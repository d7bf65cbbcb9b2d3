//! Japanese: kana on a kana grid or through romaji, katakana like hiragana, kanji wrongly converted.

use super::Spelling;
use super::conversion::Readings;
use crate::augment::device::Slip;
use crate::augment::engine::Cause;

/// Romaji of each row, then what its vowels give; a space where there is no such kana.
const ROWS: [(&str, &str); 20] = [
    ("", "あいうえお"),
    ("k", "かきくけこ"),
    ("s", "さしすせそ"),
    ("t", "たちつてと"),
    ("n", "なにぬねの"),
    ("h", "はひふへほ"),
    ("m", "まみむめも"),
    ("y", "や ゆ よ"),
    ("r", "らりるれろ"),
    ("w", "わ   を"),
    ("g", "がぎぐげご"),
    ("z", "ざじずぜぞ"),
    ("d", "だぢづでど"),
    ("b", "ばびぶべぼ"),
    ("p", "ぱぴぷぺぽ"),
    ("v", "  ゔ  "),
    ("x", "ぁぃぅぇぉ"),
    ("xy", "ゃ ゅ ょ"),
    ("xt", "  っ  "),
    ("xw", "ゎ    "),
];

/// Kana that differ by a voicing mark, or by being small.
const ALIKE: [&str; 31] = [
    "かが",
    "きぎ",
    "くぐ",
    "けげ",
    "こご",
    "さざ",
    "しじ",
    "すず",
    "せぜ",
    "そぞ",
    "ただ",
    "ちぢ",
    "つづっ",
    "てで",
    "とど",
    "はばぱ",
    "ひびぴ",
    "ふぶぷ",
    "へべぺ",
    "ほぼぽ",
    "あぁ",
    "いぃ",
    "うぅゔ",
    "えぇ",
    "おぉ",
    "やゃ",
    "ゆゅ",
    "よょ",
    "わゎ",
    "えー",
    "おー",
];

/// Of the substitutions of kana, the share in which the mark or the size is wrong (an assumption: no count is published).
const MARKS: f64 = 0.2;

/// Kana and kanji.
#[derive(Debug)]
pub struct Kana {
    /// The keyboard has Latin letters: kana are spelled.
    spelled: bool,
    kanji: Readings,
}

impl Kana {
    /// Japanese on a keyboard of Latin letters when `spelled`, else of kana.
    pub fn new(spelled: bool) -> Self {
        Self { spelled, kanji: Readings::new(include_str!("../data/kanji.tsv")) }
    }
}

impl Spelling for Kana {
    fn characters(&self) -> Vec<char> {
        let mut all = self.kanji.characters();
        let hiragana = ROWS.iter().flat_map(|(_, row)| row.chars()).chain(['ん']).filter(|kana| *kana != ' ');
        all.extend(hiragana.flat_map(|kana| [Some(kana), katakana(kana)]).flatten());
        all
    }

    fn keys(&self, char: char) -> Option<Vec<char>> {
        let kana = hiragana(char);
        if self.spelled { Some(romaji(kana.unwrap_or(char))?.chars().collect()) } else { kana.map(|kana| vec![kana]) }
    }

    fn composed(&self, keys: &[char], meant: char) -> Vec<(char, f64)> {
        let kana = match keys {
            [only] if !self.spelled => Some(*only),
            keys => kana(&keys.iter().collect::<String>()),
        };
        kana.map(|kana| (like(meant, kana), 1.0)).into_iter().collect()
    }

    fn confusions(&self, char: char) -> (f64, Vec<Slip>) {
        let homophones = self.kanji.homophones(char);
        if !homophones.is_empty() {
            return (1.0, homophones);
        }
        let kana = hiragana(char).unwrap_or(char);
        let alike = ALIKE.iter().filter(|group| group.contains(kana)).flat_map(|group| group.chars());
        let slips = alike.filter(|other| *other != kana).map(|other| Slip {
            to: like(char, other),
            weight: 1.0,
            cause: Cause::MissedMark,
            instead: true,
        });
        (MARKS, slips.collect())
    }

    fn shows_keys(&self) -> bool {
        false
    }
}

fn romaji(kana: char) -> Option<String> {
    if kana == 'ん' {
        return Some("nn".to_owned());
    }
    let (consonant, vowel) = ROWS.iter().find_map(|(consonant, row)| {
        let at = row.chars().position(|other| other == kana)?;
        Some((consonant, "aiueo".chars().nth(at)?))
    })?;
    Some(format!("{consonant}{vowel}"))
}

fn kana(romaji: &str) -> Option<char> {
    if romaji == "nn" {
        return Some('ん');
    }
    let vowel = "aiueo".find(romaji.chars().next_back()?)?;
    let consonant = &romaji[..romaji.len() - 1];
    let (_, row) = ROWS.iter().find(|(other, _)| *other == consonant)?;
    row.chars().nth(vowel).filter(|kana| *kana != ' ')
}

/// `kana` as katakana where `meant` is katakana.
fn like(meant: char, kana: char) -> char {
    hiragana(meant).and_then(|_| katakana(kana)).unwrap_or(kana)
}

fn katakana(hiragana: char) -> Option<char> {
    ('ぁ'..='ゔ').contains(&hiragana).then(|| char::from_u32(u32::from(hiragana) + 0x60)).flatten()
}

fn hiragana(katakana: char) -> Option<char> {
    ('ァ'..='ヴ').contains(&katakana).then(|| char::from_u32(u32::from(katakana) - 0x60)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kana_are_spelled_and_read_back() {
        let spelling = Kana::new(true);
        for char in spelling.characters().into_iter().filter(|char| !('\u{4E00}'..).contains(char)) {
            let keys = spelling.keys(char).unwrap();
            assert_eq!(spelling.composed(&keys, char), [(char, 1.0)], "{keys:?}");
        }
    }
}
