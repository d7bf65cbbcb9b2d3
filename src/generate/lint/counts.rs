//! Enough of everything, in the right proportions. The figures are those of `languages/README.md`.

use std::collections::BTreeSet;

use super::{Findings, Subject};
use crate::Result;
use crate::language::{Domain, Opens, Pack, Phrase, Role};

const PURPOSES: [&str; 16] = [
    "needs",
    "instructing",
    "clarifying",
    "closeness",
    "opinion",
    "humour",
    "refusal",
    "repair",
    "work",
    "phone",
    "money",
    "conflict",
    "ignored",
    "planning",
    "storytelling",
    "asking",
];
const TIMES: [&str; 5] = ["morning", "midday", "afternoon", "evening", "night"];
const ACCESS: [&str; 7] = ["touch", "keyboard", "keyguard", "head_mouse", "eye_gaze", "scanning", "spelling_board"];

pub(super) fn check(subject: &Subject<'_>, findings: &mut Findings<'_>) -> Result<()> {
    let pack = subject.pack;
    let exchanges: usize = pack.threads.iter().map(|thread| thread.exchanges.len()).sum();
    let own = subject.languages.own_scenarios(subject.locale)?;
    for (what, there, wanted) in [
        ("scenarios", pack.scenarios.len(), 35),
        ("scenarios of the region's own", own, 5),
        ("people who use AAC", pack.people.len(), 16),
        ("partners", pack.partners.len(), 14),
        ("threads", pack.threads.len(), 24),
        ("exchanges", exchanges, 60),
        ("settings", pack.settings.len(), 12),
        ("moods", pack.moods.len(), 8),
        ("length bands", pack.lengths.len(), 4),
        ("function words", pack.text.function_words.len(), 30),
    ] {
        if there < wanted {
            findings.add(what, format!("{there}, and {wanted} are wanted"));
        }
    }
    for list in ["food", "drink", "place", "day", "show"] {
        let there = pack.lists.get(list).map_or(0, Vec::len);
        if there < if list == "day" { 7 } else { 8 } {
            findings.add(format!("lists.{list}"), format!("{there} entries, and 8 are wanted"));
        }
    }
    ids("purpose", &PURPOSES, pack.purposes.iter().map(|it| it.id.as_str()), findings);
    ids("time", &TIMES, pack.times.iter().map(|it| it.id.as_str()), findings);
    ids("access", &ACCESS, pack.access.iter().map(|it| it.id.as_str()), findings);
    for style in pack.styles.iter().filter(|style| style.gold.len() < 8) {
        findings.add(format!("style.{}", style.id), format!("{} gold examples, and 8 are wanted", style.gold.len()));
    }
    if pack.knowledge.is_none() {
        findings.add("knowledge", "knowledge.toml is missing: how topics from knowledge files are told");
    }
    people(pack, findings);
    scenarios(pack, findings);
    threads(pack, findings);
    Ok(())
}

fn ids<'a>(list: &str, wanted: &[&str], there: impl Iterator<Item = &'a str>, findings: &mut Findings<'_>) {
    let there: BTreeSet<&str> = there.collect();
    for id in wanted.iter().filter(|id| !there.contains(*id)) {
        findings.add(list, format!("`{id}` is missing"));
    }
}

fn people(pack: &Pack, findings: &mut Findings<'_>) {
    let older = pack.people.iter().filter(|person| (50..=75).contains(&person.age)).count();
    if older * 2 < pack.people.len() {
        findings.add("person", format!("{older} of {} are between 50 and 75; most should be", pack.people.len()));
    }
    for person in &pack.people {
        let place = || format!("person.{}", person.id);
        if !(28..=85).contains(&person.age) {
            findings.add(place(), format!("age {}; 28 to 85 is wanted", person.age));
        }
        let partners = pack.partners.iter().filter(|partner| partner.fits(person)).count();
        if partners < 5 {
            findings.add(place(), format!("{partners} possible partners, and 5 are wanted"));
        }
    }
}

fn scenarios(pack: &Pack, findings: &mut Findings<'_>) {
    let all = pack.scenarios.len();
    let health = pack.scenarios.iter().filter(|scenario| scenario.domain == Domain::Health).count();
    if health * 2 > all {
        findings.add("scenario", format!("{health} of {all} are about health; at most half should be"));
    }
    let by_aac = pack.scenarios.iter().filter(|scenario| scenario.opens == Opens::Aac).count();
    if by_aac * 3 < all {
        findings.add("scenario", format!("{by_aac} of {all} open with `aac`; a third is wanted"));
    }
    for Phrase { id, .. } in &pack.purposes {
        if !pack.scenarios.iter().any(|scenario| scenario.purpose == *id) {
            findings.add("scenario", format!("none has the purpose `{id}`"));
        }
    }
}

fn threads(pack: &Pack, findings: &mut Findings<'_>) {
    let of = |role| pack.threads.iter().filter(move |thread| thread.role == role);
    let by_aac = of(Role::Open).filter(|thread| thread.exchanges[0].partner.is_empty()).count();
    let unlimited = of(Role::Body)
        .filter(|thread| thread.purposes.is_empty() && thread.settings.is_empty() && thread.kinds.is_empty())
        .count();
    for (what, there, wanted) in [
        ("openings", of(Role::Open).count(), 4),
        ("openings by the person who uses AAC", by_aac, 2),
        ("closes", of(Role::Close).count(), 4),
        ("bodies without limits", unlimited, 4),
    ] {
        if there < wanted {
            findings.add("thread", format!("{there} {what}, and {wanted} are wanted"));
        }
    }
    for Phrase { id, .. } in &pack.purposes {
        let serving = of(Role::Body).filter(|thread| thread.purposes.contains(id)).count();
        if serving < 2 {
            findings.add("thread", format!("{serving} bodies serve the purpose `{id}`, and 2 are wanted"));
        }
    }
}
