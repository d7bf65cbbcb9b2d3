//! The native layouts are those of `xkb-data`: every character of ours is on the same key and level there.
//!
//! Skipped, with a printed reason, where the package is not installed. Layouts turn out as its version 2.35.1 has them.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use aacorn::assets::Assets;
use aacorn::language::{Keyboards, Languages};
use kbvm::xkb::Context;
use kbvm::xkb::diagnostic::Diagnostic;
use kbvm::xkb::rmlvo::Group;
use kbvm::{Keycode, Keysym};
use unicode_normalization::UnicodeNormalization;

const SYMBOLS: &str = "/usr/share/X11/xkb/symbols";

/// What X11 calls the dead keys, and the characters that stand for them in our files: another one where the board has a key of
/// the same look that is not dead.
const DEAD: [(&str, &str); 16] = [
    ("dead_abovedot", "˙"),
    ("dead_abovering", "˚"),
    ("dead_acute", "´΄"),
    ("dead_breve", "˘"),
    ("dead_caron", "ˇ"),
    ("dead_cedilla", "¸"),
    ("dead_circumflex", "^ˆ"),
    ("dead_diaeresis", "¨"),
    ("dead_doubleacute", "˝"),
    ("dead_grave", "`ˋ"),
    ("dead_macron", "¯"),
    ("dead_ogonek", "˛"),
    ("dead_perispomeni", "~"),
    ("dead_stroke", "/"),
    ("dead_tilde", "~˜"),
    ("dead_belowcomma", ","),
];

/// Key codes of the rows of a board, X11's: digits, and the three rows of letters. The key beside Enter (51) ends the second
/// row on a board without, and the third on one with, a key beside the left Shift (94).
fn codes(keyboards: &Keyboards) -> [Vec<u32>; 4] {
    let iso = keyboards.native.rows[3].offset < 2.0;
    let row = |codes: std::ops::RangeInclusive<u32>| codes.collect::<Vec<_>>();
    let digits = [vec![49], row(10..=21)].concat();
    let (mut second, mut third, mut fourth) = (row(24..=35), row(38..=48), row(52..=61));
    if iso {
        third.push(51);
        fourth.insert(0, 94);
    } else {
        second.push(51);
    }
    [digits, second, third, fourth]
}

/// The characters that may stand for a keysym in our files; empty for what types nothing.
fn text(symbol: Keysym) -> String {
    let dead = symbol.name().and_then(|name| DEAD.iter().find(|(dead, _)| *dead == name));
    match dead {
        Some((_, char)) => (*char).to_owned(),
        None => symbol.char().into_iter().nfc().collect(),
    }
}

/// The layout and variant that a file says it was made from.
fn named(source: &str) -> Option<(&str, &str)> {
    let (_, rest) = source.split_once("XKB symbols ")?;
    let (layout, rest) = rest.split_once('(')?;
    Some((layout, rest.split_once(')')?.0))
}

#[test]
fn native_layouts_are_those_of_xkb_data() {
    if !Path::new(SYMBOLS).is_dir() {
        // Not by `eprintln!`, which a test that passes keeps to itself.
        writeln!(std::io::stderr(), "skipped: native_layouts_are_those_of_xkb_data: xkb-data is not installed")
            .unwrap();
        return;
    }
    let languages = Languages::new(Assets::embedded());
    let mut compared = BTreeSet::new();
    let mut wrong = Vec::new();
    for locale in languages.keyboard_locales() {
        let keyboards = languages.keyboards(&locale).unwrap();
        let Some((layout, variant)) = named(&keyboards.native.source) else { continue };
        let variant = if variant == "basic" { "" } else { variant };
        let groups: Vec<_> = Group::from_layouts_and_variants(layout, variant).collect();
        let keymap =
            Context::default().keymap_from_names(&mut Vec::<Diagnostic>::new(), None, None, Some(&groups), None);
        // Marks are as the input method turns them; two-set jamo are not in X11's file.
        let letters_only = matches!(locale.language(), "ja" | "zh");
        let level = |code: u32, level: usize| {
            let key = keymap.keys().find(|key| key.keycode() == Keycode::from_x11(code))?;
            let group = key.groups().next()??;
            let symbol = group.levels().nth(level)?.symbols().first().copied()?;
            Some(text(symbol)).filter(|text| !text.is_empty())
        };
        for (row, codes) in keyboards.native.rows.iter().zip(codes(&keyboards)) {
            for (key, code) in row.keys.iter().zip(codes) {
                for (at, ours) in key.iter().enumerate() {
                    let letter = ours.chars().all(|char| char.is_ascii_alphabetic());
                    let hangul = ours.chars().any(|char| ('ㄱ'..='ㅣ').contains(&char));
                    if ours.is_empty() || ours.chars().count() > 1 || hangul || letters_only && !letter {
                        continue;
                    }
                    let theirs = level(code, at).unwrap_or_default();
                    if !theirs.contains(ours.as_str()) {
                        wrong.push(format!(
                            "{locale} {layout}({variant}) key {code} level {}: `{ours}`, there `{theirs}`",
                            at + 1
                        ));
                    }
                }
                for at in [0, 1] {
                    let theirs = level(code, at).unwrap_or_default();
                    let ours = key.get(at).map_or("", String::as_str);
                    if keyboards.alphabet.contains(&theirs.to_lowercase()) && ours.is_empty() {
                        wrong.push(format!(
                            "{locale} {layout}({variant}) key {code} level {}: `{theirs}` is missing",
                            at + 1
                        ));
                    }
                }
            }
        }
        compared.insert(locale.to_string());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared.len() >= 37, "{compared:?}");
}
