//! Streams that are packed or not: read through whatever their first bytes say, written through what was asked for.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::AtomicFile;
use super::unpack::{GZIP, ZSTD};
use crate::{Error, Result};

const BUFFER_BYTES: usize = 1 << 18;
/// zstd's own default: about gzip's size at several times its speed.
const ZSTD_LEVEL: i32 = 3;

/// How the bytes of a file are packed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Packing {
    /// As they are.
    #[default]
    Plain,
    /// gzip.
    Gzip,
    /// zstd.
    Zstd,
}

/// Opens `path`, unpacking as it is read; `-` is standard input.
///
/// # Errors
/// [`Error::Io`] when it cannot be opened or its first bytes cannot be read.
pub fn open(path: &Path) -> Result<Box<dyn BufRead + Send>> {
    if path.as_os_str() == "-" {
        return unpacking(io::stdin(), path);
    }
    unpacking(File::open(path).map_err(Error::io("read", path))?, path)
}

/// `reader`, unpacked when its first bytes say that it is packed; `path` is for messages.
///
/// # Errors
/// [`Error::Io`] when the first bytes cannot be read.
pub fn unpacking(mut reader: impl Read + Send + 'static, path: &Path) -> Result<Box<dyn BufRead + Send>> {
    let mut start = Vec::with_capacity(4);
    reader.by_ref().take(4).read_to_end(&mut start).map_err(Error::io("read", path))?;
    let kind = start.clone();
    let whole = io::Cursor::new(start).chain(reader);
    Ok(if kind.starts_with(GZIP) {
        Box::new(BufReader::with_capacity(BUFFER_BYTES, MultiGzDecoder::new(BufReader::new(whole))))
    } else if kind.starts_with(ZSTD) {
        let decoder = zstd::stream::read::Decoder::new(whole).map_err(Error::io("read", path))?;
        Box::new(BufReader::with_capacity(BUFFER_BYTES, decoder))
    } else {
        Box::new(BufReader::with_capacity(BUFFER_BYTES, whole))
    })
}

/// Where bytes end up.
pub enum Sink {
    /// A file that appears when it is whole.
    File(AtomicFile),
    /// Anything else, such as standard output.
    Stream(Box<dyn Write + Send>),
}

impl Sink {
    /// A file that will appear as `path`.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be started.
    pub fn file(path: &Path) -> Result<Self> {
        AtomicFile::create(path).map(Self::File)
    }

    pub(crate) fn finish(self, path: &Path) -> Result<()> {
        match self {
            Self::File(file) => file.finish().map(drop),
            Self::Stream(mut stream) => stream.flush().map_err(Error::io("write", path)),
        }
    }
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::File(_) => "File",
            Self::Stream(_) => "Stream",
        })
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Stream(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Stream(stream) => stream.flush(),
        }
    }
}

/// A sink that packs what is written to it. Dropped without [`Packer::finish`] a file leaves nothing behind.
pub struct Packer(Inner);

enum Inner {
    Plain(Sink),
    Gzip(GzEncoder<Sink>),
    Zstd(zstd::stream::write::Encoder<'static, Sink>),
}

impl Packer {
    /// Packs into `sink`.
    ///
    /// # Errors
    /// [`Error::Io`] when packing cannot start.
    pub fn new(sink: Sink, packing: Packing, path: &Path) -> Result<Self> {
        Ok(Self(match packing {
            Packing::Plain => Inner::Plain(sink),
            Packing::Gzip => Inner::Gzip(GzEncoder::new(sink, Compression::default())),
            Packing::Zstd => {
                Inner::Zstd(zstd::stream::write::Encoder::new(sink, ZSTD_LEVEL).map_err(Error::io("write", path))?)
            }
        }))
    }

    /// Ends the packing; a file then appears, whole.
    ///
    /// # Errors
    /// [`Error::Io`] as [`AtomicFile::finish`].
    pub fn finish(self, path: &Path) -> Result<()> {
        let sink = match self.0 {
            Inner::Plain(sink) => sink,
            Inner::Gzip(encoder) => encoder.finish().map_err(Error::io("write", path))?,
            Inner::Zstd(encoder) => encoder.finish().map_err(Error::io("write", path))?,
        };
        sink.finish(path)
    }
}

impl fmt::Debug for Packer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Packer")
    }
}

impl Write for Packer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Inner::Plain(sink) => sink.write(bytes),
            Inner::Gzip(encoder) => encoder.write(bytes),
            Inner::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.0 {
            Inner::Plain(sink) => sink.flush(),
            Inner::Gzip(encoder) => encoder.flush(),
            Inner::Zstd(encoder) => encoder.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_is_read_back_whatever_the_packing() {
        let folder = tempfile::tempdir().unwrap();
        let text = "{\"a\":1}\n".repeat(10_000);
        for packing in [Packing::Plain, Packing::Gzip, Packing::Zstd] {
            let path = folder.path().join(format!("{packing:?}"));
            let mut packer = Packer::new(Sink::file(&path).unwrap(), packing, &path).unwrap();
            packer.write_all(text.as_bytes()).unwrap();
            assert!(!path.exists(), "it appears when it is whole");
            packer.finish(&path).unwrap();
            let mut read = String::new();
            open(&path).unwrap().read_to_string(&mut read).unwrap();
            assert_eq!(read, text);
            assert_eq!(packing == Packing::Plain, path.metadata().unwrap().len() == text.len() as u64);
        }
    }

    #[test]
    fn less_than_a_mark_is_read_as_it_is() {
        let mut read = String::new();
        unpacking(&b"a"[..], Path::new("t")).unwrap().read_to_string(&mut read).unwrap();
        assert_eq!(read, "a");
    }
}
