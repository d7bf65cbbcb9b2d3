//! What `watch` tells while it waits.

use std::collections::HashMap;

use super::{Desk, Shard};
use crate::ledger::{Job, Phase};
use crate::model::Provider;
use crate::progress::Task;

/// Shards that have a line of progress each.
const ON_A_SCREEN: usize = 12;

/// Progress: a task a shard while they fit on a screen, else one for all; and a note at each change of status, but for
/// the server inside this program, which changes it faster than anybody reads.
pub(super) struct Screen<'a> {
    desk: Desk<'a>,
    together: Option<Box<dyn Task + 'a>>,
    shown: HashMap<i64, Shown<'a>>,
}

struct Shown<'a> {
    task: Option<Box<dyn Task + 'a>>,
    done: u64,
    status: String,
}

impl<'a> Screen<'a> {
    pub fn new(desk: Desk<'a>, waiting: &[(&Shard, Job)]) -> Self {
        let total = waiting.iter().map(|(_, job)| job.requests).sum();
        let alone = waiting.len() <= ON_A_SCREEN && desk.api.provider() != Provider::Local;
        let together = (!alone && total > 0).then(|| desk.progress.task("answer", "", Some(total), "requests"));
        Self { desk, together, shown: HashMap::new() }
    }

    pub fn show(&mut self, shard: &Shard, job: &Job) {
        let alone = self.together.is_none();
        let progress = self.desk.progress;
        let shown = self.shown.entry(job.id).or_insert_with(|| Shown {
            task: alone.then(|| progress.task("answer", &shard.key(), Some(job.requests), "requests")),
            done: 0,
            status: String::new(),
        });
        let done = match job.phase {
            Phase::Fetched => job.requests,
            _ => (job.completed + job.failed).min(job.requests),
        };
        if let Some(task) = shown.task.as_ref().or(self.together.as_ref()) {
            task.advance(done.saturating_sub(shown.done));
            task.status(&job.status);
        }
        if shown.status != job.status && self.desk.api.provider() != Provider::Local {
            progress.note(&format!("{}: {} {}/{}", shard.key(), job.status, job.completed + job.failed, job.requests));
        }
        shown.done = shown.done.max(done);
        shown.status.clone_from(&job.status);
    }
}
