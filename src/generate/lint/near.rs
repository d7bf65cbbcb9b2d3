//! No text is nearly another: near-duplicates within a pack, and names copied from one language into another.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use super::{Findings, Subject};
use crate::language::Pack;

/// Two texts that share this many of their trigrams, in percent of all that either has, say the same in other words.
const NEAR_PERCENT: usize = 55;
/// Texts with fewer trigrams than this are too short for a comparison to mean anything.
const MIN_TRIGRAMS: usize = 12;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let pack = subject.pack;
    near("scenario", pack.scenarios.iter().map(|it| (it.id.as_str(), it.text.as_str())), findings);
    let exchanges = pack.threads.iter().flat_map(|thread| {
        thread.exchanges.iter().map(move |exchange| (thread.id.as_str(), exchange.intended.as_str()))
    });
    near("thread", exchanges, findings);
    names(subject, findings);
}

fn near<'a>(list: &str, texts: impl Iterator<Item = (&'a str, &'a str)>, findings: &mut Findings<'_>) {
    let texts: Vec<(&str, &str, Vec<u64>)> = texts.map(|(id, text)| (id, text, trigrams(text))).collect();
    for (at, (id, text, grams)) in texts.iter().enumerate() {
        let nearest = texts[..at].iter().find(|(.., others)| percent_shared(grams, others) >= NEAR_PERCENT);
        if let Some((other_id, other, _)) = nearest {
            findings.add(format!("{list}.{id}"), format!("nearly the same as {list}.{other_id}: `{text}`, `{other}`"));
        }
    }
}

/// The different trigrams of the letters and digits of a text, sorted, each packed into one number.
fn trigrams(text: &str) -> Vec<u64> {
    let letters: Vec<u64> =
        text.nfkc().flat_map(char::to_lowercase).filter(|char| char.is_alphanumeric()).map(u64::from).collect();
    let mut grams: Vec<u64> = letters.windows(3).map(|gram| gram[0] << 42 | gram[1] << 21 | gram[2]).collect();
    grams.sort_unstable();
    grams.dedup();
    grams
}

fn percent_shared(one: &[u64], other: &[u64]) -> usize {
    let (short, long) = (one.len().min(other.len()), one.len().max(other.len()));
    if short < MIN_TRIGRAMS || short * 100 < long * NEAR_PERCENT {
        return 0;
    }
    let shared = one.iter().filter(|gram| other.binary_search(gram).is_ok()).count();
    shared * 100 / (one.len() + other.len() - shared)
}

/// Names that another language's people have too were copied, not found.
fn names(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let language = subject.locale.language();
    let mut taken: BTreeMap<String, String> = BTreeMap::new();
    for locale in subject.languages.locales().into_iter().filter(|locale| locale.language() != language) {
        if let Ok(pack) = subject.languages.pack(&locale) {
            taken.extend(all(&pack).map(|(_, name)| (name.to_owned(), locale.to_string())));
        }
    }
    for (place, name) in all(subject.pack) {
        if let Some(other) = taken.get(name) {
            findings.add(place, format!("`{name}` is also the name of somebody in {other}"));
        }
    }
}

/// Full names, of two words or more; in scripts without spaces any name.
fn all(pack: &Pack) -> impl Iterator<Item = (String, &str)> {
    let spaced = !pack.text.word_separator.is_empty();
    let people = pack.people.iter().map(|it| (format!("person.{}", it.id), it.name.as_str()));
    let partners = pack.partners.iter().map(|it| (format!("partner.{}", it.id), it.name.as_str()));
    people.chain(partners).filter(move |(_, name)| !spaced || name.contains(' '))
}
