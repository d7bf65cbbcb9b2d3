//! The shape of the noise is that of the device: geometry, scan order and the mix of kinds; and it never changes unnoticed.
#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

use std::collections::BTreeMap;

use aacorn::assets::Assets;
use aacorn::augment::{Augmenter, Key, Workspace};
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
    (0..6000).map(move |at| {
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
