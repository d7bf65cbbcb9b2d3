//! Our clients of Anthropic and Gemini against strict fakes, and the official SDKs against the same fakes.

#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use aacorn::assets::Assets;
use aacorn::generate::{Amount, Options, generate};
use aacorn::http::Key;
use aacorn::jobs::{Cleaned, Desk, Shard, cancel, clean_remote, complete, leftovers, shards, status, submit};
use aacorn::language::Languages;
use aacorn::ledger::{Ledger, Phase};
use aacorn::model::{Clock, Provider};
use aacorn::progress::Silent;
use aacorn::provider::{Anthropic, BatchApi, Gemini, Pace};
use support::fakes::{Fake, KEY};

fn pace() -> Option<Pace> {
    Some(Pace { first: Duration::from_millis(10), longest: Duration::from_millis(20) })
}

fn anthropic(base: &str) -> Anthropic {
    Anthropic::new(base, Some(Key::new(KEY).unwrap()), pace()).unwrap()
}

fn gemini(base: &str) -> Gemini {
    Gemini::new(base, Some(Key::new(KEY).unwrap()), pace()).unwrap()
}

/// The batch files that `generate` makes for a provider.
fn generated(folder: &Path, provider: Provider) -> Vec<Shard> {
    let languages = Languages::new(Assets::embedded());
    let options = Options {
        recipe: "aac".to_owned(),
        locales: languages.resolve(&["en-GB".to_owned()]).unwrap(),
        amount: Amount::More { num: 7, start: None },
        seed: 1,
        provider,
        service: aacorn::dialect::Service::openai(),
        model: None,
        params: serde_json::Map::new(),
        json_mode: aacorn::dialect::JsonMode::Schema,
        knowledge: None,
        out: folder.to_owned(),
        now: "2026-01-01T00:00:00Z".parse().unwrap(),
    };
    generate(&Assets::embedded(), &languages, &options, &Silent).unwrap();
    shards(folder).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_generate_writes_for_anthropic_and_gemini_is_taken_and_answered() {
    let (one, other) = (Fake::anthropic().await, Fake::gemini().await);
    let apis: [(Provider, Box<dyn BatchApi>); 2] =
        [(Provider::Anthropic, Box::new(anthropic(&one.base))), (Provider::Gemini, Box::new(gemini(&other.base)))];
    for (provider, api) in apis {
        let folder = tempfile::tempdir().unwrap();
        let found = generated(folder.path(), provider);
        let ledger = Ledger::open(folder.path(), Clock::default()).unwrap();
        let report = complete(&found, api.as_ref(), &ledger, &Silent).await.unwrap();
        assert!(report.is_complete(), "{provider}: {report:?}");
        assert_eq!(report.shards[0].output_rows, 7);
        let text = fs::read_to_string(report.shards[0].output.as_ref().unwrap()).unwrap();
        assert_eq!(text.matches("a kitchen").count(), 7, "no row was refused: {text}");
    }
    assert_eq!((one.jobs(), other.jobs(), other.files()), (1, 1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn sampling_parameters_are_told_as_errors_of_their_rows() {
    let fake = Fake::anthropic().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("anthropic_batch_en-GB_r.jsonl");
    let row = |id: &str, more: &str| {
        let turns = r#"[{"role":"user","content":"x"}]"#;
        format!(r#"{{"custom_id":"{id}","params":{{"model":"m","max_tokens":9,"messages":{turns}{more}}}}}"#)
    };
    fs::write(&path, [row("a", ""), row("b", r#","temperature":1.0"#)].join("\n")).unwrap();
    let ledger = Ledger::open(folder.path(), Clock::default()).unwrap();
    let report = complete(&[Shard { path }], &anthropic(&fake.base), &ledger, &Silent).await.unwrap();
    assert!(!report.is_complete());
    assert_eq!((report.shards[0].output_rows, report.shards[0].failed), (2, 1));
}

/// Leaves the ledger as a crash right after the intent to create was written would.
fn forget_the_create(ledger: &Ledger) {
    ledger
        .change(1, "crash", "", |job| {
            job.phase = Phase::Creating;
            job.remote = None;
        })
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_job_is_found_again_at_gemini_by_its_name() {
    let fake = Fake::gemini().await;
    let folder = tempfile::tempdir().unwrap();
    let found = generated(folder.path(), Provider::Gemini);
    let ledger = Ledger::open(folder.path(), Clock::default()).unwrap();
    let api = gemini(&fake.base);
    let desk = Desk { api: &api, ledger: &ledger, progress: &Silent };
    submit(desk, &found, false).await.unwrap();
    forget_the_create(&ledger);
    assert!(complete(&found, &api, &ledger, &Silent).await.unwrap().is_complete());
    assert_eq!(fake.jobs(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_job_at_anthropic_is_found_by_time_and_count_and_never_made_again_unasked() {
    let fake = Fake::anthropic().await;
    let folder = tempfile::tempdir().unwrap();
    let found = generated(folder.path(), Provider::Anthropic);
    let ledger = Ledger::open(folder.path(), Clock::default()).unwrap();
    let api = anthropic(&fake.base);
    let desk = Desk { api: &api, ledger: &ledger, progress: &Silent };
    submit(desk, &found, false).await.unwrap();
    forget_the_create(&ledger);
    assert!(complete(&found, &api, &ledger, &Silent).await.unwrap().is_complete());
    assert_eq!(fake.jobs(), 1);

    let (empty, folder) = (Fake::anthropic().await, tempfile::tempdir().unwrap());
    let found = generated(folder.path(), Provider::Anthropic);
    let ledger = Ledger::open(folder.path(), Clock::default()).unwrap();
    let api = anthropic(&empty.base);
    let desk = Desk { api: &api, ledger: &ledger, progress: &Silent };
    submit(desk, &found, false).await.unwrap();
    empty.forget();
    forget_the_create(&ledger);
    let error = submit(desk, &found, false).await.unwrap_err().to_string();
    assert!(error.contains("--again"), "{error}");
    assert_eq!(empty.jobs(), 0, "not made again unasked");
    let shown = status(desk, &found).await.unwrap();
    assert_eq!(shown.shards[0].phase, Some(Phase::Creating), "ambiguous until somebody decides");
    submit(desk, &found, true).await.unwrap();
    assert_eq!(empty.jobs(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_partys_job_that_looks_like_ours_is_let_go_when_its_results_come() {
    let fake = Fake::anthropic().await;
    let (theirs, ours) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let api = anthropic(&fake.base);
    let foreign = theirs.path().join("anthropic_batch_fr-FR_r.jsonl");
    let row = |n: u32| {
        format!(
            r#"{{"custom_id":"foreign-{n}","params":{{"model":"m","max_tokens":9,"messages":[{{"role":"user","content":"x"}}]}}}}"#
        )
    };
    fs::write(&foreign, (0..7).map(row).collect::<Vec<_>>().join("\n")).unwrap();
    let books = Ledger::open(theirs.path(), Clock::default()).unwrap();
    submit(Desk { api: &api, ledger: &books, progress: &Silent }, &[Shard { path: foreign }], false).await.unwrap();

    let found = generated(ours.path(), Provider::Anthropic);
    let ledger = Ledger::open(ours.path(), Clock::default()).unwrap();
    let desk = Desk { api: &api, ledger: &ledger, progress: &Silent };
    submit(desk, &found, false).await.unwrap();
    fake.forget_last();
    forget_the_create(&ledger);
    let error = complete(&found, &api, &ledger, &Silent).await.unwrap_err().to_string();
    assert!(error.contains("belong to other requests"), "{error}");
    assert!(!found[0].output().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_are_cancelled_at_both() {
    let (one, other) = (Fake::anthropic().await, Fake::gemini().await);
    let apis: [(Provider, Box<dyn BatchApi>); 2] =
        [(Provider::Anthropic, Box::new(anthropic(&one.base))), (Provider::Gemini, Box::new(gemini(&other.base)))];
    for (provider, api) in apis {
        let folder = tempfile::tempdir().unwrap();
        let found = generated(folder.path(), provider);
        let ledger = Ledger::open(folder.path(), Clock::default()).unwrap();
        let desk = Desk { api: api.as_ref(), ledger: &ledger, progress: &Silent };
        submit(desk, &found, false).await.unwrap();
        let report = cancel(desk, &found).await.unwrap();
        assert_eq!(report.shards[0].status, "cancelled", "{provider}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_here_is_removed_at_both() {
    let (one, other) = (Fake::anthropic().await, Fake::gemini().await);
    let apis: [(Provider, Box<dyn BatchApi>); 2] =
        [(Provider::Anthropic, Box::new(anthropic(&one.base))), (Provider::Gemini, Box::new(gemini(&other.base)))];
    for (provider, api) in apis {
        let folder = tempfile::tempdir().unwrap();
        let found = generated(folder.path(), provider);
        let ledger = Ledger::open(folder.path(), Clock::default()).unwrap();
        let desk = Desk { api: api.as_ref(), ledger: &ledger, progress: &Silent };
        submit(desk, &found, false).await.unwrap();
        let early = leftovers(&ledger, &found, &[]).unwrap();
        assert!(early.remote.is_empty() && early.kept.len() == 1, "{provider}: its job has not ended");
        complete(&found, api.as_ref(), &ledger, &Silent).await.unwrap();
        let here = fs::read(found[0].output()).unwrap();
        let mut cleaned = Cleaned::default();
        let late = leftovers(&ledger, &found, &[]).unwrap();
        clean_remote(desk, &late.remote, &mut cleaned).await.unwrap();
        assert_eq!(cleaned.remote, late.remote.len() as u64, "{provider}: {cleaned:?}");
        assert!(leftovers(&ledger, &found, &[]).unwrap().remote.is_empty());
        assert_eq!(fs::read(found[0].output()).unwrap(), here);
    }
    assert_eq!((one.jobs(), other.files()), (0, 0), "at Anthropic the results go with their batch");
}

/// Run by `tests/interop/run.sh`, which names the interpreter; without one there is nothing to run.
#[tokio::test(flavor = "multi_thread")]
async fn the_official_sdks_complete_a_cycle_against_the_fakes() {
    let Ok(python) = std::env::var("AACORN_INTEROP_PYTHON") else {
        println!("skipped: AACORN_INTEROP_PYTHON names no interpreter with the SDKs");
        return;
    };
    let (one, other) = (Arc::new(Fake::anthropic().await), Fake::gemini().await);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/other_sdks.py");
    let output = tokio::task::spawn_blocking({
        let (anthropic, gemini) = (one.base.clone(), other.base.clone());
        move || Command::new(python).args([script, &anthropic, &gemini, KEY]).output().unwrap()
    });
    let output = output.await.unwrap();
    println!("{}", String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
