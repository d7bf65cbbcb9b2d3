//! Devices: a layout under an access method, as tables of what goes wrong at each key.
//!
//! Every access method enters by one door: it says, for each key, which other keys are hit in its stead and how often
//! ([`Model`]); [`Device`] turns that into integers once, and errors are then drawn without any float.

mod board;
mod grid;
mod scanning;
mod spatial;
mod table;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::augment::engine::{Cause, Class, Edit, Kind, Op, Source, Symbol};
use crate::language::{Keyboards, TextRules};
use crate::random::Stream;
use table::Table;

pub use scanning::Scanning;
pub use spatial::Touch;

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

/// Something that may come instead of the character meant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slip {
    /// What comes.
    pub to: char,
    /// How often, relative to the other slips of the character.
    pub weight: f64,
    /// Why.
    pub cause: Cause,
}

/// An access method on a layout: what it confuses with what.
pub trait Model {
    /// The characters that can be typed.
    fn characters(&self) -> Vec<char>;

    /// What may come instead of `meant`.
    fn instead(&self, meant: char) -> Vec<Slip>;

    /// What may come besides `meant`.
    fn besides(&self, meant: char) -> Vec<Slip>;

    /// The shares of the kinds of error.
    fn mix(&self) -> Mix;

    /// Why a press is not registered, and why one counts twice.
    fn lapses(&self) -> (Cause, Cause);
}

/// The numbers of the characters that any device of a locale knows; 0 is none of them.
#[derive(Debug)]
pub struct Characters {
    ascii: [u16; 128],
    others: Vec<(char, u16)>,
    count: usize,
}

impl Characters {
    /// Numbers `chars`.
    pub fn new(chars: impl IntoIterator<Item = char>) -> Self {
        let numbers: BTreeMap<char, u16> = chars.into_iter().map(|char| (char, 0)).collect();
        let mut ascii = [0; 128];
        let mut others = Vec::new();
        for (char, number) in numbers.keys().zip(1..) {
            match ascii.get_mut(*char as usize) {
                Some(slot) => *slot = number,
                None => others.push((*char, number)),
            }
        }
        Self { ascii, others, count: numbers.len() + 1 }
    }

    /// The number of a character.
    #[must_use]
    pub fn number(&self, char: char) -> u16 {
        match self.ascii.get(char as usize) {
            Some(number) => *number,
            None => self.others.binary_search_by_key(&char, |other| other.0).map_or(0, |at| self.others[at].1),
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
    kinds: [(Kind, u16); 5],
    instead: Table,
    besides: Table,
    lapses: (Cause, Cause),
    letters: Vec<Symbol>,
}

impl Device {
    /// Computes the tables of a model for the characters of a locale.
    #[must_use]
    pub fn new(layout: Layout, access: Access, model: &dyn Model, characters: &Characters) -> Self {
        let known = model.characters();
        let table = |slips: &dyn Fn(char) -> Vec<Slip>| {
            let rows = known.iter().map(|char| (characters.number(*char), slips(*char)));
            Table::new(characters.count, rows)
        };
        let mut upto = 0u32;
        let kinds = model.mix().shares().map(|(kind, share)| {
            upto += u32::from(share) * 65536 / 1000;
            (kind, upto.min(65535) as u16)
        });
        let mut letters: Vec<Symbol> =
            known.iter().filter(|char| char.is_alphabetic() && !char.is_uppercase()).map(|char| *char as u32).collect();
        letters.sort_unstable();
        Self {
            layout,
            access,
            kinds,
            instead: table(&|char| model.instead(char)),
            besides: table(&|char| model.besides(char)),
            lapses: model.lapses(),
            letters,
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
        match kind {
            Kind::Substitution if class.has(Class::MARKED) => {
                new.push(source.base(at).into());
                Some(Edit::new(kind, Op::Substitute, Cause::MissedMark, (at, 1), 1))
            }
            Kind::Substitution => {
                let slip = self.instead.draw(source.key(at), bits as u16)?;
                new.push(slip.to);
                Some(Edit::new(kind, Op::Substitute, slip.cause, (at, 1), 1))
            }
            Kind::Omission => Some(Edit::new(kind, Op::Delete, self.lapses.0, (at, 1), 1)),
            Kind::Addition => {
                let slip = self.besides.draw(source.key(at), bits as u16)?;
                new.push(slip.to);
                let before = bits >> 16 & 1 == 1 && !class.has(Class::INITIAL);
                Some(Edit::new(kind, Op::Insert, slip.cause, (at + usize::from(!before), 0), 1))
            }
            Kind::Repetition => {
                new.push(source.symbol(at));
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

    /// All that may come instead of a character, by its number.
    pub fn alternatives(&self, key: u16) -> impl Iterator<Item = Symbol> + Clone {
        self.instead.row(key).iter().map(|slip| slip.to)
    }

    /// The letters that can be typed, lower case, in order of code point.
    pub fn letters(&self) -> impl Iterator<Item = Symbol> + Clone {
        self.letters.iter().copied()
    }
}

/// The devices of the guide's columns: the native layout by touch, the two grids by switch scanning.
#[must_use]
pub fn standard(keyboards: &Keyboards, rules: &TextRules) -> (Characters, [Device; 3]) {
    let touch = Touch::new(board::Board::new(keyboards, rules));
    let abc = Scanning::new(grid::Cells::new(&keyboards.abc, &keyboards.alphabet));
    let frequency = Scanning::new(grid::Cells::new(&keyboards.frequency, &keyboards.alphabet));
    let models: [(Layout, Access, &dyn Model); 3] = [
        (Layout::Native, Access::Touch, &touch),
        (Layout::Abc, Access::Scanning, &abc),
        (Layout::Frequency, Access::Scanning, &frequency),
    ];
    let characters = Characters::new(models.iter().flat_map(|(.., model)| model.characters()));
    let devices = models.map(|(layout, access, model)| Device::new(layout, access, model, &characters));
    (characters, devices)
}

/// The stream of one (turn, layout, access).
#[must_use]
pub fn stream(seed: u64, id: &[u8], turn: u32, device: &Device) -> Stream {
    let names = [device.layout.name().as_bytes(), b"/", device.access.name().as_bytes()].concat();
    Stream::new(seed, "augment", &[id, &turn.to_le_bytes(), &names])
}
