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

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::augment::engine::{Cause, Class, Edit, Kind, Op, Source, Symbol};
use crate::language::{Keyboards, TextRules};
use crate::random::Stream;
use table::{Choice, Table, choose};

pub use scanning::Scanning;
pub use spatial::Touch;

/// How many letters a search for any error at all tries at each place.
const FEW_LETTERS: usize = 64;

/// Which of a locale's layouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// The keyboard sold and shown there.
    Native,
    /// The grid in alphabetical order.
    Abc,
    /// The grid in order of letter frequency.
    Frequency,
}

/// How the person reaches the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Access {
    /// A finger on the key.
    Touch,
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
            Self::Scanning => "scanning",
        }
    }
}

/// How many of 1,000 errors are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
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
}

impl Mix {
    /// Each kind with its share.
    #[must_use]
    pub fn shares(&self) -> [(Kind, u16); 5] {
        [
            (Kind::Substitution, self.substitution),
            (Kind::Omission, self.omission),
            (Kind::Addition, self.addition),
            (Kind::Repetition, self.repetition),
            (Kind::Transposition, self.transposition),
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

    /// What may come instead of `meant`.
    fn instead(&self, meant: char) -> Vec<Slip>;

    /// What may come when a key is pressed besides those of `meant`.
    fn besides(&self, meant: char) -> Vec<Slip>;

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
    kinds: [(Kind, u16); 5],
    instead: Table,
    besides: Table,
    remains: Table,
    again: Table,
    lapses: (Cause, Cause),
    letters: Vec<Symbol>,
}

impl Device {
    /// A device whose keys err as `model` says.
    #[must_use]
    pub fn new(layout: Layout, access: Access, model: Box<dyn Model>, characters: &Arc<Characters>) -> Self {
        let mut upto = 0u32;
        let kinds = model.mix().shares().map(|(kind, share)| {
            upto += u32::from(share);
            (kind, (upto * 65536 / 1000).min(65535) as u16)
        });
        let lower = |char: &char| char.is_alphabetic() && !char.is_uppercase();
        let letters = model.characters().into_iter().filter(lower).take(FEW_LETTERS).map(Symbol::from).collect();
        let table = || Table::new(characters.sorted.len() + 1);
        Self {
            layout,
            access,
            kinds,
            instead: table(),
            besides: table(),
            remains: table(),
            again: table(),
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

    /// An error of `kind` at grapheme `at`; its new graphemes are pushed to `new`. `None` when the device does not err so there.
    pub fn propose(&self, source: &Source, kind: Kind, at: usize, bits: u32, new: &mut Vec<Symbol>) -> Option<Edit> {
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
            Kind::Substitution => slip(choose(self.instead(key), draw), new),
            Kind::Addition => slip(choose(self.row(&self.besides, key, |char| self.model.besides(char)), draw), new),
            Kind::Omission => {
                let remains = self.row(&self.remains, key, |char| self.model.remains(char));
                let whole = Edit::new(kind, Op::Delete, self.lapses.0, (at, 1), 1);
                slip(choose(remains, draw), new).or(Some(whole))
            }
            Kind::Repetition => {
                let again = self.row(&self.again, key, |char| self.model.again(char));
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
        }
    }

    /// All that may come instead of a character, by its number, likeliest first.
    pub fn instead(&self, key: u16) -> &[Choice] {
        self.row(&self.instead, key, |char| self.model.instead(char))
    }

    /// Letters that can be typed.
    pub fn letters(&self) -> impl Iterator<Item = Symbol> + Clone {
        self.letters.iter().copied()
    }

    fn row<'a>(&self, table: &'a Table, key: u16, slips: impl FnOnce(char) -> Vec<Slip>) -> &'a [Choice] {
        table.row(key, || match key.checked_sub(1) {
            Some(at) => slips(self.characters.sorted[usize::from(at)]),
            None => Vec::new(),
        })
    }
}

/// The devices of the guide's columns: the native layout by touch, the two grids by switch scanning.
#[must_use]
pub fn standard(keyboards: &Keyboards, rules: &TextRules) -> (Arc<Characters>, [Device; 3]) {
    let models = [
        (Layout::Native, Access::Touch, model(keyboards, rules, Layout::Native)),
        (Layout::Abc, Access::Scanning, model(keyboards, rules, Layout::Abc)),
        (Layout::Frequency, Access::Scanning, model(keyboards, rules, Layout::Frequency)),
    ];
    let characters = Arc::new(Characters::new(models.iter().flat_map(|(.., model)| model.characters())));
    let devices = models.map(|(layout, access, model)| Device::new(layout, access, model, &characters));
    (characters, devices)
}

/// The model of a layout, through the input method of the script where it has one.
fn model(keyboards: &Keyboards, rules: &TextRules, layout: Layout) -> Box<dyn Model> {
    let grid = |grid| Scanning::new(grid::Cells::new(grid, &keyboards.alphabet));
    match layout {
        Layout::Native => input::through(Touch::new(board::Board::new(keyboards, rules)), &rules.script),
        Layout::Abc => input::through(grid(&keyboards.abc), &rules.script),
        Layout::Frequency => input::through(grid(&keyboards.frequency), &rules.script),
    }
}

/// The stream of one (turn, layout, access).
#[must_use]
pub fn stream(seed: u64, id: &[u8], turn: u32, device: &Device) -> Stream {
    let names = [device.layout.name().as_bytes(), b"/", device.access.name().as_bytes()].concat();
    Stream::new(seed, "augment", &[id, &turn.to_le_bytes(), &names])
}
