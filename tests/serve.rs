//! The embedded batch service over real HTTP and a real database.

#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

mod support;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aacorn::http::Key;
use aacorn::serve::sample::{MARK, Sample};
use aacorn::serve::{Live, Options, Server};
use serde_json::{Value, json};
use support::meddler::{Meddler, Spoil};
use support::{CHAT, Http, Picky, Slow, fixed, limit, request, requests, server};

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_lives_from_upload_to_output() {
    let state = tempfile::tempdir().unwrap();
    let running = server(state.path(), Sample).await;
    let http = Http::new(running.base_url());
    let (_, file) = http.send_file(&[("purpose", "batch")], "in.jsonl", requests(25)).await;
    assert_eq!(file["object"], "file");
    assert_eq!(file["bytes"], requests(25).len());
    assert_eq!(file["created_at"], 1_767_225_600);
    assert_eq!(file["expires_at"], 1_767_225_600 + 2_592_000);
    let metadata = json!({"run": "x", "sha256": "y"});
    let body = json!({"input_file_id": file["id"], "endpoint": CHAT, "completion_window": "24h", "metadata": metadata});
    let (status, batch) = http.post("/batches", body).await;
    assert_eq!(status, 200);
    assert_eq!(batch["status"], "validating");
    assert_eq!(batch["request_counts"], json!({"total": 0, "completed": 0, "failed": 0}));
    for absent in ["errors", "output_file_id", "error_file_id", "in_progress_at", "completed_at", "failed_at"] {
        assert_eq!(batch.get(absent), Some(&Value::Null), "{absent} is an explicit null");
    }
    let done = http.ended(&batch).await;
    assert_eq!(done["status"], "completed");
    assert_eq!(done["request_counts"], json!({"total": 25, "completed": 25, "failed": 0}));
    assert_eq!(done["metadata"], metadata);
    assert_eq!(done["error_file_id"], Value::Null);
    for stamp in ["in_progress_at", "finalizing_at", "completed_at"] {
        assert_eq!(done[stamp], 1_767_225_600, "{stamp}");
    }
    let lines = http.lines(&done["output_file_id"]).await;
    assert_eq!(lines.len(), 25);
    for (n, line) in lines.iter().enumerate() {
        assert_eq!(line["custom_id"], format!("r{n}"));
        assert_eq!(line["error"], Value::Null);
        assert_eq!(line["response"]["status_code"], 200);
        let body = &line["response"]["body"];
        assert_eq!(body["object"], "chat.completion");
        assert_eq!(body["model"], "sample-1", "an engine answers under its own name");
        assert_eq!(body["usage"]["estimated"], true);
        let content: Value = serde_json::from_str(body["choices"][0]["message"]["content"].as_str().unwrap()).unwrap();
        assert_eq!(content, json!({"scene": MARK}));
    }
    let (_, output) = http.get(&format!("/files/{}", done["output_file_id"].as_str().unwrap())).await;
    assert_eq!(output["purpose"], "batch_output");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_a_fixed_clock_two_servers_give_the_same_bytes() {
    let mut seen = Vec::new();
    for _ in 0..2 {
        let state = tempfile::tempdir().unwrap();
        let running = server(state.path(), Sample).await;
        let http = Http::new(running.base_url());
        let batches = [http.submit(requests(40)).await, http.submit(requests(40)).await];
        assert_ne!(batches[0]["id"], batches[1]["id"], "the same content again is another batch");
        let mut of_this_server = Vec::new();
        for batch in &batches {
            let done = http.ended(batch).await;
            of_this_server.push(done["output_file_id"].to_string());
            of_this_server
                .push(http.text(&format!("/files/{}/content", done["output_file_id"].as_str().unwrap())).await);
        }
        seen.push(of_this_server);
        running.stop().await;
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_request_costs_one_line_of_the_error_file() {
    let state = tempfile::tempdir().unwrap();
    let running = server(state.path(), Picky).await;
    let http = Http::new(running.base_url());
    let text = [request("good-1"), request("bad-2"), request("good-3")].join("\n");
    let done = http.ended(&http.submit(text).await).await;
    assert_eq!(done["status"], "completed");
    assert_eq!(done["request_counts"], json!({"total": 3, "completed": 2, "failed": 1}));
    assert_eq!(http.lines(&done["output_file_id"]).await.len(), 2);
    let errors = http.lines(&done["error_file_id"]).await;
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0]["custom_id"], "bad-2");
    assert_eq!(errors[0]["response"]["status_code"], 400);
    assert_eq!(errors[0]["response"]["body"]["error"]["code"], "context_length_exceeded");
    assert_eq!(errors[0]["error"], Value::Null);
    let all_bad = http.ended(&http.submit(request("bad-1")).await).await;
    assert_eq!(all_bad["output_file_id"], Value::Null);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_faulty_file_fails_the_batch_with_the_lines_at_fault() {
    let state = tempfile::tempdir().unwrap();
    let running = server(state.path(), Sample).await;
    let http = Http::new(running.base_url());
    let text = [request("a"), request("a"), "{".to_owned()].join("\n");
    let failed = http.ended(&http.submit(text).await).await;
    assert_eq!(failed["status"], "failed");
    let problems = failed["errors"]["data"].as_array().unwrap();
    let found: Vec<_> = problems.iter().map(|p| (p["code"].as_str().unwrap(), p["line"].as_u64().unwrap())).collect();
    assert_eq!(found, [("duplicate_custom_id", 2), ("invalid_json_line", 3)]);
    assert_eq!(failed["output_file_id"], Value::Null);
    let empty = http.ended(&http.submit(String::new()).await).await;
    assert_eq!(empty["errors"]["data"][0]["code"], "empty_file");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_calls_are_refused_in_the_shape_of_the_api() {
    let state = tempfile::tempdir().unwrap();
    let running = server(state.path(), Sample).await;
    let http = Http::new(running.base_url());
    let (_, file) = http.send_file(&[("purpose", "batch")], "in.jsonl", requests(1)).await;
    let id = &file["id"];
    let batches = [
        (json!({"endpoint": CHAT, "completion_window": "24h"}), "input_file_id"),
        (json!({"file_id": id, "endpoint": CHAT, "completion_window": "24h"}), "unknown_parameter"),
        (json!({"input_file_id": "file-0", "endpoint": CHAT, "completion_window": "24h"}), "file_not_found"),
        (json!({"input_file_id": id, "endpoint": "/v1/nothing", "completion_window": "24h"}), "endpoint"),
        (json!({"input_file_id": id, "endpoint": CHAT, "completion_window": "48h"}), "completion_window"),
        (json!({"input_file_id": id, "endpoint": CHAT, "completion_window": "24h", "metadata": {"n": 1}}), "metadata"),
        (json!([]), "invalid_json"),
    ];
    for (body, expected) in batches {
        let (status, answer) = http.post("/batches", body).await;
        assert_eq!(status, 400, "{answer}");
        let error = &answer["error"];
        assert_eq!(error["type"], "invalid_request_error");
        assert!(error["param"] == expected || error["code"] == expected, "{expected}: {answer}");
        assert!(error["message"].is_string());
    }
    for (fields, name, expected) in [
        (&[("purpose", "batch")][..], "in.txt", "invalid_file_format"),
        (&[("purpose", "assistants")], "in.jsonl", "invalid_value"),
        (&[], "in.jsonl", "missing_required_parameter"),
        (&[("purpose", "batch"), ("expires_after[anchor]", "now")], "in.jsonl", "invalid_value"),
    ] {
        let (status, answer) = http.send_file(fields, name, requests(1)).await;
        assert_eq!((status, answer["error"]["code"].as_str()), (400, Some(expected)), "{answer}");
    }
    for path in ["/batches/batch_0", "/files/file-0", "/files/file-0/content", "/nowhere"] {
        let (status, answer) = http.get(path).await;
        assert_eq!(status, 404, "{path}");
        assert!(answer["error"]["message"].is_string());
    }
    for path in ["/batches?limit=abc", "/batches?limit=101", "/files?limit=0", "/files?order=up"] {
        assert_eq!(http.get(path).await.0, 400, "{path}");
    }
    let chat = json!({"model": "m", "messages": [], "stream": false});
    assert_eq!(http.post("/chat/completions", chat).await.0, 400);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_is_answered_at_once_as_in_a_batch() {
    let state = tempfile::tempdir().unwrap();
    let running = server(state.path(), Sample).await;
    let http = Http::new(running.base_url());
    let line: Value = serde_json::from_str(&request("r0")).unwrap();
    let (status, direct) = http.post("/chat/completions", line["body"].clone()).await;
    assert_eq!(status, 200);
    let done = http.ended(&http.submit(request("r0")).await).await;
    assert_eq!(http.lines(&done["output_file_id"]).await[0]["response"]["body"], direct);
    let (_, models) = http.get("/models").await;
    assert_eq!(models["data"][0]["id"], "sample-1");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_batch_keeps_what_was_answered_and_names_the_rest() {
    let state = tempfile::tempdir().unwrap();
    let running = server(state.path(), Slow(Duration::from_millis(5))).await;
    let http = Http::new(running.base_url());
    let batch = http.submit(requests(400)).await;
    let path = format!("/batches/{}", batch["id"].as_str().unwrap());
    let waiting = limit("a first answer");
    while http.get(&path).await.1["request_counts"]["completed"].as_u64().unwrap() == 0 {
        waiting();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let (status, cancelling) = http.post(&format!("{path}/cancel"), json!({})).await;
    assert_eq!((status, cancelling["status"].as_str()), (200, Some("cancelling")));
    let done = http.ended(&batch).await;
    assert_eq!(done["status"], "cancelled");
    let (output, errors) = (http.lines(&done["output_file_id"]).await, http.lines(&done["error_file_id"]).await);
    assert!(!output.is_empty() && !errors.is_empty());
    let ids: BTreeSet<_> = output.iter().chain(&errors).map(|line| line["custom_id"].to_string()).collect();
    assert_eq!((ids.len(), output.len() + errors.len()), (400, 400), "every request is in exactly one file");
    assert_eq!(errors[0]["error"]["code"], "batch_cancelled");
    assert_eq!(errors[0]["response"], Value::Null);
    assert_eq!(http.post(&format!("{path}/cancel"), json!({})).await.0, 400, "it has ended");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_in_the_middle_goes_on_after_its_restart() {
    let state = tempfile::tempdir().unwrap();
    let running = server(state.path(), Slow(Duration::from_millis(4))).await;
    let http = Http::new(running.base_url());
    let batch = http.submit(requests(300)).await;
    let path = format!("/batches/{}", batch["id"].as_str().unwrap());
    let waiting = limit("twenty answers");
    while http.get(&path).await.1["request_counts"]["completed"].as_u64().unwrap() < 20 {
        waiting();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    running.stop().await;
    let running = server(state.path(), Sample).await;
    let http = Http::new(running.base_url());
    let done = http.ended(&batch).await;
    assert_eq!(done["request_counts"], json!({"total": 300, "completed": 300, "failed": 0}));
    let lines = http.lines(&done["output_file_id"]).await;
    let models: BTreeSet<_> = lines.iter().map(|line| line["response"]["body"]["model"].as_str().unwrap()).collect();
    assert_eq!(lines.len(), 300);
    assert_eq!(models, BTreeSet::from(["sample-1", "slow-1"]), "what was answered before is not answered again");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_at_a_time_uses_a_state_folder() {
    let state = tempfile::tempdir().unwrap();
    let running = server(state.path(), Sample).await;
    let second = Server::start(Options::new(state.path(), Arc::new(Sample))).await;
    assert!(second.unwrap_err().to_string().contains("another server uses"));
    running.stop().await;
    server(state.path(), Sample).await.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_folder_loses_what_the_server_left_half_done_and_nothing_else() {
    let state = tempfile::tempdir().unwrap();
    let files = state.path().join("files");
    std::fs::create_dir_all(files.join("file-0123456789abcdef01234567.d")).unwrap();
    let (mine, orphan) = ("precious.txt", "file-0123456789abcdef01234567");
    for name in [mine, orphan, ".aacorn-x1.part"] {
        std::fs::write(files.join(name), "hi").unwrap();
    }
    let running = server(state.path(), Sample).await;
    let batch = Http::new(running.base_url()).submit(requests(1)).await;
    running.stop().await;
    let running = server(state.path(), Sample).await;
    assert!(files.join(mine).is_file() && !files.join(orphan).exists() && !files.join(".aacorn-x1.part").exists());
    assert!(files.join(batch["input_file_id"].as_str().unwrap()).is_file());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_paged_newest_first() {
    let state = tempfile::tempdir().unwrap();
    let running = server(state.path(), Sample).await;
    let http = Http::new(running.base_url());
    let mut made = Vec::new();
    for n in 0..5 {
        made.push(http.submit(requests(n + 1)).await["id"].as_str().unwrap().to_owned());
    }
    let mut seen = Vec::new();
    let mut path = "/batches?limit=2".to_owned();
    loop {
        let (_, page) = http.get(&path).await;
        let ids: Vec<_> =
            page["data"].as_array().unwrap().iter().map(|b| b["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(page["first_id"].as_str(), ids.first().map(String::as_str));
        path = format!("/batches?limit=2&after={}", page["last_id"].as_str().unwrap());
        seen.extend(ids);
        if page["has_more"] == false {
            break;
        }
    }
    made.reverse();
    assert_eq!(seen, made);
    let (_, files) = http.get("/files?purpose=batch&order=asc&limit=3").await;
    assert_eq!(files["data"].as_array().unwrap().len(), 3);
    assert_eq!(files["has_more"], true);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_deleted_but_not_under_a_batch_that_reads_them() {
    let state = tempfile::tempdir().unwrap();
    let running = server(state.path(), Slow(Duration::from_millis(5))).await;
    let http = Http::new(running.base_url());
    let batch = http.submit(requests(60)).await;
    let input = format!("/files/{}", batch["input_file_id"].as_str().unwrap());
    assert_eq!(http.delete(&input).await.0, 400);
    http.ended(&batch).await;
    let (status, deleted) = http.delete(&input).await;
    assert_eq!((status, deleted["deleted"].as_bool()), (200, Some(true)));
    assert_eq!(http.get(&input).await.0, 404);
    assert_eq!(http.delete(&input).await.0, 404);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_a_key_answers_nobody_without_it() {
    let state = tempfile::tempdir().unwrap();
    let api_key = Some(Key::new("sk-right").unwrap());
    let options = Options { api_key, now: fixed(), ..Options::new(state.path(), Arc::new(Sample)) };
    let running = Server::start(options).await.unwrap();
    let url = format!("{}/models", running.base_url());
    let client = reqwest::Client::new();
    for (key, expected) in [(None, 401), (Some("sk-wrong"), 401), (Some("sk-right"), 200)] {
        let request = client.get(&url);
        let request = key.into_iter().fold(request, |request, key| request.bearer_auth(key));
        let response = request.send().await.unwrap();
        assert_eq!(response.status().as_u16(), expected);
        assert!(!response.text().await.unwrap().contains("sk-"));
    }
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_a_foreign_host_name_is_turned_away() {
    let state = tempfile::tempdir().unwrap();
    let running = server(state.path(), Sample).await;
    let request = reqwest::Client::new().get(format!("{}/models", running.base_url())).header("host", "evil.example");
    assert_eq!(request.send().await.unwrap().status().as_u16(), 403);
    running.stop().await;
}

/// A server whose engine passes on to `upstream`.
async fn live(state: &std::path::Path, upstream: &str) -> aacorn::serve::Running {
    let engine = Live::new(upstream, None, tokio::runtime::Handle::current()).unwrap();
    Server::start(Options { now: fixed(), ..Options::new(state, Arc::new(engine)) }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_engine_gives_the_answers_of_its_upstream_as_they_came() {
    let (above, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let upstream = server(above.path(), Picky).await;
    let busy = [("POST", "/chat/completions", Spoil::Refuse(429)), ("POST", "/chat/completions", Spoil::LoseCall)];
    let meddler = Meddler::start(&upstream.base_url(), &busy).await;
    let running = live(state.path(), &meddler.base).await;
    let http = Http::new(running.base_url());
    let text = (0..50).map(|n| request(&format!("good-{n}")) + "\n").collect::<String>() + &request("bad");
    let done = http.ended(&http.submit(text).await).await;
    assert_eq!(done["request_counts"], json!({"total": 51, "completed": 50, "failed": 1}));
    let lines = http.lines(&done["output_file_id"]).await;
    assert_eq!(lines[49]["response"]["body"]["model"], "picky-1");
    let errors = http.lines(&done["error_file_id"]).await;
    assert_eq!(errors[0]["response"]["body"]["error"]["code"], "context_length_exceeded");
    assert!(meddler.is_done());
    assert_eq!(meddler.count("POST /v1/chat/completions"), 53, "each once, and what was spoiled once more");
    running.stop().await;
    upstream.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_upstream_a_batch_waits_and_says_why() {
    let (above, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // More than it asks for until they are taken back.
    let refuse = [("POST", "/chat/completions", Spoil::Refuse(401)); 10_000];
    let upstream = server(above.path(), Sample).await;
    let meddler = Meddler::start(&upstream.base_url(), &refuse).await;
    let running = live(state.path(), &meddler.base).await;
    let http = Http::new(running.base_url());
    let batch = http.submit(requests(30)).await;
    let path = format!("/batches/{}", batch["id"].as_str().unwrap());
    let waiting = limit("word that the upstream refuses");
    let said = loop {
        let (status, answer) = http.get(&path).await;
        if status == 500 {
            break answer["error"]["message"].as_str().unwrap().to_owned();
        }
        waiting();
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert!(said.contains("cannot go on") && said.contains("401"), "{said}");
    meddler.relent();
    let waiting = limit("the end of the batch");
    let done = loop {
        let (status, answer) = http.get(&path).await;
        if status == 200 && answer["status"] == "completed" {
            break answer;
        }
        waiting();
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(done["request_counts"], json!({"total": 30, "completed": 30, "failed": 0}), "no line was lost to it");
    running.stop().await;
    upstream.stop().await;
}
