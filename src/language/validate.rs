//! What must hold in a pack before anything uses it: every reference resolves, every placeholder is known, no text has a
//! line break, and every scenario has someone it can happen to. Counts and style are the business of the lint.

use std::collections::BTreeSet;

use super::fill::{check_slot, slots};
use super::knowledge::Telling;
use super::pack::{Form, Labels, Pack, Phrase, phrase};
use super::phrasebook::{Role, Thread};

/// The first thing that is wrong, as `list.id: what`.
pub(super) fn validate(pack: &Pack) -> Result<(), String> {
    unique("setting", pack.settings.iter().map(|entry| &entry.id))?;
    unique("purpose", pack.purposes.iter().map(|entry| &entry.id))?;
    unique("access", pack.access.iter().map(|entry| &entry.id))?;
    unique("style", pack.styles.iter().map(|entry| &entry.id))?;
    unique("length", pack.lengths.iter().map(|entry| &entry.id))?;
    unique("person", pack.people.iter().map(|entry| &entry.id))?;
    unique("partner", pack.partners.iter().map(|entry| &entry.id))?;
    unique("scenario", pack.scenarios.iter().map(|entry| &entry.id))?;
    unique("thread", pack.threads.iter().map(|entry| &entry.id))?;
    let lists =
        [("setting", &pack.settings), ("purpose", &pack.purposes), ("time", &pack.times), ("mood", &pack.moods)];
    for (name, list) in lists {
        check_phrases(name, list)?;
    }
    check_labels(&pack.labels)?;
    check_styles(pack)?;
    check_people(pack)?;
    check_scenarios(pack)?;
    check_threads(pack)?;
    pack.knowledge.as_ref().and_then(Telling::fault).map_or(Ok(()), Err)
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
    list.iter().try_for_each(|entry| one_line(&format!("{name}.{}", entry.id), &entry.text))
}

/// `place` is the entry, as `scenario.id`.
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

fn check_styles(pack: &Pack) -> Result<(), String> {
    for form in [Form::Full, Form::Plain, Form::Telegraphic, Form::Abbreviated] {
        if !pack.styles.iter().any(|style| style.form == form) {
            return Err(format!("style: none has the form {form:?}"));
        }
    }
    for style in &pack.styles {
        let place = format!("style.{}", style.id);
        one_line(&place, &style.text)?;
        if style.gold.len() < 3 {
            return Err(format!("style.{}: fewer than 3 gold examples", style.id));
        }
        if style.lengths.is_empty() {
            return Err(format!("style.{}: no length band", style.id));
        }
        if let Some(unknown) = style.lengths.iter().find(|id| pack.length(id).is_none()) {
            return Err(format!("style.{}: unknown length `{unknown}`", style.id));
        }
        for gold in &style.gold {
            [&gold.context, &gold.typed, &gold.intended].into_iter().try_for_each(|text| one_line(&place, text))?;
        }
    }
    if pack.styles.iter().all(|style| style.share == 0) {
        return Err("style: every share is 0".to_owned());
    }
    for style in &pack.styles {
        if style.lengths.iter().filter_map(|id| pack.length(id)).all(|band| band.share == 0) {
            return Err(format!("style.{}: the shares of its lengths are all 0", style.id));
        }
    }
    Ok(())
}

fn check_people(pack: &Pack) -> Result<(), String> {
    for person in &pack.people {
        one_line(&format!("person.{}", person.id), &person.line(&pack.text))?;
        if person.access.is_empty() {
            return Err(format!("person.{}: no access method", person.id));
        }
        if let Some(unknown) = person.access.iter().find(|id| pack.access(id).is_none()) {
            return Err(format!("person.{}: unknown access `{unknown}`", person.id));
        }
    }
    for partner in &pack.partners {
        let place = format!("partner.{}", partner.id);
        for text in [&partner.relation, &partner.patience, &partner.experience, &partner.habit] {
            one_line(&place, text)?;
            check_text(pack, &place, text, false)?;
        }
        if let Some(unknown) = partner.of.iter().find(|id| !pack.people.iter().any(|person| person.id == **id)) {
            return Err(format!("partner.{}: unknown person `{unknown}`", partner.id));
        }
    }
    Ok(())
}

fn check_scenarios(pack: &Pack) -> Result<(), String> {
    for scenario in &pack.scenarios {
        let id = &scenario.id;
        let place = format!("scenario.{id}");
        one_line(&place, &scenario.text)?;
        check_text(pack, &place, &scenario.text, false)?;
        if phrase(&pack.purposes, &scenario.purpose).is_none() {
            return Err(format!("scenario.{id}: unknown purpose `{}`", scenario.purpose));
        }
        if phrase(&pack.settings, &scenario.setting).is_none() {
            return Err(format!("scenario.{id}: unknown setting `{}`", scenario.setting));
        }
        if let Some(unknown) = scenario.times.iter().find(|id| phrase(&pack.times, id).is_none()) {
            return Err(format!("scenario.{id}: unknown time `{unknown}`"));
        }
        if let Some(unknown) = scenario.moods.iter().find(|id| phrase(&pack.moods, id).is_none()) {
            return Err(format!("scenario.{id}: unknown mood `{unknown}`"));
        }
        let possible = |person| pack.partners.iter().any(|partner| scenario.fits(person, partner));
        if !pack.people.iter().any(possible) {
            return Err(format!("scenario.{id}: no person and partner it can happen to"));
        }
    }
    Ok(())
}

fn check_threads(pack: &Pack) -> Result<(), String> {
    for thread in &pack.threads {
        let id = &thread.id;
        let place = format!("thread.{id}");
        if thread.exchanges.is_empty() {
            return Err(format!("thread.{id}: no exchange"));
        }
        if let Some(unknown) = thread.purposes.iter().find(|id| phrase(&pack.purposes, id).is_none()) {
            return Err(format!("thread.{id}: unknown purpose `{unknown}`"));
        }
        if let Some(unknown) = thread.settings.iter().find(|id| phrase(&pack.settings, id).is_none()) {
            return Err(format!("thread.{id}: unknown setting `{unknown}`"));
        }
        for exchange in &thread.exchanges {
            for text in [&exchange.telegraphic, &exchange.abbreviated, &exchange.intended, &exchange.reaction] {
                one_line(&place, text)?;
                check_text(pack, &place, text, true)?;
            }
            check_text(pack, &place, &exchange.partner, true)?;
        }
    }
    let anywhere = |role: Role| {
        let unlimited =
            |thread: &Thread| thread.purposes.is_empty() && thread.settings.is_empty() && thread.kinds.is_empty();
        pack.threads.iter().filter(move |thread| thread.role == role && unlimited(thread))
    };
    for by_aac in [true, false] {
        if !anywhere(Role::Open).any(|thread| thread.exchanges[0].partner.is_empty() == by_aac) {
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
