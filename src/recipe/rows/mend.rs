//! Small mends to an answer before it is judged: what a model does not get right by itself, and what needs no judgement.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;
use serde_json::Value;

/// What is done to the texts of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mend {
    /// Small letters and digits, with single hyphens between: `Machine Learning!` becomes `machine-learning`.
    Slug,
    /// Without white space around.
    Trim,
    /// In small letters.
    Lower,
    /// Without a Markdown fence around all of it.
    Unfence,
    /// For a list: without blank items, each once.
    Unique,
}

impl Mend {
    /// Its name, as it stands among the repairs of an answer.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Slug => "slug",
            Self::Trim => "trim",
            Self::Lower => "lower",
            Self::Unfence => "unfence",
            Self::Unique => "unique",
        }
    }

    fn text(self, text: &str) -> String {
        match self {
            Self::Slug => slug(text),
            Self::Trim => text.trim().to_owned(),
            Self::Lower => text.to_lowercase(),
            Self::Unfence => unfence(text).to_owned(),
            Self::Unique => text.to_owned(),
        }
    }
}

fn unfence(text: &str) -> &str {
    let inside = text.trim().strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    inside.and_then(|rest| rest.split_once('\n')).map_or(text, |(_, inside)| inside.trim_end())
}

fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for char in text.chars().flat_map(char::to_lowercase) {
        if char.is_alphanumeric() {
            slug.push(char);
        } else if !slug.ends_with('-') && !slug.is_empty() && char != '\'' && char != '’' {
            slug.push('-');
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    slug
}

/// Mends `answer` in place; gives the names of the mends that changed something, each once.
pub(super) fn mend(
    answer: &mut Value,
    mends: &BTreeMap<String, Vec<Mend>>,
    aliases: Option<(&str, &HashMap<String, String>)>,
) -> Vec<&'static str> {
    let mut done = Vec::new();
    let mut note = |name| {
        if !done.contains(&name) {
            done.push(name);
        }
    };
    for (field, mends) in mends {
        for mend in mends.iter().filter(|mend| **mend != Mend::Unique) {
            at(answer, field, &mut |text| {
                let mended = mend.text(text);
                if mended != *text {
                    *text = mended;
                    note(mend.name());
                }
            });
        }
    }
    if let Some((field, aliases)) = aliases {
        at(answer, field, &mut |text| {
            if let Some(canonical) = aliases.get(text) {
                text.clone_from(canonical);
                note("alias");
            }
        });
    }
    for (field, _) in mends.iter().filter(|(_, mends)| mends.contains(&Mend::Unique)) {
        let list = field.strip_suffix("[]").unwrap_or(field);
        if let Some(items) = answer.pointer_mut(&format!("/{}", list.replace('.', "/"))).and_then(Value::as_array_mut) {
            let before = items.len();
            let mut seen: Vec<Value> = Vec::with_capacity(before);
            for item in items.drain(..) {
                if item.as_str().is_none_or(|text| !text.is_empty()) && !seen.contains(&item) {
                    seen.push(item);
                }
            }
            if seen.len() != before {
                note(Mend::Unique.name());
            }
            *items = seen;
        }
    }
    done
}

/// Calls `change` for each text at `field`: names with dots between, `[]` behind a list.
fn at(value: &mut Value, field: &str, change: &mut impl FnMut(&mut String)) {
    if field.is_empty() {
        if let Value::String(text) = value {
            change(text);
        }
        return;
    }
    let (name, rest) = field.split_once('.').unwrap_or((field, ""));
    let (name, list) = name.strip_suffix("[]").map_or((name, false), |name| (name, true));
    match value.get_mut(name) {
        Some(Value::Array(items)) if list => items.iter_mut().for_each(|item| at(item, rest, change)),
        Some(below) if !list => at(below, rest, change),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tags_become_slugs_each_once_under_their_canonical_names() {
        let mut answer = json!({"tags": ["Machine Learning!", "ML", " ", "naïve—bayes", "Reader's Guide"], "turns": [{"text": " a "}]});
        let mends = BTreeMap::from([
            ("tags[]".to_owned(), vec![Mend::Slug, Mend::Unique]),
            ("turns[].text".to_owned(), vec![Mend::Trim]),
        ]);
        let aliases = HashMap::from([("ml".to_owned(), "machine-learning".to_owned())]);
        let done = mend(&mut answer, &mends, Some(("tags[]", &aliases)));
        assert_eq!(
            answer,
            json!({"tags": ["machine-learning", "naïve-bayes", "readers-guide"], "turns": [{"text": "a"}]})
        );
        assert_eq!(done, ["slug", "trim", "alias", "unique"]);
        assert!(mend(&mut answer, &mends, None).is_empty(), "once is enough");
    }

    #[test]
    fn a_fence_around_all_of_a_text_goes() {
        let mends = BTreeMap::from([(String::new(), vec![Mend::Unfence])]);
        for (text, expected) in [("```toml\na = 1\n```\n", "a = 1"), ("a ```b``` c", "a ```b``` c"), ("```", "```")] {
            let mut answer = Value::from(text);
            mend(&mut answer, &mends, None);
            assert_eq!(answer, expected);
        }
    }
}
