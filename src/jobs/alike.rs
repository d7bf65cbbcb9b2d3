//! Batch files of the same bytes ask the same: one job answers them all, and is paid once.

use std::fs::File;
use std::io;
use std::path::Path;

use super::queue::found_queue_full;
use super::{Desk, Shard, is_gone};
use crate::files::AtomicFile;
use crate::ledger::{Job, Phase};
use crate::model::Provider;
use crate::provider::Ticket;
use crate::{Error, Result};

/// What a job of the same bytes under another name is good for.
pub(super) enum Alike {
    /// Nothing: there is none at this place, or nothing can be had of it.
    None,
    /// It is still to be created.
    Begun(Job),
    /// It was created, and answers both.
    Created(Job),
}

/// Looks for a job of the same bytes under another name than `name`.
pub(super) fn look(desk: Desk<'_>, ticket: &Ticket, name: &str) -> Result<Alike> {
    let Some(job) = desk.ledger.job_with(&ticket.sha256)? else { return Ok(Alike::None) };
    let elsewhere = job.provider != desk.api.provider().name() || job.home != desk.api.home();
    // The local server's state is gone once its results are here.
    let forgotten =
        job.provider == Provider::Local.name() && job.phase == Phase::Fetched && is_gone(&shard_of(desk, &job), &job);
    if job.shard == name || elsewhere || job.phase == Phase::Lost || forgotten || found_queue_full(&job) {
        return Ok(Alike::None);
    }
    Ok(if job.phase < Phase::Created { Alike::Begun(job) } else { Alike::Created(job) })
}

/// The batch file that a job is of.
pub(super) fn shard_of(desk: Desk<'_>, job: &Job) -> Shard {
    Shard { path: desk.ledger.folder().join(&job.shard) }
}

/// Notes `job` as the job of `shard` too; its results are copied where they are here, and fetched where not.
pub(super) fn share(desk: Desk<'_>, shard: &Shard, job: &Job) -> Result<Job> {
    let other = shard_of(desk, job);
    let phase = match job.phase {
        Phase::Fetched if !is_gone(&other, job) => {
            copy(job.output_rows, &other.output(), &shard.output())?;
            copy(job.error_rows, &other.errors(), &shard.errors())?;
            Phase::Fetched
        }
        Phase::Fetched => Phase::Ended,
        phase => phase,
    };
    let name = shard.name(desk.ledger.folder());
    desk.progress.note(&format!("{name}: the same requests as {}, whose job answers both", job.shard));
    desk.ledger.share(job, &name, phase)
}

fn copy(rows: Option<u64>, from: &Path, to: &Path) -> Result<()> {
    if rows.unwrap_or(0) == 0 {
        return Ok(());
    }
    let mut file = AtomicFile::create(to)?;
    let mut source = File::open(from).map_err(Error::io("read", from))?;
    io::copy(&mut source, &mut file).map_err(Error::io("copy to", to))?;
    file.finish().map(drop)
}
