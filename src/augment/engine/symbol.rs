//! Graphemes as numbers.

/// A grapheme: its code point, or, for one of several code points, [`FIRST_CLUSTER`] plus an index into [`Clusters`].
pub type Symbol = u32;

/// The first number that is no code point.
pub const FIRST_CLUSTER: Symbol = 0x11_0000;

/// The graphemes of several code points that a turn has met.
#[derive(Debug, Default)]
pub struct Clusters {
    texts: Vec<String>,
    used: usize,
}

impl Clusters {
    /// Forgets all, keeping the room.
    pub fn clear(&mut self) {
        self.used = 0;
    }

    /// The number of `grapheme`.
    pub fn symbol(&mut self, grapheme: &str) -> Symbol {
        let mut chars = grapheme.chars();
        if let (Some(only), None) = (chars.next(), chars.next()) {
            return only.into();
        }
        let at = self.texts[..self.used].iter().position(|text| text == grapheme).unwrap_or_else(|| {
            if self.used == self.texts.len() {
                self.texts.push(String::new());
            }
            self.texts[self.used].clear();
            self.texts[self.used].push_str(grapheme);
            self.used += 1;
            self.used - 1
        });
        FIRST_CLUSTER + Symbol::try_from(at).expect("fewer clusters than graphemes in a line")
    }

    /// Appends the text of `symbol` to `out`.
    pub fn write(&self, symbol: Symbol, out: &mut String) {
        match char::from_u32(symbol) {
            Some(char) => out.push(char),
            None => out.push_str(&self.texts[(symbol - FIRST_CLUSTER) as usize]),
        }
    }
}

/// Whether every byte of `text` is a grapheme of its own.
#[must_use]
pub fn bytes_are_graphemes(text: &str) -> bool {
    // CR LF is the one cluster of ASCII.
    text.is_ascii() && memchr::memchr(b'\r', text.as_bytes()).is_none()
}
