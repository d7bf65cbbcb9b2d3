//! Reading what is ordered: `create=lost`, `upload=429x2`, `expire=50%@2`.

use super::{Action, CallFault, Kind, RowFault};

const CALLS: [&str; 6] = ["upload", "create", "poll", "list", "content", "cancel"];

pub(super) fn read_call(item: &str) -> Option<CallFault> {
    let (on, action) = item.split_once('=')?;
    let on = CALLS.into_iter().find(|call| *call == on.trim())?;
    let (action, left) = match action.trim().split_once('x') {
        Some((action, times)) => (action, times.parse().ok()?),
        None => (action.trim(), 1),
    };
    let action = match action {
        "dropped" => Action::Drop,
        "lost" => Action::Lose,
        "cut" => Action::Cut,
        status => Action::Refuse(status.parse().ok().filter(|status| (400..600).contains(status))?),
    };
    Some(CallFault { on, action, left })
}

pub(super) fn read_row(item: &str) -> Option<RowFault> {
    let (item, batch) = match item.split_once('@') {
        Some((item, batch)) => (item, Some(batch.trim().parse().ok()?)),
        None => (item, None),
    };
    let (name, percent) = match item.split_once('=') {
        Some((name, share)) => {
            (name.trim(), share.trim().strip_suffix('%')?.parse().ok().filter(|share| *share <= 100)?)
        }
        None => (item.trim(), 100),
    };
    let kind = match name {
        "refusal" => Kind::Refusal,
        "cut" => Kind::Cut,
        "filtered" => Kind::Filtered,
        "error" => Kind::Error,
        "missing" => Kind::Missing,
        "expire" => Kind::Expire,
        "shuffle" => Kind::Shuffle,
        "empty-error-id" => Kind::EmptyErrorId,
        "queue-full" => Kind::QueueFull,
        _ => return None,
    };
    Some(RowFault { kind, percent, batch })
}
