//! Ids made from what they name, so that the same work under a fixed clock has the same ids.

use crate::random;

/// Hex digits of an id.
const DIGITS: usize = 24;

/// `prefix` and 24 hex digits of the hash of `parts`; parts are separated unambiguously.
pub(super) fn mint(prefix: &str, parts: &[&[u8]]) -> String {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    format!("{prefix}{}", random::fingerprint(&bytes, DIGITS))
}

/// Whether `name` has the form of an id with that prefix.
pub(super) fn is_one(prefix: &str, name: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    name.strip_prefix(prefix).is_some_and(|digits| digits.len() == DIGITS && digits.bytes().all(digit))
}
