//! The outputs of the stage: records and rejects, and the sums of what was done.

use std::fs;
use std::path::{Path, PathBuf};

use crate::augment::record::Counts;
use crate::augment::worker::Done;
use crate::files::AtomicFile;
use crate::model::Tally;
use crate::{Error, Result};

/// The files being written, and the sums.
pub struct Written {
    records: AtomicFile,
    rejects: Option<AtomicFile>,
    rejects_path: PathBuf,
    tally: Tally,
    counts: Counts,
}

impl Written {
    /// Files that will appear under these names.
    ///
    /// # Errors
    /// [`Error::Io`]
    pub fn new(records: &Path, rejects: &Path) -> Result<Self> {
        Ok(Self {
            records: AtomicFile::create(records)?,
            rejects: None,
            rejects_path: rejects.to_owned(),
            tally: Tally::default(),
            counts: Counts::default(),
        })
    }

    /// Writes what a chunk gave.
    ///
    /// # Errors
    /// [`Error::Io`]
    pub fn take(&mut self, done: &mut Done) -> Result<()> {
        self.records.put(&done.records)?;
        if !done.rejects.is_empty() {
            if self.rejects.is_none() {
                self.rejects = Some(AtomicFile::create(&self.rejects_path)?);
            }
            if let Some(rejects) = &mut self.rejects {
                rejects.put(&done.rejects)?;
            }
        }
        self.tally.add(&done.tally);
        self.counts.aac_turns += done.counts.aac_turns;
        self.counts.variants += done.counts.variants;
        self.counts.short += done.counts.short;
        Ok(())
    }

    /// Puts the files under their names; a reject file of an earlier run goes when there are no rejects now.
    /// Says what was written, and whether there are rejects.
    ///
    /// # Errors
    /// [`Error::Io`]
    pub fn finish(self, rejects_path: &Path) -> Result<(Tally, Counts, bool)> {
        let any = self.rejects.is_some();
        match self.rejects {
            Some(rejects) => drop(rejects.finish()?),
            None if rejects_path.exists() => {
                fs::remove_file(rejects_path).map_err(Error::io("remove", rejects_path))?;
            }
            None => {}
        }
        self.records.finish()?;
        Ok((self.tally, self.counts, any))
    }
}
