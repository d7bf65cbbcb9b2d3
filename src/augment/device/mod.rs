//! Devices: a layout under an access method, as tables of what goes wrong at each key.
//!
//! Every access method enters by one door: it says, for each key, which other keys are hit in its stead and how often
//! ([`Model`]); [`Device`] turns that into integers once, and errors are then drawn without any float.

mod board;
mod grid;
mod input;
mod scanning;
mod spatial;
mod table;
mod words;

pub use crate::language::Layout;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::augment::engine::{Cause, Class, Edit, Kind, Op, Source, Symbol};
use crate::augment::profile::Profile;
use crate::language::{Keyboards, TextRules};
use crate::random::Stream;
use board::Board;
use scanning::Scanning;
use spatial::{Method, Pointing};
use table::{Choice, Table, choose};
use words::Words;

/// How many letters a search for any error at all tries at each place.
const FEW_LETTERS: usize = 64;

/// How the person reaches the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// A finger on the key.
    Touch,
    /// A finger through the holes of a keyguard.
    Keyguard,
    /// A pointer moved by the head.
    HeadMouse,
    /// Eye gaze; a key is taken when the gaze rests on it.
    EyeDwell,
    /// A switch, rows first, then cells.
    Scanning,
}

impl Layout {
    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Abc => "abc",
            Self::Frequency => "frequency",
        }
    }
}

impl Access {
    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Touch => "touch",
            Self::Keyguard => "keyguard",
            Self::HeadMouse => "head_mouse",
            Self::EyeDwell => "eye_dwell",
            Self::Scanning => "scanning",
        }
    }
}

/// How many of 1,000 errors are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mix {
    /// Another key.
    pub substitution: u16,
    /// No key.
    pub omission: u16,
    /// One more key.
    pub addition: u16,
    /// The same key twice.
    pub repetition: u16,
    /// Two keys in the wrong order.
    pub transposition: u16,
    /// The same key many times.
    pub key_repeat: u16,
    /// No space between two words.
    pub run_together: u16,
    /// A small word left out.
    pub dropped_word: u16,
    /// Another word taken from the predictions.
    pub prediction: u16,
}

impl Mix {
    /// No errors at all; the ground on which others are written.
    pub const ZERO: Self = Self {
        substitution: 0,
        omission: 0,
        addition: 0,
        repetition: 0,
        transposition: 0,
        key_repeat: 0,
        run_together: 0,
        dropped_word: 0,
        prediction: 0,
    };

    /// Each kind with its share.
    #[must_use]
    pub fn shares(&self) -> [(Kind, u16); 9] {
        [
            (Kind::Substitution, self.substitution),
            (Kind::Omission, self.omission),
            (Kind::Addition, self.addition),
            (Kind::Repetition, self.repetition),
            (Kind::Transposition, self.transposition),
            (Kind::KeyRepeat, self.key_repeat),
            (Kind::RunTogether, self.run_together),
            (Kind::DroppedWord, self.dropped_word),
            (Kind::Prediction, self.prediction),
        ]
    }
}

/// Something that may come of a character meant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slip {
    /// What comes.
    pub to: char,
    /// How often, relative to the other slips of the character.
    pub weight: f64,
    /// Why.
    pub cause: Cause,
    /// It comes instead of the character meant; else after it.
    pub instead: bool,
}

/// An access method on a layout: what it confuses with what.
pub trait Model: fmt::Debug + Send + Sync {
    /// The characters that can be typed.
    fn characters(&self) -> Vec<char>;

    /// How many ways there are in which the errors of one utterance may lean; one is drawn for each utterance.
    fn leanings(&self) -> u8 {
        1
    }

    /// How many circumstances there are.
    fn contexts(&self) -> u8 {
        1
    }

    /// The circumstances of `meant` after `before`, for an utterance of that leaning: a number that only the model understands.
    fn context(&self, _before: Option<char>, _meant: char, _leaning: u8) -> u8 {
        0
    }

    /// What may come instead of `meant`.
    fn instead(&self, meant: char, context: u8) -> Vec<Slip>;

    /// What may come when a key is pressed besides those of `meant`.
    fn besides(&self, meant: char, context: u8) -> Vec<Slip>;

    /// What may remain of `meant` when one of its keys is not registered; nothing where it has one key.
    fn remains(&self, _meant: char) -> Vec<Slip> {
        Vec::new()
    }

    /// What comes after `meant` when its last key counts twice; nothing when that is `meant` again.
    fn again(&self, _meant: char) -> Vec<Slip> {
        Vec::new()
    }

    /// The shares of the kinds of error.
    fn mix(&self) -> Mix;

    /// Why a press is not registered, and why one counts twice.
    fn lapses(&self) -> (Cause, Cause);
}

/// The numbers of the characters that any device of a locale knows; 0 is none of them.
#[derive(Debug)]
pub struct Characters {
    ascii: [u16; 128],
    sorted: Vec<char>,
}

impl Characters {
    /// Numbers `chars`.
    pub fn new(chars: impl IntoIterator<Item = char>) -> Self {
        let sorted: Vec<char> = chars.into_iter().collect::<BTreeSet<char>>().into_iter().collect();
        let mut ascii = [0; 128];
        for (char, number) in sorted.iter().zip(1..) {
            if let Some(slot) = ascii.get_mut(*char as usize) {
                *slot = number;
            }
        }
        Self { ascii, sorted }
    }

    /// The number of a character.
    #[must_use]
    pub fn number(&self, char: char) -> u16 {
        match self.ascii.get(char as usize) {
            Some(number) => *number,
            None => self.sorted.binary_search(&char).map_or(0, |at| at as u16 + 1),
        }
    }
}

/// A layout under an access method.
#[derive(Debug)]
pub struct Device {
    /// The layout.
    pub layout: Layout,
    /// The access method.
    pub access: Access,
    model: Box<dyn Model>,
    characters: Arc<Characters>,
    kinds: [(Kind, u16); 9],
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
        let mut upto = 0u32;
        let kinds = mix.unwrap_or_else(|| model.mix()).shares().map(|(kind, share)| {
            upto += u32::from(share);
            (kind, (upto * 65536 / 1000).min(65535) as u16)
        });
        let lower = |char: &char| char.is_alphabetic() && !char.is_uppercase();
        let letters = model.characters().into_iter().filter(lower).take(FEW_LETTERS).map(Symbol::from).collect();
        let contexts = model.contexts();
        let table = |contexts| Table::new(characters.sorted.len() + 1, contexts);
        Self {
            layout,
            access,
            kinds,
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

    /// A kind of error, by the device's mix.
    #[must_use]
    pub fn kind(&self, bits: u16) -> Kind {
        let likely = self.kinds.iter().find(|(_, upto)| bits < *upto);
        likely.map_or(Kind::Substitution, |(kind, _)| *kind)
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
            Kind::Substitution => slip(choose(self.instead(key, self.context(source, at, leaning)), draw), new),
            Kind::Addition => {
                let context = self.context(source, at, leaning);
                slip(choose(self.row(&self.besides, key, context, |char| self.model.besides(char, context)), draw), new)
            }
            Kind::Omission => {
                let remains = self.row(&self.remains, key, 0, |char| self.model.remains(char));
                let whole = Edit::new(kind, Op::Delete, self.lapses.0, (at, 1), 1);
                slip(choose(remains, draw), new).or(Some(whole))
            }
            Kind::Repetition => {
                let again = self.row(&self.again, key, 0, |char| self.model.again(char));
                new.push(choose(again, draw).map_or_else(|| source.symbol(at), |choice| choice.to));
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
    pub fn instead(&self, key: u16, context: u8) -> &[Choice] {
        self.row(&self.instead, key, context, |char| self.model.instead(char, context))
    }

    /// Letters that can be typed.
    pub fn letters(&self) -> impl Iterator<Item = Symbol> + Clone {
        self.letters.iter().copied()
    }

    fn row<'a>(&self, table: &'a Table, key: u16, context: u8, slips: impl FnOnce(char) -> Vec<Slip>) -> &'a [Choice] {
        table.row(key, context, || match key.checked_sub(1) {
            Some(at) => slips(self.characters.sorted[usize::from(at)]),
            None => Vec::new(),
        })
    }
}

/// The devices of the guide's columns (the native layout by touch, the two grids by switch scanning), and those of `profiles`.
#[must_use]
pub fn devices(keyboards: &Keyboards, rules: &TextRules, profiles: &[Profile]) -> (Arc<Characters>, Vec<Device>) {
    let columns = [
        (Layout::Native, Access::Touch, None),
        (Layout::Abc, Access::Scanning, None),
        (Layout::Frequency, Access::Scanning, None),
    ];
    let asked = profiles.iter().map(|profile| (profile.layout, profile.access, profile.mix));
    let models: Vec<_> = columns
        .into_iter()
        .chain(asked)
        .map(|(layout, access, mix)| (layout, access, mix, model(keyboards, rules, layout, access)))
        .collect();
    let characters = Arc::new(Characters::new(models.iter().flat_map(|(.., model)| model.characters())));
    let words = Arc::new(Words::new(rules));
    let device = |(layout, access, mix, model)| Device::new(layout, access, mix, model, &characters, &words);
    let devices = models.into_iter().map(device).collect();
    (characters, devices)
}

/// The model of an access method on a layout, through the input method of the script where it has one.
fn model(keyboards: &Keyboards, rules: &TextRules, layout: Layout, access: Access) -> Box<dyn Model> {
    let grid = match layout {
        Layout::Native => None,
        Layout::Abc => Some(&keyboards.abc),
        Layout::Frequency => Some(&keyboards.frequency),
    };
    let method = match access {
        Access::Scanning => None,
        Access::Touch => Some(Method::TOUCH),
        Access::Keyguard => Some(Method::KEYGUARD),
        Access::HeadMouse => Some(Method::HEAD_MOUSE),
        Access::EyeDwell => Some(Method::EYE_DWELL),
    };
    let board = || grid.map_or_else(|| Board::new(keyboards, rules), |grid| Board::of_grid(grid, &keyboards.alphabet));
    match (method, grid) {
        (None, Some(grid)) => input::through(Scanning::new(grid::Cells::new(grid, &keyboards.alphabet)), &rules.script),
        (method, _) => input::through(Pointing::new(board(), method.unwrap_or(Method::TOUCH)), &rules.script),
    }
}

/// The stream of one (turn, layout, access); `name` is that of layout and access, and of the profile where there is one.
#[must_use]
pub fn stream(seed: u64, id: &[u8], turn: u32, name: &str) -> Stream {
    Stream::new(seed, "augment", &[id, &turn.to_le_bytes(), name.as_bytes()])
}
