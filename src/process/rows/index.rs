//! Finding the line of a request in a file of records or rejects: a digest and a place for each, 32 bytes.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::dialect::glance;
use crate::files::Lines;
use crate::random::id_digest;
use crate::{Error, Result};

pub(super) struct Index {
    path: PathBuf,
    file: Option<File>,
    places: Vec<([u64; 2], u64, u64)>,
    line: Vec<u8>,
}

impl Index {
    /// Reads the ids of a file; one that is not there holds none.
    pub fn read(path: &Path) -> Result<Self> {
        let mut index = Self { path: path.to_owned(), file: None, places: Vec::new(), line: Vec::new() };
        if !path.is_file() {
            return Ok(index);
        }
        let mut lines = Lines::open(path)?;
        while let Some(line) = lines.next()? {
            if let Some(id) = glance(line.bytes).ok().and_then(|glance| glance.id) {
                index.places.push((id_digest(id.as_bytes()), line.offset, line.bytes.len() as u64));
            }
        }
        index.places.sort_unstable();
        index.file = Some(File::open(path).map_err(Error::io("read", path))?);
        Ok(index)
    }

    /// The line of the request `custom_id`.
    pub fn line(&mut self, custom_id: &str) -> Result<Option<&[u8]>> {
        let digest = id_digest(custom_id.as_bytes());
        let Ok(at) = self.places.binary_search_by_key(&digest, |(digest, ..)| *digest) else { return Ok(None) };
        let Some(file) = &mut self.file else { return Ok(None) };
        let (_, offset, length) = self.places[at];
        self.line.resize(usize::try_from(length).unwrap_or(0), 0);
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.read_exact(&mut self.line))
            .map_err(Error::io("read", &self.path))?;
        Ok(Some(&self.line))
    }
}
