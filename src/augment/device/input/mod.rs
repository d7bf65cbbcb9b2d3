//! Input methods: scripts whose characters are composed of several keys. Errors fall on the keys; what comes is composed again.

mod conversion;
mod hangul;
mod kana;
mod pinyin;

use super::{Mix, Model, Slip};
use crate::augment::engine::Cause;

/// How the characters of a script are spelled in keys.
pub trait Spelling: std::fmt::Debug + Send + Sync {
    /// The characters that it composes.
    fn characters(&self) -> Vec<char>;

    /// The keys of a character; nothing where the keyboard has it as one.
    fn keys(&self, char: char) -> Option<Vec<char>>;

    /// The characters that keys compose where `meant` was to come, with the share of each; nothing when they compose none, or
    /// more than one in a row.
    fn composed(&self, keys: &[char], meant: char) -> Vec<(char, f64)>;

    /// What the input method confuses by itself, and the share of all substitutions that are of this kind.
    fn confusions(&self, char: char) -> (f64, Vec<Slip>);

    /// Whether a key that composes nothing shows as itself.
    fn shows_keys(&self) -> bool;
}

/// `model` through the input method of `script`, or as it is.
pub fn through(model: impl Model + 'static, script: &str) -> Box<dyn Model> {
    match script {
        "Hang" | "Kore" => Box::new(Composed { keys: model, spelling: hangul::Hangul }),
        "Hans" | "Hant" | "Hani" => Box::new(Composed { keys: model, spelling: pinyin::Pinyin::new() }),
        "Jpan" => {
            let spelled = !model.characters().contains(&'か');
            Box::new(Composed { keys: model, spelling: kana::Kana::new(spelled) })
        }
        _ => Box::new(model),
    }
}

/// A keyboard behind an input method.
#[derive(Debug)]
struct Composed<M, S> {
    keys: M,
    spelling: S,
}

impl<M: Model, S: Spelling> Composed<M, S> {
    /// What comes when the keys of a character are changed one way or another, each place as likely as the others.
    fn changed(&self, ways: impl Iterator<Item = (Vec<char>, f64, Cause)>, meant: char) -> Vec<Slip> {
        let slips = ways.flat_map(|(keys, weight, cause)| {
            let composed = self.spelling.composed(&keys, meant);
            composed.into_iter().map(move |(to, share)| Slip { to, weight: weight * share, cause, instead: true })
        });
        merged(slips.filter(|slip| slip.to != meant))
    }

    /// Of what comes where no character is spelled, what the text shows: not the letters of keys that only spell.
    fn shown(&self, mut slips: Vec<Slip>) -> Vec<Slip> {
        if !self.spelling.shows_keys() {
            slips.retain(|slip| !slip.to.is_ascii_alphabetic());
        }
        slips
    }
}

impl<M: Model, S: Spelling> Model for Composed<M, S> {
    fn characters(&self) -> Vec<char> {
        let mut all = self.keys.characters();
        all.extend(self.spelling.characters());
        all
    }

    fn letters(&self) -> Vec<char> {
        let shown = |char: &char| self.spelling.shows_keys() || !char.is_ascii_alphabetic();
        self.characters().into_iter().filter(shown).collect()
    }

    fn leanings(&self) -> u8 {
        self.keys.leanings()
    }

    fn contexts(&self) -> u8 {
        self.keys.contexts()
    }

    /// That of the first key; the way from one character to the next is long compared with the ways within it.
    fn context(&self, before: Option<char>, meant: char, leaning: u8) -> u8 {
        let last = |char| self.spelling.keys(char).and_then(|keys| keys.last().copied()).unwrap_or(char);
        let first = self.spelling.keys(meant).and_then(|keys| keys.first().copied()).unwrap_or(meant);
        self.keys.context(before.map(last), first, leaning)
    }

    fn instead(&self, meant: char, context: u8) -> Vec<Slip> {
        let mut slips = match self.spelling.keys(meant) {
            None => self.shown(self.keys.instead(meant, context)),
            Some(keys) => {
                let ways = keys.iter().enumerate().flat_map(|(at, key)| {
                    let slips = normalised(self.keys.instead(*key, context));
                    slips
                        .into_iter()
                        .map(|slip| (replaced(&keys, at, slip.to), slip.weight, slip.cause))
                        .collect::<Vec<_>>()
                });
                self.changed(ways, meant)
            }
        };
        let (share, confusions) = self.spelling.confusions(meant);
        let share = if slips.is_empty() { 1.0 } else { share };
        let scale = |slips: Vec<Slip>, share: f64| {
            normalised(slips).into_iter().map(move |slip| Slip { weight: slip.weight * share, ..slip })
        };
        if !confusions.is_empty() {
            slips = scale(slips, 1.0 - share).chain(scale(confusions, share)).collect();
        }
        merged(slips.into_iter())
    }

    fn besides(&self, meant: char, context: u8) -> Vec<Slip> {
        let Some(keys) = self.spelling.keys(meant) else {
            return self.shown(self.keys.besides(meant, context));
        };
        let ways = keys.iter().enumerate().flat_map(|(at, key)| {
            let slips = normalised(self.keys.besides(*key, context));
            let place = |slip: Slip| [at, at + 1].map(|at| (inserted(&keys, at, slip.to), slip.weight, slip.cause));
            slips.into_iter().flat_map(place).collect::<Vec<_>>()
        });
        let composed = self.changed(ways, meant);
        match keys.last() {
            Some(last) if composed.is_empty() && self.spelling.shows_keys() => self.keys.besides(*last, context),
            _ => composed,
        }
    }

    fn remains(&self, meant: char) -> Vec<Slip> {
        let Some(keys) = self.spelling.keys(meant) else { return self.keys.remains(meant) };
        let cause = self.lapses().0;
        let ways = (0..keys.len()).map(|at| ([&keys[..at], &keys[at + 1..]].concat(), 1.0, cause));
        self.changed(ways, meant)
    }

    fn again(&self, meant: char) -> Vec<Slip> {
        let Some(keys) = self.spelling.keys(meant).filter(|_| self.spelling.shows_keys()) else {
            return self.keys.again(meant);
        };
        let last = keys.last().map(|to| Slip { to: *to, weight: 1.0, cause: self.lapses().1, instead: false });
        last.into_iter().collect()
    }

    /// Keys that change places compose nothing that resembles what was meant; their share goes to substitutions.
    fn mix(&self) -> Mix {
        let mix = self.keys.mix();
        Mix { substitution: mix.substitution + mix.transposition, transposition: 0, ..mix }
    }

    fn lapses(&self) -> (Cause, Cause) {
        self.keys.lapses()
    }
}

fn replaced(keys: &[char], at: usize, key: char) -> Vec<char> {
    let mut keys = keys.to_vec();
    keys[at] = key;
    keys
}

fn inserted(keys: &[char], at: usize, key: char) -> Vec<char> {
    let mut keys = keys.to_vec();
    keys.insert(at, key);
    keys
}

/// The same slips with weights that sum to 1.
fn normalised(slips: Vec<Slip>) -> Vec<Slip> {
    let total: f64 = slips.iter().map(|slip| slip.weight).sum();
    slips.into_iter().map(|slip| Slip { weight: slip.weight / total, ..slip }).collect()
}

/// One slip for each character and cause.
fn merged(slips: impl Iterator<Item = Slip>) -> Vec<Slip> {
    let mut found: Vec<Slip> = Vec::new();
    for slip in slips {
        match found.iter_mut().find(|known| (known.to, known.cause) == (slip.to, slip.cause)) {
            Some(known) => known.weight += slip.weight,
            None => found.push(slip),
        }
    }
    found
}
