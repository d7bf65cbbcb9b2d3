//! Plan items: one draw from a language pack each, a pure function of (seed, recipe, locale, index).
//!
//! Scenarios come in shuffled rounds, so that every one is used before any comes again; a scenario that comes again meets
//! another person and partner until all its pairs are used up. No two items of a locale share scenario and people before that.
//! With a knowledge file some items, or all, take their topic from it; the scenario then lends them its people, setting and
//! purpose, so that these still go together.

use std::borrow::Cow;
use std::sync::Arc;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::knowledge::{Draw, Knowledge, Told};
use crate::language::{Access, Cast, Gold, LengthBand, Opens, Pack, Partner, Person, Phrase, Scenario, Style, fill};
use crate::model::Locale;
use crate::random::Stream;
use crate::{Error, Result};

/// How many examples of its style a prompt shows.
const EXAMPLES: usize = 3;

/// Which of the two people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    /// The person who uses AAC.
    Aac,
    /// The partner.
    Partner,
}

/// What a conversation is about.
#[derive(Debug, Clone, PartialEq)]
pub enum Topic<'p> {
    /// A scenario of the pack.
    Scenario(&'p Scenario),
    /// An event of a knowledge file.
    Event(Told<'p>),
}

impl Topic<'_> {
    /// What a prompt says of it, on one line.
    #[must_use]
    pub fn text(&self, cast: Cast<'_>) -> Cow<'_, str> {
        match self {
            Self::Scenario(scenario) => fill(&scenario.text, cast, &[]),
            Self::Event(told) => Cow::Borrowed(&told.text),
        }
    }
}

/// What one request asks for: all slots of its prompt, borrowed from the pack.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "each field is the slot of its name")]
pub struct PlanItem<'p> {
    pub topic: Topic<'p>,
    pub setting: &'p Phrase,
    pub purpose: &'p Phrase,
    pub time: &'p Phrase,
    pub mood: &'p Phrase,
    pub person: &'p Person,
    pub partner: &'p Partner,
    pub access: &'p Access,
    pub style: &'p Style,
    pub length: &'p LengthBand,
    pub opens: Speaker,
    /// Turns of both together.
    pub turns: u32,
    /// Examples of the style, drawn without repetition.
    pub examples: [&'p Gold; EXAMPLES],
}

/// Draws the plan items of one locale.
#[derive(Debug)]
pub struct Planner {
    pack: Arc<Pack>,
    locale: Locale,
    recipe: String,
    turns: Vec<u32>,
    seed: u64,
    /// The scenarios that are drawn, by their place in the pack.
    scenarios: Vec<usize>,
    /// For each of them, its possible (person, partner) in the order they are used.
    pairs: Vec<Vec<(usize, usize)>>,
    /// The order of scenarios in the round that was asked for last.
    round: Option<(u64, Vec<usize>)>,
    knowledge: Option<Draw>,
}

impl Planner {
    /// A planner for `locale`.
    ///
    /// # Errors
    /// [`Error::Data`] when the recipe's tags leave no scenario of the pack.
    pub fn new(pack: Arc<Pack>, locale: &Locale, recipe: &super::Recipe, seed: u64) -> Result<Self> {
        let drawn = |at: &usize| !pack.scenarios[*at].tags.iter().any(|tag| recipe.exclude_tags.contains(tag));
        let scenarios: Vec<usize> = (0..pack.scenarios.len()).filter(drawn).collect();
        if scenarios.is_empty() {
            let detail = "plan.exclude_tags leaves no scenario";
            return Err(Error::data(format!("templates/{}/recipe.toml", recipe.name), format!("{detail} of {locale}")));
        }
        let pairs = scenarios.iter().map(|at| pairs(&pack, locale, &pack.scenarios[*at], seed)).collect();
        let (recipe, turns) = (recipe.name.clone(), recipe.turns.clone());
        Ok(Self { pack, locale: locale.clone(), recipe, turns, seed, scenarios, pairs, round: None, knowledge: None })
    }

    /// The same planner, with topics from a knowledge file.
    ///
    /// # Errors
    /// [`Error::Data`] when the pack does not say how such a topic is told in its language.
    pub fn with_knowledge(mut self, knowledge: Arc<Knowledge>) -> Result<Self> {
        if self.pack.knowledge.is_none() {
            let file = format!("languages/{}/knowledge.toml", self.locale.language());
            return Err(Error::data(file, "it is not there, and --knowledge needs its sentences"));
        }
        self.knowledge = Some(Draw::new(knowledge));
        Ok(self)
    }

    /// The plan item of that index.
    pub fn item(&mut self, index: u64) -> PlanItem<'_> {
        let scenarios = self.scenarios.len() as u64;
        let (round, place) = (index / scenarios, (index % scenarios) as usize);
        let at = self.scenario_at(round, place);
        let event = self.knowledge.as_mut().and_then(|draw| draw.place(self.seed, &self.locale, index));
        let pack = &*self.pack;
        let scenario = &pack.scenarios[self.scenarios[at]];
        let (person, partner) = self.pairs[at][(round % self.pairs[at].len() as u64) as usize];
        let (person, partner) = (&pack.people[person], &pack.partners[partner]);

        let parts = [self.recipe.as_bytes(), self.locale.as_str().as_bytes(), &index.to_le_bytes()];
        let mut stream = Stream::new(self.seed, "plan", &parts);
        let access = stream.choose(&person.access);
        let style = &pack.styles[stream.weighted(pack.styles.iter().map(|style| style.share))];
        let bands: Vec<_> = style.lengths.iter().filter_map(|id| pack.length(id)).collect();
        let length = bands[stream.weighted(bands.iter().map(|band| band.share))];
        let told = event.zip(self.knowledge.as_ref()).zip(pack.knowledge.as_ref()).map(|((place, draw), telling)| {
            let mut stream = Stream::new(self.seed, "plan/event", &parts);
            let space = &pack.text.word_separator;
            Told::new(draw.event(place), telling, space, Cast { person, partner }, &mut stream)
        });
        PlanItem {
            topic: told.map_or(Topic::Scenario(scenario), Topic::Event),
            setting: named(&pack.settings, &scenario.setting),
            purpose: named(&pack.purposes, &scenario.purpose),
            time: one_of(&mut stream, &pack.times, &scenario.times),
            mood: one_of(&mut stream, &pack.moods, &scenario.moods),
            person,
            partner,
            access: pack.access(access).expect("a loaded pack holds the access methods its people use"),
            style,
            length,
            opens: match scenario.opens {
                Opens::Aac => Speaker::Aac,
                Opens::Partner => Speaker::Partner,
                Opens::Either => *stream.choose(&[Speaker::Aac, Speaker::Partner]),
            },
            turns: *stream.choose(&self.turns),
            examples: examples(&mut stream, &style.gold),
        }
    }

    fn scenario_at(&mut self, round: u64, place: usize) -> usize {
        if self.round.as_ref().is_none_or(|(cached, _)| *cached != round) {
            let mut order: Vec<usize> = (0..self.scenarios.len()).collect();
            Stream::new(self.seed, "plan/scenarios", &[self.locale.as_str().as_bytes(), &round.to_le_bytes()])
                .shuffle(&mut order);
            self.round = Some((round, order));
        }
        self.round.as_ref().map_or(place, |(_, order)| order[place])
    }
}

/// The pairs of a scenario: people in shuffled order, each with another of their partners in every round.
fn pairs(pack: &Pack, locale: &Locale, scenario: &Scenario, seed: u64) -> Vec<(usize, usize)> {
    let mut stream = Stream::new(seed, "plan/people", &[locale.as_str().as_bytes(), scenario.id.as_bytes()]);
    let mut people: Vec<(usize, Vec<usize>)> = Vec::new();
    for (at, person) in pack.people.iter().enumerate() {
        let fits = |partner: &usize| scenario.fits(person, &pack.partners[*partner]);
        let mut partners: Vec<usize> = (0..pack.partners.len()).filter(fits).collect();
        stream.shuffle(&mut partners);
        people.push((at, partners));
    }
    stream.shuffle(&mut people);
    let rounds = people.iter().map(|(_, partners)| partners.len()).max().unwrap_or(0);
    (0..rounds)
        .flat_map(|round| people.iter().filter_map(move |(at, partners)| Some((*at, *partners.get(round)?))))
        .collect()
}

fn named<'p>(phrases: &'p [Phrase], id: &str) -> &'p Phrase {
    phrases.iter().find(|phrase| phrase.id == id).expect("a loaded pack resolves the ids of its scenarios")
}

fn one_of<'p>(stream: &mut Stream, phrases: &'p [Phrase], allowed: &[String]) -> &'p Phrase {
    match allowed {
        [] => stream.choose(phrases),
        ids => named(phrases, &ids[stream.index(ids.len())]),
    }
}

fn examples<'p>(stream: &mut Stream, gold: &'p [Gold]) -> [&'p Gold; EXAMPLES] {
    let mut order: Vec<usize> = (0..gold.len()).collect();
    stream.shuffle(&mut order);
    std::array::from_fn(|nth| &gold[order[nth]])
}

impl Serialize for PlanItem<'_> {
    /// The plan as metadata and records carry it: ids, and the facts that analyses group by.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cast = Cast { person: self.person, partner: self.partner };
        let mut plan = serializer.serialize_struct("PlanItem", 12)?;
        match &self.topic {
            Topic::Scenario(scenario) => {
                plan.serialize_field("scenario", &ScenarioFacts(scenario, &self.topic.text(cast)))?;
            }
            Topic::Event(told) => plan.serialize_field("knowledge", told)?,
        }
        plan.serialize_field("setting", &self.setting.id)?;
        plan.serialize_field("purpose", &self.purpose.id)?;
        plan.serialize_field("time", &self.time.id)?;
        plan.serialize_field("mood", &self.mood.id)?;
        plan.serialize_field("person", &PersonFacts(self.person))?;
        plan.serialize_field("partner", &PartnerFacts(self.partner))?;
        plan.serialize_field("access", &AccessFacts(self.access))?;
        plan.serialize_field("style", &StyleFacts(self.style))?;
        plan.serialize_field("length", &LengthFacts(self.length))?;
        plan.serialize_field("opens", &self.opens)?;
        plan.serialize_field("turns", &self.turns)?;
        plan.end()
    }
}

/// A view of a part of the pack as an object of the named fields.
macro_rules! facts {
    ($view:ident($part:ty $(, $extra:ident: $kind:ty)?) { $($field:ident),+ }) => {
        struct $view<'a>(&'a $part $(, &'a $kind)?);

        impl Serialize for $view<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let count = [$(stringify!($field)),+].len() $(+ [stringify!($extra)].len())?;
                let mut facts = serializer.serialize_struct(stringify!($view), count)?;
                $(facts.serialize_field(stringify!($field), &self.0.$field)?;)+
                $(facts.serialize_field(stringify!($extra), self.1)?;)?
                facts.end()
            }
        }
    };
}

facts!(ScenarioFacts(Scenario, text: str) { id, domain, tags });
facts!(PersonFacts(Person) { id, name, call, gender, age });
facts!(PartnerFacts(Partner) { id, name, call, gender, kind, address });
facts!(AccessFacts(Access) { id, layout, errors });
facts!(StyleFacts(Style) { id, form });
facts!(LengthFacts(LengthBand) { id, min, max });
