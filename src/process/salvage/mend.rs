//! Mending the small things that keep a whole object from being JSON.

/// `text` with what is known to be harmless put right; each kind of repair is named once.
///
/// The result may still not be JSON: what is not named here is left as it is.
pub(super) fn mend(text: &str, repairs: &mut Vec<&'static str>) -> String {
    let mut mender = Mender { rest: text, out: String::with_capacity(text.len() + 16), repairs };
    while mender.token() {}
    mender.out
}

struct Mender<'a, 'r> {
    rest: &'a str,
    out: String,
    repairs: &'r mut Vec<&'static str>,
}

impl<'a> Mender<'a, '_> {
    fn token(&mut self) -> bool {
        let Some(char) = self.rest.chars().next() else { return false };
        match char {
            '"' => self.string('"', '"'),
            '\u{201C}' | '\u{201D}' => {
                self.did("smart_quotes");
                self.string(char, '\u{201D}');
            }
            ',' if self.rest[1..].trim_start().starts_with(['}', ']']) => {
                self.did("trailing_comma");
                self.take(1);
            }
            letter if letter.is_alphabetic() => self.word(),
            other => self.copy(other.len_utf8()),
        }
        true
    }

    fn string(&mut self, open: char, close: char) {
        self.out.push('"');
        self.take(open.len_utf8());
        while let Some(char) = self.rest.chars().next() {
            match char {
                _ if char == close => {
                    self.take(close.len_utf8());
                    self.out.push('"');
                    return;
                }
                '"' => {
                    self.out.push_str("\\\"");
                    self.take(1);
                }
                '\\' => self.escape(),
                control if control < ' ' => {
                    self.did("control_char");
                    let escaped = match control {
                        '\n' => "\\n".to_owned(),
                        '\r' => "\\r".to_owned(),
                        '\t' => "\\t".to_owned(),
                        other => format!("\\u{:04x}", u32::from(other)),
                    };
                    self.out.push_str(&escaped);
                    self.take(1);
                }
                other => self.copy(other.len_utf8()),
            }
        }
    }

    fn escape(&mut self) {
        let after = &self.rest[1..];
        match after.chars().next() {
            Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't') => self.copy(2),
            Some('u') if after.len() > 4 && after.as_bytes()[1..5].iter().all(u8::is_ascii_hexdigit) => self.copy(6),
            Some('\'') => {
                self.did("bad_escape");
                self.take(1);
            }
            _ => {
                self.did("bad_escape");
                self.out.push_str("\\\\");
                self.take(1);
            }
        }
    }

    fn word(&mut self) {
        let length = self.rest.find(|char: char| !char.is_alphanumeric()).unwrap_or(self.rest.len());
        let literal = match &self.rest[..length] {
            "True" => "true",
            "False" => "false",
            "None" => "null",
            _ => return self.copy(length),
        };
        self.did("python_literal");
        self.out.push_str(literal);
        self.take(length);
    }

    fn copy(&mut self, length: usize) {
        self.out.push_str(&self.rest[..length]);
        self.take(length);
    }

    fn take(&mut self, length: usize) {
        self.rest = &self.rest[length..];
    }

    fn did(&mut self, repair: &'static str) {
        if !self.repairs.contains(&repair) {
            self.repairs.push(repair);
        }
    }
}
