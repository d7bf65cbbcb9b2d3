//! What the commands on jobs share: paths to shards, ledgers, clients, and the table of how they are.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Runtime;

use super::{Context, print};
use crate::jobs::{Desk, Report, Shard, ShardReport, is_gone, ledger_folder, shards};
use crate::ledger::{Job, Ledger, Phase};
use crate::model::{Clock, Provider, age};
use crate::provider::{BatchApi, Connection, Place, connect};
use crate::{Error, Result};

/// Which shards, and how their provider is reached.
#[derive(Debug, clap::Args)]
pub struct DeskArgs {
    /// Batch files, or folders of them.
    #[arg(value_name = "PATH", default_value = "batch_files")]
    pub paths: Vec<PathBuf>,
    /// The provider's base URL; by default the one that the ledger remembers, or the provider's own.
    #[arg(long, value_name = "URL")]
    pub base_url: Option<String>,
    /// The environment variable that holds the API key; by default the provider's usual one, which is not sent to a host
    /// that is not known here.
    #[arg(long, value_name = "NAME")]
    pub api_key_env: Option<String>,
}

/// The shards of one ledger.
pub struct Folder {
    /// The ledger in charge of them.
    pub ledger: Ledger,
    /// The shards, sorted.
    pub shards: Vec<Shard>,
}

/// Shards of one ledger whose jobs are at one place, and the client for it.
pub struct Group<'a> {
    /// The client.
    pub api: Box<dyn BatchApi>,
    /// Their ledger.
    pub ledger: &'a Ledger,
    /// The shards.
    pub shards: Vec<Shard>,
}

impl DeskArgs {
    /// The shards that the paths name, by ledger.
    pub fn folders(&self, context: &Context) -> Result<Vec<Folder>> {
        let clock = Clock::new(context.clock_is_fixed.then_some(context.now));
        let mut folders: Vec<Folder> = Vec::new();
        for path in &self.paths {
            let found = shards(path)?;
            let home = ledger_folder(path);
            match folders.iter_mut().find(|folder| folder.ledger.folder() == home) {
                Some(folder) => folder.shards.extend(found),
                None => folders.push(Folder { ledger: Ledger::open(&home, clock)?, shards: found }),
            }
        }
        for folder in &mut folders {
            folder.shards.sort();
            folder.shards.dedup();
        }
        Ok(folders)
    }

    /// How to connect to where `home` says, or to where the person does.
    pub fn connection<'a>(
        &'a self,
        home: Option<&'a str>,
        service: &'a str,
        interval: Option<Duration>,
    ) -> Connection<'a> {
        let place = match (&self.base_url, home) {
            (Some(url), _) => Place::Given(url),
            (None, Some(home)) => Place::Remembered(home),
            (None, None) => Place::Usual,
        };
        Connection { place, service, key_env: self.api_key_env.as_deref(), interval }
    }
}

impl Folder {
    /// A client for the place of the job whose id is `id`.
    pub fn api_of(&self, id: i64, args: &DeskArgs) -> Result<Box<dyn BatchApi>> {
        let job = self.ledger.job(id)?;
        connect(provider_of(&job)?, args.connection(Some(&job.home), &job.service, None))
    }

    /// Its shards by the place of their jobs. Left out are those without a job, and those whose results are here.
    pub fn groups<'a>(&'a self, args: &DeskArgs, interval: Option<Duration>) -> Result<Vec<Group<'a>>> {
        let mut groups: Vec<(Provider, String, Group<'a>)> = Vec::new();
        for shard in &self.shards {
            let Some(job) = self.ledger.job_of(&shard.name(self.ledger.folder()))? else { continue };
            let provider = provider_of(&job)?;
            let settled = match job.phase {
                // What `run` fetched and somebody removed, `run` makes again.
                Phase::Fetched => provider == Provider::Local || !is_gone(shard, &job),
                phase => phase == Phase::Lost,
            };
            if settled {
                continue;
            }
            match groups.iter_mut().find(|(of, home, _)| (*of, home) == (provider, &job.home)) {
                Some((_, _, group)) => group.shards.push(shard.clone()),
                None => {
                    let api = connect(provider, args.connection(Some(&job.home), &job.service, interval))?;
                    groups.push((provider, job.home, Group { api, ledger: &self.ledger, shards: vec![shard.clone()] }));
                }
            }
        }
        Ok(groups.into_iter().map(|(_, _, group)| group).collect())
    }
}

fn provider_of(job: &Job) -> Result<Provider> {
    Provider::ALL.iter().find(|known| known.name() == job.provider).copied().ok_or_else(|| {
        Error::Usage(format!("job {} is at `{}`, which this version does not know", job.id, job.provider))
    })
}

impl Group<'_> {
    /// What the functions of `jobs` take.
    pub fn desk<'a>(&'a self, context: &'a Context) -> Desk<'a> {
        Desk { api: self.api.as_ref(), ledger: self.ledger, progress: &context.progress }
    }
}

/// What became of the shards of all folders.
pub fn report(folders: &[Folder]) -> Result<Report> {
    let mut all = Vec::new();
    for folder in folders {
        all.extend(Report::of(&folder.ledger, &folder.shards)?.shards);
    }
    Ok(Report { shards: all })
}

/// A runtime for calls over the network.
pub fn runtime() -> Result<Runtime> {
    Runtime::new().map_err(|source| Error::Io { action: "start", path: "the network runtime".into(), source })
}

/// Prints how the shards are: JSON, or a table and what there is to know of those that went wrong.
pub fn print_report(report: &Report, context: &Context) {
    if context.json {
        return print::json(report);
    }
    let rows = report.shards.iter().map(|shard| row(shard, context.now)).collect();
    print::table(["shard", "job", "status", "age", "done", "failed", "answers", "errors"], rows, 4);
    for shard in &report.shards {
        for problem in shard.problems.iter().take(5) {
            let line = problem.line.map(|line| format!("line {line}: ")).unwrap_or_default();
            print::line(format_args!("{}: {line}{} ({})", name(shard), problem.message, problem.code));
        }
        if shard.problems.len() > 5 {
            print::line(format_args!("{}: and {} problems more", name(shard), shard.problems.len() - 5));
        }
    }
}

/// The paths as they were typed, for the next command.
pub fn typed(args: &DeskArgs) -> String {
    let usual = args.paths.as_slice() == [PathBuf::from("batch_files")];
    if usual { String::new() } else { args.paths.iter().map(|path| format!(" {}", path.display())).collect() }
}

/// What to type next, by how the shards are.
pub fn next(args: &DeskArgs, report: &Report) -> String {
    if report.shards.iter().any(ShardReport::is_unsent) {
        format!("aacorn submit{}", typed(args))
    } else if report.is_settled() {
        next_after_results(args)
    } else {
        format!("aacorn watch{}", typed(args))
    }
}

/// What to type when results are here.
pub fn next_after_results(args: &DeskArgs) -> String {
    let paths: Vec<String> = args.paths.iter().map(|path| path.display().to_string()).collect();
    format!("aacorn process --responses {0} --metadata {0} --output output", paths.join(" "))
}

fn name(shard: &ShardReport) -> String {
    Shard { path: shard.shard.clone() }.key()
}

fn row(shard: &ShardReport, now: Timestamp) -> [String; 8] {
    let status = match shard.phase {
        None if shard.output.is_some() => "answered".to_owned(),
        None => "not submitted".to_owned(),
        Some(Phase::Planned | Phase::Uploading | Phase::Uploaded) => "not created yet".to_owned(),
        Some(Phase::Waiting) => "waiting for room".to_owned(),
        Some(Phase::Creating) => "ambiguous".to_owned(),
        Some(Phase::Lost) => "lost".to_owned(),
        Some(Phase::Created | Phase::Ended) => shard.status.clone(),
        Some(Phase::Fetched) => format!("{}, fetched", shard.status),
    };
    let fetched = match shard.phase {
        Some(phase) => phase == Phase::Fetched,
        None => shard.output.is_some() || shard.errors.is_some(),
    };
    let rows = |rows: u64| if fetched { rows.to_string() } else { String::new() };
    [
        name(shard),
        shard.job.clone().unwrap_or_default(),
        status,
        shard.created_at.as_deref().and_then(|at| age(at, now)).unwrap_or_default(),
        match shard.phase {
            Some(_) => format!("{}/{}", shard.completed + shard.failed, shard.requests),
            None => String::new(),
        },
        shard.failed.to_string(),
        rows(shard.output_rows),
        rows(shard.error_rows),
    ]
}
