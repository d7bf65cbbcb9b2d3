//! A device: the shares of its kinds of error, its tables of what comes instead of what, and one error drawn from them.

use std::sync::Arc;

use super::table::{Choice, Draw, Row, Table};
use super::words::Words;
use super::{Access, Characters, Layout, Mix, Model, Slip};
use crate::augment::engine::{Cause, Class, Edit, Kind, Op, Source, Symbol};
use crate::random::Stream;

/// How many letters a search for any error at all tries at each place.
const FEW_LETTERS: usize = 64;

/// A layout under an access method.
#[derive(Debug)]
pub struct Device {
    /// The layout.
    pub layout: Layout,
    /// The access method.
    pub access: Access,
    model: Box<dyn Model>,
    characters: Arc<Characters>,
    mix: Mix,
    kinds: [Kind; 9],
    drawn_kind: Draw,
    leanings: u8,
    contexts: u8,
    instead: Table,
    besides: Table,
    remains: Table,
    again: Table,
    lapses: (Cause, Cause),
    letters: Vec<Symbol>,
    words: Arc<Words>,
}

impl Device {
    /// A device whose keys err as `model` says.
    #[must_use]
    pub fn new(
        layout: Layout,
        access: Access,
        mix: Option<Mix>,
        model: Box<dyn Model>,
        characters: &Arc<Characters>,
        words: &Arc<Words>,
    ) -> Self {
        let mix = mix.unwrap_or_else(|| model.mix());
        let mut sum = 0;
        let upto = mix.shares().map(|(_, share)| {
            sum += u32::from(share);
            sum * 65536 / 1000
        });
        let lower = |char: &char| char.is_alphabetic() && !char.is_uppercase();
        let letters = model.letters().into_iter().filter(lower).take(FEW_LETTERS).map(Symbol::from).collect();
        let contexts = model.contexts();
        let table = |contexts| Table::new(characters.len() + 1, contexts);
        Self {
            layout,
            access,
            mix,
            kinds: mix.shares().map(|(kind, _)| kind),
            drawn_kind: Draw::new(upto.into_iter()),
            leanings: model.leanings(),
            contexts,
            words: Arc::clone(words),
            instead: table(contexts),
            besides: table(contexts),
            remains: table(1),
            again: table(1),
            lapses: model.lapses(),
            letters,
            characters: Arc::clone(characters),
            model,
        }
    }

    /// The shares of the kinds of error.
    #[must_use]
    pub fn mix(&self) -> Mix {
        self.mix
    }

    /// A kind of error, by the device's mix.
    #[must_use]
    pub fn kind(&self, bits: u16) -> Kind {
        self.kinds.get(self.drawn_kind.index(bits)).copied().unwrap_or(Kind::Substitution)
    }

    /// The way in which the errors of one utterance lean.
    #[must_use]
    pub fn leaning(&self, stream: &mut Stream) -> u8 {
        if self.leanings > 1 { stream.below(self.leanings.into()) as u8 } else { 0 }
    }

    /// An error of `kind` at grapheme `at`; its new graphemes are pushed to `new`. `None` when the device does not err so there.
    pub fn propose(
        &self,
        source: &Source,
        kind: Kind,
        at: usize,
        leaning: u8,
        bits: u32,
        new: &mut Vec<Symbol>,
    ) -> Option<Edit> {
        if let Kind::KeyRepeat | Kind::RunTogether | Kind::DroppedWord | Kind::Prediction = kind {
            return self.words.propose(source, kind, at, bits, new);
        }
        let class = source.class(at);
        let slip = |choice: Option<&Choice>, new: &mut Vec<Symbol>| {
            let choice = choice?;
            new.push(choice.to);
            Some(if choice.instead {
                Edit::new(kind, Op::Substitute, choice.cause, (at, 1), 1)
            } else {
                let before = kind == Kind::Addition && bits >> 16 & 1 == 1 && !class.has(Class::INITIAL);
                Edit::new(kind, Op::Insert, choice.cause, (at + usize::from(!before), 0), 1)
            })
        };
        let (key, draw) = (source.key(at), bits as u16);
        match kind {
            Kind::Substitution if class.has(Class::MARKED) => {
                new.push(source.base(at).into());
                Some(Edit::new(kind, Op::Substitute, Cause::MissedMark, (at, 1), 1))
            }
            Kind::Substitution => slip(self.instead(key, self.context(source, at, leaning)).choose(draw), new),
            Kind::Addition => slip(self.besides(key, self.context(source, at, leaning)).choose(draw), new),
            Kind::Omission => {
                let whole = Edit::new(kind, Op::Delete, self.lapses.0, (at, 1), 1);
                slip(self.remains(key).choose(draw), new).or(Some(whole))
            }
            Kind::Repetition => {
                let again = self.row(&self.again, key, 0, |char| self.model.again(char));
                new.push(again.choose(draw).map_or_else(|| source.symbol(at), |choice| choice.to));
                Some(Edit::new(kind, Op::Insert, self.lapses.1, (at + 1, 0), 1))
            }
            Kind::Transposition => {
                let next = at + 1;
                let swappable = next < source.len()
                    && class.has(Class::LETTER)
                    && source.class(next).has(Class::LETTER)
                    && !source.class(next).has(Class::SPARED)
                    && source.symbol(at) != source.symbol(next);
                swappable.then(|| {
                    new.extend([source.symbol(next), source.symbol(at)]);
                    Edit::new(kind, Op::Transpose, Cause::OutOfOrder, (at, 2), 2)
                })
            }
            Kind::KeyRepeat | Kind::RunTogether | Kind::DroppedWord | Kind::Prediction => None,
        }
    }

    /// The circumstances of the grapheme at `at`.
    fn context(&self, source: &Source, at: usize, leaning: u8) -> u8 {
        if self.contexts == 1 {
            return 0;
        }
        let before = at.checked_sub(1).map(|at| source.base(at));
        self.model.context(before, source.base(at), leaning)
    }

    /// All that may come instead of a character, by its number, likeliest first.
    pub fn instead(&self, key: u16, context: u8) -> &Row {
        self.row(&self.instead, key, context, |char| self.model.instead(char, context))
    }

    /// All that may come besides a character, by its number, likeliest first.
    pub fn besides(&self, key: u16, context: u8) -> &Row {
        self.row(&self.besides, key, context, |char| self.model.besides(char, context))
    }

    /// All that may remain of a character when one of its keys is not registered; nothing where it has one key.
    pub fn remains(&self, key: u16) -> &Row {
        self.row(&self.remains, key, 0, |char| self.model.remains(char))
    }

    /// The characters that it knows, by number.
    #[must_use]
    pub fn characters(&self) -> &Characters {
        &self.characters
    }

    /// The share of a kind of error, in 65,536ths.
    #[must_use]
    pub fn share(&self, kind: Kind) -> u32 {
        let mut shares = self.kinds.iter().zip(self.drawn_kind.shares());
        shares.find(|(other, _)| **other == kind).map_or(0, |(_, share)| share)
    }

    /// Letters that can be typed.
    pub fn letters(&self) -> impl Iterator<Item = Symbol> + Clone {
        self.letters.iter().copied()
    }

    fn row<'a>(&self, table: &'a Table, key: u16, context: u8, slips: impl FnOnce(char) -> Vec<Slip>) -> &'a Row {
        table.row(key, context, || self.characters.of(key).map(slips).unwrap_or_default())
    }
}
