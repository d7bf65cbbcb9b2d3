//! Reads what people say in every language pack with `lingua`, and prints by locale how much of it is read as its own language.
//!
//! `just langid`. It is built by hand only: its models take minutes to build and 140 MB. Faroese it does not know.

use std::collections::BTreeMap;

use aacorn::assets::Assets;
use aacorn::language::Languages;
use lingua::{IsoCode639_1, Language, LanguageDetectorBuilder};

/// Texts below this share of their own language are worth a look.
const LOOK_PERCENT: usize = 85;

fn main() -> aacorn::Result<()> {
    let languages = Languages::new(Assets::with_overrides("."));
    let detector = LanguageDetectorBuilder::from_all_languages().build();
    for locale in languages.locales() {
        let code = locale.language();
        let own = Language::all().into_iter().find(|language| language.iso_code_639_1().to_string() == code);
        let Some(own) = own else {
            println!("{locale}: cannot judge, the identifier does not know it");
            continue;
        };
        let pack = languages.pack(&locale)?;
        let said: Vec<&str> = pack
            .threads
            .iter()
            .flat_map(|thread| &thread.exchanges)
            .flat_map(|exchange| [exchange.intended.as_str(), exchange.reaction.as_str()])
            .filter(|text| !text.contains('{') && text.chars().count() >= 12)
            .collect();
        let mut read: BTreeMap<IsoCode639_1, Vec<&str>> = BTreeMap::new();
        for text in &said {
            if let Some(language) = detector.detect_language_of(*text) {
                read.entry(language.iso_code_639_1()).or_default().push(text);
            }
        }
        let right = read.get(&own.iso_code_639_1()).map_or(0, Vec::len);
        let share = right * 100 / said.len().max(1);
        let mark = if share < LOOK_PERCENT { "  <- look" } else { "" };
        println!("{locale}: {share} % of {} texts{mark}", said.len());
        let mut others: Vec<_> = read.into_iter().filter(|(language, _)| *language != own.iso_code_639_1()).collect();
        others.sort_by_key(|(_, texts)| std::cmp::Reverse(texts.len()));
        for (language, texts) in others.into_iter().take(2) {
            println!("    {} as {language}: {}", texts.len(), texts.iter().take(2).copied().collect::<Vec<_>>().join(" | "));
        }
    }
    Ok(())
}
