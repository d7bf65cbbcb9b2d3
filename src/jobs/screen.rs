//! What `watch` tells while it waits: a line a shard while they fit on a screen, with its phase and age, else one for all;
//! and where there are no such lines, each change of status.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::{Desk, Shard};
use crate::ledger::{Job, Phase};
use crate::model::{Provider, age};
use crate::progress::Task;

/// Shards that have a line of progress each.
const ON_A_SCREEN: usize = 12;

/// The lines of all shards.
pub(super) struct Screen<'a> {
    desk: Desk<'a>,
    together: Option<Box<dyn Task + 'a>>,
    shown: Mutex<BTreeMap<String, Shown<'a>>>,
}

struct Shown<'a> {
    task: Option<Box<dyn Task + 'a>>,
    done: u64,
    status: String,
}

impl<'a> Screen<'a> {
    /// A screen for the shards whose jobs are still to come, in their order. The server inside this program changes its
    /// jobs faster than anybody reads: they have one line.
    pub fn new(desk: Desk<'a>, open: &[(&Shard, Job)]) -> Self {
        let total = open.iter().map(|(_, job)| job.requests).sum();
        let alone = open.len() <= ON_A_SCREEN && desk.api.provider() != Provider::Local;
        let together = (!alone && total > 0).then(|| desk.progress.task("answer", "", Some(total), "requests"));
        let screen = Self { desk, together, shown: Mutex::default() };
        open.iter().for_each(|(shard, job)| screen.show(shard, job));
        screen
    }

    /// Shows how a job is.
    pub fn show(&self, shard: &Shard, job: &Job) {
        let done = match job.phase {
            Phase::Fetched => job.requests,
            _ => (job.completed + job.failed).min(job.requests),
        };
        let status = match job.phase {
            Phase::Waiting => "waiting for room",
            Phase::Lost => "lost",
            _ => &job.status,
        };
        self.say(shard, job, done, status);
    }

    /// Shows that its results are coming.
    pub fn downloading(&self, shard: &Shard, job: &Job) {
        self.say(shard, job, (job.completed + job.failed).min(job.requests), "downloading");
    }

    fn say(&self, shard: &Shard, job: &Job, done: u64, status: &str) {
        let mut all = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let progress = self.desk.progress;
        let alone = self.together.is_none();
        let shown = all.entry(job.shard.clone()).or_insert_with(|| Shown {
            task: alone.then(|| progress.task("answer", &shard.key(), Some(job.requests), "requests")),
            done: 0,
            status: String::new(),
        });
        if let Some(task) = shown.task.as_ref().or(self.together.as_ref()) {
            task.advance(done.saturating_sub(shown.done));
            task.status(&match age(&job.created_at, Timestamp::now()) {
                Some(age) if alone => format!("{status}, {age}"),
                _ => status.to_owned(),
            });
        }
        if shown.status != status && self.desk.api.provider() != Provider::Local {
            progress.news(&format!("{}: {status} {done}/{}", shard.key(), job.requests));
        }
        shown.done = shown.done.max(done);
        status.clone_into(&mut shown.status);
    }
}
