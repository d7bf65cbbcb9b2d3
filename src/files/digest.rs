//! SHA-256 of files, the digest that `sha256sum` prints. This file owns `sha2`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use sha2::Digest;

use crate::{Error, Result};

/// A digest being taken, piece by piece.
#[derive(Debug, Clone, Default)]
pub struct Sha256(sha2::Sha256);

impl Sha256 {
    /// Takes `bytes` in.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The digest as 64 hex digits.
    #[must_use]
    pub fn hex(self) -> String {
        self.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// The digest of the file at `path` as 64 hex digits, and its length in bytes; the file is streamed.
///
/// # Errors
/// [`Error::Io`] when it cannot be read.
pub fn sha256(path: &Path) -> Result<(String, u64)> {
    let mut file = File::open(path).map_err(Error::io("read", path))?;
    let mut digest = Sha256::default();
    let mut buffer = vec![0; 1 << 16];
    let mut length = 0;
    loop {
        let read = file.read(&mut buffer).map_err(Error::io("read", path))?;
        if read == 0 {
            return Ok((digest.hex(), length));
        }
        digest.update(&buffer[..read]);
        length += read as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_published_one() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "abc").unwrap();
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256(file.path()).unwrap(), (expected.to_owned(), 3));
    }
}
