//! Removes what is no longer needed: files at the provider whose content is here, and what this program itself left behind
//! on this disk. Batch files, results and everything whose results are not here yet stay.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::local::STATE;
use super::{Desk, Shard, fetch};
use crate::ledger::{Job, Ledger, Phase};
use crate::model::Provider;
use crate::{Error, Result};

/// A half-written file that nobody has touched for so long is of a program that was killed.
const ABANDONED: Duration = Duration::from_secs(60 * 60);

/// What can be removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Leftovers {
    /// At the provider.
    pub remote: Vec<RemoteFile>,
    /// On this disk: half-written files, and the folder of a local server that is no longer needed.
    pub local: Vec<PathBuf>,
    /// What is not removed, and why.
    pub kept: Vec<Kept>,
}

/// A file at a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemoteFile {
    /// The batch file whose job it belongs to, as the ledger names it.
    pub shard: String,
    /// Which provider.
    pub provider: String,
    /// Where.
    pub home: String,
    /// What it holds.
    pub what: What,
    /// Its id there.
    pub id: String,
    /// The job's row in the ledger.
    #[serde(skip)]
    pub job: i64,
    /// The job's id at the provider.
    #[serde(skip)]
    remote: String,
}

/// What a file at a provider holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// A batch file.
    Upload,
    /// Answers.
    Output,
    /// Errors.
    Errors,
}

/// A job whose files stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Its batch file, as the ledger names it.
    pub shard: String,
    /// Why they stay.
    pub why: &'static str,
}

/// What became of a removal.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Cleaned {
    /// Files removed at the provider.
    pub remote: u64,
    /// Files and folders removed here.
    pub local: u64,
    /// What could not be removed, and why.
    pub failed: Vec<String>,
}

/// Finds what can be removed of `shards`, and in `folders` below. Asks nobody.
///
/// # Errors
/// [`Error::Database`]; [`Error::Io`] when a folder cannot be read.
pub fn leftovers(ledger: &Ledger, shards: &[Shard], folders: &[PathBuf]) -> Result<Leftovers> {
    let mut found = Leftovers::default();
    let jobs = ledger.jobs()?;
    let in_use: HashSet<&str> =
        jobs.iter().filter(|job| !has_ended(job)).filter_map(|job| job.upload.as_deref()).collect();
    // Batch files of the same bytes share a job.
    let awaited: HashSet<&str> = jobs
        .iter()
        .filter(|job| matches!(job.phase, Phase::Created | Phase::Ended))
        .filter_map(|job| job.remote.as_deref())
        .collect();
    let mut seen = HashSet::new();
    for shard in shards {
        let name = shard.name(ledger.folder());
        let latest = ledger.job_of(&name)?.map(|job| job.id);
        for job in jobs.iter().filter(|job| job.shard == name && !job.cleaned) {
            if job.provider == Provider::Local.name() {
                continue;
            }
            if !has_ended(job) {
                found.kept.push(Kept { shard: name.clone(), why: "its job has not ended" });
                continue;
            }
            let upload = job.upload.as_ref().filter(|id| !in_use.contains(id.as_str()));
            let shared = job.remote.as_deref().is_some_and(|id| awaited.contains(id));
            let here = job.phase == Phase::Fetched && latest == Some(job.id) && !fetch::is_gone(shard, job) && !shared;
            let results = [(What::Output, &job.output), (What::Errors, &job.errors)];
            let results = results.into_iter().filter_map(|(what, id)| Some((what, id.as_ref()?)));
            let (removable, kept): (Vec<_>, Vec<_>) = results.partition(|_| here);
            if !kept.is_empty() && job.phase != Phase::Lost {
                let why = match latest == Some(job.id) {
                    true if shared && job.phase == Phase::Fetched => {
                        "another batch file shares its job, and awaits them"
                    }
                    true => "its results are not here",
                    false => "they are of an earlier attempt",
                };
                found.kept.push(Kept { shard: name.clone(), why });
            }
            for (what, id) in upload.map(|id| (What::Upload, id)).into_iter().chain(removable) {
                if seen.insert(id.clone()) {
                    found.remote.push(RemoteFile {
                        shard: name.clone(),
                        provider: job.provider.clone(),
                        home: job.home.clone(),
                        what,
                        id: id.clone(),
                        job: job.id,
                        remote: job.remote.clone().unwrap_or_default(),
                    });
                }
            }
        }
    }
    for folder in folders {
        abandoned(folder, &mut found.local)?;
    }
    let state = ledger.folder().join(STATE);
    let needed = |job: &Job| job.provider == Provider::Local.name() && job.phase < Phase::Fetched;
    if state.is_dir() && !jobs.iter().any(needed) {
        found.local.push(state);
    }
    found.local.sort();
    found.local.dedup();
    Ok(found)
}

/// Removes the `files` at the provider of `desk`, and notes each job of which nothing is left there.
///
/// # Errors
/// [`Error::Provider`] when the provider cannot be reached or does not accept the key; what it refuses to remove is listed.
pub async fn clean_remote(desk: Desk<'_>, files: &[RemoteFile], cleaned: &mut Cleaned) -> Result<()> {
    let mut at = 0;
    while at < files.len() {
        let job = files[at].job;
        let end = at + files[at..].iter().take_while(|file| file.job == job).count();
        let mut failed = 0;
        for file in &files[at..end] {
            let done = match file.what {
                What::Upload => desk.api.delete(&file.id).await,
                What::Output | What::Errors => desk.api.delete_results(&file.remote, &file.id).await,
            };
            match done {
                Ok(()) => cleaned.remote += 1,
                Err(failure) if matches!(failure.status(), None | Some(401 | 403)) => return Err(failure.into()),
                Err(failure) => {
                    failed += 1;
                    cleaned.failed.push(format!("{}: {failure}", file.id));
                }
            }
        }
        if failed == 0 {
            let removed: Vec<&str> = files[at..end].iter().map(|file| file.id.as_str()).collect();
            let results = files[at..end].iter().any(|file| file.what != What::Upload);
            desk.ledger.change(job, "cleaned", &removed.join(" "), |job| {
                job.upload = None;
                job.cleaned = results || (job.output.is_none() && job.errors.is_none());
            })?;
        }
        at = end;
    }
    Ok(())
}

/// Removes what this program left on this disk.
///
/// # Errors
/// [`Error::Io`] when something cannot be removed.
pub fn clean_local(paths: &[PathBuf], cleaned: &mut Cleaned) -> Result<()> {
    for path in paths {
        let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
        removed.map_err(Error::io("remove", path))?;
        cleaned.local += 1;
    }
    Ok(())
}

fn has_ended(job: &Job) -> bool {
    matches!(job.phase, Phase::Ended | Phase::Fetched | Phase::Lost)
}

/// Half-written files of programs that were killed, at any depth.
fn abandoned(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let failed = |error| Error::io("read", folder)(error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if kind.is_dir() && !name.starts_with('.') {
            abandoned(&entry.path(), found)?;
        }
        let untouched = || {
            let touched = entry.metadata().and_then(|meta| meta.modified()).ok()?;
            SystemTime::now().duration_since(touched).ok().map(|age| age > ABANDONED)
        };
        if kind.is_file() && crate::files::is_half_written(&name) && untouched() == Some(true) {
            found.push(entry.path());
        }
    }
    Ok(())
}
