//! Results that somebody downloaded by hand find their batch files.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Shard;
use crate::dialect::decode;
use crate::files::{AtomicFile, Lines, sha256};
use crate::ledger::{Ledger, Phase};
use crate::model::{Outcome, Reason};
use crate::progress::{Progress, go_on};
use crate::random::id_digest;
use crate::{Error, Result};

/// One part of a file that was given: the rows of one batch file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Adopted {
    /// The file that was given.
    pub file: PathBuf,
    /// The batch file whose requests its rows answer.
    pub shard: PathBuf,
    /// Where they are now.
    pub to: PathBuf,
    /// Rows.
    pub rows: u64,
    /// Whether they were there before, byte for byte.
    pub known: bool,
}

/// What came of the files.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Adoption {
    /// By file.
    pub adopted: Vec<Adopted>,
    /// Rows that answer no request of these batch files, by file; they stay where they are.
    pub strays: Vec<(PathBuf, u64)>,
}

/// Puts the rows of `files` beside the batch files whose requests they answer, by `custom_id`, and notes them in the
/// ledger. A file of one batch file's rows is copied as it is. Asks nobody.
///
/// # Errors
/// [`Error::Io`]; [`Error::Line`] for a file that was cut; [`Error::Data`] for one that answers nothing here, or whose place
/// is taken by other results.
pub fn adopt(ledger: &Ledger, shards: &[Shard], files: &[PathBuf], progress: &dyn Progress) -> Result<Adoption> {
    let requests = Requests::read(shards, progress)?;
    let mut adoption = Adoption::default();
    for file in files {
        go_on(progress)?;
        let ids = result_ids(file)?;
        let owners = requests.owners(&ids);
        let strays = ids.iter().zip(&owners).filter(|(_, owner)| owner.is_none()).count() as u64;
        let mut found: Vec<usize> = owners.iter().flatten().copied().collect();
        found.sort_unstable();
        found.dedup();
        if found.is_empty() {
            let detail = format!("none of its {} rows answers a request of these batch files", ids.len());
            return Err(Error::Data { file: file.display().to_string(), detail });
        }
        for at in &found {
            let shard = &shards[*at];
            // A file of one batch file is taken whole, with what is wrong in it: results are kept as they came.
            let mine = |row: usize| found.len() == 1 || owners[row] == Some(*at);
            let adopted = put(file, shard, mine)?;
            note(ledger, shard, &adopted)?;
            adoption.adopted.push(adopted);
        }
        if strays > 0 {
            adoption.strays.push((file.clone(), strays));
        }
    }
    Ok(adoption)
}

/// Whose requests have which ids. A request and its retry have the same, so an id may have several owners.
struct Requests {
    owners: HashMap<[u64; 2], Vec<usize>>,
    sizes: Vec<usize>,
}

impl Requests {
    fn read(shards: &[Shard], progress: &dyn Progress) -> Result<Self> {
        let (mut owners, mut sizes) = (HashMap::<_, Vec<usize>>::new(), Vec::new());
        for (at, shard) in shards.iter().enumerate() {
            go_on(progress)?;
            let mut lines = Lines::open(&shard.path)?;
            let mut size = 0;
            while let Some(line) = lines.next()? {
                if let Some(id) = crate::dialect::glance(line.bytes).ok().and_then(|glance| glance.id) {
                    owners.entry(id_digest(id.as_bytes())).or_default().push(at);
                    size += 1;
                }
            }
            sizes.push(size);
        }
        Ok(Self { owners, sizes })
    }

    /// The owner of each row: the batch file that has most of them, the smallest of several, then the next.
    fn owners(&self, ids: &[Option<[u64; 2]>]) -> Vec<Option<usize>> {
        let candidates = |id: &Option<[u64; 2]>| id.and_then(|id| self.owners.get(&id)).map_or(&[][..], Vec::as_slice);
        let mut owners = vec![None; ids.len()];
        loop {
            let mut counts = vec![0usize; self.sizes.len()];
            for (id, _) in ids.iter().zip(&owners).filter(|(_, owner)| owner.is_none()) {
                candidates(id).iter().for_each(|at| counts[*at] += 1);
            }
            let best = (0..counts.len()).max_by_key(|at| (counts[*at], std::cmp::Reverse(self.sizes[*at])));
            let Some(best) = best.filter(|at| counts[*at] > 0) else { return owners };
            for (id, owner) in ids.iter().zip(&mut owners).filter(|(_, owner)| owner.is_none()) {
                *owner = candidates(id).contains(&best).then_some(best);
            }
        }
    }
}

/// The id of each row that is not blank.
fn result_ids(file: &Path) -> Result<Vec<Option<[u64; 2]>>> {
    let mut lines = Lines::open(file)?;
    let (mut ids, mut broken) = (Vec::new(), None);
    while let Some(line) = lines.next()? {
        if line.bytes.is_empty() {
            continue;
        }
        let decoded = std::str::from_utf8(line.bytes).ok().and_then(|text| decode(text).ok());
        broken = decoded.is_none().then_some(line.number);
        ids.push(decoded.and_then(|decoded| decoded.id).map(|id| id_digest(id.as_bytes())));
    }
    match broken {
        Some(line) => Err(Error::Line {
            path: file.to_owned(),
            line,
            detail: "ends in the middle: the download was cut; download it again".to_owned(),
        }),
        None => Ok(ids),
    }
}

/// Copies the rows that are `mine` to where the results of `shard` belong.
fn put(file: &Path, shard: &Shard, mine: impl Fn(usize) -> bool) -> Result<Adopted> {
    let (mut rows, mut errors, mut row) = (0, 0, 0);
    let mut lines = Lines::open(file)?;
    let mut copy = AtomicFile::create(&shard.output())?;
    while let Some(line) = lines.next()? {
        if line.bytes.is_empty() {
            continue;
        }
        if mine(row) {
            copy.write_line(line.bytes)?;
            rows += 1;
            errors += u64::from(is_error(line.bytes));
        }
        row += 1;
    }
    let to = if errors == rows { shard.errors() } else { shard.output() };
    let known = to.is_file();
    if known {
        // Compared as written, for the file given may end without a line feed.
        let beside = to.with_extension("jsonl.new");
        let beside = copy.finish_as(&beside)?;
        let same = sha256(&beside)?.0 == sha256(&to)?.0;
        std::fs::remove_file(&beside).map_err(Error::io("remove", &beside))?;
        if !same {
            let detail = format!("other results are in {} already: move those away first", to.display());
            return Err(Error::Data { file: file.display().to_string(), detail });
        }
    } else {
        copy.finish_as(&to)?;
    }
    Ok(Adopted { file: file.to_owned(), shard: shard.path.clone(), to, rows, known })
}

/// Whether a row is of an error file: nothing that a model said.
fn is_error(line: &[u8]) -> bool {
    let Some(decoded) = std::str::from_utf8(line).ok().and_then(|text| decode(text).ok()) else { return false };
    match decoded.outcome {
        Outcome::Answer(_) => false,
        Outcome::Failure(failure) => matches!(failure.reason, Reason::Failed | Reason::Expired | Reason::Cancelled),
    }
}

fn note(ledger: &Ledger, shard: &Shard, adopted: &Adopted) -> Result<()> {
    let Some(job) = ledger.job_of(&shard.name(ledger.folder()))? else { return Ok(()) };
    if adopted.known && job.phase == Phase::Fetched {
        return Ok(());
    }
    let detail = format!("{} rows from {}", adopted.rows, adopted.file.display());
    ledger.change(job.id, "adopted", &detail, |job| {
        if job.phase != Phase::Fetched {
            (job.phase, job.output_rows, job.error_rows) = (Phase::Fetched, Some(0), Some(0));
            job.problems = "[]".to_owned();
            if !super::watch::has_terminal_status(job) {
                job.status = "by_hand".to_owned();
            }
        }
        let rows = if adopted.to == shard.errors() { &mut job.error_rows } else { &mut job.output_rows };
        *rows = Some(adopted.rows);
    })?;
    Ok(())
}
