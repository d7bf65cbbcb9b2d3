//! Records of one size, sorted into piles on disk: what an index does not keep in memory.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::{Error, Result};

/// Piles of records of `WORDS` words of 64 bits. Each keeps the order in which its records came.
///
/// All piles share one temporary file that has no name where the system can do that, and goes with the program however that
/// ends. In memory is up to a block of each pile, and 8 bytes for each block on disk.
#[derive(Debug)]
pub struct Piles<const WORDS: usize> {
    folder: PathBuf,
    /// Bytes that are written together: whole records.
    block: usize,
    file: Mutex<File>,
    end: u64,
    piles: Vec<Pile>,
}

#[derive(Debug, Default)]
struct Pile {
    /// What is not written yet.
    rest: Vec<u8>,
    /// Where in the file its blocks are, all of the same length.
    blocks: Vec<u64>,
}

impl<const WORDS: usize> Piles<WORDS> {
    const RECORD: usize = WORDS * 8;

    /// No piles yet, in a temporary file in `folder`, which is made when it is not there. Of each pile about `block` bytes are
    /// written together.
    ///
    /// # Errors
    /// [`Error::Io`] when the folder or the file cannot be made.
    pub fn create(folder: &Path, block: usize) -> Result<Self> {
        fs::create_dir_all(folder).map_err(Error::io("make folder", folder))?;
        let file = tempfile::tempfile_in(folder).map_err(Error::io("make a temporary file in", folder))?;
        let block = (block / Self::RECORD).max(1) * Self::RECORD;
        Ok(Self { folder: folder.to_owned(), block, file: Mutex::new(file), end: 0, piles: Vec::new() })
    }

    /// All piles so far; in their place new ones begin.
    ///
    /// # Errors
    /// As [`Piles::create`].
    pub fn take(&mut self) -> Result<Self> {
        let new = Self::create(&self.folder, self.block)?;
        Ok(std::mem::replace(self, new))
    }

    /// Adds a record to a pile. Piles are there as soon as they are named.
    ///
    /// # Errors
    /// [`Error::Io`] when the disk is full or gone.
    pub fn push(&mut self, pile: usize, record: [u64; WORDS]) -> Result<()> {
        if self.piles.len() <= pile {
            self.piles.resize_with(pile + 1, Pile::default);
        }
        let Pile { rest, blocks } = &mut self.piles[pile];
        record.iter().for_each(|word| rest.extend_from_slice(&word.to_le_bytes()));
        if rest.len() < self.block {
            return Ok(());
        }
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.end))
            .and_then(|_| file.write_all(rest))
            .map_err(Error::io("write a temporary file in", &self.folder))?;
        blocks.push(self.end);
        self.end += rest.len() as u64;
        rest.clear();
        Ok(())
    }

    /// How many records there are in a pile.
    #[must_use]
    pub fn len(&self, pile: usize) -> usize {
        self.piles.get(pile).map_or(0, |pile| (pile.blocks.len() * self.block + pile.rest.len()) / Self::RECORD)
    }

    /// Hands on the records of a pile in order.
    ///
    /// # Errors
    /// [`Error::Io`]; what `each` returns.
    pub fn read(&self, pile: usize, mut each: impl FnMut([u64; WORDS]) -> Result<()>) -> Result<()> {
        let Some(Pile { rest, blocks }) = self.piles.get(pile) else { return Ok(()) };
        let mut block = vec![0; if blocks.is_empty() { 0 } else { self.block }];
        for at in blocks {
            self.read_at(*at, &mut block)?;
            block.chunks_exact(Self::RECORD).try_for_each(|record| each(words(record)))?;
        }
        rest.chunks_exact(Self::RECORD).try_for_each(|record| each(words(record)))
    }

    /// One record of a pile, by its place there.
    ///
    /// # Errors
    /// [`Error::Io`].
    ///
    /// # Panics
    /// When there are not so many.
    pub fn get(&self, pile: usize, at: usize) -> Result<[u64; WORDS]> {
        let Pile { rest, blocks } = &self.piles[pile];
        let (block, within) = (at * Self::RECORD / self.block, at * Self::RECORD % self.block);
        let Some(start) = blocks.get(block) else { return Ok(words(&rest[within..][..Self::RECORD])) };
        let mut record = vec![0; Self::RECORD];
        self.read_at(start + within as u64, &mut record)?;
        Ok(words(&record))
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut read = |file: &mut File| -> io::Result<()> {
            file.seek(SeekFrom::Start(at))?;
            file.read_exact(into)
        };
        read(&mut file).map_err(Error::io("read a temporary file in", &self.folder))
    }
}

fn words<const WORDS: usize>(record: &[u8]) -> [u64; WORDS] {
    let (words, _) = record.as_chunks::<8>();
    std::array::from_fn(|at| u64::from_le_bytes(words[at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<const WORDS: usize>(piles: &Piles<WORDS>, pile: usize) -> Vec<[u64; WORDS]> {
        let mut found = Vec::new();
        piles
            .read(pile, |record| {
                found.push(record);
                Ok(())
            })
            .unwrap();
        found
    }

    #[test]
    fn each_pile_has_its_records_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let mut piles = Piles::<3>::create(&folder.path().join("new"), 4096).unwrap();
        let record = |number: u64| [number, number * number, u64::MAX - number];
        for number in 0..30_000 {
            piles.push((number % 7 * 2) as usize, record(number)).unwrap();
        }
        for pile in 0..7 {
            let expected: Vec<_> = (pile as u64..30_000).step_by(7).map(record).collect();
            assert_eq!(read(&piles, pile * 2), expected);
            assert_eq!(piles.len(pile * 2), expected.len());
            for at in [0, 169, 170, 171, expected.len() - 1] {
                assert_eq!(piles.get(pile * 2, at).unwrap(), expected[at]);
            }
            assert_eq!((piles.len(pile * 2 + 1), read(&piles, pile * 2 + 1)), (0, vec![]));
        }
        assert_eq!(piles.len(99), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_file_has_no_name_to_be_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let mut piles = Piles::<1>::create(folder.path(), 4096).unwrap();
        (0..100_000).for_each(|number| piles.push(0, [number]).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        assert_eq!(read(&piles, 0).len(), 100_000);
    }
}
