//! Writing a file so that it exists whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::sync::Syncer;
use crate::{Error, Result, fault};

/// Bytes gathered before a write to the operating system.
const BUFFER_BYTES: usize = 1 << 20;

const PREFIX: &str = ".aacorn-";
const SUFFIX: &str = ".part";

/// Whether a file of this name is one that this program had not finished.
#[must_use]
pub fn is_half_written(name: &str) -> bool {
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}

/// A file being written beside its final name; [`AtomicFile::finish`] puts it there.
///
/// Dropped without `finish` it leaves nothing behind. The temporary file has a name that starts with a dot, so that a
/// folder search never takes it for a result.
#[derive(Debug)]
pub struct AtomicFile {
    path: PathBuf,
    writer: BufWriter<NamedTempFile>,
    syncer: Syncer,
    bytes: u64,
}

impl AtomicFile {
    /// Starts a file that will appear as `path`; its folder is made when it is not there.
    ///
    /// # Errors
    /// [`Error::Io`] when the folder or the temporary file cannot be made.
    pub fn create(path: &Path) -> Result<Self> {
        let folder = parent(path);
        fs::create_dir_all(folder).map_err(Error::io("make folder", folder))?;
        let file = tempfile::Builder::new()
            .prefix(PREFIX)
            .suffix(SUFFIX)
            .permissions(permissions())
            .tempfile_in(folder)
            .map_err(Error::io("write in", folder))?;
        let syncer = Syncer::new(file.as_file()).map_err(Error::io("write in", folder))?;
        let writer = BufWriter::with_capacity(BUFFER_BYTES, file);
        Ok(Self { path: path.to_owned(), writer, syncer, bytes: 0 })
    }

    /// The name the file will have.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes written so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Writes `line` and the line feed after it.
    ///
    /// # Errors
    /// [`Error::Io`] when the disk is full or gone.
    pub fn write_line(&mut self, line: &[u8]) -> Result<()> {
        self.put(line)?;
        self.put(b"\n")
    }

    /// Writes `bytes` as they are.
    ///
    /// # Errors
    /// [`Error::Io`] when the disk is full or gone.
    pub fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_all(bytes).map_err(Error::io("write", &self.path))
    }

    /// [`AtomicFile::finish`] under another name in the same folder, for names that are known only at the end.
    ///
    /// # Errors
    /// As `finish`.
    pub fn finish_as(mut self, path: &Path) -> Result<PathBuf> {
        self.path = path.to_owned();
        self.finish()
    }

    /// Flushes, syncs and renames: after this the file is whole under its name, and survives a power cut.
    ///
    /// # Errors
    /// [`Error::Io`] at any of the three; the temporary file is then removed and an older file of that name is untouched.
    pub fn finish(self) -> Result<PathBuf> {
        let Self { path, writer, syncer, .. } = self;
        let file = writer.into_inner().map_err(io::IntoInnerError::into_error).map_err(Error::io("write", &path))?;
        syncer.finish().map_err(Error::io("sync", &path))?;
        fault::point("before-rename");
        file.persist(&path).map_err(|error| error.error).map_err(Error::io("rename to", &path))?;
        fault::point("after-rename");
        sync_folder(parent(&path)).map_err(Error::io("sync", &path))?;
        Ok(path)
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(bytes)?;
        self.bytes += written as u64;
        self.syncer.wrote(written)?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(unix)]
fn permissions() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    fs::Permissions::from_mode(0o666)
}

#[cfg(not(unix))]
fn permissions() -> fs::Permissions {
    // Only consulted on Unix, where temporary files are private by default.
    fs::metadata(".").map(|meta| meta.permissions()).expect("the current folder has permissions")
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_only_when_finished() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b.jsonl");
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_line(b"{}").unwrap();
        assert!(!path.exists());
        file.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"{}\n");
    }

    #[test]
    fn a_dropped_file_leaves_the_old_one_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("b.jsonl");
        fs::write(&path, "old").unwrap();
        let mut file = AtomicFile::create(&path).unwrap();
        file.write_line(b"new").unwrap();
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
    #[test]
    fn a_long_file_is_whole_although_it_is_synced_on_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long");
        let piece: Vec<u8> = (0..=255).cycle().take(3 << 20).collect();
        let write = || {
            let mut file = AtomicFile::create(&path).unwrap();
            (0..4).for_each(|_| file.put(&piece).unwrap());
            file
        };
        drop(write());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        write().finish().unwrap();
        assert!(fs::read(&path).unwrap().chunks(piece.len()).eq([&piece[..]; 4]));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
