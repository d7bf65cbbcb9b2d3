//! Texts: each once, in the language's own script, free of English, typable on its own keyboard.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::{UnicodeNormalization, is_nfc};
use unicode_segmentation::UnicodeSegmentation;

use super::{Findings, Subject};
use crate::language::{Identified, Keyboards, Pack, identify};

/// Small English words that stand in no other language's text, unless its own function words hold them.
const ENGLISH: [&str; 14] =
    ["the", "and", "with", "you", "your", "what", "when", "where", "this", "that", "have", "from", "they", "would"];

/// Words that the plan's placeholders of other tools would leave behind.
const LEFTOVERS: [&str; 4] = ["PersonX", "PersonY", "personX", "___"];

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let pack = subject.pack;
    let texts = all_texts(pack);
    for (place, text) in &texts {
        if !is_nfc(text) {
            findings.add(place, format!("`{text}` is not in normal form C"));
        }
        if let Some(leftover) = LEFTOVERS.iter().find(|leftover| text.contains(**leftover)) {
            findings.add(place, format!("`{leftover}` stands in `{text}`"));
        }
        if subject.locale.language() != "en"
            && let Some(word) = english(text, pack)
        {
            findings.add(place, format!("the English word `{word}` stands in `{text}`"));
        }
        if let Some(word) = foreign(text, &pack.text.script) {
            findings.add(place, format!("`{word}` is not in the script {} in `{text}`", pack.text.script));
        }
    }
    distinct(pack, findings);
    language(subject, findings);
    // Chinese is typed by its pinyin, Japanese by the readings that its pack carries.
    if !matches!(pack.text.script.as_str(), "Hans" | "Jpan") {
        typable(pack, subject.keyboards, findings);
    }
}

/// The phrasebook read by an identifier that knows most of the languages.
fn language(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    let said = subject.pack.threads.iter().flat_map(|thread| &thread.exchanges);
    let said: Vec<String> = said.map(|it| outside_slots(&format!("{} {}", it.intended, it.reaction))).collect();
    match identify(&said.join(" "), subject.locale.language()) {
        Identified::Same => {}
        Identified::Other { language, .. } => {
            findings.add("phrasebook", format!("its language reads as `{language}`"));
        }
        Identified::CannotJudge => {
            findings.note("phrasebook", "cannot judge: the identifier of languages does not know this one");
        }
    }
}

/// Every text of the pack that people say or type, or that a prompt shows, with its place.
fn all_texts(pack: &Pack) -> Vec<(String, &str)> {
    let mut texts: Vec<(String, &str)> = Vec::new();
    for (list, phrases) in
        [("setting", &pack.settings), ("purpose", &pack.purposes), ("time", &pack.times), ("mood", &pack.moods)]
    {
        texts.extend(phrases.iter().map(|phrase| (format!("{list}.{}", phrase.id), phrase.text.as_str())));
    }
    texts.extend(pack.access.iter().map(|it| (format!("access.{}", it.id), it.text.as_str())));
    texts.extend(pack.lengths.iter().map(|it| (format!("length.{}", it.id), it.text.as_str())));
    texts.extend(pack.scenarios.iter().map(|it| (format!("scenario.{}", it.id), it.text.as_str())));
    texts.extend(pack.labels.all().map(|label| ("labels".to_owned(), label)));
    for style in &pack.styles {
        let place = format!("style.{}", style.id);
        texts.push((place.clone(), &style.text));
        for gold in &style.gold {
            texts.extend([&gold.context, &gold.typed, &gold.intended].map(|text| (place.clone(), text.as_str())));
        }
    }
    for person in &pack.people {
        let facts = [&person.work, &person.family, &person.interests, &person.register, &person.stage, &person.speech];
        let more = [&person.equipment, &person.literacy];
        texts.extend(facts.into_iter().chain(more).map(|text| (format!("person.{}", person.id), text.as_str())));
    }
    for partner in &pack.partners {
        let facts = [&partner.relation, &partner.patience, &partner.experience, &partner.habit];
        texts.extend(facts.map(|text| (format!("partner.{}", partner.id), text.as_str())));
    }
    for (list, entries) in &pack.lists {
        texts.extend(entries.iter().map(|entry| (format!("lists.{list}"), entry.as_str())));
    }
    for thread in &pack.threads {
        for exchange in &thread.exchanges {
            let said = [&exchange.partner, &exchange.telegraphic, &exchange.abbreviated];
            let meant = [&exchange.intended, &exchange.reaction];
            texts.extend(said.into_iter().chain(meant).map(|text| (format!("thread.{}", thread.id), text.as_str())));
        }
    }
    texts.retain(|(_, text)| !text.is_empty());
    texts
}

/// The text outside its placeholders, where names and ids are not of the language.
fn outside_slots(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut depth = 0u32;
    for char in text.chars() {
        match char {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            other if depth == 0 => kept.push(other),
            _ => {}
        }
    }
    kept
}

fn english(text: &str, pack: &Pack) -> Option<&'static str> {
    let text = outside_slots(text).to_lowercase();
    let words: BTreeSet<&str> = text.split(|char: char| !char.is_alphanumeric() && char != '\'').collect();
    ENGLISH.into_iter().find(|word| words.contains(word) && !pack.text.function_words.iter().any(|own| own == word))
}

/// A word of Latin letters in a text of another script; names of things in capitals (SMS) or with a capital are left alone.
fn foreign(text: &str, script: &str) -> Option<String> {
    if script == "Latn" {
        return None;
    }
    let text = outside_slots(text);
    text.split(|char: char| !char.is_ascii_alphabetic())
        .find(|word| word.len() > 1 && word.starts_with(|char: char| char.is_ascii_lowercase()))
        .map(str::to_owned)
}

fn distinct(pack: &Pack, findings: &mut Findings<'_>) {
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    let mut once = |place: String, text: &str| {
        let key: String = text.nfkc().flat_map(char::to_lowercase).filter(|char| char.is_alphanumeric()).collect();
        match seen.get(&key) {
            Some(first) => findings.add(place, format!("says the same as {first}: `{text}`")),
            None => {
                seen.insert(key, place);
            }
        }
    };
    for scenario in &pack.scenarios {
        once(format!("scenario.{}", scenario.id), &scenario.text);
    }
    for thread in &pack.threads {
        for exchange in &thread.exchanges {
            once(format!("thread.{}", thread.id), &exchange.intended);
        }
    }
    for thread in &pack.threads {
        for exchange in &thread.exchanges {
            for typed in [&exchange.telegraphic, &exchange.abbreviated] {
                if length(typed) > length(&exchange.intended) {
                    let place = format!("thread.{}", thread.id);
                    findings.add(place, format!("typed is longer than intended: `{typed}`, `{}`", exchange.intended));
                }
                if *typed == exchange.intended {
                    findings
                        .add(format!("thread.{}", thread.id), format!("typed and intended are the same: `{typed}`"));
                }
            }
        }
    }
}

/// Length in graphemes, each placeholder as long as the longer of its forms, a name or a drawn word as five.
fn length(text: &str) -> usize {
    let graphemes = |text: &str| text.graphemes(true).count();
    let mut parts = text.split('{');
    let before = graphemes(parts.next().unwrap_or_default());
    let slots = parts.map(|part| {
        let (slot, after) = part.split_once('}').unwrap_or((part, ""));
        let forms = slot.split_once(':').and_then(|(_, forms)| forms.split('|').map(graphemes).max());
        forms.unwrap_or(5) + graphemes(after)
    });
    before + slots.sum::<usize>()
}

/// Letters that no key of the native layout gives, directly or through a dead key.
fn typable(pack: &Pack, keyboards: &Keyboards, findings: &mut Findings<'_>) {
    let native = &keyboards.native;
    let mut keys: BTreeSet<String> = native.rows.iter().flat_map(|row| row.keys.iter().flatten().cloned()).collect();
    keys.extend(native.dead.values().flat_map(|made| made.values().cloned()));
    let capitals: Vec<String> = keys.iter().map(|key| key.to_uppercase()).collect();
    keys.extend(capitals);
    for (place, text) in all_texts(pack).into_iter().filter(|(place, _)| place.starts_with("thread.")) {
        let missing = outside_slots(text).nfc().find(|char| char.is_alphabetic() && !reachable(*char, &keys));
        if let Some(letter) = missing {
            findings.add(place, format!("no key of {} gives `{letter}` in `{text}`", native.name));
        }
    }
}

/// Whether a character is on a key, or is made of what keys give: a letter and its mark, a Hangul syllable of its jamo.
fn reachable(char: char, keys: &BTreeSet<String>) -> bool {
    let on_a_key = |char: char| keys.contains(char.encode_utf8(&mut [0; 4]) as &str);
    let parts = || std::iter::once(char).nfd();
    let hangul = ('가'..='힣').contains(&char) && keys.contains("ㅏ");
    on_a_key(char) || hangul || (parts().count() > 1 && parts().all(on_a_key))
}
