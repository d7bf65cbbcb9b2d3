//! New shards of exactly those requests that have no usable answer yet.
//!
//! A shard and its retries are a family. A request keeps its id, so its plan item stays what it was, and the first success
//! of the family counts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Shard;
use super::family::{self, families};
use crate::dialect::{Service, decode, translate};
use crate::files::{AtomicFile, Lines};
use crate::ledger::{Ledger, Phase};
use crate::model::{Outcome, Provider, Reason};
use crate::progress::{Progress, go_on};
use crate::{Error, Result};

/// Where the token limit of an answer stands in a request, by dialect.
const LIMITS: [&str; 4] = [
    "/body/max_tokens",
    "/body/max_completion_tokens",
    "/params/max_tokens",
    "/request/generationConfig/maxOutputTokens",
];

/// What to send again.
#[derive(Debug, Clone)]
pub struct RetryOptions {
    /// Reasons for which a request is sent again; missing ones always are.
    pub reasons: BTreeSet<Reason>,
    /// How often a request is sent at most, the first time included.
    pub attempts: usize,
    /// Files of rejects that `process` wrote: answers that came and are of no use.
    pub rejects: Vec<PathBuf>,
    /// Who is to answer, when it is not whoever did not.
    pub to: Option<Target>,
}

/// Another provider than the one that a request was written for.
#[derive(Debug, Clone)]
pub struct Target {
    /// Which.
    pub provider: Provider,
    /// Which service, where that is `openai`.
    pub service: &'static Service,
    /// Its model.
    pub model: String,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RetryReport {
    /// By family.
    pub families: Vec<Family>,
}

/// A shard with its retries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Family {
    /// The first shard.
    pub shard: PathBuf,
    /// How many shards it has, before this one.
    pub attempts: usize,
    /// Requests.
    pub requests: u64,
    /// Those with an answer.
    pub answered: u64,
    /// Those that the new shard holds, by why; `missing` is one.
    pub again: BTreeMap<String, u64>,
    /// Those that are not sent again, by why.
    pub given_up: BTreeMap<String, u64>,
    /// The new shard, when there is one.
    pub made: Option<PathBuf>,
    /// Why none was made, although requests wait.
    pub waiting: Option<Waiting>,
}

/// A member of a family whose results are not here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// The batch file.
    pub shard: PathBuf,
    /// What is the matter with it.
    pub why: Unfinished,
}

/// Why results are not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfinished {
    /// It was not submitted.
    Unsent,
    /// Its job is under way.
    UnderWay,
    /// Its provider has lost it.
    Lost,
}

/// Makes the new shards. Nothing is sent: `submit` does that.
///
/// # Errors
/// [`Error::Io`] when a file cannot be read or written, [`Error::Line`] when a batch file holds a line that is no request.
pub fn retry(
    ledger: &Ledger,
    shards: &[Shard],
    options: &RetryOptions,
    progress: &dyn Progress,
) -> Result<RetryReport> {
    let rejects = read_rejects(&options.rejects)?;
    let mut report = RetryReport::default();
    for members in families(shards)? {
        go_on(progress)?;
        report.families.push(retry_family(ledger, &members, options, &rejects)?);
    }
    Ok(report)
}

fn retry_family(
    ledger: &Ledger,
    members: &[Shard],
    options: &RetryOptions,
    rejects: &HashMap<String, Reason>,
) -> Result<Family> {
    let first = &members[0];
    let mut fates: HashMap<String, Fate> = HashMap::new();
    for shard in members {
        read_results(&shard.output(), &mut fates)?;
        read_results(&shard.errors(), &mut fates)?;
    }
    let mut family = Family {
        shard: first.path.clone(),
        attempts: members.len(),
        requests: 0,
        answered: 0,
        again: BTreeMap::new(),
        given_up: BTreeMap::new(),
        made: None,
        waiting: unfinished(ledger, members)?,
    };
    let to = family::next(members, options.to.as_ref().map(|to| to.provider.into()));
    let mut file = None;
    let mut lines = Lines::open(&first.path)?;
    while let Some(line) = lines.next()? {
        if line.bytes.is_empty() {
            continue;
        }
        let request = read_request(&first.path, line.number, line.bytes)?;
        family.requests += 1;
        let fate = fates.get(&request.id).copied().unwrap_or_default();
        let why = match (fate.answered, rejects.get(&request.id)) {
            (true, None) => {
                family.answered += 1;
                continue;
            }
            (_, Some(reason)) => Some(*reason),
            (false, None) => fate.reason,
        };
        let name = why.map_or_else(|| "missing".to_owned(), |reason| reason.to_string());
        let wanted = why.is_none_or(|reason| options.reasons.contains(&reason)) && members.len() < options.attempts;
        if !wanted {
            *family.given_up.entry(name).or_default() += 1;
            continue;
        }
        *family.again.entry(name).or_default() += 1;
        if family.waiting.is_none() {
            let file = match &mut file {
                Some(file) => file,
                none => none.insert(AtomicFile::create(&to)?),
            };
            file.write_line(&request.line(why, fate.cuts, options.to.as_ref()).map_err(|detail| Error::Line {
                path: first.path.clone(),
                line: line.number,
                detail,
            })?)?;
        }
    }
    if let (Some(to_whom), true) = (&options.to, file.is_some()) {
        // Before it appears: not every dialect has the model in its lines.
        ledger.note_model(&Shard { path: to.clone() }.name(ledger.folder()), &to_whom.model)?;
    }
    family.made = file.map(AtomicFile::finish).transpose()?;
    Ok(family)
}

/// Why no new shard can be made yet: a member is still to be sent, or its results are still to come.
fn unfinished(ledger: &Ledger, members: &[Shard]) -> Result<Option<Waiting>> {
    for shard in members {
        let job = ledger.job_of(&shard.name(ledger.folder()))?;
        let why = match job.map(|job| job.phase) {
            Some(Phase::Fetched) => continue,
            None if shard.output().exists() || shard.errors().exists() => continue,
            None => Unfinished::Unsent,
            Some(Phase::Lost) => Unfinished::Lost,
            Some(_) => Unfinished::UnderWay,
        };
        return Ok(Some(Waiting { shard: shard.path.clone(), why }));
    }
    Ok(None)
}

/// What became of a request until now.
#[derive(Debug, Clone, Copy, Default)]
struct Fate {
    answered: bool,
    /// Why its last result is no answer.
    reason: Option<Reason>,
    /// How often its answer was cut.
    cuts: u32,
}

fn read_results(path: &Path, fates: &mut HashMap<String, Fate>) -> Result<()> {
    if !path.is_file() {
        return Ok(());
    }
    let mut lines = Lines::open(path)?;
    while let Some(line) = lines.next()? {
        // What cannot be read is no answer to anything: its request stays missing.
        let Some(decoded) = std::str::from_utf8(line.bytes).ok().and_then(|text| decode(text).ok()) else { continue };
        let Some(id) = decoded.id else { continue };
        let fate = fates.entry(id.into_owned()).or_default();
        match decoded.outcome {
            Outcome::Answer(_) => fate.answered = true,
            Outcome::Failure(failure) => {
                fate.cuts += u32::from(failure.reason == Reason::Truncated);
                fate.reason = Some(failure.reason);
            }
        }
    }
    Ok(())
}

fn read_rejects(files: &[PathBuf]) -> Result<HashMap<String, Reason>> {
    #[derive(Deserialize)]
    struct Reject {
        custom_id: String,
        reason: Reason,
    }
    let mut rejects = HashMap::new();
    for path in files {
        let mut lines = Lines::open(path)?;
        while let Some(line) = lines.next()? {
            if let Ok(Reject { custom_id, reason }) = serde_json::from_slice(line.bytes) {
                rejects.insert(custom_id, reason);
            }
        }
    }
    Ok(rejects)
}

struct Request<'a> {
    id: String,
    bytes: &'a [u8],
}

fn read_request<'a>(path: &Path, line: u64, bytes: &'a [u8]) -> Result<Request<'a>> {
    #[derive(Deserialize)]
    struct Named {
        #[serde(alias = "key")]
        custom_id: String,
    }
    let named: Named = serde_json::from_slice(bytes).map_err(|error| Error::Line {
        path: path.to_owned(),
        line,
        detail: format!("not a request: {error}"),
    })?;
    Ok(Request { id: named.custom_id, bytes })
}

impl Request<'_> {
    /// The line as it was; with a limit twice as high for each time that its answer was cut, and in the words of another
    /// provider where that is wanted.
    fn line(&self, why: Option<Reason>, cuts: u32, to: Option<&Target>) -> std::result::Result<Vec<u8>, String> {
        if why != Some(Reason::Truncated) && to.is_none() {
            return Ok(self.bytes.to_vec());
        }
        let mut request: Value = serde_json::from_slice(self.bytes).map_err(|error| error.to_string())?;
        for path in LIMITS.iter().filter(|_| why == Some(Reason::Truncated)) {
            if let Some(limit) = request.pointer_mut(path)
                && let Some(tokens) = limit.as_u64()
            {
                *limit = Value::from(tokens.saturating_mul(1 << cuts.clamp(1, 6)));
            }
        }
        if let Some(to) = to {
            request = translate(&request, to.provider.into(), to.service, &to.model)
                .map_err(|what| format!("{what}: it cannot be written for {}", to.provider))?;
        }
        Ok(serde_json::to_vec(&request).expect("a value is plain data"))
    }
}
