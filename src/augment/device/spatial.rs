//! Pointing at keys: each selection falls around the middle of the key, as a two-dimensional normal distribution over real
//! geometry, shifted and stretched as the access method has it.

use super::board::{Board, Key};
use super::scanning::normal;
use super::{Mix, Model, Slip};
use crate::augment::engine::Cause;

/// Of the errors on a character that needs Shift, `AltGr` or a dead key, the share in which that one is missed; the rest miss the letter.
const BARE: f64 = 0.5;

/// Directions told apart; one more number stands for none.
const DIRECTIONS: u8 = 8;

/// How a person points. Lengths are in key widths.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Method {
    /// Spread across.
    spread: f64,
    /// Further spread, and shift, along the way from the key before.
    travel: (f64, f64),
    /// Shift that stays the same throughout an utterance, in a direction drawn for it.
    drift: f64,
    /// The weight of keys on the way from the key before among those pressed in passing; the rest are neighbours.
    passing: f64,
    mix: Mix,
    miss: Cause,
    extra: Cause,
    lapses: (Cause, Cause),
}

impl Method {
    /// A finger. 15 % of touches with this spread miss a square key (the error function solved for that rate). Shares: substitution,
    /// omission and insertion as 1.65 : 0.80 : 0.67 (Dhakal et al., CHI 2018, uncorrected errors), three in ten insertions doublings
    /// (typos-dict and BEA60k: 25 to 31 %), and 5 % transpositions (BEA60k: 4 %).
    pub const TOUCH: Self = Self {
        spread: 0.284,
        travel: (0.0, 0.0),
        drift: 0.0,
        passing: 0.0,
        mix: Mix { substitution: 502, omission: 244, addition: 143, repetition: 61, transposition: 50, ..Mix::ZERO },
        miss: Cause::Miss,
        extra: Cause::ExtraKey,
        lapses: (Cause::LightPress, Cause::Bounce),
    };

    /// A finger through the holes of a keyguard, which keep it off the neighbours (the spread of a 5 % miss rate): presses that do not reach the
    /// key, and long ones, prevail (classes of Trewin & Pain 1998; the shares are an assumption).
    pub const KEYGUARD: Self = Self {
        spread: 0.224,
        mix: Mix { substitution: 250, omission: 450, addition: 50, repetition: 250, ..Mix::ZERO },
        ..Self::TOUCH
    };

    /// A pointer moved by the head: it overshoots in the direction of travel, with the spread of a 5 % miss rate across (Gizatdinova 2023: slower but
    /// more accurate than gaze). The overshoot and the shares are assumptions.
    pub const HEAD_MOUSE: Self = Self {
        spread: 0.224,
        travel: (0.2, 0.25),
        drift: 0.0,
        passing: 1.0,
        mix: Mix { substitution: 600, omission: 200, addition: 100, repetition: 100, ..Mix::ZERO },
        miss: Cause::Overshoot,
        extra: Cause::ClickInPassing,
        lapses: (Cause::LightPress, Cause::Bounce),
    };

    /// Eye gaze: wide (the spread of a 35 % miss rate; novices err in 36.4 %, Bafna 2018) and drifting one way as calibration ages; half of the
    /// fixations lie outside the key, within one key (Kristensson & Vertanen 2012). The drift and the shares are assumptions.
    pub const EYE_DWELL: Self = Self {
        spread: 0.385,
        travel: (0.0, 0.0),
        drift: 0.3,
        passing: 1.0,
        mix: Mix { substitution: 450, omission: 200, addition: 200, repetition: 150, ..Mix::ZERO },
        miss: Cause::Drift,
        extra: Cause::Midas,
        lapses: (Cause::ShortDwell, Cause::LongDwell),
    };

    fn moves(&self) -> bool {
        self.travel != (0.0, 0.0) || self.passing > 0.0
    }
}

/// A person pointing at a board.
#[derive(Debug)]
pub struct Pointing {
    board: Board,
    method: Method,
}

/// A step of length 1, where there is one.
type Way = Option<(f64, f64)>;

/// Where selections fall, relative to the middle of the key.
#[derive(Debug, Clone, Copy)]
struct Fall {
    shift: (f64, f64),
    spread: (f64, f64),
}

impl Pointing {
    /// Points at `board` by `method`.
    #[must_use]
    pub fn new(board: Board, method: Method) -> Self {
        Self { board, method }
    }

    /// The direction of a context's travel and that of its drift.
    fn directions(&self, context: u8) -> (Way, Way) {
        let way = |number: u8| (number < DIRECTIONS).then(|| unit(number));
        let (travel, drift) = (context % (DIRECTIONS + 1), context / (DIRECTIONS + 1));
        let moves = self.method.moves().then(|| way(travel)).flatten();
        (moves, (self.method.drift > 0.0).then(|| unit(drift)))
    }

    fn fall(&self, context: u8) -> Fall {
        let Method { spread, travel: (stretch, overshoot), drift, .. } = self.method;
        let (travel, lean) = self.directions(context);
        let (tx, ty) = travel.unwrap_or_default();
        let (dx, dy) = lean.unwrap_or_default();
        Fall {
            shift: (tx * overshoot + dx * drift, ty * overshoot + dy * drift),
            spread: (libm::hypot(spread, stretch * tx), libm::hypot(spread, stretch * ty)),
        }
    }

    fn neighbours(&self, meant: char, cause: Cause, weight: impl Fn(&Key, &Key) -> f64) -> Vec<Slip> {
        let Some(stroke) = self.board.stroke(meant) else { return Vec::new() };
        let aim = &self.board.keys()[stroke.key];
        let others = self.board.keys().iter().enumerate().filter(|(key, _)| *key != stroke.key);
        let slips = others.filter_map(|(index, key)| {
            let to = self.board.with_key(stroke, index).filter(|to| *to != meant)?;
            Some(Slip { to, weight: weight(aim, key), cause, instead: cause == self.method.miss })
        });
        merged(slips)
    }
}

impl Model for Pointing {
    fn characters(&self) -> Vec<char> {
        self.board.characters().collect()
    }

    fn leanings(&self) -> u8 {
        if self.method.drift > 0.0 { DIRECTIONS } else { 1 }
    }

    fn contexts(&self) -> u8 {
        if self.method.moves() { self.leanings() * (DIRECTIONS + 1) } else { self.leanings() }
    }

    fn context(&self, before: Option<char>, meant: char, leaning: u8) -> u8 {
        let place = |char| self.board.stroke(char).map(|stroke| &self.board.keys()[stroke.key]);
        let way =
            before.and_then(place).zip(place(meant)).and_then(|(from, to)| direction(to.x - from.x, to.y - from.y));
        leaning * (DIRECTIONS + 1) + way.unwrap_or(DIRECTIONS)
    }

    fn instead(&self, meant: char, context: u8) -> Vec<Slip> {
        let fall = self.fall(context);
        let mut slips = self.neighbours(meant, self.method.miss, |aim, key| share(aim, key, fall));
        let bare = self.board.stroke(meant).and_then(|stroke| self.board.bare(stroke));
        if let Some((to, cause)) = bare.filter(|(to, _)| *to != meant) {
            let missed: f64 = slips.iter().map(|slip| slip.weight).sum();
            let weight = if missed > 0.0 { missed * BARE / (1.0 - BARE) } else { 1.0 };
            slips.push(Slip { to, weight, cause, instead: true });
        }
        slips
    }

    fn besides(&self, meant: char, context: u8) -> Vec<Slip> {
        let mut fall = self.fall(context);
        if let (Some((x, y)), true) = (self.directions(context).0, self.method.passing > 0.0) {
            // A key passed on the way lies one key before the one meant.
            fall.shift = (-x * self.method.passing, -y * self.method.passing);
        }
        self.neighbours(meant, self.method.extra, |aim, key| share(aim, key, fall))
    }

    fn mix(&self) -> Mix {
        self.method.mix
    }

    fn lapses(&self) -> (Cause, Cause) {
        self.method.lapses
    }
}

/// The step of length 1 in a direction, clockwise from the right.
fn unit(direction: u8) -> (f64, f64) {
    let half = std::f64::consts::FRAC_1_SQRT_2;
    match direction {
        0 => (1.0, 0.0),
        1 => (half, half),
        2 => (0.0, 1.0),
        3 => (-half, half),
        4 => (-1.0, 0.0),
        5 => (-half, -half),
        6 => (0.0, -1.0),
        _ => (half, -half),
    }
}

/// The nearest of the directions; `None` without a way.
fn direction(x: f64, y: f64) -> Option<u8> {
    let along = |direction: &u8| {
        let (ux, uy) = unit(*direction);
        x * ux + y * uy
    };
    let best = (0..DIRECTIONS).max_by(|a, b| along(a).total_cmp(&along(b)))?;
    (x != 0.0 || y != 0.0).then_some(best)
}

/// The share of selections aimed at the middle of `aim` that fall on `key`.
fn share(aim: &Key, key: &Key, fall: Fall) -> f64 {
    // On a key wider than high one aims at the nearest part of its middle line.
    let reach = (aim.width - 1.0) / 2.0;
    let (x, y) = (key.x.clamp(aim.x - reach, aim.x + reach) + fall.shift.0, aim.y + fall.shift.1);
    let across = |from: f64, to: f64, spread: f64| normal(to / spread) - normal(from / spread);
    across(key.x - key.width / 2.0 - x, key.x + key.width / 2.0 - x, fall.spread.0)
        * across(key.y - 0.5 - y, key.y + 0.5 - y, fall.spread.1)
}

/// One slip for each character, with the weights of all its keys.
fn merged(slips: impl Iterator<Item = Slip>) -> Vec<Slip> {
    let mut found: Vec<Slip> = Vec::new();
    for slip in slips {
        match found.iter_mut().find(|known| known.to == slip.to) {
            Some(known) => known.weight += slip.weight,
            None => found.push(slip),
        }
    }
    found
}
