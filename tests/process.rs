//! `process`: whatever a batch API left behind becomes records, and every request ends as exactly one of three things.

#![allow(clippy::unwrap_used, reason = "a test says what broke by panicking")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;

use aacorn::Error;
use aacorn::model::{Reason, Stray};
use aacorn::process::{self, Options};
use aacorn::progress::Silent;
use serde_json::{Value, json};
use support::results::{Batch, CONVERSATION, chat, files_below, ids, planned};

#[test]
fn a_record_is_the_answer_then_whose_it_is_and_where_it_came_from() {
    let batch = Batch::new();
    batch.write("m.jsonl", &[planned("a", "en-GB")]).write("r.jsonl", &[chat("a", CONVERSATION)]);
    let report = batch.process("r.jsonl", "m.jsonl", "en-GB_all_conversations.jsonl");
    assert!(report.complete);
    let text = fs::read_to_string(batch.path("en-GB_all_conversations.jsonl")).unwrap();
    assert_eq!(
        text,
        concat!(
            r#"{"scene":"Kitchen.","conversation":[{"speaker":"Colin","is_aac_user":false,"utterance":"Do you want the tea now?"},"#,
            r#"{"speaker":"Margaret","is_aac_user":true,"utterance":"no later","utterance_intended":"No, I'll have it later."}],"#,
            r#""custom_id":"a","metadata":{"lang_code":"en-GB","generated_at":"2026-05-05T16:53:20Z","provider":"openai","#,
            r#""model":"gpt-4o-mini-2024-07-18","template_id":"aac@1/en","plan":{"seed":7,"style":{"id":"brief","form":"telegraphic"}},"#,
            r#""usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12},"finish_reason":"stop"}}"#,
            "\n"
        )
    );
    assert!(!batch.path("en-GB_rejects.jsonl").exists());
    assert!(batch.path("process_report.json").exists());
}

#[test]
fn folders_are_searched_at_any_depth_and_each_locale_gets_its_folder() {
    let batch = Batch::new();
    batch
        .write("batch_files/en-GB/x_metadata.jsonl", &[planned("a", "en-GB"), planned("b", "en-US")])
        .write(
            "batch_files/en-GB/openai_batch.jsonl",
            &[r#"{"custom_id":"a","method":"POST","url":"u","body":{}}"#.into()],
        )
        .write("batch_files/en-US/y.jsonl", &[planned("c", "en_us")])
        .write("batch_files/responses/1/out.jsonl", &[chat("c", CONVERSATION), chat("a", CONVERSATION)])
        .write("batch_files/responses/2.jsonl", &[chat("b", CONVERSATION)]);
    fs::write(batch.path("batch_files/jobs.json"), "{\n  \"batch_jobs\": {}\n}\n").unwrap();
    let report = batch.process("batch_files", "batch_files", "output");
    assert!(report.complete, "{report:?}");
    assert_eq!(report.strays.counts, BTreeMap::new());
    assert_eq!(report.passed_over().len(), 2);
    assert_eq!(ids(&batch.lines("output/en-GB/en-GB_all_conversations.jsonl")), ["a"]);
    assert_eq!(ids(&batch.lines("output/en-US/en-US_all_conversations.jsonl")), ["b", "c"]);
}

#[test]
fn metadata_and_answers_of_the_reference_are_read() {
    let batch = Batch::new();
    let body = r#"{"model":"gpt-4o-mini"}"#;
    batch.write(
        "m.jsonl",
        &[
            format!(r#"{{"custom_id":"nested","body":{body},"metadata":{{"template_id":22,"lang_code":"en-ZA","created_at":"2026-11-20T12:02:07.460689"}}}}"#),
            format!(r#"{{"custom_id":"flat","template_id":3,"lang_code":"en-ZA","created_at":"T","provider":"openai","body":{}}}"#, json!(body)),
            planned("raw", "en-ZA"),
            planned("content", "en-ZA"),
            planned("text", "en-ZA"),
            planned("string", "en-ZA"),
            planned("done", "en-ZA"),
        ],
    );
    let choices = json!([{"message": {"content": CONVERSATION}}]);
    let done: Value = serde_json::from_str(CONVERSATION).unwrap();
    let done = json!({"conversation": done["conversation"], "custom_id": "done", "metadata": {"lang_code": "xx"}});
    batch.write(
        "r.jsonl",
        &[
            json!({"custom_id": "nested", "choices": choices}).to_string(),
            json!({"custom_id": "flat", "response": {"body": json!({"choices": choices}).to_string()}}).to_string(),
            json!({"custom_id": "raw", "body": {"model": "m"}, "metadata": {"lang_code": "en-ZA", "response": {"choices": choices}}}).to_string(),
            json!({"custom_id": "content", "response": {"body": {"content": CONVERSATION}}}).to_string(),
            json!({"custom_id": "text", "response": {"body": {"choices": [{"text": CONVERSATION}]}}}).to_string(),
            json!({"custom_id": "string", "response": CONVERSATION}).to_string(),
            done.to_string(),
        ],
    );
    let report = batch.process("r.jsonl", "m.jsonl", "o");
    assert!(report.complete, "{report:?}");
    let records = batch.lines("o/en-ZA/en-ZA_all_conversations.jsonl");
    assert_eq!(
        records[0]["metadata"],
        json!({"lang_code": "en-ZA", "generated_at": "2026-11-20T12:02:07.460689",
        "provider": "openai", "model": "gpt-4o-mini", "template_id": 22})
    );
    assert_eq!(records[1]["metadata"]["model"], "gpt-4o-mini");
    assert_eq!(records[6]["metadata"]["lang_code"], "en-ZA");
}

#[test]
fn every_api_is_understood_from_its_lines() {
    use Reason::*;
    let text = CONVERSATION;
    let ok = |line: Value| (line, None);
    let no = |reason: Reason, line: Value| (line, Some(reason));
    let body = |body: Value| json!({"response": {"status_code": 200, "body": body}, "error": null});
    let choice = |content: Value, finish: &str| {
        body(json!({"choices": [{"message": {"content": content}, "finish_reason": finish}]}))
    };
    let message = |content: Value, stop: &str| {
        json!({"result": {"type": "succeeded", "message": {"content": content, "stop_reason": stop,
        "model": "claude", "usage": {"input_tokens": 1}}}})
    };
    let parts = |parts: Value, finish: &str| {
        json!({"response": {"candidates": [{"content": {"parts": parts}, "finishReason": finish}],
        "usageMetadata": {"totalTokenCount": 3}, "modelVersion": "gemini-2.5-flash"}})
    };
    let cases: Vec<(Value, Option<Reason>)> = vec![
        // OpenAI chat.
        ok(choice(json!(text), "stop")),
        ok(choice(json!([{"type": "text", "text": text}]), "stop")),
        ok(choice(serde_json::from_str(text).unwrap(), "stop")),
        ok(json!({"response": {"status_code": 0, "body": {"choices": [{"message": {"content": text}}]}}})),
        no(Truncated, choice(json!("{\"conversation\": [{\"spe"), "length")),
        no(Truncated, choice(json!(text), "length")),
        no(Truncated, choice(Value::Null, "length")),
        no(Filtered, choice(json!("{"), "content_filter")),
        no(Empty, choice(json!(""), "stop")),
        no(Empty, body(json!({"choices": []}))),
        no(
            Refused,
            body(json!({"choices": [{"message": {"content": null, "refusal": "I can't."}, "finish_reason": "stop"}]})),
        ),
        no(
            Failed,
            json!({"response": {"status_code": 400, "body": {"error": {"message": "m", "code": "context_length_exceeded"}}}, "error": null}),
        ),
        no(Failed, json!({"response": {"status_code": 400, "body": null}, "error": "it broke"})),
        no(Failed, json!({"error": {"type": "invalid", "message": "m"}})),
        no(Expired, json!({"response": null, "error": {"code": "batch_expired", "message": "m"}})),
        no(Cancelled, json!({"response": null, "error": {"code": "batch_cancelled", "message": "m"}})),
        no(
            Failed,
            json!({"response": null, "error": {"error": {"message": "m", "type": "BadRequestError", "code": 400}}}),
        ),
        // OpenAI Responses.
        ok(body(json!({"object": "response", "status": "completed", "error": null, "incomplete_details": null,
            "output": [{"type": "reasoning", "content": [{"type": "reasoning_text", "text": "hm"}]},
                {"type": "message", "content": [{"type": "output_text", "text": text}]}]}))),
        no(Refused, body(json!({"output": [{"type": "message", "content": [{"type": "refusal", "refusal": "no"}]}]}))),
        no(
            Truncated,
            body(json!({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}, "output": []})),
        ),
        // Anthropic.
        ok(message(json!([{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": text}]), "end_turn")),
        no(Truncated, message(json!([{"type": "text", "text": "{"}]), "max_tokens")),
        no(Refused, message(json!([]), "refusal")),
        no(
            Failed,
            json!({"result": {"type": "errored", "error": {"type": "error", "error": {"type": "invalid_request_error", "message": "m"}}}}),
        ),
        no(Expired, json!({"result": {"type": "expired"}})),
        no(Cancelled, json!({"result": {"type": "canceled"}})),
        // Gemini, Vertex, Bedrock.
        ok(parts(json!([{"text": "hm", "thought": true}, {"text": text}]), "STOP")),
        no(Truncated, parts(json!([{"text": "{"}]), "MAX_TOKENS")),
        no(Filtered, json!({"response": {"candidates": [{"finishReason": "SAFETY"}]}})),
        no(Refused, json!({"response": {"promptFeedback": {"blockReason": "SAFETY"}, "candidates": []}})),
        no(Failed, json!({"error": {"code": 429, "message": "quota"}})),
        ok(
            json!({"status": "", "request": {}, "response": {"candidates": [{"content": {"parts": [{"text": text}]}}]}}),
        ),
        no(Failed, json!({"status": "Bad request", "request": {}, "response": {}})),
        ok(
            json!({"modelInput": {}, "modelOutput": {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn"}}),
        ),
        no(Failed, json!({"modelInput": {}, "error": {"errorCode": 400, "errorMessage": "m"}})),
        // What was wanted, and did not come.
        no(Unparseable, choice(json!("Sure! Here is the conversation."), "stop")),
        no(Invalid, choice(json!("{\"conversation\":[]}"), "stop")),
    ];
    let batch = Batch::new();
    let (mut metadata, mut results) = (Vec::new(), Vec::new());
    for (number, (line, _)) in cases.iter().enumerate() {
        let id = format!("{number:03}");
        metadata.push(planned(&id, "en-GB"));
        let mut line = line.clone();
        let key = ["custom_id", "key", "recordId"][number % 3];
        line.as_object_mut().unwrap().insert(key.to_owned(), json!(id));
        results.push(line.to_string());
    }
    batch.write("m.jsonl", &metadata).write("r.jsonl", &results);
    let report = batch.process("r.jsonl", "m.jsonl", "o");
    let records = batch.lines("o/en-GB/en-GB_all_conversations.jsonl");
    let rejects = batch.lines("o/en-GB/en-GB_rejects.jsonl");
    let mut found: BTreeMap<String, Option<Reason>> = BTreeMap::new();
    found.extend(records.iter().map(|record| (record["custom_id"].as_str().unwrap().to_owned(), None)));
    for reject in &rejects {
        let reason = serde_json::from_value(reject["reason"].clone()).unwrap();
        found.insert(reject["custom_id"].as_str().unwrap().to_owned(), Some(reason));
    }
    for (number, (line, expected)) in cases.iter().enumerate() {
        assert_eq!(found[&format!("{number:03}")], *expected, "{line}");
    }
    assert!(report.total.balances());
    assert_eq!(rejects[0]["line"], json!(results[4]), "the raw line is kept whole");
    assert_eq!(
        rejects.iter().find(|reject| reject["reason"] == "failed").unwrap()["detail"],
        "context_length_exceeded: m"
    );
}

#[test]
fn ids_inside_a_request_or_its_metadata_are_found() {
    let batch = Batch::new();
    let candidates = json!([{"content": {"parts": [{"text": CONVERSATION}]}}]);
    batch.write("m.jsonl", &[planned("a", "en-GB"), planned("b", "en-GB")]).write(
        "r.jsonl",
        &[
            json!({"response": {"candidates": candidates}, "metadata": {"key": "a"}}).to_string(),
            json!({"request": {"labels": {"custom_id": "b"}}, "status": "", "response": {"candidates": candidates}})
                .to_string(),
        ],
    );
    assert!(batch.process("r.jsonl", "m.jsonl", "o").complete);
}

/// Wherever metadata has its id, the record gets it.
#[test]
fn ids_inside_metadata_reach_the_record() {
    let batch = Batch::new();
    let metadata = json!({"lang_code": "en-GB", "template_id": 1});
    let mut keyed = metadata.clone();
    keyed["key"] = json!("b");
    batch
        .write(
            "m.jsonl",
            &[
                json!({"request": {"labels": {"custom_id": "a"}, "contents": []}, "metadata": metadata}).to_string(),
                json!({"request": {"contents": []}, "metadata": keyed}).to_string(),
            ],
        )
        .write("r.jsonl", &[chat("a", CONVERSATION), chat("b", CONVERSATION)]);
    for _ in 0..2 {
        assert!(batch.process("r.jsonl", "m.jsonl", "o").complete);
        assert_eq!(ids(&batch.lines("o/en-GB/en-GB_all_conversations.jsonl")), ["a", "b"]);
    }
}

#[test]
fn rows_and_conversations_of_one_folder_are_both_told_of() {
    let batch = Batch::new();
    batch.write("t.csv", &["id,content".to_owned(), "1,a".to_owned()]);
    let run = |args: &[&str]| {
        let program =
            assert_cmd::Command::cargo_bin("aacorn").unwrap().current_dir(batch.folder.path()).args(args).output();
        let output = program.unwrap();
        (output.status.code(), output.stdout, String::from_utf8(output.stderr).unwrap())
    };
    let (code, ..) = run(&["run", "--recipe", "table", "--input", "t.csv", "--output", "first.csv"]);
    assert_eq!(code, Some(0));
    batch.write("batch_files/en-GB/m_metadata.jsonl", &[planned("a", "en-GB")]);
    batch.write("batch_files/en-GB/r.jsonl", &[chat("a", CONVERSATION)]);
    let process = ["process", "--responses", "batch_files", "--metadata", "batch_files", "--json", "--output"];
    let (code, stdout, _) = run(&[&process[..], &["o"]].concat());
    let told: Value = serde_json::from_slice(&stdout).unwrap();
    assert_eq!(
        (&told["tables"][0]["tally"]["accepted"], &told["conversations"]["total"]["accepted"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(code, Some(0));
    for (output, why) in [("both.jsonl", "go into one file"), ("o.csv", "go into one file")] {
        let (code, _, stderr) = run(&[&process[..], &[output]].concat());
        assert!(code == Some(2) && stderr.contains(why), "{stderr}");
        assert!(!batch.path(output).exists());
    }
}

#[test]
fn strays_are_counted_apart_with_their_lines() {
    let batch = Batch::new();
    let long = chat("b", &"x".repeat(2 << 20));
    batch.write("m.jsonl", &[planned("x_5", "en-GB"), planned("b", "en-GB")]).write(
        "r.jsonl",
        &[
            "\u{FEFF}".to_owned() + &chat("x_5", CONVERSATION) + "\r",
            String::new(),
            chat("x_57", CONVERSATION),
            chat("x_5", CONVERSATION),
            chat("x_5", CONVERSATION)[..200].to_owned(),
            r#"{"response":{"body":{"choices":[]}}}"#.to_owned(),
            r#"{"custom_id":7,"response":null}"#.to_owned(),
            long,
        ],
    );
    let report = batch.process("r.jsonl", "m.jsonl", "o");
    let lines: BTreeMap<Stray, Vec<u64>> =
        report.strays.listed.iter().map(|(stray, at)| (*stray, at.iter().map(|at| at.line).collect())).collect();
    let expected = [
        (Stray::NoId, vec![6, 7]),
        (Stray::UnknownId, vec![3]),
        (Stray::NotJson, vec![5]),
        (Stray::LineTooLong, vec![8]),
        (Stray::Duplicate, vec![4]),
    ];
    assert_eq!(lines, BTreeMap::from(expected));
    assert_eq!(report.locales["en-GB"].tally.strays, BTreeMap::from([(Stray::NotJson, 1), (Stray::Duplicate, 1)]));
    assert_eq!((report.total.accepted, report.total.missing), (1, 1));
    assert!(report.total.balances() && !report.complete);
}

#[test]
fn the_first_success_wins_wherever_it_stands() {
    let batch = Batch::new();
    let expired = r#"{"custom_id":"a","response":null,"error":{"code":"batch_expired","message":"m"}}"#.to_owned();
    batch.write("m.jsonl", &[planned("a", "en-GB")]);
    batch.write("r/1_errors.jsonl", std::slice::from_ref(&expired)).write(
        "r/2_output.jsonl",
        &[
            expired,
            chat("a", &CONVERSATION.replace("Kitchen", "First")),
            chat("a", &CONVERSATION.replace("Kitchen", "Second")),
        ],
    );
    let report = batch.process("r", "m.jsonl", "o");
    assert!(report.complete);
    assert_eq!(batch.lines("o/en-GB/en-GB_all_conversations.jsonl")[0]["scene"], "First.");
}

#[test]
fn the_output_is_the_same_at_any_number_of_threads() {
    let batch = Batch::new();
    let ids: Vec<String> = (0..2000).map(|number| format!("id-{number}")).collect();
    batch.write("m.jsonl", &ids.iter().map(|id| planned(id, "en-GB")).collect::<Vec<_>>());
    batch.write(
        "r.jsonl",
        &ids.iter().rev().map(|id| chat(id, &CONVERSATION.replace("Kitchen", id))).collect::<Vec<_>>(),
    );
    for jobs in [1, 2, 5] {
        let options = Options { jobs, ..batch.options("r.jsonl", "m.jsonl", &format!("o{jobs}")) };
        process::process(&options, &Silent).unwrap();
    }
    assert_eq!(files_below(&batch.path("o1")), files_below(&batch.path("o2")));
    assert_eq!(files_below(&batch.path("o1")), files_below(&batch.path("o5")));
}

#[test]
fn repairs_and_flags_stand_in_the_record_and_in_the_report() {
    let batch = Batch::new();
    let fenced = format!("Sure:\n```json\n{CONVERSATION}\n```");
    let missing = CONVERSATION.replace(",\"utterance_intended\":\"No, I'll have it later.\"", "");
    batch.write("m.jsonl", &[planned("a", "en-GB"), planned("b", "en-GB")]);
    batch.write("r.jsonl", &[chat("a", &fenced), chat("b", &missing.replace("true", "\"true\""))]);
    let report = batch.process("r.jsonl", "m.jsonl", "o");
    assert!(report.complete, "{report:?}");
    let records = batch.lines("o/en-GB/en-GB_all_conversations.jsonl");
    assert_eq!((&records[0]["repairs"], &records[0]["qc"]), (&json!(["fence"]), &Value::Null));
    assert_eq!((&records[1]["repairs"], &records[1]["qc"]), (&json!(["string_bool"]), &json!(["intended_missing"])));
    let locale = &report.locales["en-GB"];
    assert_eq!(locale.repaired, BTreeMap::from([("fence", 1), ("string_bool", 1)]));
    assert_eq!(locale.flagged, BTreeMap::from([("intended_missing", 1)]));
}

#[test]
fn an_answer_that_names_another_request_is_mispaired() {
    let batch = Batch::new();
    let naming = |id: &str| CONVERSATION.replacen('{', &format!("{{\"request_ref\":\"{id}\","), 1);
    batch.write("m.jsonl", &["a", "b", "c"].map(|id| planned(id, "en-GB")));
    batch.write("r.jsonl", &[chat("a", &naming("b")), chat("b", &naming("b")), chat("c", &naming("kitchen"))]);
    let report = batch.process("r.jsonl", "m.jsonl", "o");
    assert_eq!(report.total.rejected, BTreeMap::from([(Reason::Mispaired, 1)]));
    assert_eq!(batch.lines("o/en-GB/en-GB_rejects.jsonl")[0]["detail"], "the answer names b");
}

#[test]
fn compressed_files_are_told_by_their_first_bytes() {
    let batch = Batch::new();
    let gzip = |text: String| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    fs::write(batch.path("m.jsonl.gz"), gzip(planned("a", "en-GB") + "\n" + &planned("b", "en-GB"))).unwrap();
    fs::create_dir(batch.path("r")).unwrap();
    fs::write(batch.path("r/1.jsonl"), gzip(chat("a", CONVERSATION))).unwrap();
    fs::write(batch.path("r/2.jsonl.zst"), zstd::encode_all(chat("b", CONVERSATION).as_bytes(), 3).unwrap()).unwrap();
    assert!(batch.process("r", "m.jsonl.gz", "o").complete);
    let mut cut = gzip(chat("a", CONVERSATION));
    cut.truncate(cut.len() - 4);
    fs::write(batch.path("r/1.jsonl"), cut).unwrap();
    let report = batch.process("r", "m.jsonl.gz", "o");
    assert_eq!(report.total.accepted, 2);
    assert!(!report.complete, "a file that is not whole is told, even where all that was planned is there");
}

#[test]
fn a_request_planned_twice_counts_once() {
    let batch = Batch::new();
    batch
        .write("m/1.jsonl", &[planned("a", "en-GB"), planned("a", "en-GB")])
        .write("m/2.jsonl", &[planned("a", "en-GB")]);
    batch.write("r.jsonl", &[chat("a", CONVERSATION)]);
    let report = batch.process("r.jsonl", "m", "o");
    assert_eq!((report.total.planned, report.planned_twice), (1, 2));
    assert!(report.complete);
}

#[test]
fn a_damaged_metadata_line_costs_one_request_and_is_told() {
    let batch = Batch::new();
    let cut = planned("b", "en-GB")[..90].to_owned();
    batch.write("m.jsonl", &[planned("a", "en-GB"), cut]);
    batch.write("r.jsonl", &[chat("a", CONVERSATION), chat("b", CONVERSATION)]);
    let report = batch.process("r.jsonl", "m.jsonl", "o");
    assert_eq!((report.total.planned, report.total.accepted), (1, 1));
    assert_eq!(report.damaged_metadata.listed[0].line, 2);
    assert_eq!(report.strays.counts[&Stray::UnknownId], 1);
    assert!(!report.complete);
}

#[test]
fn an_unsafe_locale_is_no_path() {
    let batch = Batch::new();
    batch.write("m.jsonl", &[planned("a", "../../evil"), planned("b", "en")]);
    batch.write("r.jsonl", &[chat("a", CONVERSATION), chat("b", CONVERSATION)]);
    batch.process("r.jsonl", "m.jsonl", "o");
    assert!(batch.path("o/und/und_all_conversations.jsonl").exists());
    assert!(batch.path("o/en/en_all_conversations.jsonl").exists());
}

/// A file of several MiB is looked at by several threads; a line may be longer than what one of them reads.
#[test]
fn lines_are_numbered_right_far_into_a_long_file() {
    let batch = Batch::new();
    let ids: Vec<String> = (0..3000).map(|number| format!("id-{number}")).collect();
    batch.write("m.jsonl", &ids.iter().map(|id| planned(id, "en-GB")).collect::<Vec<_>>());
    let mut lines: Vec<String> = ids.iter().map(|id| chat(id, CONVERSATION)).collect();
    lines.insert(2900, format!("[\"{}\"]", "x".repeat(5 << 20)));
    lines.insert(2800, "{".to_owned());
    lines.insert(1500, chat("nobody", &"y".repeat(3 << 20)));
    lines.insert(700, String::new());
    batch.write("r.jsonl", &lines);
    for jobs in [1, 2, 5] {
        let output = format!("o{jobs}");
        let options = Options { jobs, max_line: 4 << 20, ..batch.options("r.jsonl", "m.jsonl", &output) };
        let report = process::process(&options, &Silent).unwrap();
        let found = |stray: Stray| report.strays.listed[&stray].iter().map(|at| at.line).collect::<Vec<_>>();
        let strays = [Stray::UnknownId, Stray::NotJson, Stray::LineTooLong].map(found);
        assert_eq!(strays, [[1502], [2803], [2904]], "{jobs}");
        assert_eq!(report.total.accepted, 3000);
    }
}

#[test]
fn lines_of_a_metadata_file_that_plan_nothing_are_damage() {
    let batch = Batch::new();
    let good = planned("a", "en-GB");
    let odd = [
        planned("b", "en-GB").replace("\"b\"", "7"),
        planned("b", "en-GB").replace("custom_id", "custom"),
        json!({"custom_id": "b", "body": {}}).to_string(),
        "null".to_owned(),
    ];
    batch.write("r.jsonl", &[chat("a", CONVERSATION), chat("b", CONVERSATION)]);
    for line in odd {
        batch.write("m.jsonl", &[good.clone(), line.clone()]);
        let report = batch.process("r.jsonl", "m.jsonl", "o");
        assert_eq!((report.damaged_metadata.count, report.complete), (1, false), "{line}");
        assert_eq!(report.damaged_metadata.listed[0].line, 2);
    }
}

#[test]
fn damage_is_counted_whole_and_listed_in_part() {
    let batch = Batch::new();
    let mut lines = vec!["x".to_owned(); 5000];
    batch.write("r.jsonl", &[&[chat("a", CONVERSATION)][..], &lines].concat());
    lines.push(planned("a", "en-GB"));
    batch.write("m.jsonl", &lines);
    let report = batch.process("r.jsonl", "m.jsonl", "o");
    assert_eq!((report.damaged_metadata.count, report.damaged_metadata.listed.len()), (5000, 1000));
    let listed = report.strays.listed[&Stray::NotJson].len();
    assert_eq!((report.strays.counts[&Stray::NotJson], listed, report.total.accepted), (5000, 1000, 1));
}

#[test]
fn a_file_named_twice_is_read_once() {
    let batch = Batch::new();
    batch.write("d/m.jsonl", &[planned("a", "en-GB")]).write("d/r.jsonl", &[chat("a", CONVERSATION)]);
    let options = batch.options("d/r.jsonl", "d/m.jsonl", "o");
    let both = |path: &PathBuf| vec![path.clone(), batch.path("d"), path.clone()];
    let options = Options { responses: both(&options.responses[0]), metadata: both(&options.metadata[0]), ..options };
    let report = process::process(&options, &Silent).unwrap();
    assert_eq!((report.planned_twice, report.strays.counts.len(), report.complete), (0, 0, true));
}

#[cfg(unix)]
#[test]
fn pipes_and_links_to_folders_in_a_folder_are_passed_over() {
    let batch = Batch::new();
    batch.write("m.jsonl", &[planned("a", "en-GB")]).write("d/r.jsonl", &[chat("a", CONVERSATION)]);
    assert!(std::process::Command::new("mkfifo").arg(batch.path("d/p.jsonl")).status().unwrap().success());
    std::os::unix::fs::symlink(batch.folder.path(), batch.path("d/up.jsonl")).unwrap();
    assert!(batch.process("d", "m.jsonl", "o").complete);
}

#[cfg(unix)]
#[test]
fn a_pipe_is_refused_before_it_is_opened() {
    let batch = Batch::new();
    batch.write("m.jsonl", &[planned("a", "en-GB")]);
    let pipe = batch.path("r.jsonl");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let failed = process::process(&batch.options("r.jsonl", "m.jsonl", "o"), &Silent);
    assert!(matches!(failed, Err(Error::Usage(what)) if what.contains("is a pipe")));
}

mod command {
    use super::*;
    use assert_cmd::Command;

    fn run(batch: &Batch, args: &[&str]) -> (i32, String, String) {
        let output = Command::cargo_bin("aacorn")
            .unwrap()
            .current_dir(batch.folder.path())
            .arg("process")
            .args(args)
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    #[test]
    fn the_exit_code_tells_complete_from_incomplete() {
        let batch = Batch::new();
        batch.write("m.jsonl", &[planned("a", "en-GB")]).write("r.jsonl", &[chat("a", CONVERSATION)]);
        batch.write("bad.jsonl", &[chat("a", "no")]);
        let (code, stdout, _) = run(&batch, &["--responses", "r.jsonl", "--metadata", "m.jsonl"]);
        assert_eq!(code, 0);
        assert!(stdout.contains("planned 1 = accepted 1 + rejected 0 + missing 0"), "{stdout}");
        assert!(stdout.ends_with("next: aacorn augment --lang all --dir output\n"), "{stdout}");
        let (code, stdout, _) =
            run(&batch, &["--responses", "bad.jsonl", "--metadata", "m.jsonl", "--output", "x.jsonl"]);
        assert_eq!(code, 3);
        assert!(stdout.contains("processed 0 conversations") && stdout.contains("answers are not JSON"), "{stdout}");
        let (code, _, stderr) = run(&batch, &["--responses", "none", "--metadata", "m.jsonl"]);
        assert_eq!(code, 1);
        assert!(stderr.contains("responses not found: none"), "{stderr}");
    }

    #[test]
    fn json_is_all_that_is_printed_when_asked_for() {
        let batch = Batch::new();
        batch.write("m.jsonl", &[planned("a", "en-GB")]).write("r.jsonl", &[chat("a", CONVERSATION)]);
        let (_, stdout, stderr) = run(&batch, &["--json", "--responses", "r.jsonl", "--metadata", "m.jsonl"]);
        let report: Value = serde_json::from_str(&stdout).unwrap();
        assert_eq!(report["total"]["accepted"], 1);
        assert_eq!(stderr, "");
    }
}
