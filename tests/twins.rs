//! A create whose answer is lost and that arrives late, when it was looked for and sent once more: two jobs come to be,
//! and the younger is ended.

#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use aacorn::http::Patience;
use aacorn::jobs::{Desk, complete, shards, submit};
use aacorn::ledger::{Ledger, TWIN};
use aacorn::model::Clock;
use aacorn::progress::Silent;
use aacorn::provider::{OpenAi, Pace};
use aacorn::serve::{Options, Server};
use support::meddler::{Meddler, Spoil};
use support::{Http, Slow, server, write_shard};

fn client(base: &str) -> OpenAi {
    let wait = Duration::from_millis(20);
    let patience = Patience { first: wait, longest: wait, repeats: 3, settle: Duration::from_millis(100) };
    OpenAi::local(base).unwrap().with_pace(Pace { first: wait, longest: wait }).with_patience(patience)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_twin_is_ended_whenever_it_arrives() {
    // The create is in doubt for 100 ms, then it is sent once more. The first arrives when that has been answered, or later.
    // Times of jobs are whole seconds, so that only the last is younger by them.
    for late in [0, 600, 1_100] {
        let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write_shard(folder.path(), "en-GB", "", 160);
        let found = shards(folder.path()).unwrap();
        // A clock that runs, so that the jobs differ in age.
        let engine = Arc::new(Slow(Duration::from_millis(50)));
        let running = Server::start(Options::new(state.path(), engine)).await.unwrap();
        let plan = [("POST", "/batches", Spoil::Late(Duration::from_millis(late)))];
        let meddler = Meddler::start(&running.base_url(), &plan).await;
        let (api, ledger) = (client(&meddler.base), Ledger::open(folder.path(), Clock::default()).unwrap());
        let report = complete(&found, &api, &ledger, &Silent).await.unwrap();
        assert!(report.is_complete(), "{late}: {report:?}");
        let (_, page) = Http::new(running.base_url()).get("/batches?limit=100").await;
        let batches = page["data"].as_array().unwrap();
        let mut status: Vec<_> = batches.iter().map(|batch| batch["status"].as_str().unwrap()).collect();
        status.sort_unstable();
        assert!(status == ["cancelled", "completed"] || status == ["cancelling", "completed"], "{late}: {status:?}");
        let created = |completed: bool| {
            let of = |batch: &&serde_json::Value| (batch["status"] == "completed") == completed;
            batches.iter().find(of).and_then(|batch| batch["created_at"].as_i64()).unwrap()
        };
        assert!(created(true) <= created(false), "the older one is kept");
        assert!(late < 1_000 || created(true) < created(false), "they differ in age");
        let events = ledger.events(1).unwrap();
        let twin = events.iter().find(|(_, kind, _)| kind == TWIN).unwrap_or_else(|| panic!("{events:?}"));
        assert_ne!(Some(&twin.2), report.shards[0].job.as_ref());
        assert!(ledger.known("local", "local").unwrap().contains(&twin.2), "it is never adopted again");
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_was_never_lost_looks_for_no_twin() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_shard(folder.path(), "en-GB", "", 3);
    let found = shards(folder.path()).unwrap();
    let running = server(state.path(), Slow(Duration::from_millis(1))).await;
    let meddler = Meddler::start(&running.base_url(), &[]).await;
    let (api, ledger) = (client(&meddler.base), Ledger::open(folder.path(), Clock::default()).unwrap());
    submit(Desk { api: &api, ledger: &ledger, progress: &Silent }, &found, false).await.unwrap();
    assert_eq!(meddler.count("GET /v1/batches"), 0);
    running.stop().await;
}
