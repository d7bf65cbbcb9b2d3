//! An utterance taken apart: graphemes, their keys, and which of them errors may touch.

use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

use super::class::{Class, class, is_address, joins, may_hold_address};
use super::distance::Pattern;
use super::symbol::{Clusters, FIRST_CLUSTER, Symbol, bytes_are_graphemes, chars_are_graphemes};

/// Bytes after the text in [`Source::padded`].
pub const PADDING: usize = 32;

/// How often an error falls on a letter within a word for each time that it falls on one that begins a word: 2 to 3 % of real errors hit
/// the first letter, where a fifth of letters are first (typos-dict 0.14.4 and BEA60k, counted).
pub const INITIAL_KEPT: usize = 8;

/// The utterance of one turn.
#[derive(Debug, Default)]
pub struct Source {
    text: String,
    padded: Vec<u8>,
    plain: bool,
    starts: Vec<u32>,
    symbols: Vec<Symbol>,
    classes: Vec<Class>,
    keys: Vec<u16>,
    /// Where errors may fall: the graphemes that begin no word, then those that do.
    open: Vec<u32>,
    within: usize,
    pub(super) clusters: Clusters,
    pub(super) pattern: Pattern,
    pub(super) fragile: bool,
}

impl Source {
    /// Takes `text` apart; `key` numbers the characters that devices know, 0 for those they do not.
    pub fn read(&mut self, text: &str, key: impl Fn(char) -> u16) {
        self.text.clear();
        self.text.push_str(text);
        self.padded.clear();
        self.padded.extend_from_slice(text.as_bytes());
        self.padded.extend_from_slice(&[0; PADDING]);
        self.plain = !text.bytes().any(|byte| matches!(byte, 0..0x20 | b'"' | b'\\'));
        self.clusters.clear();
        self.starts.clear();
        self.symbols.clear();
        self.classes.clear();
        self.keys.clear();
        self.fragile = false;
        if bytes_are_graphemes(text) {
            self.starts.extend(0..=text.len() as u32);
            self.symbols.extend(text.bytes().map(Symbol::from));
            self.keys.extend(text.bytes().map(|byte| key(byte.into())));
            self.classes.extend(text.bytes().map(|byte| class(byte.into())));
        } else {
            if chars_are_graphemes(text) {
                for (start, char) in text.char_indices() {
                    self.starts.push(start as u32);
                    self.symbols.push(char.into());
                    self.keys.push(key(char));
                    self.classes.push(class(char));
                }
            } else {
                for (start, grapheme) in text.grapheme_indices(true) {
                    self.push(start, grapheme, &key);
                }
            }
            self.starts.push(text.len() as u32);
        }
        self.mark_words();
        self.find_open();
        self.pattern.compile(&self.symbols);
    }

    fn push(&mut self, start: usize, grapheme: &str, key: &impl Fn(char) -> u16) {
        let mut chars = grapheme.chars();
        let base = chars.next().unwrap_or_default();
        let marked = chars.as_str();
        let symbol = self.clusters.symbol(grapheme);
        let number = key(base);
        let mut class = class(base);
        if symbol >= FIRST_CLUSTER {
            let of_marks = marked.chars().all(is_combining_mark) && class.has(Class::LETTER);
            class = if of_marks { class.with(Class::MARKED) } else { Class::SPARED };
            // A letter with its marks takes nothing from its neighbours, and no key gives a mark alone.
            self.fragile |= !of_marks || joins(base);
        } else if joins(base) {
            self.fragile = true;
        }
        self.starts.push(start as u32);
        self.symbols.push(symbol);
        self.keys.push(number);
        self.classes.push(class);
    }

    fn mark_words(&mut self) {
        let mut before = Class::SPACE;
        for class in &mut self.classes {
            let begins = before.has(Class::SPACE) & !class.has(Class::SPACE);
            *class = class.with(Class::INITIAL.when(begins));
            before = *class;
        }
        if may_hold_address(&self.text) {
            self.spare_addresses();
        }
    }

    fn spare_addresses(&mut self) {
        let space = |class: &Class| class.has(Class::SPACE);
        let mut start = 0;
        for word in self.classes.split_mut(space) {
            let end = start + word.len();
            if is_address(&self.text[self.starts[start] as usize..self.starts[end] as usize]) {
                word.iter_mut().for_each(|class| *class = class.with(Class::SPARED));
            }
            start = end + 1;
        }
    }

    fn find_open(&mut self) {
        self.open.clear();
        self.open.resize(self.len() + 1, 0);
        let mut found = 0;
        for initial in [false, true] {
            for (at, class) in (0..).zip(&self.classes) {
                self.open[found] = at;
                found += usize::from(!class.has(Class::SPARED) & (class.has(Class::INITIAL) == initial));
            }
            if !initial {
                self.within = found;
            }
        }
        self.open.truncate(found);
    }

    /// The grapheme that an error falls on, by 24 bits: none that is spared, and one that begins a word only once for every
    /// [`INITIAL_KEPT`] times that another is.
    #[must_use]
    #[inline]
    pub fn place(&self, bits: u32) -> Option<usize> {
        let within = self.within * INITIAL_KEPT;
        let chances = (within + self.open.len() - self.within) as u64;
        let chance = ((u64::from(bits) * chances) >> 24) as usize;
        let at = if chance < within { chance / INITIAL_KEPT } else { chance - within + self.within };
        self.open.get(at).map(|at| *at as usize)
    }

    /// Its text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Number of graphemes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.symbols.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.symbols.is_empty()
    }

    /// The grapheme at `at` as a number.
    #[must_use]
    pub fn symbol(&self, at: usize) -> Symbol {
        self.symbols[at]
    }

    /// What errors must know about the grapheme at `at`.
    #[must_use]
    pub fn class(&self, at: usize) -> Class {
        self.classes[at]
    }

    /// The number of the character at `at` among those that devices know; 0 for none.
    #[must_use]
    pub fn key(&self, at: usize) -> u16 {
        self.keys[at]
    }

    /// The text of the graphemes `from .. to`.
    #[must_use]
    pub fn slice(&self, from: usize, to: usize) -> &str {
        &self.text[self.starts[from] as usize..self.starts[to] as usize]
    }

    /// Its text as UTF-8, with [`PADDING`] more bytes.
    #[must_use]
    pub fn padded(&self) -> &[u8] {
        &self.padded
    }

    /// Whether no character of it is escaped in JSON.
    #[must_use]
    pub fn plain(&self) -> bool {
        self.plain
    }

    /// The first byte of the grapheme at `at`; at its length, that of its text.
    #[must_use]
    pub fn start(&self, at: usize) -> usize {
        self.starts[at] as usize
    }

    /// The first character of the grapheme at `at`.
    #[must_use]
    pub fn base(&self, at: usize) -> char {
        self.text[self.starts[at] as usize..].chars().next().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spared(text: &str) -> String {
        let mut source = Source::default();
        source.read(text, |_| 1);
        (0..source.len()).filter(|at| source.class(*at).has(Class::SPARED)).map(|at| source.slice(at, at + 1)).collect()
    }

    #[test]
    fn numbers_addresses_and_emoji_are_spared() {
        assert_eq!(spared("see www.a.org at 5:30 or ann@b.org 👍🏽 ok"), "www.a.org530ann@b.org👍🏽");
        assert_eq!(spared("الساعة ٥"), "٥");
    }

    #[test]
    fn the_short_way_divides_as_the_long_one() {
        let simple: Vec<char> = ('\0'..='\u{FFFF}').filter(|char| chars_are_graphemes(&char.to_string())).collect();
        assert!(simple.len() > 30_000);
        for pair in simple.windows(2).map(|pair| [pair[0], pair[1]]).chain(simple.iter().map(|char| ['a', *char])) {
            let text = String::from_iter(pair);
            assert_eq!(text.graphemes(true).count(), 2, "{text:?}");
            assert_eq!(String::from_iter([pair[1], pair[0]]).graphemes(true).count(), 2, "{text:?}");
        }
    }

    #[test]
    fn clusters_stay_whole() {
        let mut source = Source::default();
        source.read("re\u{301}s 👨‍👩‍👧‍👦\r\n", |_| 1);
        let graphemes: Vec<_> = (0..source.len()).map(|at| source.slice(at, at + 1)).collect();
        assert_eq!(graphemes, ["r", "e\u{301}", "s", " ", "👨‍👩‍👧‍👦", "\r\n"]);
        assert!(source.class(1).has(Class::MARKED) && source.class(4).has(Class::SPARED));
    }
}
