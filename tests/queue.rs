//! Room in the provider's queue: who goes, who waits, and that everybody goes in the end.

#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use aacorn::http::Patience;
use aacorn::jobs::{Desk, Submitted, complete_within, shards, submit, submit_within, watch};
use aacorn::ledger::{Ledger, Phase};
use aacorn::model::Clock;
use aacorn::progress::Silent;
use aacorn::provider::{OpenAi, Pace};
use aacorn::serve::sample::Sample;
use aacorn::serve::{Faults, Options, Server};
use support::meddler::{Meddler, Spoil};
use support::program::{Serve, ok, run};
use support::{Slow, fixed, server, write_shard};

fn client(base: &str) -> OpenAi {
    let wait = Duration::from_millis(10);
    let patience = Patience { first: wait, longest: wait, repeats: 2, settle: wait };
    OpenAi::new(base, None, None, None).unwrap().with_pace(Pace { first: wait, longest: wait }).with_patience(patience)
}

fn ledger(folder: &std::path::Path) -> Ledger {
    Ledger::open(folder, Clock::new(fixed())).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_tokens_than_allowed_are_under_way_and_all_get_their_turn() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for n in 0..4 {
        write_shard(folder.path(), "en-GB", &format!("-{n:02}"), 10);
    }
    let found = shards(folder.path()).unwrap();
    let running = server(state.path(), Sample).await;
    let meddler = Meddler::start(&running.base_url(), &[]).await;
    let (api, ledger) = (client(&meddler.base), ledger(folder.path()));
    let desk = Desk { api: &api, ledger: &ledger, progress: &Silent };
    let alone = submit_within(desk, &found, false, Some(10)).await.unwrap_err().to_string();
    assert!(alone.contains("would never let it go"), "{alone}");
    assert!(ledger.jobs().unwrap().is_empty() && meddler.seen().is_empty(), "nothing was begun");

    let sent = submit_within(desk, &found, false, Some(900)).await.unwrap();
    let went = sent.iter().filter(|one| matches!(one, Submitted::New(_))).count();
    assert!(matches!(sent[0], Submitted::New(_)) && (1..4).contains(&went), "{sent:?}");
    assert_eq!(meddler.count("POST /v1/batches"), went);
    let tokens: Vec<u64> = ledger.jobs().unwrap().iter().map(|job| job.tokens.unwrap()).collect();
    assert!(tokens.iter().all(|tokens| (100..900).contains(tokens)), "{tokens:?}");

    assert!(watch(desk, &found).await.unwrap().is_complete());
    assert_eq!((meddler.count("POST /v1/batches"), meddler.count("POST /v1/files")), (4, 4));
    // Never more at a time than at first: each further create came after a result.
    let (mut open, mut most) = (0, 0);
    for call in meddler.seen() {
        if call == "POST /v1/batches" {
            open += 1;
        } else if call.ends_with("/content") {
            open -= 1;
        }
        most = most.max(open);
    }
    assert_eq!(most, went, "{:?}", meddler.seen());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_is_refused_for_lack_of_room_waits_for_the_others() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for n in 0..2 {
        write_shard(folder.path(), "en-GB", &format!("-{n:02}"), 10);
    }
    let found = shards(folder.path()).unwrap();
    let running = server(state.path(), Slow(Duration::from_millis(20))).await;
    let meddler = Meddler::start(&running.base_url(), &[]).await;
    let (api, ledger) = (client(&meddler.base), ledger(folder.path()));
    let desk = Desk { api: &api, ledger: &ledger, progress: &Silent };
    submit(desk, &found[..1], false).await.unwrap();
    (0..3).for_each(|_| meddler.order("POST", "/batches", Spoil::Refuse(429)));
    let second = submit(desk, &found[1..], false).await.unwrap();
    assert!(matches!(&second[0], Submitted::Waiting(job) if job.phase == Phase::Waiting), "{second:?}");
    assert!(watch(desk, &found).await.unwrap().is_complete());
    assert_eq!((meddler.count("POST /v1/batches"), meddler.count("POST /v1/files")), (5, 2), "uploaded once");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_are_turned_away_are_sent_again_without_a_second_upload() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for n in 0..3 {
        write_shard(folder.path(), "en-GB", &format!("-{n:02}"), 5);
    }
    let found = shards(folder.path()).unwrap();
    let faults = Faults::read("queue-full@2, queue-full@3").unwrap();
    let options = Options { now: fixed(), faults, ..Options::new(state.path(), Arc::new(Sample)) };
    let running = Server::start(options).await.unwrap();
    let meddler = Meddler::start(&running.base_url(), &[]).await;
    let (api, ledger) = (client(&meddler.base), ledger(folder.path()));
    assert!(complete_within(&found, &api, &ledger, &Silent, None).await.unwrap().is_complete());
    assert_eq!((meddler.count("POST /v1/batches"), meddler.count("POST /v1/files")), (5, 3));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_that_stays_full_is_given_up_and_said() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_shard(folder.path(), "en-GB", "", 5);
    let found = shards(folder.path()).unwrap();
    let faults = Faults::read("queue-full").unwrap();
    let options = Options { now: fixed(), faults, ..Options::new(state.path(), Arc::new(Sample)) };
    let running = Server::start(options).await.unwrap();
    let (api, ledger) = (client(&running.base_url()), ledger(folder.path()));
    let report = complete_within(&found, &api, &ledger, &Silent, None).await.unwrap();
    assert!(report.is_settled() && !report.is_complete());
    assert_eq!(report.shards[0].problems[0].code, "token_limit_exceeded");
    assert_eq!(ledger.jobs().unwrap().len(), 4, "sent, and three times more");
    running.stop().await;
}

#[test]
fn by_commands_submit_tells_who_waits_and_watch_sends_them() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let here = folder.path();
    for n in 0..3 {
        write_shard(&here.join("batch_files"), "en-GB", &format!("-{n:02}"), 10);
    }
    let serve = Serve::start(state.path());
    let submit = ["submit", "--base-url", &serve.base, "--max-queued-tokens"];
    let (code, _, stderr) = run(here, &[&submit[..], &["5"]].concat());
    assert!(code == 2 && stderr.contains("would never let it go"), "{stderr}");
    let shown = ok(here, &[&submit[..], &["500"]].concat());
    assert!(shown.contains("waits for room in the queue of openai; watch sends it"), "{shown}");
    assert!(ok(here, &["status"]).contains("waiting for room"));
    let shown = ok(here, &["watch", "--interval", "0.05"]);
    assert_eq!(shown.matches("completed, fetched").count(), 3, "{shown}");
    assert_eq!((serve.count("batches"), serve.count("files?purpose=batch")), (3, 3));
}
