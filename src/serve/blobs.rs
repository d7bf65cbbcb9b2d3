//! The bytes of files, below the state folder, each under its id.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::ids;
use crate::files::{Sha256, is_half_written};
use crate::{Error, Result};

/// A folder of files.
#[derive(Debug)]
pub(super) struct Blobs {
    folder: PathBuf,
}

impl Blobs {
    /// Opens the folder and removes what an earlier process left half-written or never recorded. Files that have no name
    /// of this server's are somebody's, and stay.
    pub fn open(folder: PathBuf, known: impl Fn(&str) -> bool) -> Result<Self> {
        fs::create_dir_all(&folder).map_err(Error::io("make folder", &folder))?;
        for entry in fs::read_dir(&folder).map_err(Error::io("read folder", &folder))? {
            let entry = entry.map_err(Error::io("read folder", &folder))?;
            if entry.file_name().to_str().is_some_and(|name| is_ours(name) && !known(name)) {
                let path = entry.path();
                fs::remove_file(&path).map_err(Error::io("remove", &path))?;
            }
        }
        Ok(Self { folder })
    }

    /// Where the file `id` is; ids are minted here, so they are safe as names.
    pub fn path(&self, id: &str) -> PathBuf {
        self.folder.join(id)
    }

    /// Starts to receive a file.
    pub fn receive(&self) -> Result<Incoming> {
        let file = tempfile::Builder::new()
            .prefix(".aacorn-")
            .suffix(".part")
            .tempfile_in(&self.folder)
            .map_err(Error::io("write in", &self.folder))?;
        Ok(Incoming { file, digest: Sha256::default(), bytes: 0 })
    }

    /// Removes the file `id`, if it is there.
    pub fn remove(&self, id: &str) -> Result<()> {
        let path = self.path(id);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::io("remove", &path)(error)),
            _ => Ok(()),
        }
    }
}

/// Whether the server gives such names: half-written files, and ids.
fn is_ours(name: &str) -> bool {
    is_half_written(name) || ids::is_one("file-", name)
}

/// A file on its way in.
#[derive(Debug)]
pub(super) struct Incoming {
    file: NamedTempFile,
    digest: Sha256,
    bytes: u64,
}

impl Incoming {
    /// Takes a piece.
    pub fn write(&mut self, piece: &[u8]) -> Result<()> {
        self.digest.update(piece);
        self.bytes += piece.len() as u64;
        self.file.write_all(piece).map_err(Error::io("write", self.file.path()))
    }

    /// Bytes so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// All is here: syncs it and gives its digest.
    pub fn close(self) -> Result<(Received, String)> {
        self.file.as_file().sync_all().map_err(Error::io("sync", self.file.path()))?;
        Ok((Received(self.file), self.digest.hex()))
    }
}

/// A file that has arrived and has no name yet.
#[derive(Debug)]
pub(super) struct Received(NamedTempFile);

impl Received {
    /// Puts it at `path`.
    pub fn keep(self, path: &Path) -> Result<()> {
        self.0.persist(path).map_err(|error| error.error).map_err(Error::io("rename to", path)).map(drop)
    }
}
