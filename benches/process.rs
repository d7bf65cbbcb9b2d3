//! What processing costs, step by step and end to end, in bytes of results. `cargo bench --bench process`.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use aacorn::assets::Assets;
use aacorn::dialect::{decode, glance};
use aacorn::files::Blocks;
use aacorn::json;
use aacorn::language::Languages;
use aacorn::process::{INDEX_BYTES, Options, Output, process, salvage};
use aacorn::progress::Silent;
use aacorn::recipe::Rules;
use divan::Bencher;
use divan::counter::BytesCount;

fn main() {
    divan::main();
}

const LINES: usize = 5_000;

fn conversation(number: usize) -> String {
    let turns: Vec<_> = (0..12)
        .map(|turn| match turn % 2 {
            0 => serde_json::json!({"speaker": "Colin", "utterance": format!("Did you hear what they said about the weather {number}?"),
                "utterance_intended": null, "is_aac_user": false}),
            _ => serde_json::json!({"speaker": "Margaret", "utterance": format!("pain left leg, bad today {turn}"),
                "utterance_intended": "The pain in my left leg is bad today.", "is_aac_user": true}),
        })
        .collect();
    let whole = serde_json::json!({"scene": "Margaret is in the living room with Colin.", "conversation": turns});
    if number.is_multiple_of(2) { whole.to_string() } else { serde_json::to_string_pretty(&whole).expect("plain data") }
}

fn answer(number: usize) -> String {
    serde_json::json!({"id": "batch_req_79bff243", "custom_id": format!("en-GB-1-{number}-abcdef"), "response": {
        "status_code": 200, "request_id": "79bff243", "body": {"id": "chatcmpl-79bf", "object": "chat.completion",
        "created": 1_778_000_000, "model": "gpt-4o-mini-2024-07-18", "choices": [{"index": 0, "message": {"role": "assistant",
        "content": conversation(number), "refusal": null}, "logprobs": null, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 500, "completion_tokens": 700, "total_tokens": 1200}}}, "error": null})
    .to_string()
}

fn metadata(number: usize) -> String {
    serde_json::json!({"custom_id": format!("en-GB-1-{number}-abcdef"), "method": "POST", "url": "/v1/chat/completions",
        "body": {"model": "gpt-4o-mini", "messages": [{"role": "system", "content": "Context. ".repeat(120)}]},
        "metadata": {"template_id": "aac@1/en", "lang_code": "en-GB", "created_at": "2026-01-01T00:00:00Z",
            "plan": {"person": {"call": "Margaret"}, "partner": {"call": "Colin"}, "style": {"form": "telegraphic"}}}})
    .to_string()
}

fn answers() -> Vec<String> {
    (0..200).map(answer).collect()
}

fn each_line(bencher: Bencher, lines: Vec<String>, step: impl Fn(&str) + Sync) {
    let bytes: usize = lines.iter().map(String::len).sum();
    bencher.counter(BytesCount::new(bytes)).bench_local(|| lines.iter().for_each(|line| step(line)));
}

/// Kind and id, read no further than needed.
#[divan::bench]
fn glance_at_results(bencher: Bencher) {
    each_line(bencher, answers(), |line| drop(divan::black_box(glance(line.as_bytes()))));
}

/// Kind, id and locale of metadata, all of it read.
#[divan::bench]
fn glance_at_metadata(bencher: Bencher) {
    let lines = (0..200).map(metadata).collect();
    each_line(bencher, lines, |line| drop(divan::black_box(glance(line.as_bytes()))));
}

/// The whole line checked, the answer unescaped.
#[divan::bench]
fn decode_results(bencher: Bencher) {
    each_line(bencher, answers(), |line| drop(divan::black_box(decode(line))));
}

/// The answer checked, nothing copied.
#[divan::bench]
fn check_answers(bencher: Bencher) {
    each_line(bencher, (0..200).map(conversation).collect(), |line| divan::black_box(json::check(line)).expect("JSON"));
}

/// A fence, prose and a trailing comma.
#[divan::bench]
fn salvage_answers(bencher: Bencher) {
    let fenced = |number| format!("Here it is:\n```json\n{},}}\n```\n", conversation(number).trim_end_matches('}'));
    each_line(bencher, (0..200).map(fenced).collect(), |line| drop(divan::black_box(salvage::salvage(line))));
}

/// Reading blocks and splitting lines.
#[divan::bench(sample_count = 10)]
fn split_lines(bencher: Bencher) {
    let batch = Batch::new();
    let path = batch.folder.path().join("r.jsonl");
    bencher.counter(BytesCount::new(batch.bytes)).bench_local(|| {
        let mut blocks = Blocks::open(&path, 1 << 20).expect("the file is there");
        let mut lines = 0;
        for number in 0..blocks.count() {
            lines += blocks.read(number).expect("it can be read").lines().count();
        }
        lines
    });
}

/// Files in, files out, by number of threads; bytes are those of the results alone.
#[divan::bench(args = [1, 2], sample_count = 10, sample_size = 1)]
fn end_to_end(bencher: Bencher, jobs: usize) {
    let batch = Batch::new();
    let languages = Arc::new(Languages::new(Assets::embedded()));
    bencher.counter(BytesCount::new(batch.bytes)).bench_local(|| {
        let options = Options {
            responses: vec![batch.folder.path().join("r.jsonl")],
            metadata: vec![batch.folder.path().join("m.jsonl")],
            output: Output::File(PathBuf::from(batch.folder.path()).join("o.jsonl")),
            fresh: true,
            max_line: 1 << 20,
            index_bytes: INDEX_BYTES,
            jobs,
            languages: Arc::clone(&languages),
            rules: Rules::new(),
            rows: None,
        };
        let report = process(&options, &Silent).expect("it can be processed");
        assert!(report.complete);
    });
}

struct Batch {
    folder: tempfile::TempDir,
    bytes: usize,
}

impl Batch {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let write = |name: &str, line: fn(usize) -> String| {
            let text: String = (0..LINES).map(|number| line(number) + "\n").collect();
            fs::write(folder.path().join(name), &text).expect("it can be written");
            text.len()
        };
        write("m.jsonl", metadata);
        let bytes = write("r.jsonl", answer);
        Self { folder, bytes }
    }
}
