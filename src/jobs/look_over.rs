//! Batch files are looked over before anybody pays for them.

use super::Shard;
use crate::dialect::{Requests, Service};
use crate::files::Lines;
use crate::model::Provider;
use crate::progress::{Progress, go_on};
use crate::{Error, Result};

/// Lines between two looks at whether the person wants to stop.
const LINES_A_LOOK: u64 = 10_000;

/// Looks at every request of `shards` as `provider` (and `service`, where that is `openai`) would: form, required fields,
/// limits, what the model takes, ids.
///
/// # Errors
/// [`Error::Line`] at the first request that would be refused; [`Error::Data`] for a batch file beyond the limits;
/// [`Error::Io`].
pub fn check_requests(
    shards: &[Shard],
    provider: Provider,
    service: &'static Service,
    progress: &dyn Progress,
) -> Result<()> {
    for shard in shards {
        check_shard(shard, provider, service, progress)?;
    }
    Ok(())
}

fn check_shard(shard: &Shard, provider: Provider, service: &'static Service, progress: &dyn Progress) -> Result<()> {
    let mut requests = Requests::new(provider, service);
    let limits = match provider {
        Provider::OpenAi => service.limits(),
        other => crate::dialect::Dialect::from(other).limits(),
    };
    let mut lines = Lines::open(&shard.path)?;
    let mut count = 0;
    while let Some(line) = lines.next()? {
        if line.number % LINES_A_LOOK == 0 {
            go_on(progress)?;
        }
        if line.bytes.is_empty() {
            continue;
        }
        count += 1;
        requests.accept(line.bytes).map_err(|wrong| Error::Line {
            path: shard.path.clone(),
            line: line.number,
            detail: format!(
                "{wrong}; nothing was sent (`aacorn check` lists all findings, --unchecked sends it as it is)"
            ),
        })?;
    }
    let beyond = [(count, limits.requests, "requests"), (requests.bytes, limits.bytes, "bytes")];
    match beyond.into_iter().find(|(here, most, _)| here > most) {
        Some((here, most, what)) => Err(Error::Data {
            file: shard.path.display().to_string(),
            detail: format!("{here} {what}; {provider} takes {most} a file: generate it in parts"),
        }),
        None => Ok(()),
    }
}
