//! Grapheme Levenshtein distance, bit-parallel (Myers 1999 in the form of Hyyrö 2003).
//!
//! The source of a turn is compiled once; each text is then compared in one pass, 64 graphemes of the source at a time.

use super::symbol::Symbol;

/// The number of a grapheme within one [`Pattern`]; 0 is any that the source does not hold.
pub type Id = u32;

/// Places in the table of symbols: those of one alphabet hardly ever share one.
const SLOTS: usize = 256;

/// Masks after those of a row.
pub const ROW_PADDING: usize = 8;

/// A source compiled for comparison.
#[derive(Debug)]
pub struct Pattern {
    length: usize,
    words: usize,
    /// For each id, the positions where the source holds it, as `words` words of bits.
    masks: Vec<u64>,
    /// The id of each grapheme of the source.
    ids: Vec<Id>,
    /// The mask of each grapheme of a narrow source; then [`ROW_PADDING`] more.
    row: Vec<u64>,
    /// Symbols with their ids, by the last bits of the symbol; an id of 0 is an empty place.
    table: [(Symbol, Id); SLOTS],
    /// Places of the table that must be emptied.
    seen: Vec<u8>,
    /// Symbols whose place was taken.
    others: Vec<(Symbol, Id)>,
    columns: Vec<(u64, u64)>,
}

impl Default for Pattern {
    fn default() -> Self {
        Self {
            length: 0,
            words: 1,
            masks: Vec::new(),
            ids: Vec::new(),
            row: Vec::new(),
            table: [(0, 0); SLOTS],
            seen: Vec::new(),
            others: Vec::new(),
            columns: Vec::new(),
        }
    }
}

impl Pattern {
    /// Compiles `source`.
    pub fn compile(&mut self, source: &[Symbol]) {
        for slot in self.seen.drain(..) {
            self.table[usize::from(slot)].1 = 0;
        }
        self.others.clear();
        self.ids.clear();
        self.length = source.len();
        self.words = source.len().div_ceil(64).max(1);
        self.masks.clear();
        self.masks.resize(self.words, 0);
        for (at, &symbol) in source.iter().enumerate() {
            let mut id = self.id(symbol);
            if id == 0 {
                id = (self.masks.len() / self.words) as Id;
                self.masks.resize(self.masks.len() + self.words, 0);
                let slot = symbol as usize % SLOTS;
                if self.table[slot].1 == 0 {
                    self.table[slot] = (symbol, id);
                    self.seen.push(slot as u8);
                } else {
                    self.others.push((symbol, id));
                }
            }
            self.masks[id as usize * self.words + at / 64] |= 1 << (at % 64);
            self.ids.push(id);
        }
        self.row.clear();
        if self.is_narrow() {
            self.row.extend(self.ids.iter().map(|id| self.masks[*id as usize]));
            self.row.extend([0; ROW_PADDING]);
        }
    }

    /// The id of a symbol, 0 when the source does not hold it.
    #[must_use]
    #[inline]
    pub fn id(&self, symbol: Symbol) -> Id {
        match self.table[symbol as usize % SLOTS] {
            (known, id) if known == symbol || id == 0 => id,
            _ => self.others.iter().find(|(known, _)| *known == symbol).map_or(0, |(_, id)| *id),
        }
    }

    /// Whether the source has at most 64 graphemes, which [`Walk`] needs.
    #[must_use]
    pub fn is_narrow(&self) -> bool {
        self.words == 1
    }

    /// Where a narrow source holds the grapheme that it has at each place, as bits; then [`ROW_PADDING`] more.
    #[must_use]
    pub fn row(&self) -> &[u64] {
        &self.row
    }

    /// Where a narrow source holds `symbol`, as bits; of no use where the source is not narrow.
    #[must_use]
    #[inline]
    pub fn mask(&self, symbol: Symbol) -> u64 {
        self.masks[self.id(symbol) as usize * self.words]
    }

    /// The ids of the source's graphemes.
    #[must_use]
    pub fn ids(&self) -> &[Id] {
        &self.ids
    }

    /// The distance between the source and a text, given as ids of this pattern.
    #[must_use]
    pub fn distance(&mut self, text: &[Id]) -> u32 {
        let prefix = self.ids.iter().zip(text).take_while(|(a, b)| a == b).count();
        let (rest, text) = (self.length - prefix, &text[prefix..]);
        let suffix =
            self.ids[prefix..].iter().rev().zip(text.iter().rev()).take_while(|(a, b)| a == b && **a != 0).count();
        let (rest, text) = (rest - suffix, &text[..text.len() - suffix]);
        if rest == 0 || text.is_empty() {
            return (rest + text.len()) as u32;
        }
        if self.words == 1 { self.one_word(prefix, rest, text) } else { self.many_words(text, prefix, suffix) }
    }

    fn one_word(&self, shift: usize, length: usize, text: &[Id]) -> u32 {
        let mut walk = Walk::new(shift);
        for &id in text {
            walk.step(self.masks[id as usize]);
        }
        walk.distance(shift + length)
    }

    fn many_words(&mut self, text: &[Id], prefix: usize, suffix: usize) -> u32 {
        let (first, end) = (prefix / 64, (self.length - suffix).div_ceil(64));
        // The common prefix within the first word is compared again: it costs nothing and keeps the words aligned.
        let again = prefix % 64;
        let last = 1u64 << ((self.length - suffix - 1) % 64);
        self.columns.clear();
        self.columns.resize(end - first, (u64::MAX, 0));
        let mut score = (self.length - suffix - first * 64) as u32;
        for at in 0..again + text.len() {
            let id = if at < again { self.ids[first * 64 + at] } else { text[at - again] };
            let mut carry_up = 1u64;
            let mut carry_down = 0u64;
            for (word, (plus, minus)) in self.columns.iter_mut().enumerate() {
                let equal = self.masks[id as usize * self.words + first + word];
                let vertical = equal | *minus;
                let equal = equal | carry_down;
                let diagonal = (((equal & *plus).wrapping_add(*plus)) ^ *plus) | equal;
                let up = *minus | !(diagonal | *plus);
                let down = *plus & diagonal;
                if word == end - first - 1 {
                    score += u32::from(up & last != 0);
                    score -= u32::from(down & last != 0);
                }
                let (up_out, down_out) = (up >> 63, down >> 63);
                let up = (up << 1) | carry_up;
                let down = (down << 1) | carry_down;
                *plus = down | !(vertical | up);
                *minus = up & vertical;
                (carry_up, carry_down) = (up_out, down_out);
            }
        }
        score
    }
}

/// The comparison of a text with some graphemes of a narrow source, one grapheme of the text after the other.
#[derive(Debug)]
pub struct Walk {
    plus: u64,
    minus: u64,
    from: u32,
    steps: u32,
}

impl Walk {
    /// Compares with the graphemes after `from`.
    #[must_use]
    #[inline]
    pub fn new(from: usize) -> Self {
        Self { plus: u64::MAX, minus: 0, from: from as u32, steps: 0 }
    }

    /// Goes on by one.
    #[inline]
    pub fn step(&mut self, mask: u64) {
        let equal = mask >> (self.from & 63);
        let diagonal = (((equal & self.plus).wrapping_add(self.plus)) ^ self.plus) | equal | self.minus;
        let up = ((self.minus | !(diagonal | self.plus)) << 1) | 1;
        self.plus = ((self.plus & diagonal) << 1) | !(diagonal | up);
        self.minus = up & diagonal;
        self.steps += 1;
    }

    /// The distance of the text so far from the graphemes before `to`: that from none of them, and the differences from each to the next.
    #[must_use]
    #[inline]
    pub fn distance(&self, to: usize) -> u32 {
        let rows = u64::MAX.checked_shr(64 - (to as u32 - self.from)).unwrap_or(0);
        self.steps + (self.plus & rows).count_ones() - (self.minus & rows).count_ones()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn plain(a: &[Symbol], b: &[Symbol]) -> u32 {
        let mut row: Vec<u32> = (0..=b.len() as u32).collect();
        for (i, x) in a.iter().enumerate() {
            let mut diagonal = row[0];
            row[0] = i as u32 + 1;
            for (j, y) in b.iter().enumerate() {
                let next = (diagonal + u32::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
                diagonal = row[j + 1];
                row[j + 1] = next;
            }
        }
        row[b.len()]
    }

    fn fast(a: &[Symbol], b: &[Symbol]) -> u32 {
        let mut pattern = Pattern::default();
        pattern.compile(&[1, 2, 500]);
        pattern.compile(a);
        let ids: Vec<Id> = b.iter().map(|symbol| pattern.id(*symbol)).collect();
        pattern.distance(&ids)
    }

    fn near(a: Vec<Symbol>) -> impl Strategy<Value = (Vec<Symbol>, Vec<Symbol>)> {
        let edits = prop::collection::vec((any::<prop::sample::Index>(), 0..3u8, 96..140u32), 0..12);
        edits.prop_map(move |edits| {
            let mut b = a.clone();
            for (at, kind, symbol) in edits {
                match kind {
                    0 => b.insert(at.index(b.len() + 1), symbol),
                    _ if b.is_empty() => {}
                    1 => drop(b.remove(at.index(b.len()))),
                    _ => {
                        let at = at.index(b.len());
                        b[at] = symbol;
                    }
                }
            }
            (a.clone(), b)
        })
    }

    proptest! {
        #[test]
        fn any_two_texts_are_as_far_apart_as_the_plain_method_says(
            a in prop::collection::vec(96..140u32, 0..150),
            b in prop::collection::vec(96..140u32, 0..150),
        ) {
            prop_assert_eq!(fast(&a, &b), plain(&a, &b));
        }

        #[test]
        fn so_are_texts_that_are_near(
            (a, b) in prop::collection::vec(96..140u32, 0..260).prop_flat_map(near),
        ) {
            prop_assert_eq!(fast(&a, &b), plain(&a, &b));
        }
    }
}
