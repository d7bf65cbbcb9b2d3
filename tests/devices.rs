//! The shape of the noise is that of the device: geometry, scan order and the mix of kinds; and it never changes unnoticed.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

use std::collections::BTreeMap;

use aacorn::assets::Assets;
use aacorn::augment::{Augmenter, Key, Kind, Workspace};
use aacorn::language::{Keyboards, Languages};
use aacorn::model::Locale;

fn augmenter(code: &str) -> (Augmenter, Keyboards) {
    let languages = Languages::new(Assets::embedded());
    let locale = Locale::parse(code).unwrap();
    let keyboards = languages.keyboards(&locale).unwrap();
    let rules = languages.text_rules(&locale).unwrap();
    (Augmenter::new(&locale, &keyboards, &rules, &[], 1), keyboards)
}

/// Utterances of 20 graphemes and more that hold every letter about as often as the next.
fn utterances() -> impl Iterator<Item = String> {
    let words = [
        "quick", "brown", "foxes", "jumped", "over", "lazy", "dogs", "while", "wizards", "hex", "big", "sphinx", "my",
        "vows",
    ];
    (0..10_000).map(move |at| {
        (0..7).map(|word| words[(at * 5 + word * 3 + at / 14) % words.len()]).collect::<Vec<_>>().join(" ")
    })
}

/// Every logged (cause, src, tgt) at `severe` in a column, counted.
fn counted(code: &str, column: usize) -> BTreeMap<(String, String, String), f64> {
    let (augmenter, _) = augmenter(code);
    let mut workspace = Workspace::default();
    let mut counts = BTreeMap::new();
    for (turn, utterance) in (0..).zip(utterances()) {
        let variants = augmenter.variants(&utterance, Key { record: b"shape", turn }, &mut workspace);
        for edit in variants.log(column, 3) {
            let cause = serde_json::to_value(edit.cause).unwrap().as_str().unwrap().to_owned();
            *counts.entry((cause, edit.src, edit.tgt)).or_default() += 1.0;
        }
    }
    counts
}

fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let n = pairs.len() as f64;
    let (mx, my) = (pairs.iter().map(|p| p.0).sum::<f64>() / n, pairs.iter().map(|p| p.1).sum::<f64>() / n);
    let sum = |f: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(f).sum::<f64>();
    sum(&|p| (p.0 - mx) * (p.1 - my)) / (sum(&|p| (p.0 - mx).powi(2)) * sum(&|p| (p.1 - my).powi(2))).sqrt()
}

/// The share of touches aimed at (0, 0) that fall on the key at (x, y), by the midpoint rule.
fn mass(x: f64, y: f64) -> f64 {
    let spread: f64 = 0.284;
    let steps = 24;
    let at = |centre: f64, step: i32| centre - 0.5 + (f64::from(step) + 0.5) / f64::from(steps);
    let density = |x: f64, y: f64| (-(x * x + y * y) / (2.0 * spread * spread)).exp();
    (0..steps).flat_map(|i| (0..steps).map(move |j| (i, j))).map(|(i, j)| density(at(x, i), at(y, j))).sum()
}

#[test]
fn touch_confuses_keys_as_their_geometry_says() {
    let (_, keyboards) = augmenter("en-GB");
    let places: Vec<(String, f64, f64)> = keyboards
        .native
        .rows
        .iter()
        .zip(0..)
        .flat_map(|(row, y)| {
            row.keys.iter().zip(0..).map(move |(key, x)| (key[0].clone(), row.offset + f64::from(x), f64::from(y)))
        })
        .filter(|(char, ..)| char.chars().all(|char| char.is_ascii_lowercase()))
        .collect();
    let counts = counted("en-GB", 0);
    let mut pairs = Vec::new();
    for (from, fx, fy) in &places {
        let others = || places.iter().filter(|(to, ..)| to != from);
        let observed = |to: &String| counts.get(&("miss".to_owned(), from.clone(), to.clone())).copied().unwrap_or(0.0);
        let total: f64 = others().map(|(to, ..)| observed(to)).sum();
        let expected: f64 = others().map(|(_, x, y)| mass(x - fx, y - fy)).sum();
        if total == 0.0 {
            continue;
        }
        for (to, x, y) in others() {
            pairs.push((observed(to) / total, mass(x - fx, y - fy) / expected));
            assert!(observed(to) == 0.0 || (x - fx).hypot(y - fy) <= 1.8, "{from} became {to}");
        }
    }
    let r = correlation(&pairs);
    assert!(pairs.len() > 400 && r > 0.95, "r = {r} over {} pairs", pairs.len());
}

#[test]
fn scanning_confuses_neighbours_in_scan_order_and_never_touch_neighbours() {
    let (_, keyboards) = augmenter("en-GB");
    let rows = &keyboards.abc.rows;
    let place = |char: &str| {
        let name = if char == " " { "space" } else { char };
        rows.iter().enumerate().find_map(|(r, row)| Some((r, row.iter().position(|cell| cell == name)?))).unwrap()
    };
    for (cause, src, tgt) in counted("en-GB", 1).into_keys() {
        if src.is_empty() || tgt.is_empty() {
            continue;
        }
        let ((r, c), (to_r, to_c)) = (place(&src), place(&tgt));
        let next_row = (r as isize - to_r as isize).rem_euclid(rows.len() as isize);
        let length = rows[r].len() as isize;
        let next_cell = (c as isize - to_c as isize).rem_euclid(length);
        let adjacent = match cause.as_str() {
            "late_row" => next_row == rows.len() as isize - 1,
            "early_row" => next_row == 1,
            "late_cell" => r == to_r && next_cell == length - 1,
            "early_cell" => r == to_r && next_cell == 1,
            _ => false,
        };
        assert!(adjacent, "{cause}: {src} became {tgt}");
    }
}

#[test]
fn kinds_of_error_come_in_the_stated_mix() {
    let stated = [
        (
            0,
            vec![
                ("miss", 502.0),
                ("light_press", 244.0),
                ("extra_key", 143.0),
                ("bounce", 61.0),
                ("out_of_order", 50.0),
            ],
        ),
        (1, vec![("missed_selection", 180.0), ("repeated_selection", 100.0)]),
    ];
    for (column, shares) in stated {
        let counts = counted("en-GB", column);
        let total: f64 = counts.values().sum();
        for (cause, share) in shares {
            let of_cause: f64 = counts.iter().filter(|((other, ..), _)| other == cause).map(|(_, count)| count).sum();
            let found = of_cause / total * 100.0;
            assert!(
                (found - share / 10.0).abs() < 2.0,
                "{cause}: {found:.1} % of column {column}, stated {}",
                share / 10.0
            );
        }
    }
}

/// Sentences of 20 graphemes and more with frequent small words.
fn sentences() -> impl Iterator<Item = String> {
    let words = [
        "the", "doctor", "is", "coming", "and", "your", "brother", "will", "bring", "them", "for", "dinner", "there",
        "window",
    ];
    (0..10_000).map(move |at| {
        (0..8).map(|word| words[(at * 3 + word * 5 + at / 14) % words.len()]).collect::<Vec<_>>().join(" ")
    })
}

#[test]
fn every_profile_errs_in_its_stated_mix() {
    let languages = Languages::new(Assets::embedded());
    let locale = Locale::parse("en-GB").unwrap();
    let (keyboards, rules) = (languages.keyboards(&locale).unwrap(), languages.text_rules(&locale).unwrap());
    let all = aacorn::augment::profiles(&Assets::embedded()).unwrap();
    let fitting: Vec<_> = all.into_iter().filter(|profile| profile.fits(&locale, &keyboards).is_ok()).collect();
    assert!(fitting.len() >= 6);
    let augmenter = Augmenter::new(&locale, &keyboards, &rules, &fitting, 1);
    let mut counts: Vec<BTreeMap<Kind, f64>> = vec![BTreeMap::new(); augmenter.devices().len()];
    let mut workspace = Workspace::default();
    for (turn, utterance) in (0..).zip(sentences()) {
        let variants = augmenter.variants(&utterance, Key { record: b"mix", turn }, &mut workspace);
        for (column, counts) in counts.iter_mut().enumerate() {
            for kind in variants.kinds(column, 3) {
                *counts.entry(kind).or_default() += 1.0;
            }
        }
    }
    let mut wrong = Vec::new();
    for (device, counts) in augmenter.devices().iter().zip(&counts) {
        let total: f64 = counts.values().sum();
        for (kind, stated) in device.mix().shares() {
            let found = counts.get(&kind).copied().unwrap_or_default() / total * 100.0;
            let stated = f64::from(stated) / 10.0;
            if (found - stated).abs() >= 2.0 {
                wrong.push(format!("{:?} {:?} {kind:?}: {found:.1} %, stated {stated}", device.layout, device.access));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_flick_goes_to_a_neighbouring_key_or_another_side_of_its_own() {
    let languages = Languages::new(Assets::embedded());
    let locale = Locale::parse("ja-JP").unwrap();
    let (keyboards, rules) = (languages.keyboards(&locale).unwrap(), languages.text_rules(&locale).unwrap());
    let flick = aacorn::augment::named_profiles(&Assets::embedded(), &["flick".to_owned()]).unwrap();
    let augmenter = Augmenter::new(&locale, &keyboards, &rules, &flick, 1);
    let table = keyboards.flick.as_ref().unwrap();
    let place = |kana: &str| {
        let rows = table.rows.iter().enumerate();
        let mut keys = rows.flat_map(|(r, row)| row.iter().enumerate().map(move |(c, key)| (r, c, key)));
        keys.find_map(|(r, c, key)| Some((r, c, key.iter().position(|other| other == kana)?))).unwrap()
    };
    let plain = [
        "あ", "い", "う", "え", "お", "か", "き", "く", "け", "こ", "な", "に", "ぬ", "ね", "の", "ま", "み", "む",
        "め", "も",
    ];
    let mut workspace = Workspace::default();
    let mut causes = BTreeMap::new();
    for turn in 0..2000usize {
        let utterance: String = (0..20).map(|at| plain[(turn * 7 + at * 3 + at * at) % plain.len()]).collect();
        let variants = augmenter.variants(&utterance, Key { record: b"flick", turn: turn as u32 }, &mut workspace);
        for edit in variants.log(3, 3) {
            let cause = serde_json::to_value(edit.cause).unwrap().as_str().unwrap().to_owned();
            if edit.src.chars().count() == 1 && edit.tgt.chars().count() == 1 && plain.contains(&edit.tgt.as_str()) {
                let ((r, c, d), (to_r, to_c, to_d)) = (place(&edit.src), place(&edit.tgt));
                let apart = r.abs_diff(to_r) + c.abs_diff(to_c);
                match cause.as_str() {
                    "miss" => assert!(d == to_d && (1..=2).contains(&apart), "{edit:?}"),
                    "short_flick" => assert!(apart == 0 && d > 0 && to_d == 0, "{edit:?}"),
                    "stray_flick" => {
                        assert!(apart == 0 && to_d > 0 && (d == 0 || (d + to_d) % 2 == 1), "{edit:?}");
                    }
                    _ => {}
                }
            }
            *causes.entry(cause).or_insert(0u32) += 1;
        }
    }
    let seen: Vec<&str> = causes.keys().map(String::as_str).collect();
    for cause in ["miss", "short_flick", "stray_flick", "missed_mark", "light_press", "bounce", "extra_key"] {
        assert!(seen.contains(&cause), "{causes:?}");
    }
}

#[test]
fn the_same_name_gives_the_same_noise_for_ever() {
    let cases = [
        ("en-GB", "I need my glasses please"),
        ("el-GR", "θέλω λίγο νερό"),
        ("ar-SA", "أبغى موية لو سمحت"),
        ("ko-KR", "물 좀 주세요"),
        ("ja-JP", "水がほしいです"),
        ("zh-CN", "请帮我把电视关掉"),
    ];
    let mut found = String::new();
    for (code, utterance) in cases {
        let (augmenter, _) = augmenter(code);
        let mut workspace = Workspace::default();
        let variants = augmenter.variants(utterance, Key { record: b"golden", turn: 2 }, &mut workspace);
        for column in 0..3 {
            found += &format!("{code} {column} {} | {}\n", variants.text(column, 1), variants.text(column, 3));
        }
    }
    let golden = include_str!("golden/noise.txt");
    assert!(found == golden, "the noise has changed; if that is meant, this is the new golden/noise.txt:\n{found}");
}
