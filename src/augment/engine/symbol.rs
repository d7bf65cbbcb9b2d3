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

    /// Appends the text of `symbol` to `out`, as UTF-8.
    #[inline]
    pub fn write_bytes(&self, symbol: Symbol, out: &mut Vec<u8>) {
        if symbol < 128 {
            out.push(symbol as u8);
            return;
        }
        match char::from_u32(symbol) {
            Some(char) => out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
            None => out.extend_from_slice(self.texts[(symbol - FIRST_CLUSTER) as usize].as_bytes()),
        }
    }

    /// Appends the text of `symbol` to `out`.
    pub fn write(&self, symbol: Symbol, out: &mut String) {
        match char::from_u32(symbol) {
            Some(char) => out.push(char),
            None => out.push_str(&self.texts[(symbol - FIRST_CLUSTER) as usize]),
        }
    }
}

/// Whether every character of `text` is a grapheme of its own: letters and marks of the scripts that people type in, with nothing
/// that joins or combines.
#[must_use]
pub fn chars_are_graphemes(text: &str) -> bool {
    text.chars().all(|char| {
        matches!(char,
            ' '..='~' | '\u{A0}'..='\u{A8}' | '\u{AA}'..='\u{AC}' | '\u{AF}'..='\u{02FF}' | '\u{0370}'..='\u{0482}'
            | '\u{048A}'..='\u{0559}' | '\u{05D0}'..='\u{05F4}' | '\u{0606}'..='\u{060F}' | '\u{061B}' | '\u{061D}'..='\u{064A}'
            | '\u{0660}'..='\u{066F}' | '\u{0671}'..='\u{06D5}' | '\u{1E00}'..='\u{1FFE}' | '\u{2010}'..='\u{2027}'
            | '\u{202F}' | '\u{20A0}'..='\u{20C0}' | '\u{3000}'..='\u{3029}' | '\u{3041}'..='\u{3096}' | '\u{309B}'..='\u{30FF}'
            | '\u{3131}'..='\u{318E}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}' | '\u{FF01}'..='\u{FF60}')
    })
}

/// Whether every byte of `text` is a grapheme of its own.
#[must_use]
pub fn bytes_are_graphemes(text: &str) -> bool {
    // CR LF is the one cluster of ASCII.
    text.is_ascii() && memchr::memchr(b'\r', text.as_bytes()).is_none()
}
