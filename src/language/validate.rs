//! What must hold in a pack before anything uses it: every reference resolves, every placeholder is known, no text has a
//! line break, and every scenario has someone it can happen to. Counts and style are the business of the lint.

use std::collections::BTreeSet;

use super::fill::{check_slot, slots};
use super::knowledge::Telling;
use super::pack::{Form, Labels, Pack, Phrase, Style, phrase};
use super::people::{Partner, Person};
use super::phrasebook::{Role, Thread};
use super::scenario::Scenario;

/// What is wrong, as `list.id.field: what`: of each entry the first.
pub(super) fn faults(pack: &Pack) -> Vec<String> {
    let mut faults = Vec::new();
    let mut look = |found: Result<(), String>| faults.extend(found.err());
    look(unique("setting", pack.settings.iter().map(|entry| &entry.id)));
    look(unique("purpose", pack.purposes.iter().map(|entry| &entry.id)));
    look(unique("access", pack.access.iter().map(|entry| &entry.id)));
    look(unique("style", pack.styles.iter().map(|entry| &entry.id)));
    look(unique("length", pack.lengths.iter().map(|entry| &entry.id)));
    look(unique("person", pack.people.iter().map(|entry| &entry.id)));
    look(unique("partner", pack.partners.iter().map(|entry| &entry.id)));
    look(unique("scenario", pack.scenarios.iter().map(|entry| &entry.id)));
    look(unique("thread", pack.threads.iter().map(|entry| &entry.id)));
    let lists =
        [("setting", &pack.settings), ("purpose", &pack.purposes), ("time", &pack.times), ("mood", &pack.moods)];
    for (name, list) in lists {
        look(check_phrases(name, list));
    }
    look(check_labels(&pack.labels));
    pack.styles.iter().for_each(|style| look(check_style(pack, style)));
    look(check_styles(pack));
    pack.people.iter().for_each(|person| look(check_person(pack, person)));
    pack.partners.iter().for_each(|partner| look(check_partner(pack, partner)));
    pack.scenarios.iter().for_each(|scenario| look(check_scenario(pack, scenario)));
    pack.threads.iter().for_each(|thread| look(check_thread(pack, thread)));
    look(check_threads(pack));
    look(pack.knowledge.as_ref().and_then(Telling::fault).map_or(Ok(()), Err));
    faults
}

fn unique<'a>(list: &str, ids: impl Iterator<Item = &'a String>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if !seen.insert(id) {
            return Err(format!("{list}.{id}: this id is used twice"));
        }
    }
    if seen.is_empty() { Err(format!("{list}: the list is empty")) } else { Ok(()) }
}

fn check_phrases(name: &str, list: &[Phrase]) -> Result<(), String> {
    if list.is_empty() {
        return Err(format!("{name}: the list is empty"));
    }
    list.iter().try_for_each(|entry| one_line(&format!("{name}.{}.text", entry.id), &entry.text))
}

/// `place` is the field, as `scenario.id.text`.
fn one_line(place: &str, text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        Err(format!("{place}: a text is empty"))
    } else if text.contains(['\n', '\r', '\u{2028}', '\u{2029}']) {
        Err(format!("{place}: a text has a line break"))
    } else {
        Ok(())
    }
}

/// A line must belong to one label only, or a prompt could not be read back.
fn check_labels(labels: &Labels) -> Result<(), String> {
    let all = labels.all();
    for (at, label) in all.iter().enumerate() {
        one_line("labels", label)?;
        if let Some(other) = all.iter().enumerate().find(|(place, other)| *place != at && other.starts_with(*label)) {
            return Err(format!("labels: `{}` begins with `{label}`", other.1));
        }
    }
    Ok(())
}

fn check_style(pack: &Pack, style: &Style) -> Result<(), String> {
    let place = format!("style.{}", style.id);
    one_line(&format!("{place}.text"), &style.text)?;
    if style.gold.len() < 3 {
        return Err(format!("style.{}.gold: fewer than 3 gold examples", style.id));
    }
    if style.lengths.is_empty() {
        return Err(format!("style.{}.lengths: no length band", style.id));
    }
    if let Some(unknown) = style.lengths.iter().find(|id| pack.length(id).is_none()) {
        return Err(format!("style.{}.lengths: unknown length `{unknown}`", style.id));
    }
    for gold in &style.gold {
        [&gold.context, &gold.typed, &gold.intended]
            .into_iter()
            .try_for_each(|text| one_line(&format!("{place}.gold"), text))?;
    }
    if style.lengths.iter().filter_map(|id| pack.length(id)).all(|band| band.share == 0) {
        return Err(format!("style.{}.lengths: the shares of its lengths are all 0", style.id));
    }
    Ok(())
}

fn check_styles(pack: &Pack) -> Result<(), String> {
    for form in [Form::Full, Form::Plain, Form::Telegraphic, Form::Abbreviated] {
        if !pack.styles.iter().any(|style| style.form == form) {
            return Err(format!("style: none has the form {form:?}"));
        }
    }
    if pack.styles.iter().all(|style| style.share == 0) {
        return Err("style: every share is 0".to_owned());
    }
    Ok(())
}

fn check_person(pack: &Pack, person: &Person) -> Result<(), String> {
    one_line(&format!("person.{}", person.id), &person.line(&pack.text))?;
    if person.access.is_empty() {
        return Err(format!("person.{}.access: no access method", person.id));
    }
    if let Some(unknown) = person.access.iter().find(|id| pack.access(id).is_none()) {
        return Err(format!("person.{}.access: unknown access `{unknown}`", person.id));
    }
    Ok(())
}

fn check_partner(pack: &Pack, partner: &Partner) -> Result<(), String> {
    let texts = [
        ("relation", &partner.relation),
        ("patience", &partner.patience),
        ("experience", &partner.experience),
        ("habit", &partner.habit),
    ];
    for (field, text) in texts {
        let place = format!("partner.{}.{field}", partner.id);
        one_line(&place, text)?;
        check_text(pack, &place, text, false)?;
    }
    if let Some(unknown) = partner.of.iter().find(|id| !pack.people.iter().any(|person| person.id == **id)) {
        return Err(format!("partner.{}.of: unknown person `{unknown}`", partner.id));
    }
    Ok(())
}

fn check_scenario(pack: &Pack, scenario: &Scenario) -> Result<(), String> {
    let id = &scenario.id;
    let place = format!("scenario.{id}.text");
    one_line(&place, &scenario.text)?;
    check_text(pack, &place, &scenario.text, false)?;
    if phrase(&pack.purposes, &scenario.purpose).is_none() {
        return Err(format!("scenario.{id}.purpose: unknown purpose `{}`", scenario.purpose));
    }
    if phrase(&pack.settings, &scenario.setting).is_none() {
        return Err(format!("scenario.{id}.setting: unknown setting `{}`", scenario.setting));
    }
    if let Some(unknown) = scenario.times.iter().find(|id| phrase(&pack.times, id).is_none()) {
        return Err(format!("scenario.{id}.times: unknown time `{unknown}`"));
    }
    if let Some(unknown) = scenario.moods.iter().find(|id| phrase(&pack.moods, id).is_none()) {
        return Err(format!("scenario.{id}.moods: unknown mood `{unknown}`"));
    }
    let possible = |person| pack.partners.iter().any(|partner| scenario.fits(person, partner));
    if !pack.people.iter().any(possible) {
        return Err(format!("scenario.{id}: no person and partner it can happen to"));
    }
    Ok(())
}

fn check_thread(pack: &Pack, thread: &Thread) -> Result<(), String> {
    let id = &thread.id;
    let place = format!("thread.{id}.exchange");
    if thread.exchanges.is_empty() {
        return Err(format!("thread.{id}.exchange: no exchange"));
    }
    if let Some(unknown) = thread.purposes.iter().find(|id| phrase(&pack.purposes, id).is_none()) {
        return Err(format!("thread.{id}.purposes: unknown purpose `{unknown}`"));
    }
    if let Some(unknown) = thread.settings.iter().find(|id| phrase(&pack.settings, id).is_none()) {
        return Err(format!("thread.{id}.settings: unknown setting `{unknown}`"));
    }
    for exchange in &thread.exchanges {
        for text in [&exchange.telegraphic, &exchange.abbreviated, &exchange.intended, &exchange.reaction] {
            one_line(&place, text)?;
            check_text(pack, &place, text, true)?;
        }
        check_text(pack, &place, &exchange.partner, true)?;
    }
    Ok(())
}

fn check_threads(pack: &Pack) -> Result<(), String> {
    let anywhere = |role: Role| {
        let unlimited =
            |thread: &Thread| thread.purposes.is_empty() && thread.settings.is_empty() && thread.kinds.is_empty();
        pack.threads.iter().filter(move |thread| thread.role == role && unlimited(thread))
    };
    for by_aac in [true, false] {
        if !anywhere(Role::Open)
            .any(|thread| thread.exchanges.first().is_some_and(|first| first.partner.is_empty() == by_aac))
        {
            let who = if by_aac { "the person who uses AAC" } else { "the partner" };
            return Err(format!("thread: no opening by {who} that fits everywhere"));
        }
    }
    for (role, name) in [(Role::Body, "body"), (Role::Close, "close")] {
        if anywhere(role).next().is_none() {
            return Err(format!("thread: no {name} that fits everywhere"));
        }
    }
    Ok(())
}

fn check_text(pack: &Pack, place: &str, text: &str, lists: bool) -> Result<(), String> {
    if text.matches('{').count() != slots(text).len() || text.matches('}').count() != slots(text).len() {
        return Err(format!("{place}: a brace without its partner in `{text}`"));
    }
    for slot in slots(text) {
        let names = pack.lists.keys().map(String::as_str).filter(|_| lists);
        if let Some(wrong) = check_slot(slot, names) {
            return Err(format!("{place}: the placeholder {{{slot}}} {wrong}"));
        }
    }
    Ok(())
}
