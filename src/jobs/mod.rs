//! Batch files to raw results: submit, watch, fetch.
//!
//! Everything here can be killed anywhere and called again: the ledger says what was begun, a create whose answer was
//! lost is looked up at the provider before it is repeated, and files appear whole or not at all.

mod adopt;
mod alike;
mod clean;
mod complete;
mod cost;
mod family;
mod fetch;
mod local;
mod look_over;
mod pause;
mod queue;
mod report;
mod retry;
mod screen;
mod sending;
mod shards;
mod status;
mod submit;
mod twins;
mod watch;

use crate::ledger::Ledger;
use crate::progress::Progress;
use crate::provider::BatchApi;

pub use adopt::{Adopted, Adoption, adopt};
pub use clean::{Cleaned, Kept, Leftovers, RemoteFile, What, clean_local, clean_remote, leftovers};
pub use complete::{complete, complete_within};
pub use cost::{Bill, CostOptions, Off, ShardCost, cost, cost_of};
pub use fetch::{fetch, is_gone};
pub use local::Local;
pub use look_over::{check_requests, unsent};
pub use queue::check_room;
pub use report::{Report, ShardReport};
pub use retry::{Family, RetryOptions, RetryReport, Target, Unfinished, Waiting, retry};
pub use shards::{Shard, ledger_folder, shards};
pub use status::{cancel, status};
pub use submit::{Submitted, submit, submit_into, submit_within};
pub use watch::watch;

/// Shards that are sent up or fetched at once.
const AT_ONCE: usize = 4;

/// What every function here works with.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// Where the jobs are.
    pub api: &'a dyn BatchApi,
    /// What is known of them.
    pub ledger: &'a Ledger,
    /// Who wants to know.
    pub progress: &'a dyn Progress,
}
