//! Variants a second: one utterance at a time through the core, with and without its edit logs.
//!
//! `cargo bench --bench augment`. Data: lines of `$AACORN_BENCH_DATA` (JSON Lines of conversations), else made here.
#![allow(clippy::unwrap_used, reason = "a benchmark stops at what it did not expect")]

use aacorn::assets::Assets;
use aacorn::augment::{Augmenter, Key, Workspace};
use aacorn::language::Languages;
use aacorn::model::Locale;
use divan::Bencher;
use divan::counter::ItemsCount;

/// The utterance of 39 characters by which tools are compared.
const COMPARED: &str = "could you turn the heating up a bit now";

fn main() {
    divan::main();
}

fn augmenter(code: &str) -> Augmenter {
    let languages = Languages::new(Assets::embedded());
    let locale = Locale::parse(code).unwrap();
    Augmenter::new(&locale, &languages.keyboards(&locale).unwrap(), &languages.text_rules(&locale).unwrap(), &[], 1)
}

fn utterances(code: &str) -> Vec<String> {
    if let Ok(path) = std::env::var("AACORN_BENCH_DATA") {
        let text = std::fs::read_to_string(path).unwrap();
        let records = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let typed = records.flat_map(|record| record["conversation"].as_array().cloned().unwrap_or_default());
        return typed
            .filter(|turn| turn["is_aac_user"] == true)
            .filter_map(|turn| turn["utterance"].as_str().map(str::to_owned))
            .collect();
    }
    let languages = Languages::new(Assets::embedded());
    let rules = languages.text_rules(&Locale::parse(code).unwrap()).unwrap();
    let words = &rules.function_words;
    let sentence =
        |at: usize| (0..5).map(|word| words[(at * 7 + word * 11) % words.len()].as_str()).collect::<Vec<_>>();
    (0..500).map(|at| sentence(at).join(&rules.word_separator)).collect()
}

/// All twelve variants of each utterance, exactness verified.
#[divan::bench(args = ["en-GB", "ar-SA", "ja-JP", "ko-KR", "zh-CN"])]
fn twelve_variants(bencher: Bencher<'_, '_>, code: &str) {
    let (augmenter, utterances) = (augmenter(code), utterances(code));
    let mut workspace = Workspace::default();
    let mut text = Vec::new();
    bencher.counter(ItemsCount::new(12 * utterances.len())).bench_local(|| {
        for (turn, utterance) in (0..).zip(&utterances) {
            let variants = augmenter.variants(utterance, Key { record: b"bench", turn }, &mut workspace);
            for column in 0..3 {
                for severity in 0..4 {
                    text.clear();
                    variants.write(column, severity, &mut text);
                }
            }
        }
        text.len()
    });
}

/// One utterance of 39 characters at 15 %, verified, with its edit log.
#[divan::bench]
fn one_variant_with_its_log(bencher: Bencher<'_, '_>) {
    let augmenter = augmenter("en-GB");
    let mut workspace = Workspace::default();
    let mut turn = 0;
    bencher.counter(ItemsCount::new(1u32)).bench_local(|| {
        turn += 1;
        let variant = augmenter.variant(COMPARED, Key { record: b"bench", turn }, 0, 1, &mut workspace);
        (variant.text(0, 1), variant.log(0, 1))
    });
}
