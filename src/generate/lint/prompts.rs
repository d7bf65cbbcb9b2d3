//! Prompts: they render, every slot has its line, and the plan item can be read back from them.

use std::sync::Arc;

use super::Findings;
use crate::assets::{Assets, Folder};
use crate::language::{Cast, Pack};
use crate::model::Locale;
use crate::recipe::{Planner, Prompter, Recipe, language_line, read_back};

/// Plan items that are rendered and read back.
const ITEMS: u64 = 120;

/// Templates in which nothing is written yet but slots and comments.
pub(super) fn written(
    assets: &Assets,
    recipe: &Recipe,
    locale: &Locale,
    findings: &mut Findings<'_>,
) -> crate::Result<()> {
    for file in ["system.tera", "user.tera"] {
        let path = format!("{}/{}/{file}", recipe.name, locale.language());
        let what = match assets.read(Folder::Templates, &path)? {
            None => "it is not there",
            Some(text) if !says_something(&text) => "nothing is written in it yet",
            Some(_) => continue,
        };
        findings.add(format!("templates/{path}"), what);
    }
    Ok(())
}

/// Whether a template has a letter outside of its tags and comments.
fn says_something(template: &str) -> bool {
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        if rest[..at].contains(char::is_alphabetic) {
            return true;
        }
        let end = match rest[at..].chars().nth(1) {
            Some('#') => "#}",
            Some('%') => "%}",
            _ => "}}",
        };
        rest = rest[at..].split_once(end).map_or("", |(_, rest)| rest);
    }
    rest.contains(char::is_alphabetic)
}

pub(super) fn check(assets: &Assets, recipe: &Recipe, locale: &Locale, pack: &Arc<Pack>, findings: &mut Findings<'_>) {
    let place = format!("templates/{}/{}", recipe.name, locale.language());
    let prompter = match Prompter::new(assets, recipe, Arc::clone(pack), locale) {
        Ok(prompter) => prompter,
        Err(error) => return findings.add(place, error.to_string()),
    };
    if prompter.system().chars().count() < 300 {
        findings.add(&place, "the system prompt is too short to say what is wanted");
    }
    let mut planner = match Planner::new(Arc::clone(pack), locale, recipe, 1) {
        Ok(planner) => planner,
        Err(error) => return findings.add(place, error.to_string()),
    };
    let mut bytes = Vec::new();
    for index in 0..ITEMS {
        let item = planner.item(index);
        if let Err(error) = prompter.user(&item, &mut bytes) {
            return findings.add(place, error.to_string());
        }
        let prompt = String::from_utf8_lossy(&bytes);
        let language = format!("{}{}", pack.labels.language, language_line(pack, locale));
        if !prompt.lines().any(|line| line.trim_end() == language) {
            return findings.add(place, format!("user.tera has no line `{language}`"));
        }
        if let Some(brace) = prompt.find(['{', '}']) {
            let around: String = prompt[brace..].chars().take(30).collect();
            return findings.add(place, format!("a placeholder is left in a prompt: `{around}`"));
        }
        match read_back(&prompt, pack) {
            Some(read) if read == item => {}
            read => {
                let what = if read.is_some() { "as another one" } else { "at all" };
                let scenario = item.topic.text(Cast { person: item.person, partner: item.partner });
                return findings.add(place, format!("a plan item (scenario `{scenario}`) is not read back {what}"));
            }
        }
    }
}
