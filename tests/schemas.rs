//! What is sent, against OpenAI's published schemas (tests/fixtures/openai/).

#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

mod support;

use std::fs;

use aacorn::dialect::{Requests, Service};
use aacorn::jobs::{complete, shards};
use aacorn::ledger::Ledger;
use aacorn::model::{Clock, Provider};
use aacorn::progress::Silent;
use aacorn::provider::OpenAi;
use aacorn::serve::sample::Sample;
use jsonschema::Validator;
use serde_json::{Value, json};
use support::meddler::Meddler;
use support::program::{ok, run};
use support::{Http, server, write_shard};

fn schema(name: &str) -> Validator {
    let text = include_str!("fixtures/openai/schemas.json");
    let mut schema: Value = serde_json::from_str(text).unwrap();
    schema["$ref"] = format!("#/components/schemas/{name}").into();
    jsonschema::validator_for(&schema).unwrap()
}

fn bodies(folder: &std::path::Path) -> Vec<Value> {
    let found = shards(&folder.join("batch_files")).unwrap();
    let lines = found.iter().flat_map(|shard| {
        let text = fs::read_to_string(&shard.path).unwrap();
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["body"].take()).collect::<Vec<_>>()
    });
    lines.collect()
}

#[test]
fn every_generated_body_is_a_chat_completion_request() {
    let chat = schema("CreateChatCompletionRequest");
    for more in [
        &["--lang", "all"][..],
        &["--lang", "en-GB", "ja-JP", "--model", "gpt-5-mini"],
        &["--lang", "fr-FR", "--json-mode", "object", "--param", "top_p=0.9", "--param", "max_tokens=2000"],
        &["--lang", "ar-SA", "--model", "o3", "--param", "reasoning_effort=low"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        ok(folder.path(), &[&["generate", "--num", "3"], more].concat());
        let bodies = bodies(folder.path());
        assert!(bodies.len() >= 3);
        for body in bodies {
            let wrong: Vec<String> = chat.iter_errors(&body).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{more:?}: {wrong:?}");
        }
    }
}

#[test]
fn what_the_schema_refuses_is_refused_here_before_it_is_paid_for() {
    let chat = schema("CreateChatCompletionRequest");
    let good = json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "x"}]});
    let ours = |body: &Value| {
        let line = json!({"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": body});
        Requests::new(Provider::OpenAi, Service::openai()).accept(line.to_string().as_bytes())
    };
    assert!(chat.is_valid(&good) && ours(&good).is_ok());
    for change in [
        json!({"messages": null}),
        json!({"messages": []}),
        json!({"messages": [{"role": "robot", "content": "x"}]}),
        json!({"temperature": 9}),
        json!({"top_p": 1.5}),
        json!({"presence_penalty": "much"}),
        json!({"response_format": {"type": "json_schema", "json_schema": {"schema": {}}}}),
    ] {
        let mut body = good.clone();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        assert!(!chat.is_valid(&body), "the schema takes {body}");
        assert!(ours(&body).is_err(), "we take {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_and_the_embedded_servers_answers_have_the_published_form() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_shard(folder.path(), "en-GB", "", 3);
    let running = server(state.path(), Sample).await;
    let meddler = Meddler::start(&running.base_url(), &[]).await;
    let (api, ledger) = (OpenAi::local(&meddler.base).unwrap(), Ledger::open(folder.path(), Clock::default()).unwrap());
    complete(&shards(folder.path()).unwrap(), &api, &ledger, &Silent).await.unwrap();
    let create: Value = serde_json::from_slice(&meddler.bodies("POST /v1/batches")[0]).unwrap();
    let wrong: Vec<String> = schema("CreateBatchRequest").iter_errors(&create).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{create}: {wrong:?}");
    let mut old = create.clone();
    old["file_id"] = old.as_object_mut().unwrap().remove("input_file_id").unwrap();
    assert!(!schema("CreateBatchRequest").is_valid(&old), "the name that the guide has is refused");
    let http = Http::new(running.base_url());
    for (path, name) in [("/batches", "Batch"), ("/files", "OpenAIFile")] {
        let (_, page) = http.get(path).await;
        for object in page["data"].as_array().unwrap() {
            // The real API writes null for what is absent; the description does not have that.
            let mut object = object.clone();
            object.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            let wrong: Vec<String> = schema(name).iter_errors(&object).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{object}: {wrong:?}");
        }
    }
    running.stop().await;
}

#[test]
fn what_would_be_refused_is_told_before_it_is_written_or_sent() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    for (args, said) in [
        (["--model", "gpt-5-mini", "--param", "temperature=0.7"], "body.temperature is refused by gpt-5-mini"),
        (["--model", "gpt-4o", "--param", "max_token=100"], "did you mean max_tokens?"),
        (["--provider", "anthropic", "--param", "top_k=5"], "params.top_k is refused"),
    ] {
        let (code, _, stderr) = run(here, &[&["generate", "--lang", "en-GB", "--num", "2"], &args[..]].concat());
        assert!(code == 2 && stderr.contains(said), "{stderr}");
    }
    assert!(!here.join("batch_files").exists() || bodies(here).is_empty(), "nothing was written");

    let path = write_shard(&here.join("batch_files"), "en-GB", "", 2);
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    fs::write(&path, format!("{}\n{}\n", lines[0], lines[1].replace("\"role\":\"user\"", "\"role\":\"robot\"")))
        .unwrap();
    let (code, _, stderr) = run(here, &["submit", "--base-url", "http://127.0.0.1:9/v1"]);
    assert!(code == 1 && stderr.contains(".jsonl:2: body.messages have the role `robot`"), "{stderr}");
    assert!(stderr.contains("nothing was sent"), "{stderr}");
    fs::write(&path, format!("{}\n{}\n", lines[0], lines[0])).unwrap();
    let (_, _, stderr) = run(here, &["submit", "--base-url", "http://127.0.0.1:9/v1"]);
    assert!(stderr.contains("stands in an earlier line too"), "{stderr}");
    let named = ["submit", "--provider", "anthropic", "--base-url", "http://127.0.0.1:9", path.to_str().unwrap()];
    let (_, _, stderr) = run(here, &named);
    assert!(stderr.contains("is of openai's form; anthropic's is expected"), "{stderr}");
}
