//! A result file that is cut at any byte is noticed and fetched again, from where it was cut where the server can.

#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

mod support;

use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aacorn::http::{Auth, Client, Patience};
use aacorn::jobs::{Desk, fetch, shards, submit};
use aacorn::ledger::{Ledger, Phase};
use aacorn::model::Clock;
use aacorn::progress::Silent;
use aacorn::provider::OpenAi;
use aacorn::serve::sample::Sample;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream::{self, StreamExt};
use support::meddler::{Meddler, Spoil};
use support::{fixed, limit, server, write_shard};

const FILE: &str = "{\"custom_id\":\"a\"}\n{\"custom_id\":\"b\",\"x\":[1,2]}\n{}\n";

/// How a server gives its file.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Manner {
    /// With its length, and parts of it on request.
    Parts,
    /// With its length, and on request a shorter part than was asked for: the rest of a line.
    ShortParts,
    /// With its length, and parts of another file under the same name.
    OtherParts,
    /// With its length, all of it each time.
    Whole,
    /// In chunks, without its length.
    Chunks,
}

/// What it does at the next request, and what it was asked.
struct Giver {
    manner: Manner,
    cut: Option<usize>,
    ranges: Vec<Option<String>>,
}

type Shared = Arc<Mutex<Giver>>;

async fn give(State(giver): State<Shared>, headers: HeaderMap) -> Response {
    let mut giver = giver.lock().unwrap();
    let range = headers.get("range").map(|range| range.to_str().unwrap().to_owned());
    giver.ranges.push(range.clone());
    let whole = Bytes::from_static(FILE.as_bytes());
    if let Some(cut) = giver.cut.take() {
        // What was sent must leave before the connection breaks.
        let end = async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Err(std::io::Error::other("cut on purpose"))
        };
        let pieces = stream::iter([Ok(whole.slice(..cut))]).chain(stream::once(end));
        let body = Body::from_stream(pieces);
        let length = [("content-length", whole.len().to_string())];
        return match giver.manner {
            Manner::Parts | Manner::ShortParts | Manner::OtherParts => {
                (length, [("accept-ranges", "bytes"), ("etag", "\"one\"")], body).into_response()
            }
            Manner::Whole => (length, body).into_response(),
            Manner::Chunks => body.into_response(),
        };
    }
    let start: Option<usize> =
        range.map(|range| range.strip_prefix("bytes=").unwrap().strip_suffix('-').unwrap().parse().unwrap());
    match (giver.manner, start) {
        (Manner::Parts, Some(start)) => {
            assert_eq!(headers["if-range"], "\"one\"");
            let range = format!("bytes {start}-{}/{}", whole.len() - 1, whole.len());
            (StatusCode::PARTIAL_CONTENT, [("content-range", range)], whole.slice(start..)).into_response()
        }
        (Manner::ShortParts, Some(start)) => {
            let end = start + FILE[start..].find('\n').unwrap() + 1;
            let range = format!("bytes {start}-{}/{}", end - 1, whole.len());
            (StatusCode::PARTIAL_CONTENT, [("content-range", range)], whole.slice(start..end)).into_response()
        }
        (Manner::OtherParts, Some(start)) => {
            let range = format!("bytes {start}-{}/{}", whole.len() + 6, whole.len() + 7);
            (StatusCode::PARTIAL_CONTENT, [("content-range", range)], whole.slice(start..)).into_response()
        }
        (Manner::Chunks, _) => Body::from_stream(stream::iter([Ok::<_, std::io::Error>(whole)])).into_response(),
        _ => whole.into_response(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_cut_at_any_byte_arrives_whole() {
    let giver = Arc::new(Mutex::new(Giver { manner: Manner::Whole, cut: None, ranges: Vec::new() }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/file", get(give)).with_state(Arc::clone(&giver));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let wait = Duration::from_millis(1);
    let patience = Patience { first: wait, longest: wait, repeats: 3, settle: wait };
    let client = Client::new("test", &base, &Auth::None, &[]).unwrap().with_patience(patience);
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("file.jsonl");
    for manner in [Manner::Parts, Manner::ShortParts, Manner::OtherParts, Manner::Whole, Manner::Chunks] {
        for cut in 0..FILE.len() {
            *giver.lock().unwrap() = Giver { manner, cut: Some(cut), ranges: Vec::new() };
            let came = client.download("/file", &to).await.unwrap();
            assert_eq!(fs::read_to_string(&to).unwrap(), FILE, "{manner:?} {cut}");
            assert_eq!((came.rows, came.bytes, came.announced), (3, FILE.len() as u64, manner != Manner::Chunks));
            let asked = std::mem::take(&mut giver.lock().unwrap().ranges);
            let rest = (cut > 0).then(|| format!("bytes={cut}-"));
            match manner {
                Manner::Parts => assert_eq!(asked, [None, rest], "{cut}"),
                Manner::ShortParts if cut > 0 => {
                    assert_eq!(asked.len(), 1 + FILE[cut..].lines().count(), "each part ends before the file does")
                }
                Manner::OtherParts if cut > 0 => {
                    assert_eq!(asked, [None, rest, None], "what does not fit is not joined")
                }
                _ => assert_eq!(asked, [None, None], "{manner:?} {cut}"),
            }
            fs::remove_file(&to).unwrap();
        }
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "no part is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_ends_early_without_a_trace_is_noticed_by_its_rows() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_shard(folder.path(), "en-GB", "", 4);
    let found = shards(folder.path()).unwrap();
    let running = server(state.path(), Sample).await;
    let meddler = Meddler::start(&running.base_url(), &[]).await;
    let (api, ledger) =
        (OpenAi::local(&meddler.base).unwrap(), Ledger::open(folder.path(), Clock::new(fixed())).unwrap());
    let desk = Desk { api: &api, ledger: &ledger, progress: &Silent };
    submit(desk, &found, false).await.unwrap();
    let waiting = limit("the end of the jobs");
    while !fetch(desk, &found).await.unwrap().is_settled() {
        waiting();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let whole = fs::read(found[0].output()).unwrap();
    let ends: Vec<usize> = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    // In the middle of each line, before and after each line feed; every byte is tried above.
    let cuts = ends.iter().flat_map(|end| [end - 100, end - 2, end - 1, *end]).filter(|cut| *cut < whole.len());
    for cut in [0].into_iter().chain(cuts) {
        fs::remove_file(found[0].output()).unwrap();
        meddler.order("GET", "/content", Spoil::EndEarly(cut));
        let report = fetch(desk, &found).await.unwrap();
        assert!(report.is_complete() && meddler.is_done(), "{cut}: {report:?}");
        let came = fs::read(found[0].output()).unwrap();
        assert!(came == whole || (cut == whole.len() - 1 && came == whole[..cut]), "{cut}");
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn results_that_are_no_longer_kept_are_told_and_do_not_stop_the_others() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_shard(folder.path(), "en-GB", "-01", 4);
    write_shard(folder.path(), "en-GB", "-02", 4);
    let found = shards(folder.path()).unwrap();
    let running = server(state.path(), Sample).await;
    let gone = [("GET", "/content", Spoil::Refuse(404)), ("GET", "/content", Spoil::Refuse(404))];
    let meddler = Meddler::start(&running.base_url(), &[]).await;
    let (api, ledger) =
        (OpenAi::local(&meddler.base).unwrap(), Ledger::open(folder.path(), Clock::new(fixed())).unwrap());
    let desk = Desk { api: &api, ledger: &ledger, progress: &Silent };
    submit(desk, &found, false).await.unwrap();
    let waiting = limit("the end of the jobs");
    gone.into_iter().for_each(|(method, path, spoil)| meddler.order(method, path, spoil));
    // The first is asked for twice, for a file may be a moment late.
    while !fetch(desk, &found[..1]).await.unwrap().is_settled() {
        waiting();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    while !fetch(desk, &found).await.unwrap().is_settled() {
        waiting();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let report = fetch(desk, &found).await.unwrap();
    let phases: Vec<_> = report.shards.iter().map(|shard| shard.phase.unwrap()).collect();
    assert_eq!(phases, [Phase::Lost, Phase::Fetched]);
    let told = &report.shards[0].problems[0].message;
    assert!(told.contains("no longer has the results") && told.contains("fetch --from"), "{told}");
    running.stop().await;
}
