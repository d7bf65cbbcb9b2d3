//! Compressed inputs, told by their first bytes, unpacked so that their lines can be read again at their places.
//!
//! With `stream.rs` this file owns `flate2` and `zstd`.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::{Error, Result};

pub(super) const GZIP: &[u8] = &[0x1F, 0x8B];
pub(super) const ZSTD: &[u8] = &[0x28, 0xB5, 0x2F, 0xFD];

/// What a file may expand to: so many times its size, and so many bytes in any case. Batch results compress 5 to 30 times.
const MAX_RATIO: u64 = 200;
const MIN_CAP_BYTES: u64 = 64 << 20;

/// An unpacked copy of a compressed file; it is removed when dropped.
#[derive(Debug)]
pub struct Unpacked {
    /// The copy.
    pub file: NamedTempFile,
    /// Why it is not whole, where it is not: the file is cut or damaged, or expands to more than it may.
    pub problem: Option<String>,
}

/// An unpacked copy of the file at `path`; `None` where it is not compressed.
///
/// # Errors
/// [`Error::Io`] when it cannot be read, or there is no room for the copy.
pub fn unpack(path: &Path) -> Result<Option<Unpacked>> {
    let mut packed = File::open(path).map_err(Error::io("read", path))?;
    let mut start = Vec::new();
    packed.by_ref().take(4).read_to_end(&mut start).map_err(Error::io("read", path))?;
    packed.rewind().map_err(Error::io("read", path))?;
    let cap = packed.metadata().map_err(Error::io("read", path))?.len().saturating_mul(MAX_RATIO).max(MIN_CAP_BYTES);
    let reader: Box<dyn Read> = match start.as_slice() {
        start if start.starts_with(GZIP) => Box::new(flate2::read::MultiGzDecoder::new(packed)),
        start if start.starts_with(ZSTD) => {
            Box::new(zstd::stream::read::Decoder::new(packed).map_err(Error::io("read", path))?)
        }
        _ => return Ok(None),
    };
    let file = NamedTempFile::new().map_err(Error::io("make a temporary file for", path))?;
    let problem = match copy(reader, file.as_file(), cap) {
        Ok(()) => None,
        Err(Stop::Reading(problem)) => Some(problem),
        Err(Stop::Writing(error)) => return Err(Error::io("unpack", path)(error)),
    };
    Ok(Some(Unpacked { file, problem }))
}

enum Stop {
    Reading(String),
    Writing(io::Error),
}

fn copy(mut reader: impl Read, mut into: impl io::Write, cap: u64) -> Result<(), Stop> {
    let mut buffer = vec![0; 1 << 18];
    let mut copied = 0;
    loop {
        let read = reader.read(&mut buffer).map_err(|error| Stop::Reading(error.to_string()))?;
        if read == 0 {
            return Ok(());
        }
        copied += read as u64;
        if copied > cap {
            return Err(Stop::Reading(format!("it expands to more than {} MiB", cap >> 20)));
        }
        into.write_all(&buffer[..read]).map_err(Stop::Writing)?;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn packed(bytes: &[u8]) -> NamedTempFile {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn both_kinds_are_told_by_their_first_bytes() {
        let text = b"{\"a\":1}\n".repeat(1000);
        for bytes in [gzip(&text), zstd::encode_all(text.as_slice(), 3).unwrap()] {
            let unpacked = unpack(packed(&bytes).path()).unwrap().unwrap();
            assert_eq!(std::fs::read(unpacked.file.path()).unwrap(), text);
            assert_eq!(unpacked.problem, None);
        }
        assert!(unpack(packed(&text).path()).unwrap().is_none());
        assert!(unpack(packed(b"").path()).unwrap().is_none());
    }

    #[test]
    fn of_a_cut_file_the_beginning_is_kept() {
        let text: Vec<u8> =
            (0..20_000u32).flat_map(|number| format!("{{\"a\":{}}}\n", number * 7919 % 10007).into_bytes()).collect();
        let mut bytes = gzip(&text);
        bytes.truncate(bytes.len() / 2);
        let unpacked = unpack(packed(&bytes).path()).unwrap().unwrap();
        let read = std::fs::read(unpacked.file.path()).unwrap();
        assert!(!read.is_empty() && text.starts_with(&read));
        assert!(unpacked.problem.is_some());
    }

    #[test]
    fn a_bomb_is_defused() {
        let bytes = gzip(&vec![b' '; 70 << 20]);
        let unpacked = unpack(packed(&bytes).path()).unwrap().unwrap();
        assert!(unpacked.problem.unwrap().contains("expands"));
        assert!(unpacked.file.as_file().metadata().unwrap().len() <= MIN_CAP_BYTES);
    }
}
