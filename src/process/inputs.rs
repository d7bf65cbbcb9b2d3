//! The files that a run reads, and what each is read for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::dialect::{LineKind, glance};
use crate::files::{Lines, Unpacked, jsonl_files, unpack};
use crate::{Error, Result};

use super::Options;
use super::output::Target;

/// What the lines of a file are read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Lines of results and of metadata, whichever it has.
    Input,
    /// Records that an earlier run wrote.
    Records,
    /// Rejects that an earlier run wrote.
    Rejects,
}

impl Role {
    /// Whether lines of such a file were judged by an earlier run.
    pub fn settled(self) -> bool {
        self != Self::Input
    }
}

/// A file of the run.
#[derive(Debug)]
pub(super) struct Input {
    pub path: PathBuf,
    /// Its unpacked copy, where it is compressed.
    pub unpacked: Option<Unpacked>,
    pub role: Role,
    /// Asked for by name, so that no line of it is passed over as another tool's.
    pub named: bool,
}

/// All files of a run. Their order is the order of preference among answers to one request.
#[derive(Debug, Default)]
pub(super) struct Inputs {
    pub files: Vec<Input>,
    /// Indexes of those that may hold metadata, in the order of the plan.
    pub metadata: Vec<usize>,
    /// Indexes of those that may hold results.
    pub results: Vec<usize>,
}

impl Inputs {
    /// Finds the inputs of a run.
    ///
    /// # Errors
    /// [`Error::Missing`] when one is not there; [`Error::Usage`] when it can be read only once; [`Error::Io`].
    pub fn find(options: &Options) -> Result<Self> {
        let metadata = found(&options.metadata, "metadata")?;
        let results = found(&options.responses, "responses")?;
        let mut inputs = Self::default();
        let mut known = BTreeMap::new();
        let mut index = |path: PathBuf, named: bool, files: &mut Vec<Input>| {
            let same = path.canonicalize().unwrap_or_else(|_| path.clone());
            *known.entry(same).or_insert_with(|| {
                files.push(Input { path, unpacked: None, role: Role::Input, named });
                files.len() - 1
            })
        };
        for (found, into) in [(results, &mut inputs.results), (metadata, &mut inputs.metadata)] {
            for (path, named) in found {
                let file = index(path, named, &mut inputs.files);
                if !into.contains(&file) {
                    into.push(file);
                }
            }
        }
        for input in &mut inputs.files {
            input.unpacked = unpack(&input.path)?;
        }
        if inputs.files.len() >= 1 << 20 {
            return Err(Error::Usage(format!("{} input files are more than can be told apart", inputs.files.len())));
        }
        Ok(inputs)
    }

    /// Takes what earlier runs left in the outputs out of the results.
    ///
    /// # Errors
    /// [`Error::Usage`] when an output is there that no run has written: it would be replaced.
    pub fn spare(&mut self, targets: &[Target]) -> Result<()> {
        let mut own = BTreeSet::new();
        for target in targets {
            for (path, kind) in [(&target.records, LineKind::Record), (&target.rejects, LineKind::Other)] {
                if !begins_with(path, kind) {
                    let detail = "is there and is no output of `process`: name another --output, or move it away";
                    return Err(Error::Usage(format!("{} {detail}", path.display())));
                }
            }
            let files = [&target.records, &target.rejects, &target.report_path()];
            own.extend(files.into_iter().filter_map(|path| path.canonicalize().ok()));
        }
        let files = &self.files;
        self.results.retain(|file| files[*file].path.canonicalize().map_or(true, |path| !own.contains(&path)));
        Ok(())
    }

    /// Adds a file of an earlier run and returns its index.
    pub fn add(&mut self, path: &Path, role: Role) -> usize {
        self.files.push(Input { path: path.to_owned(), unpacked: None, role, named: true });
        self.files.len() - 1
    }

    /// Where the lines of a file are read.
    pub fn source(&self, file: usize) -> &Path {
        let input = &self.files[file];
        input.unpacked.as_ref().map_or(&*input.path, |unpacked| unpacked.file.path())
    }

    /// Why a file is not whole, where it is known not to be.
    pub fn problem(&self, file: usize) -> Option<&str> {
        self.files[file].unpacked.as_ref()?.problem.as_deref()
    }

    /// The path of a file.
    pub fn path(&self, file: usize) -> &Path {
        &self.files[file].path
    }

    /// The name of a file, without its folder.
    pub fn name(&self, file: usize) -> String {
        self.path(file).file_name().unwrap_or_default().to_string_lossy().into_owned()
    }
}

/// Whether the first line of a file that is not blank is of that kind, or there is none.
fn begins_with(path: &Path, kind: LineKind) -> bool {
    let Ok(mut lines) = Lines::open(path) else { return true };
    loop {
        match lines.next() {
            Ok(Some(line)) if line.bytes.is_empty() => {}
            Ok(Some(line)) => return glance(line.bytes).is_ok_and(|glance| glance.kind == kind),
            Ok(None) | Err(_) => return true,
        }
    }
}

/// The files at or below `paths`, and whether each was asked for by its own name. By name first: names begin with what was asked
/// for and when, folders are where somebody put it.
fn found(paths: &[PathBuf], what: &'static str) -> Result<Vec<(PathBuf, bool)>> {
    let mut found = Vec::new();
    for path in paths {
        let named = path.is_file();
        if path.exists() && !named && !path.is_dir() {
            let why = "is a pipe or a device, and lines are read twice: save it as a file first";
            return Err(Error::Usage(format!("{} {why}", path.display())));
        }
        found.extend(jsonl_files(path, what)?.into_iter().map(|file| (file, named)));
    }
    found.sort_by(|(a, _), (b, _)| a.file_name().cmp(&b.file_name()).then_with(|| a.cmp(b)));
    Ok(found)
}
