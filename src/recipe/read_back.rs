//! The way back: from a prompt to the plan item it was made of, by the pack's own labels.
//!
//! The offline engine knows nothing but the prompt, as a provider would.

use std::collections::HashMap;

use super::knowledge::Told;
use super::plan::{PlanItem, Speaker, Topic};
use super::prompt::language_line;
use crate::language::{Cast, Languages, Pack, Phrase, fill};
use crate::model::Locale;

/// The locale of a prompt: the code in parentheses at the end of one of its lines, where that line is the language line of
/// the code's own pack.
#[must_use]
pub fn locale_of(prompt: &str, languages: &Languages) -> Option<Locale> {
    prompt.lines().map(str::trim_end).find_map(|line| {
        let code = line.strip_suffix(')')?.rsplit_once('(')?.1;
        let locale = Locale::parse(code)?;
        let pack = languages.pack(&locale).ok()?;
        (line == format!("{}{}", pack.labels.language, language_line(&pack, &locale))).then_some(locale)
    })
}

/// The plan item that `prompt` was rendered from, or `None` when a line is missing or says what the pack does not.
#[must_use]
pub fn read_back<'p>(prompt: &str, pack: &'p Pack) -> Option<PlanItem<'p>> {
    let slots = slots(prompt, pack);
    let slot = |label: &str| slots.get(label).copied();
    let labels = &pack.labels;
    let person = slot(&labels.person).and_then(|line| pack.people.iter().find(|it| it.line(&pack.text) == line))?;
    let partner =
        slot(&labels.partner).and_then(|line| pack.partners.iter().find(|it| it.line(&pack.text, person) == line))?;
    let cast = Cast { person, partner };
    let topic = topic(slot(&labels.scenario)?, pack, cast)?;
    let style = slot(&labels.style).and_then(|text| pack.styles.iter().find(|it| it.text == text))?;
    let opens = match slot(&labels.opens)? {
        name if name == person.call => Speaker::Aac,
        name if name == partner.call => Speaker::Partner,
        _ => return None,
    };
    let examples = examples(prompt, pack, style)?;
    Some(PlanItem {
        topic,
        setting: phrase(&pack.settings, slot(&labels.setting)?)?,
        purpose: phrase(&pack.purposes, slot(&labels.purpose)?)?,
        time: phrase(&pack.times, slot(&labels.time)?)?,
        mood: phrase(&pack.moods, slot(&labels.mood)?)?,
        person,
        partner,
        access: slot(&labels.access).and_then(|text| pack.access.iter().find(|it| it.text == text))?,
        style,
        length: slot(&labels.length).and_then(|text| pack.lengths.iter().find(|it| it.text == text))?,
        opens,
        turns: slot(&labels.turns)?.parse().ok()?,
        examples,
    })
}

/// What a conversation is about: a scenario of the pack, or an event as its language tells it.
fn topic<'p>(line: &str, pack: &'p Pack, cast: Cast<'_>) -> Option<Topic<'p>> {
    let scenario = pack.scenarios.iter().find(|it| fill(&it.text, cast, &[]) == line).map(Topic::Scenario);
    scenario.or_else(|| {
        let told = pack.knowledge.as_ref()?.tells(line);
        told.then(|| Topic::Event(Told { text: line.to_owned(), event: None }))
    })
}

/// What stands behind each label at the start of a line; the first line of a label counts.
fn slots<'a>(prompt: &'a str, pack: &'a Pack) -> HashMap<&'a str, &'a str> {
    let labels = &pack.labels;
    let known = [
        &labels.scenario,
        &labels.setting,
        &labels.time,
        &labels.purpose,
        &labels.mood,
        &labels.person,
        &labels.partner,
        &labels.access,
        &labels.opens,
        &labels.style,
        &labels.length,
        &labels.turns,
    ];
    let mut found = HashMap::with_capacity(known.len());
    for line in prompt.lines() {
        for label in known {
            if let Some(value) = line.strip_prefix(label.as_str()) {
                found.entry(label.as_str()).or_insert(value.trim_end());
            }
        }
    }
    found
}

fn examples<'p, const N: usize>(
    prompt: &str,
    pack: &Pack,
    style: &'p crate::language::Style,
) -> Option<[&'p crate::language::Gold; N]> {
    let mut contexts = prompt.lines().filter_map(|line| line.strip_prefix(pack.labels.context.as_str()));
    let mut typed = prompt.lines().filter_map(|line| line.strip_prefix(pack.labels.typed.as_str()));
    let mut found = Vec::with_capacity(N);
    for _ in 0..N {
        let (context, typed) = (contexts.next()?.trim_end(), typed.next()?.trim_end());
        found.push(style.gold.iter().find(|gold| gold.context == context && gold.typed == typed)?);
    }
    found.try_into().ok()
}

fn phrase<'p>(phrases: &'p [Phrase], text: &str) -> Option<&'p Phrase> {
    phrases.iter().find(|phrase| phrase.text == text)
}
