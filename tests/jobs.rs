//! From batch files to raw results, over real HTTP and a real ledger.

#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

mod support;

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aacorn::Error;
use aacorn::http::Key;
use aacorn::jobs::{Desk, Local, RetryOptions, Shard, Submitted, complete, fetch, retry, shards, submit, watch};
use aacorn::ledger::{Ledger, NewJob, Phase};
use aacorn::model::{Clock, Reason};
use aacorn::progress::Silent;
use aacorn::provider::{BatchApi, OpenAi};
use aacorn::serve::sample::Sample;
use aacorn::serve::{Faults, Options, Running, Server};
use serde_json::json;
use support::meddler::{Meddler, Spoil};
use support::{CHAT, Http, Impatient, Picky, Slow, files, fixed, limit, request, server, write_shard};

fn ledger(folder: &Path) -> Ledger {
    Ledger::open(folder, Clock::new(fixed())).unwrap()
}

fn client(base: &str) -> OpenAi {
    OpenAi::local(base).unwrap()
}

fn desk<'a>(api: &'a OpenAi, ledger: &'a Ledger) -> Desk<'a> {
    Desk { api, ledger, progress: &Silent }
}

async fn jobs_at(running: &Running) -> usize {
    let (_, page) = Http::new(running.base_url()).get("/batches?limit=100").await;
    page["data"].as_array().unwrap().len()
}

async fn files_at(running: &Running) -> usize {
    let (_, page) = Http::new(running.base_url()).get("/files?purpose=batch").await;
    page["data"].as_array().unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_shards_comes_back_as_results_and_a_second_call_does_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for (locale, part, count) in [("en-GB", "-01", 30), ("en-GB", "-02", 20), ("fr-FR", "", 10)] {
        write_shard(folder.path(), locale, part, count);
    }
    let found = shards(folder.path()).unwrap();
    let ledger = ledger(folder.path());
    let local = Local::start(folder.path(), Arc::new(Sample), fixed()).await.unwrap();
    let report = complete(&found, local.api(), &ledger, &Silent).await.unwrap();
    assert!(report.is_complete() && report.is_settled());
    let rows: Vec<_> =
        report.shards.iter().map(|shard| (shard.requests, shard.output_rows, shard.error_rows)).collect();
    assert_eq!(rows, [(30, 30, 0), (20, 20, 0), (10, 10, 0)]);
    local.stop(&ledger).await.unwrap();
    assert!(!folder.path().join(".local").exists(), "nothing more is needed of it");
    let before = files(folder.path());
    assert!(before.contains_key(&folder.path().join("en-GB/batch_output_en-GB_20260101_000000_0a1b2c3d-02.jsonl")));
    assert!(!before.keys().any(|path| path.to_str().unwrap().contains("batch_errors")));

    let nobody = client("http://127.0.0.1:9/v1");
    let again = complete(&found, &nobody, &ledger, &Silent).await.unwrap();
    assert_eq!(again, report, "and it asks nobody");
    assert_eq!(files(folder.path()), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_fixed_clock_the_results_are_the_same_bytes() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let folder = tempfile::tempdir().unwrap();
        for locale in ["en-GB", "fr-FR", "ar-SA"] {
            write_shard(folder.path(), locale, "", 40);
        }
        let ledger = ledger(folder.path());
        let local = Local::start(folder.path(), Arc::new(Sample), fixed()).await.unwrap();
        complete(&shards(folder.path()).unwrap(), local.api(), &ledger, &Silent).await.unwrap();
        local.stop(&ledger).await.unwrap();
        seen.push(files(folder.path()).into_values().collect::<Vec<_>>());
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_requests_have_a_file_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("openai_batch_en-GB_r.jsonl");
    fs::write(&path, [request("good"), request("bad")].join("\n")).unwrap();
    let ledger = ledger(folder.path());
    let local = Local::start(folder.path(), Arc::new(Picky), fixed()).await.unwrap();
    let report = complete(&[Shard { path }], local.api(), &ledger, &Silent).await.unwrap();
    assert!(report.is_settled() && !report.is_complete());
    assert_eq!((report.shards[0].output_rows, report.shards[0].error_rows), (1, 1));
    assert!(fs::read_to_string(folder.path().join("batch_errors_en-GB_r.jsonl")).unwrap().contains("context_length"));
    local.stop(&ledger).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_fails_validation_is_reported_with_its_lines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("openai_batch_en-GB_r.jsonl");
    fs::write(&path, [request("a"), request("a")].join("\n")).unwrap();
    let ledger = ledger(folder.path());
    let local = Local::start(folder.path(), Arc::new(Sample), fixed()).await.unwrap();
    let report = complete(&[Shard { path }], local.api(), &ledger, &Silent).await.unwrap();
    let shard = &report.shards[0];
    assert_eq!((shard.status.as_str(), shard.output.as_ref()), ("failed", None));
    assert_eq!((shard.problems[0].code.as_str(), shard.problems[0].line), ("duplicate_custom_id", Some(2)));
    assert!(!report.is_complete());
    local.stop(&ledger).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_run_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    write_shard(folder.path(), "en-GB", "", 200);
    let found = shards(folder.path()).unwrap();
    let ledger = ledger(folder.path());
    let local = Local::start(folder.path(), Arc::new(Slow(Duration::from_millis(10))), fixed()).await.unwrap();
    let progress = Impatient(8.into());
    let error = complete(&found, local.api(), &ledger, &progress).await.unwrap_err();
    assert!(matches!(error, Error::Interrupted));
    local.stop(&ledger).await.unwrap();
    assert!(folder.path().join(".local").exists(), "a job is still to be fetched");

    let local = Local::start(folder.path(), Arc::new(Sample), fixed()).await.unwrap();
    let report = complete(&found, local.api(), &ledger, &Silent).await.unwrap();
    assert!(report.is_complete());
    let output = fs::read_to_string(report.shards[0].output.as_ref().unwrap()).unwrap();
    assert!(output.contains("slow-1") && output.contains("sample-1"), "both servers answered a part");
    assert_eq!(ledger.jobs().unwrap().len(), 1);
    local.stop(&ledger).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_the_local_server_forgot_are_made_again() {
    let folder = tempfile::tempdir().unwrap();
    write_shard(folder.path(), "en-GB", "", 5);
    let found = shards(folder.path()).unwrap();
    let ledger = ledger(folder.path());
    let local = Local::start(folder.path(), Arc::new(Slow(Duration::from_millis(100))), fixed()).await.unwrap();
    submit(Desk { api: local.api(), ledger: &ledger, progress: &Silent }, &found, false).await.unwrap();
    local.stop(&ledger).await.unwrap();
    fs::remove_dir_all(folder.path().join(".local")).unwrap();

    let local = Local::start(folder.path(), Arc::new(Sample), fixed()).await.unwrap();
    let report = complete(&found, local.api(), &ledger, &Silent).await.unwrap();
    assert!(report.is_complete());
    local.stop(&ledger).await.unwrap();
}

/// Leaves the ledger as a crash right after `phase` was written would, and what was sent at the server.
async fn crash(api: &OpenAi, ledger: &Ledger, shard: &Shard, phase: Phase, sent: bool) {
    let ticket = shard.ticket().unwrap();
    let job = ledger
        .begin(&NewJob {
            shard: shard.name(ledger.folder()),
            run: ticket.run.clone(),
            sha256: ticket.sha256.clone(),
            bytes: ticket.bytes,
            requests: ticket.requests,
            provider: api.provider().name().to_owned(),
            home: api.home().to_owned(),
            service: String::new(),
            room: None,
        })
        .unwrap();
    let upload = if phase == Phase::Creating || sent { api.upload(&ticket, &shard.path).await.unwrap() } else { None };
    if phase == Phase::Creating && sent {
        api.create(&ticket, &shard.path, upload.as_deref()).await.unwrap();
    }
    ledger
        .change(job.id, "crash", "", |job| {
            job.phase = phase;
            job.upload = upload.filter(|_| phase == Phase::Creating);
        })
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_crash_left_behind_is_found_again_and_never_made_twice() {
    for (phase, sent) in
        [(Phase::Uploading, false), (Phase::Uploading, true), (Phase::Creating, false), (Phase::Creating, true)]
    {
        let folder = tempfile::tempdir().unwrap();
        let state = tempfile::tempdir().unwrap();
        write_shard(folder.path(), "en-GB", "", 4);
        let found = shards(folder.path()).unwrap();
        let running = server(state.path(), Sample).await;
        let (api, ledger) = (client(&running.base_url()), ledger(folder.path()));
        for n in 0..25 {
            Http::new(running.base_url()).submit(request(&format!("foreign-{n}"))).await;
        }
        crash(&api, &ledger, &found[0], phase, sent).await;
        let report = complete(&found, &api, &ledger, &Silent).await.unwrap();
        assert!(report.is_complete());
        assert_eq!((jobs_at(&running).await, files_at(&running).await), (26, 26), "{phase:?}, sent: {sent}");
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_may_exist_at_one_place_is_not_made_at_another() {
    for (phase, movable) in [(Phase::Uploading, true), (Phase::Creating, false)] {
        let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write_shard(folder.path(), "en-GB", "", 4);
        let found = shards(folder.path()).unwrap();
        let running = server(state.path(), Sample).await;
        let ledger = ledger(folder.path());
        crash(&client(&running.base_url()), &ledger, &found[0], phase, true).await;
        let elsewhere = OpenAi::new(&running.base_url(), None, None, None).unwrap();
        match submit(desk(&elsewhere, &ledger), &found, false).await {
            Ok(_) => assert!(movable),
            Err(error) => assert!(!movable && error.to_string().contains("finish it there first"), "{error}"),
        }
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_orphan_is_found_behind_several_pages_of_foreign_jobs() {
    let folder = tempfile::tempdir().unwrap();
    let state = tempfile::tempdir().unwrap();
    write_shard(folder.path(), "en-GB", "", 4);
    let found = shards(folder.path()).unwrap();
    let running = server(state.path(), Sample).await;
    let (api, ledger) = (client(&running.base_url()), ledger(folder.path()));
    crash(&api, &ledger, &found[0], Phase::Creating, true).await;
    let http = Http::new(running.base_url());
    let (_, file) = http.send_file(&[("purpose", "batch")], "in.jsonl", request("foreign")).await;
    for _ in 0..130 {
        let body = json!({"input_file_id": file["id"], "endpoint": CHAT, "completion_window": "24h"});
        assert_eq!(http.post("/batches", body).await.0, 200);
    }
    let done = submit(desk(&api, &ledger), &found, false).await.unwrap();
    assert!(matches!(&done[0], Submitted::Resumed(job) if job.remote.is_some()));
    let kinds: Vec<_> = ledger.events(1).unwrap().into_iter().map(|(_, kind, detail)| kind + " " + &detail).collect();
    assert!(kinds.last().unwrap().ends_with("found again"), "{kinds:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_answers_are_looked_up_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let state = tempfile::tempdir().unwrap();
    write_shard(folder.path(), "en-GB", "", 4);
    let found = shards(folder.path()).unwrap();
    let running = server(state.path(), Sample).await;
    let plan = [
        ("POST", "/files", Spoil::LoseAnswer),
        ("POST", "/batches", Spoil::LoseCall),
        ("POST", "/batches", Spoil::Refuse(429)),
        ("POST", "/batches", Spoil::LoseAnswer),
    ];
    let meddler = Meddler::start(&running.base_url(), &plan).await;
    let (api, ledger) = (client(&meddler.base), ledger(folder.path()));
    let report = complete(&found, &api, &ledger, &Silent).await.unwrap();
    assert!(report.is_complete() && meddler.is_done());
    assert_eq!((jobs_at(&running).await, files_at(&running).await), (1, 1));
    assert_eq!(meddler.count("POST /v1/batches"), 3, "lost, refused, created; never after that");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_download_is_noticed_and_fetched_again() {
    let folder = tempfile::tempdir().unwrap();
    let state = tempfile::tempdir().unwrap();
    write_shard(folder.path(), "en-GB", "", 50);
    let found = shards(folder.path()).unwrap();
    let running = server(state.path(), Sample).await;
    let plan = [("GET", "/content", Spoil::CutAnswer), ("GET", "/content", Spoil::Refuse(503))];
    let meddler = Meddler::start(&running.base_url(), &plan).await;
    let (api, ledger) = (client(&meddler.base), ledger(folder.path()));
    let report = complete(&found, &api, &ledger, &Silent).await.unwrap();
    assert!(report.is_complete() && meddler.is_done());
    let text = fs::read_to_string(report.shards[0].output.as_ref().unwrap()).unwrap();
    assert_eq!(text.lines().count(), 50);
    assert!(text.ends_with("}\n"));
    assert_eq!(files(folder.path()).len(), 2, "no half-written file is left");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_is_submitted_once_however_often_it_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let state = tempfile::tempdir().unwrap();
    let path = write_shard(folder.path(), "en-GB", "", 4);
    let found = shards(folder.path()).unwrap();
    let running = server(state.path(), Sample).await;
    let (api, ledger) = (client(&running.base_url()), ledger(folder.path()));
    let first = submit(desk(&api, &ledger), &found, false).await.unwrap();
    let second = submit(desk(&api, &ledger), &found, true).await.unwrap();
    assert!(matches!(&first[0], Submitted::New(_)));
    assert!(matches!(&second[0], Submitted::Known(_)), "not even again while its job is under way");
    watch(desk(&api, &ledger), &found).await.unwrap();
    assert!(matches!(&submit(desk(&api, &ledger), &found, false).await.unwrap()[0], Submitted::Known(_)));
    assert!(matches!(&submit(desk(&api, &ledger), &found, true).await.unwrap()[0], Submitted::New(_)));
    assert_eq!(jobs_at(&running).await, 2);

    fs::write(&path, request("other")).unwrap();
    let error = submit(desk(&api, &ledger), &found, false).await.unwrap_err().to_string();
    assert!(error.contains("has changed since job"), "{error}");

    let elsewhere = tempfile::tempdir().unwrap();
    write_shard(elsewhere.path(), "en-GB", "", 4);
    let there = shards(elsewhere.path()).unwrap();
    fs::write(there[0].output(), "{}\n").unwrap();
    let by_hand = self::ledger(elsewhere.path());
    let submitted = submit(desk(&api, &by_hand), &there, false).await.unwrap();
    assert!(matches!(&submitted[0], Submitted::Answered(_)), "results that are here are not paid for");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn batch_files_of_the_same_bytes_share_one_job() {
    let folder = tempfile::tempdir().unwrap();
    let state = tempfile::tempdir().unwrap();
    let first = write_shard(folder.path(), "en-GB", "-01", 4);
    let copy = |part: &str| {
        let path = std::path::PathBuf::from(first.to_str().unwrap().replace("-01.jsonl", part));
        fs::copy(&first, &path).unwrap();
    };
    copy("-02.jsonl");
    let found = shards(folder.path()).unwrap();
    let running = server(state.path(), Sample).await;
    let (api, ledger) = (client(&running.base_url()), ledger(folder.path()));
    let sent = submit(desk(&api, &ledger), &found, false).await.unwrap();
    assert!(matches!(&sent[..], [Submitted::New(_), Submitted::Known(_)]), "{sent:?}");
    assert!(watch(desk(&api, &ledger), &found).await.unwrap().is_complete());
    // When the results are here, nobody is asked.
    copy("-03.jsonl");
    let found = shards(folder.path()).unwrap();
    let sent = submit(desk(&api, &ledger), &found, false).await.unwrap();
    assert_eq!(sent[2].job().unwrap().phase, Phase::Fetched);
    assert_eq!((jobs_at(&running).await, files_at(&running).await), (1, 1));
    let results: HashSet<_> = found.iter().map(|shard| fs::read(shard.output()).unwrap()).collect();
    assert_eq!(results.len(), 1);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_on_one_folder_make_each_job_once() {
    let folder = tempfile::tempdir().unwrap();
    let state = tempfile::tempdir().unwrap();
    for n in 0..6 {
        write_shard(folder.path(), "en-GB", &format!("-{n:02}"), 5);
    }
    let found = shards(folder.path()).unwrap();
    let running = server(state.path(), Sample).await;
    let one = async || {
        let (api, ledger) = (client(&running.base_url()), ledger(folder.path()));
        complete(&found, &api, &ledger, &Silent).await.unwrap()
    };
    let (a, b) = tokio::join!(one(), one());
    assert!(a.is_complete() && b.is_complete());
    assert_eq!((jobs_at(&running).await, files_at(&running).await), (6, 6));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fetch_alone_takes_what_has_ended_and_changes_nothing_the_second_time() {
    let folder = tempfile::tempdir().unwrap();
    let state = tempfile::tempdir().unwrap();
    write_shard(folder.path(), "en-GB", "", 4);
    let found = shards(folder.path()).unwrap();
    let running = server(state.path(), Sample).await;
    let (api, ledger) = (client(&running.base_url()), ledger(folder.path()));
    submit(desk(&api, &ledger), &found, false).await.unwrap();
    let waiting = limit("the end of the job");
    while !fetch(desk(&api, &ledger), &found).await.unwrap().is_settled() {
        waiting();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let before = files(folder.path());
    let events = ledger.events(1).unwrap();
    assert!(fetch(desk(&api, &ledger), &found).await.unwrap().is_complete());
    assert_eq!((files(folder.path()), ledger.events(1).unwrap()), (before, events));
    fs::remove_file(found[0].output()).unwrap();
    fetch(desk(&api, &ledger), &found).await.unwrap();
    assert!(found[0].output().exists(), "a file that was lost is fetched again");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_in_no_error_and_no_file() {
    const KEY: &str = "sk-very-secret-0123456789";
    let folder = tempfile::tempdir().unwrap();
    let state = tempfile::tempdir().unwrap();
    write_shard(folder.path(), "en-GB", "", 4);
    let found = shards(folder.path()).unwrap();
    let api_key = Some(Key::new(KEY).unwrap());
    let options = Options { api_key, now: fixed(), ..Options::new(state.path(), Arc::new(Sample)) };
    let running = Server::start(options).await.unwrap();
    let with_key = |base: &str, key: &str| OpenAi::new(base, Some(Key::new(key).unwrap()), None, None).unwrap();
    let ledger = ledger(folder.path());

    let wrong = with_key(&running.base_url(), "sk-very-wrong-0123456789");
    let refused = submit(desk(&wrong, &ledger), &found, false).await.unwrap_err();
    assert!(refused.to_string().contains("the key was not accepted"), "{refused}");
    let meddler = Meddler::start(&running.base_url(), &[("POST", "/files", Spoil::EchoKey)]).await;
    let echoed = submit(desk(&with_key(&meddler.base, KEY), &ledger), &found, false).await.unwrap_err();
    let closed = submit(desk(&with_key("http://127.0.0.1:9/v1", KEY), &ledger), &found, false).await.unwrap_err();
    for error in [&refused, &echoed, &closed] {
        assert!(!format!("{error} {error:?}").contains("very"), "{error}");
    }

    let fresh = tempfile::tempdir().unwrap();
    write_shard(fresh.path(), "en-GB", "", 4);
    let (there, books) = (shards(fresh.path()).unwrap(), self::ledger(fresh.path()));
    let pace = aacorn::provider::Pace { first: Duration::from_millis(10), longest: Duration::from_millis(50) };
    let right = with_key(&running.base_url(), KEY).with_pace(pace);
    assert!(complete(&there, &right, &books, &Silent).await.unwrap().is_complete());
    running.stop().await;
    drop((ledger, books));
    for folder in [folder.path(), state.path(), fresh.path()] {
        for file in walk(folder) {
            let bytes = fs::read(&file).unwrap();
            assert!(!bytes.windows(7).any(|window| window == b"sk-very"), "{}", file.display());
        }
    }
}

fn walk(folder: &Path) -> HashSet<std::path::PathBuf> {
    let mut found = HashSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        found.extend(if path.is_dir() { walk(&path) } else { HashSet::from([path]) });
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_with_every_fault_of_a_call_creates_each_job_once() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for n in 0..3 {
        write_shard(folder.path(), "en-GB", &format!("-{n:02}"), 20);
    }
    let found = shards(folder.path()).unwrap();
    let spec = "upload=lost, create=dropped, create=lost, poll=503, content=cut, expire=50%@2, shuffle, empty-error-id";
    let options =
        Options { now: fixed(), faults: Faults::read(spec).unwrap(), ..Options::new(state.path(), Arc::new(Sample)) };
    let running = Server::start(options).await.unwrap();
    let (api, ledger) = (client(&running.base_url()), ledger(folder.path()));
    let report = complete(&found, &api, &ledger, &Silent).await.unwrap();
    assert_eq!((jobs_at(&running).await, files_at(&running).await), (3, 3));
    assert!(report.is_settled() && !report.is_complete());
    let mut rows: Vec<_> =
        report.shards.iter().map(|shard| (shard.status.as_str(), shard.output_rows, shard.error_rows)).collect();
    rows.sort_unstable();
    assert_eq!(rows, [("completed", 20, 0), ("completed", 20, 0), ("expired", 10, 10)]);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_sends_exactly_what_has_no_answer_and_the_totals_balance() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for n in 0..3 {
        write_shard(folder.path(), "en-GB", &format!("-{n:02}"), 20);
    }
    let faults = Faults::read("expire=50%@2, missing=20%@1, cut=30%@3").unwrap();
    let options = Options { now: fixed(), faults, ..Options::new(state.path(), Arc::new(Sample)) };
    let running = Server::start(options).await.unwrap();
    let (api, ledger) = (client(&running.base_url()), ledger(folder.path()));
    let options = RetryOptions {
        reasons: [Reason::Expired, Reason::Truncated, Reason::Failed].into(),
        attempts: 3,
        rejects: Vec::new(),
        to: None,
    };
    let first = shards(folder.path()).unwrap();
    let early = retry(&ledger, &first, &options, &Silent).unwrap();
    assert!(early.families.iter().all(|family| family.made.is_none() && family.waiting.is_some()));
    complete(&first, &api, &ledger, &Silent).await.unwrap();
    let report = retry(&ledger, &first, &options, &Silent).unwrap();
    for family in &report.families {
        let again: u64 = family.again.values().sum();
        assert_eq!(family.answered + again, 20, "{family:?}");
        let made = fs::read_to_string(family.made.as_ref().unwrap()).unwrap();
        assert_eq!(made.lines().count() as u64, again);
    }
    let kinds: Vec<_> = report.families.iter().flat_map(|family| family.again.keys().cloned()).collect();
    assert_eq!(HashSet::from_iter(kinds), HashSet::from(["expired", "missing", "truncated"].map(str::to_owned)));

    let all = shards(folder.path()).unwrap();
    assert_eq!(all.len(), 6);
    let waiting = retry(&ledger, &all, &options, &Silent).unwrap();
    assert!(waiting.families.iter().all(|family| family.made.is_none()), "the new ones are not sent yet");
    assert!(complete(&all[..], &api, &ledger, &Silent).await.unwrap().is_settled());
    let done = retry(&ledger, &all, &options, &Silent).unwrap();
    assert!(done.families.iter().all(|family| family.answered == 20 && family.made.is_none()), "{done:?}");
    running.stop().await;
}

#[test]
fn a_cut_answer_gets_a_higher_limit_and_attempts_are_capped() {
    let folder = tempfile::tempdir().unwrap();
    let shard = Shard { path: folder.path().join("openai_batch_en-GB_r.jsonl") };
    let line =
        r#"{"custom_id":"a","method":"POST","url":"/v1/chat/completions","body":{"model":"m","max_tokens":100}}"#;
    let cut = r#"{"custom_id":"a","response":{"status_code":200,"body":{"choices":[{"message":{"content":"{"},"finish_reason":"length"}]}},"error":null}"#;
    fs::write(&shard.path, line).unwrap();
    fs::write(shard.output(), cut).unwrap();
    let ledger = ledger(folder.path());
    let options = RetryOptions { reasons: [Reason::Truncated].into(), attempts: 2, rejects: Vec::new(), to: None };
    let made = retry(&ledger, &[shard], &options, &Silent).unwrap().families[0].made.clone().unwrap();
    assert!(fs::read_to_string(&made).unwrap().contains(r#""max_tokens":200"#));
    fs::write(Shard { path: made }.output(), cut).unwrap();
    let second = retry(&ledger, &shards(folder.path()).unwrap(), &options, &Silent).unwrap();
    assert_eq!(second.families[0].made, None);
    assert_eq!(second.families[0].given_up, [("truncated".to_owned(), 1)].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shard_that_found_the_queue_full_is_sent_again_when_others_have_ended() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for n in 0..3 {
        write_shard(folder.path(), "en-GB", &format!("-{n:02}"), 5);
    }
    let found = shards(folder.path()).unwrap();
    let faults = Faults::read("queue-full@2").unwrap();
    let options = Options { now: fixed(), faults, ..Options::new(state.path(), Arc::new(Sample)) };
    let running = Server::start(options).await.unwrap();
    let (api, ledger) = (client(&running.base_url()), ledger(folder.path()));
    assert!(complete(&found, &api, &ledger, &Silent).await.unwrap().is_complete());
    assert_eq!(jobs_at(&running).await, 4, "the one that was turned away, once more");
    running.stop().await;
}
