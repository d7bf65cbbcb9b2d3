//! Which events of a knowledge file are used: by whole words and by relation, never by parts of words.

use std::str::FromStr;

use crate::language::Relation;

use super::Event;

/// Words and relations. An event passes that has one of the relations (any, when none is given), one of the words (likewise)
/// and none of the words that are excluded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    relations: Vec<Relation>,
    words: Vec<String>,
    without: Vec<String>,
}

impl FromStr for Filter {
    type Err = String;

    /// Reads `food,coffee,xWant,!drunk`: a relation's name asks for the relation, anything else for the word.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut filter = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (word, list) = match part.strip_prefix('!') {
                Some(word) => (word.trim(), &mut filter.without),
                None => (part, &mut filter.words),
            };
            match Relation::ALL.into_iter().find(|relation| relation.name() == word) {
                Some(_) if part.starts_with('!') => {
                    return Err(format!("`{part}`: name the relations that are wanted instead"));
                }
                Some(relation) => filter.relations.push(relation),
                None if words(word).count() != 1 => return Err(format!("`{part}` is not one word")),
                None => list.push(word.to_lowercase()),
            }
        }
        Ok(filter)
    }
}

impl Filter {
    /// All that this one and the other ask for.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.relations.extend(other.relations);
        self.words.extend(other.words);
        self.without.extend(other.without);
        self
    }

    /// Whether an event passes.
    #[must_use]
    pub fn passes(&self, event: &Event) -> bool {
        let text = format!("{} {}", event.head, event.tail).to_lowercase();
        let has = |wanted: &String| words(&text).any(|word| word == wanted);
        (self.relations.is_empty() || self.relations.contains(&event.relation))
            && (self.words.is_empty() || self.words.iter().any(has))
            && !self.without.iter().any(has)
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| !char.is_alphanumeric() && char != '-').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_whole_and_relations_named() {
        let event = |head: &str, relation| Event {
            head: head.to_owned(),
            relation,
            tail: "to be found out".to_owned(),
            role: None,
            entry: 1,
        };
        let cheating = event("PersonX is caught cheating", Relation::XEffect);
        let eats = event("PersonX eats, and drinks coffee", Relation::XWant);
        let passes = |filter: &str, event: &Event| filter.parse::<Filter>().unwrap().passes(event);
        assert!(!passes("eat", &cheating) && !passes("eat", &eats) && passes("eats", &eats));
        assert!(passes("Coffee,tea", &eats) && passes("coffee,xWant", &eats) && !passes("coffee,xNeed", &eats));
        assert!(!passes("!coffee", &eats) && passes("!coffee", &cheating) && passes("", &eats));
        assert!("two words".parse::<Filter>().is_err() && "!xWant".parse::<Filter>().is_err());
    }
}
