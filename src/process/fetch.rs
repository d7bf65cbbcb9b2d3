//! Reading many lines at their places with few reads.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use crate::{Error, Result};

use super::inputs::Inputs;
use super::place::Place;
use super::spare::Spares;

/// Lines with no more than this between them are read together.
const GAP_BYTES: u64 = 16 << 10;

/// Lines that have been read.
#[derive(Debug)]
pub(super) struct Fetched<'a> {
    buffer: Vec<u8>,
    spares: &'a Spares,
    /// By index of the place: where its line begins in the buffer.
    starts: Vec<usize>,
    lengths: Vec<usize>,
}

/// Reads the lines at `places`; those that are [`Place::NONE`] are empty.
///
/// # Errors
/// [`Error::Io`] when a file cannot be read, or is shorter than it was.
pub(super) fn fetch<'a>(inputs: &Inputs, places: &[Place], spares: &'a Spares) -> Result<Fetched<'a>> {
    let mut order: Vec<usize> = (0..places.len()).filter(|at| places[*at].some().is_some()).collect();
    if !places.is_sorted() {
        order.sort_unstable_by_key(|at| places[*at]);
    }
    let mut used = 0;
    let mut fetched = Fetched {
        buffer: spares.take(),
        spares,
        starts: vec![0; places.len()],
        lengths: places.iter().map(|p| p.length()).collect(),
    };
    let mut open: Option<(usize, File)> = None;
    for run in order.chunk_by(|a, b| near(places[*a], places[*b])) {
        let (first, last) = (places[run[0]], places[run[run.len() - 1]]);
        let path = inputs.source(first.file());
        let file = match &mut open {
            Some((index, file)) if *index == first.file() => file,
            open => &mut open.insert((first.file(), File::open(path).map_err(Error::io("read", path))?)).1,
        };
        let base = used;
        used += (last.offset() + last.length() as u64 - first.offset()) as usize;
        if fetched.buffer.len() < used {
            fetched.buffer.resize(used, 0);
        }
        file.seek(SeekFrom::Start(first.offset()))
            .and_then(|_| file.read_exact(&mut fetched.buffer[base..used]))
            .map_err(Error::io("read", path))?;
        for at in run {
            fetched.starts[*at] = base + (places[*at].offset() - first.offset()) as usize;
        }
    }
    Ok(fetched)
}

impl Fetched<'_> {
    /// The line at the place of that index.
    pub fn line(&self, at: usize) -> &[u8] {
        &self.buffer[self.starts[at]..][..self.lengths[at]]
    }
}

impl Drop for Fetched<'_> {
    fn drop(&mut self) {
        self.spares.give(std::mem::take(&mut self.buffer));
    }
}

fn near(a: Place, b: Place) -> bool {
    a.file() == b.file() && b.offset() <= a.offset() + a.length() as u64 + GAP_BYTES
}
