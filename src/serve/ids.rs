//! Ids made from what they name, so that the same work under a fixed clock has the same ids.

use crate::random;

/// `prefix` and 24 hex digits of the hash of `parts`; parts are separated unambiguously.
pub(super) fn mint(prefix: &str, parts: &[&[u8]]) -> String {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part);
    }
    format!("{prefix}{}", random::fingerprint(&bytes, 24))
}
