//! Requests per second: plan item, prompt, request line, metadata line. `cargo bench --bench generate`.

use std::sync::Arc;

use aacorn::assets::Assets;
use aacorn::dialect::JsonMode;
use aacorn::generate::{Amount, Options, generate};
use aacorn::language::Languages;
use aacorn::model::Provider;
use aacorn::progress::Silent;
use aacorn::recipe::{Planner, Prompter, Recipe, read_back};
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

const LOCALES: [&str; 3] = ["en-GB", "fr-FR", "ar-SA"];
const REQUESTS: u64 = 10_000;

/// Whole batch files, to a temporary folder, synced.
#[divan::bench(args = LOCALES, sample_count = 5, sample_size = 1)]
fn batch_files(bencher: Bencher, locale: &str) {
    let assets = Assets::embedded();
    let languages = Languages::new(assets.clone());
    let locales = languages.resolve(&[locale]).expect("a supported locale");
    bencher
        .counter(ItemsCount::new(REQUESTS))
        .with_inputs(|| tempfile::tempdir().expect("a temporary folder"))
        .bench_values(|out| {
            let options = Options {
                recipe: "aac".to_owned(),
                locales: locales.clone(),
                amount: Amount::More { num: REQUESTS, start: Some(0) },
                seed: 1,
                provider: Provider::OpenAi,
                service: aacorn::dialect::Service::openai(),
                model: None,
                params: serde_json::Map::new(),
                json_mode: JsonMode::Schema,
                knowledge: None,
                out: out.path().to_owned(),
                now: jiff::Timestamp::UNIX_EPOCH,
            };
            generate(&assets, &languages, &options, &Silent).expect("generated");
            out
        });
}

/// One plan item drawn, rendered, and read back.
#[divan::bench(args = LOCALES)]
fn plan_to_prompt_to_plan(bencher: Bencher, locale: &str) {
    let assets = Assets::embedded();
    let languages = Languages::new(assets.clone());
    let locale = languages.resolve(&[locale]).expect("a supported locale").remove(0);
    let recipe = Recipe::load(&assets, "aac").expect("the recipe");
    let pack = languages.pack(&locale).expect("its pack");
    let prompter = Prompter::new(&assets, &recipe, Arc::clone(&pack), &locale).expect("its templates");
    let mut planner = Planner::new(Arc::clone(&pack), &locale, &recipe, 1).expect("its plan");
    let (mut index, mut prompt) = (0, Vec::new());
    bencher.bench_local(|| {
        prompter.user(&planner.item(index), &mut prompt).expect("rendered");
        index += 1;
        read_back(std::str::from_utf8(&prompt).expect("UTF-8"), &pack).is_some()
    });
}
