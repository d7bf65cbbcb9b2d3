//! The file of rows: every row in order, with the request that asks about it.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::files::{Packer, Packing, Sink};
use crate::recipe::rows::{RowLine, Skip};
use crate::{Error, Result};

pub(super) struct Table {
    path: PathBuf,
    packer: Packer,
    line: Vec<u8>,
    rows: u64,
    planned: u64,
    new: u64,
    cut: u64,
    skipped: BTreeMap<Skip, u64>,
}

impl Table {
    pub fn create(path: &Path) -> Result<Self> {
        let packer = Packer::new(Sink::file(path)?, Packing::Zstd, path)?;
        let (line, skipped) = (Vec::new(), BTreeMap::new());
        Ok(Self { path: path.to_owned(), packer, line, rows: 0, planned: 0, new: 0, cut: 0, skipped })
    }

    pub fn write(&mut self, entry: &RowLine) -> Result<()> {
        self.rows += 1;
        if let Some(skip) = entry.skipped {
            *self.skipped.entry(skip).or_default() += 1;
        }
        self.line.clear();
        serde_json::to_writer(&mut self.line, entry).expect("a row is plain data");
        self.line.push(b'\n');
        self.packer.write_all(&self.line).map_err(Error::io("write", &self.path))
    }

    /// Counts a row that has a request.
    pub fn count(&mut self, new: bool, cut: bool) {
        self.planned += 1;
        self.new += u64::from(new);
        self.cut += u64::from(cut);
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    pub fn planned(&self) -> u64 {
        self.planned
    }

    pub fn new_requests(&self) -> u64 {
        self.new
    }

    pub fn cut(&self) -> u64 {
        self.cut
    }

    pub fn skipped(&self) -> BTreeMap<Skip, u64> {
        self.skipped.clone()
    }

    pub fn finish(self) -> Result<()> {
        self.packer.finish(&self.path)
    }
}
