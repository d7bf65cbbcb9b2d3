//! API keys: held so that nothing prints them.

use std::fmt;

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use crate::{Error, Result, random};

/// A key. It has no `Display`, its `Debug` is redacted, and its memory is cleared when it is dropped.
#[derive(Clone)]
pub struct Key(SecretString);

impl Key {
    /// Holds `text`, without the spaces around it.
    ///
    /// # Errors
    /// [`Error::Usage`] when it is empty or cannot stand in a header; the text itself is not told.
    pub fn new(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.is_empty() || HeaderValue::from_str(text).is_err() {
            return Err(Error::Usage("the API key is empty or has characters that no key has".to_owned()));
        }
        Ok(Self(SecretString::from(text)))
    }

    /// The key in the environment variable `name`.
    ///
    /// # Errors
    /// [`Error::Usage`] naming the variable when it is not set or holds no key.
    pub fn from_env(name: &str) -> Result<Self> {
        let text = std::env::var(name).unwrap_or_default();
        Self::new(&text).map_err(|_| {
            Error::Usage(format!("no API key: set {name} in the environment (or name another with --api-key-env)"))
        })
    }

    /// Whether `given` is this key; takes as long for a near miss as for a far one.
    #[must_use]
    pub fn matches(&self, given: &str) -> bool {
        random::hash(self.0.expose_secret().as_bytes()) == random::hash(given.as_bytes())
    }

    /// The value of a header: `prefix` and the key, marked so that nothing logs it.
    pub(super) fn header(&self, prefix: &str) -> HeaderValue {
        let mut value = HeaderValue::from_str(&format!("{prefix}{}", self.0.expose_secret()))
            .expect("a key was checked to stand in a header");
        value.set_sensitive(true);
        value
    }

    /// `text` with the key blotted out, should a server have echoed it.
    pub(super) fn redact(&self, text: &str) -> String {
        text.replace(self.0.expose_secret(), "[key]")
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_shown() {
        let key = Key::new(" sk-secret\n").unwrap();
        assert_eq!(format!("{key:?}"), "Key([redacted])");
        assert!(!format!("{:?}", key.header("Bearer ")).contains("secret"));
        assert_eq!(key.redact("Incorrect API key: sk-secret."), "Incorrect API key: [key].");
        assert!(key.matches("sk-secret") && !key.matches("sk-secre"));
        for text in ["", " ", "a\nb"] {
            assert!(Key::new(text).is_err());
        }
    }
}
