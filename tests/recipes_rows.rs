//! Rows go out as requests and come back with their answers, as a person sees it: files, exit codes, what is printed.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use aacorn::rows::{Columns, Reader};
use serde_json::{Value, json};
use support::meddler::{Meddler, Spoil};
use support::program::{self, Serve, ok, run};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A server of its own, with its state in `state` below a folder.
fn serve(folder: &Path) -> Serve {
    let state = folder.join("state");
    fs::create_dir_all(&state).unwrap();
    Serve::start(&state)
}

fn rows(path: PathBuf) -> Vec<Columns> {
    Reader::open(&path, None).unwrap().map(|row| row.unwrap().columns).collect()
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The files of a folder whose names hold `part`, sorted.
fn files(folder: &Path, part: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .map_or_else(|_| Vec::new(), |entries| entries.map(|entry| entry.unwrap().path()).collect());
    found.retain(|path| path.file_name().unwrap().to_str().unwrap().contains(part));
    found.sort();
    found
}

/// The id of the request that asks about the row `id`.
fn request_id(folder: &Path, id: &str) -> String {
    let metadata = files(folder, "_metadata.jsonl");
    let found = metadata.iter().flat_map(|path| lines(path)).find(|line| line["metadata"]["plan"]["id"] == id);
    found.unwrap_or_else(|| panic!("no request for {id}"))["custom_id"].as_str().unwrap().to_owned()
}

/// A result line of OpenAI's form.
fn answer(custom_id: &str, content: &str) -> String {
    let choice = json!({"message": {"role": "assistant", "content": content}, "finish_reason": "stop"});
    let usage = json!({"prompt_tokens": 100, "completion_tokens": 10});
    let body =
        json!({"model": "gpt-4o-mini-2024-07-18", "created": 1_790_000_000, "choices": [choice], "usage": usage});
    json!({"custom_id": custom_id, "response": {"status_code": 200, "body": body}, "error": null}).to_string() + "\n"
}

const SCHEMA: &str = r#"{"type":"object","properties":{"label":{"type":"string","enum":["pos","neg"]}},"required":["label"],"additionalProperties":false}"#;

/// A recipe of the user's own that asks for a label.
fn own_recipe(folder: &Path, extra: &str) {
    let manifest = format!(
        "name = \"label\"\nversion = 3\ndescription = \"d\"\n[input]\nid = [\"id\"]\ntext = [\"content\"]\n[prompt]\nsystem = \"s.tera\"\n\
         [request]\nschema = \"s.json\"\n[request.models]\nopenai = \"gpt-4o-mini\"\nlocal = \"phrasebook-1\"\n[output]\n{extra}"
    );
    write(folder, "templates/label/recipe.toml", &manifest);
    write(folder, "templates/label/s.tera", "Label it.");
    write(folder, "templates/label/s.json", SCHEMA);
}

#[test]
fn fifteen_hundred_rows_come_back_in_order_with_every_column() {
    let folder = folder();
    let mut table = "id,content,note\n".to_owned();
    for number in 0..1500 {
        table.push_str(&format!("{:04},\"text, {number}\",\"n \"\"{number}\"\"\"\n", 1500 - number));
    }
    write(folder.path(), "in.csv", &table);
    ok(folder.path(), &["run", "--recipe", "table", "--input", "in.csv", "--output", "out.csv", "-q"]);
    let (before, after) = (rows(folder.path().join("in.csv")), rows(folder.path().join("out.csv")));
    assert_eq!(after.len(), 1500);
    for (before, after) in before.iter().zip(&after) {
        assert!(before.iter().all(|(name, value)| after[name] == *value), "{after:?}");
        assert_eq!(after["aacorn.status"], "sample");
    }
    assert_eq!(after[0].keys().take(4).collect::<Vec<_>>(), ["id", "content", "note", "answer"]);
}

#[test]
fn ids_of_any_text_survive_and_blank_and_duplicate_ones_are_refused_with_their_lines() {
    let folder = folder();
    let url = format!("https://example.org/{}", "a".repeat(280));
    let good = format!("id,content\n007,a\nyoutube:a:b,b\n{url},c\n");
    write(folder.path(), "bad.csv", &format!("{good},d\n007,e\n"));
    let (code, _, stderr) =
        run(folder.path(), &["run", "--recipe", "table", "--input", "bad.csv", "--output", "o.csv"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("line 5: no id") && stderr.contains("line 6: the id `007`"), "{stderr}");
    assert!(stderr.contains("nothing was written") && !folder.path().join("batch_files").exists());

    let skip = ["--on-blank", "skip", "--on-duplicate", "skip"];
    let args = [&["run", "--recipe", "table", "--input", "bad.csv", "--output", "o.jsonl"], &skip[..]].concat();
    let stdout = ok(folder.path(), &args);
    assert!(stdout.contains("planned 3 = accepted 3") && stdout.contains("1 duplicate"), "{stdout}");
    let out = rows(folder.path().join("o.jsonl"));
    assert_eq!(
        out.iter().map(|row| row["id"].as_str().unwrap()).collect::<Vec<_>>(),
        ["007", "youtube:a:b", &url, "", "007"]
    );
    assert_eq!((&out[3]["aacorn"]["reason"], &out[4]["aacorn"]["reason"]), (&json!("no_id"), &json!("duplicate")));
    assert_eq!(lines(&folder.path().join("o_rejects.jsonl")).len(), 2);
    for line in files(&folder.path().join("batch_files/table-bad"), "openai_batch").iter().flat_map(|path| lines(path))
    {
        let id = line["custom_id"].as_str().unwrap();
        assert!(id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{id}");
    }
}

#[test]
fn blank_image_and_content_cells_give_valid_json_or_a_listed_skip() {
    let folder = folder();
    write(
        folder.path(),
        "in.csv",
        "id,content,photo\n1,NaN,\n2,,https://example.org/a.png\n3,,\n4,b,data:image/png;base64,AAAA\n"
            .replace("data:image/png;base64,AAAA", "\"data:image/png;base64,AAAA\"")
            .as_str(),
    );
    let args = ["generate", "--recipe", "table", "--input", "in.csv", "--image", "photo"];
    let (code, _, stderr) = run(folder.path(), &args);
    assert!(code == 1 && stderr.contains("line 4: no text"), "{stderr}");
    let stdout = ok(folder.path(), &[&args[..], &["--on-blank", "skip"]].concat());
    assert!(stdout.contains("1 blank"), "{stdout}");
    let requests = files(&folder.path().join("batch_files/table-in"), "openai_batch")
        .iter()
        .flat_map(|path| lines(path))
        .collect::<Vec<_>>();
    let content = |nth: usize| &requests[nth]["body"]["messages"][1]["content"];
    assert_eq!(content(0), "NaN", "a text, not a number");
    assert_eq!(content(1), &json!([{"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}]));
    assert_eq!(content(2)[1]["image_url"]["url"], "data:image/png;base64,AAAA");

    write(folder.path(), "bad.csv", "id,content,photo\n1,a,photos/a.png\n");
    let (code, _, stderr) =
        run(folder.path(), &["generate", "--recipe", "table", "--input", "bad.csv", "--image", "photo"]);
    assert!(code == 1 && stderr.contains("line 2: row `1`: `photo` is neither"), "{stderr}");

    let gemini = ["--provider", "gemini", "--on-blank", "skip", "--name", "gemini"];
    let (code, _, stderr) = run(folder.path(), &[&args[..], &gemini].concat());
    assert!(code == 1 && stderr.contains("line 3: row `2`: Gemini's batches take images as data URLs"), "{stderr}");
}

#[test]
fn every_kind_of_result_line_is_one_counted_outcome() {
    let folder = folder();
    own_recipe(folder.path(), "into = \"merge\"\n");
    write(folder.path(), "in.csv", "id,content\n1,a\n2,b\n3,c\n4,d\n5,e\n6,f\n");
    ok(folder.path(), &["generate", "--recipe", "label", "--input", "in.csv"]);
    let batch = folder.path().join("batch_files/label-in");
    let id = |row: &str| request_id(&batch, row);
    let mut results = answer(&id("1"), "{\"label\":\"pos\"}");
    results += &(json!({"custom_id": id("2"), "response": {"status_code": 400, "body": {"error": {"message": "bad"}}}})
        .to_string() + "\n");
    results +=
        &(json!({"custom_id": id("3"), "response": null, "error": {"code": "batch_expired"}}).to_string() + "\n");
    results += "\n";
    results += &answer(&id("4"), "```json\n{\"label\":\"neg\"}\n```");
    results += &answer(&id("5"), "{\"label\":\"maybe\"}");
    results += &answer("label-99-00000000", "{\"label\":\"pos\"}");
    write(folder.path(), "results/r.jsonl", &results);
    let process = ["process", "--responses", "results", "--metadata", "batch_files", "--output", "out.csv"];
    let (code, stdout, stderr) = run(folder.path(), &process);
    assert_eq!(code, 3, "{stdout}{stderr}");
    assert!(stdout.contains("planned 6 = accepted 2 + rejected 3 + missing 1"), "{stdout}");
    assert!(stdout.contains("1 result line belong") && stdout.contains("/label: "), "{stdout}");
    let out = rows(folder.path().join("out.csv"));
    let column = |name: &str| out.iter().map(|row| row[name].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(column("label"), ["pos", "", "", "neg", "", ""]);
    assert_eq!(column("aacorn.status"), ["answered", "rejected", "rejected", "answered", "rejected", "missing"]);
    assert_eq!(column("aacorn.reason"), ["", "failed", "expired", "", "invalid", ""]);
    assert_eq!(out[0]["aacorn.cost_usd"], "0.0000105", "100 × $0.075 + 10 × $0.30 a million");
    assert_eq!((&out[0]["aacorn.version"], &out[0]["aacorn.model"]), (&json!("3"), &json!("gpt-4o-mini-2024-07-18")));
    let rejects = lines(&folder.path().join("out_rejects.jsonl"));
    assert_eq!(rejects.iter().map(|row| row["id"].as_str().unwrap()).collect::<Vec<_>>(), ["2", "3", "5", "6"]);
    assert!(rejects[0]["result"].as_str().unwrap().contains("\"bad\""), "the raw line is kept");
}

#[test]
fn results_in_two_parts_are_united() {
    let folder = folder();
    write(folder.path(), "in.csv", "id,content\n1,a\n2,b\n");
    ok(folder.path(), &["generate", "--recipe", "table", "--input", "in.csv"]);
    let batch = folder.path().join("batch_files/table-in");
    write(folder.path(), "one.jsonl", &answer(&request_id(&batch, "1"), "first"));
    write(folder.path(), "two.jsonl", &answer(&request_id(&batch, "2"), "second"));
    for (part, code, answers) in [("one.jsonl", 3, ["first", ""]), ("two.jsonl", 0, ["first", "second"])] {
        let args = ["process", "--responses", part, "--metadata", "batch_files/table-in", "--output", "out.csv"];
        // No key is needed for it.
        let output = program::aacorn(folder.path()).args(args).env_remove("OPENAI_API_KEY").output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let out = rows(folder.path().join("out.csv"));
        assert_eq!(out.iter().map(|row| row["answer"].as_str().unwrap()).collect::<Vec<_>>(), answers);
    }
    assert!(!folder.path().join("out_rejects.jsonl").exists(), "a stale list is removed");
}

#[test]
fn of_an_expired_job_the_finished_rows_stay_and_retry_sends_the_rest() {
    let folder = folder();
    write(folder.path(), "in.csv", "id,content\n1,a\n2,b\n3,c\n");
    ok(folder.path(), &["generate", "--recipe", "table", "--input", "in.csv"]);
    let batch = folder.path().join("batch_files/table-in");
    let shard = files(&batch, "openai_batch")[0].file_name().unwrap().to_str().unwrap().to_owned();
    let key = shard.strip_prefix("openai_batch_").unwrap();
    fs::write(batch.join(format!("batch_output_{key}")), answer(&request_id(&batch, "1"), "done")).unwrap();
    let expired = json!({"custom_id": request_id(&batch, "2"), "response": null, "error": {"code": "batch_expired"}});
    fs::write(batch.join(format!("batch_errors_{key}")), format!("{expired}\n")).unwrap();
    ok(folder.path(), &["retry", "batch_files/table-in"]);
    let again = files(&batch, "-r1.jsonl").iter().flat_map(|path| lines(path)).collect::<Vec<_>>();
    let ids: Vec<_> = again.iter().map(|line| line["custom_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(ids, [request_id(&batch, "2"), request_id(&batch, "3")]);
    let process = ["process", "--responses", "batch_files", "--metadata", "batch_files", "--output", "out.csv"];
    assert_eq!(run(folder.path(), &process).0, 3);
    assert_eq!(rows(folder.path().join("out.csv"))[0]["answer"], "done");
}

#[test]
fn batch_files_keep_to_the_providers_limits_and_to_smaller_ones() {
    let folder = folder();
    let table: String = (0..50_001).map(|number| format!("{number},x\n")).collect();
    write(folder.path(), "in.csv", &format!("id,content\n{table}"));
    ok(folder.path(), &["generate", "--recipe", "table", "--input", "in.csv", "-q"]);
    let shards = files(&folder.path().join("batch_files/table-in"), "openai_batch");
    let count = |path: &PathBuf| fs::read_to_string(path).unwrap().lines().count();
    assert_eq!(shards.iter().map(count).collect::<Vec<_>>(), [50_000, 1]);

    own_recipe(folder.path(), "into = \"merge\"\n[limits]\nbytes = 2000\n");
    write(folder.path(), "few.csv", "id,content\n1,a\n2,b\n3,c\n4,d\n5,e\n6,f\n");
    ok(folder.path(), &["generate", "--recipe", "label", "--input", "few.csv"]);
    let shards = files(&folder.path().join("batch_files/label-few"), "openai_batch");
    assert!(shards.len() > 1 && shards.iter().all(|path| path.metadata().unwrap().len() <= 2000));
    assert_eq!(shards.iter().map(count).sum::<usize>(), 6);
    ok(folder.path(), &["generate", "--recipe", "table", "--input", "few.csv", "--batch-size", "4"]);
    let shards = files(&folder.path().join("batch_files/table-few"), "openai_batch");
    assert_eq!(shards.iter().map(count).collect::<Vec<_>>(), [4, 2]);
}

#[test]
fn the_same_rows_are_asked_about_once() {
    let folder = folder();
    write(folder.path(), "in.csv", "id,content\n1,a\n2,b\n");
    let args = ["generate", "--recipe", "runner", "--input", "in.csv"];
    ok(folder.path(), &args);
    let (code, _, stderr) = run(folder.path(), &args);
    assert!(code == 1 && stderr.contains("before, in run") && stderr.contains("--allow-duplicate"), "{stderr}");
    let requests = || {
        files(&folder.path().join("batch_files/runner-in"), "openai_batch")
            .iter()
            .map(|path| lines(path).len())
            .sum::<usize>()
    };
    assert_eq!(requests(), 2);
    ok(folder.path(), &[&args[..], &["--allow-duplicate"]].concat());
    assert_eq!(requests(), 4);
    // A table that has grown asks about what is new.
    write(folder.path(), "in.csv", "id,content\n1,a\n3,c\n2,b\n");
    let stdout = ok(folder.path(), &args);
    assert!(stdout.contains("3 with a request, 2 of them asked before"), "{stdout}");
    assert_eq!(requests(), 5);
}

#[test]
fn the_same_rows_under_another_name_get_their_answers_too() {
    let folder = folder();
    let here = folder.path();
    for name in ["t.csv", "renamed.csv"] {
        write(here, name, "id,content\n1,a\n2,b\n");
        let shown = ok(here, &["run", "--recipe", "table", "--input", name, "--output", &format!("out-{name}")]);
        assert!(shown.contains("accepted 2"), "{name}: {shown}");
    }
    assert_eq!(rows(here.join("out-t.csv")), rows(here.join("out-renamed.csv")));
}

#[test]
fn where_limit_and_offset_choose_rows_and_lose_none() {
    let folder = folder();
    write(
        folder.path(),
        "in.jsonl",
        "{\"id\":1,\"content\":\"a\",\"k\":\"x\"}\n{\"id\":2,\"content\":\"b\",\"k\":\"y\",\"deep\":{\"n\":[1]}}\n{\"id\":3,\"content\":\"c\"}\n",
    );
    let common = ["run", "--recipe", "table", "--input", "in.jsonl", "-q"];
    ok(folder.path(), &[&common[..], &["--output", "a.jsonl", "--where", "k!=x"]].concat());
    let out = rows(folder.path().join("a.jsonl"));
    assert_eq!(out[0], rows(folder.path().join("in.jsonl"))[0], "nobody asked about it, so nothing of it changed");
    assert_eq!(out.iter().map(|row| row.contains_key("answer")).collect::<Vec<_>>(), [false, true, true]);
    assert_eq!(out[1]["deep"], json!({"n": [1]}));
    ok(folder.path(), &[&common[..], &["--output", "b.jsonl", "--limit", "1", "--offset", "1"]].concat());
    assert_eq!(rows(folder.path().join("b.jsonl")).iter().map(|row| row["id"].clone()).collect::<Vec<_>>(), [json!(2)]);
    let (code, _, stderr) = run(folder.path(), &[&common[..], &["--where", "=x"]].concat());
    assert!(code == 2 && stderr.contains("COLUMN=VALUE"), "{stderr}");
}

#[test]
fn what_cannot_be_acted_on_says_what_to_do() {
    let folder = folder();
    write(folder.path(), "in.csv", "key,words,answer\n1,a,b\n");
    let cases: [(&[&str], i32, &str); 6] = [
        (
            &["--recipe", "table", "--input", "in.csv"],
            2,
            "no id column `id`; it has key, words, answer: name it with --id",
        ),
        (&["--recipe", "table", "--input", "in.csv", "--id", "key"], 2, "--text COLUMN"),
        (&["--recipe", "table", "--input", "in.csv", "--id", "key", "--text", "words"], 1, "--replace answer"),
        (&["--recipe", "table"], 2, "--input FILE"),
        (&["--recipe", "tabel", "--input", "in.csv"], 2, "there are aac,"),
        (&["--recipe", "table", "--input", "in.pkl"], 2, "no known file format"),
    ];
    for (args, expected, said) in cases {
        let (code, _, stderr) = run(folder.path(), &[&["generate"], args].concat());
        assert!(code == expected && stderr.contains(said), "{args:?}: {code} {stderr}");
    }
    own_recipe(folder.path(), "into = \"merge\"\ncolour = 1\n");
    let (code, _, stderr) = run(folder.path(), &["generate", "--recipe", "label", "--input", "in.csv"]);
    assert!(code == 1 && stderr.contains("colour") && stderr.contains("recipe.toml"), "{stderr}");
    own_recipe(folder.path(), "into = \"merge\"\n");
    write(folder.path(), "templates/label/s.tera", "About {{ topic }}.");
    write(folder.path(), "ok.csv", "id,content\n1,a\n");
    let (code, _, stderr) = run(folder.path(), &["generate", "--recipe", "label", "--input", "ok.csv"]);
    assert!(code == 1 && stderr.contains("row `1`: templates/label/s.tera") && stderr.contains("topic"), "{stderr}");
    assert!(!folder.path().join("batch_files").exists());
}

#[test]
fn long_texts_are_cut_and_said_to_be() {
    let folder = folder();
    write(folder.path(), "in.csv", "id,content\n1,äöüß\n2,a\n");
    let args = ["run", "--recipe", "table", "--input", "in.csv", "--output", "o.jsonl", "--max-chars", "3"];
    assert!(ok(folder.path(), &args).contains("1 text cut at max_chars"));
    let request = &lines(&files(&folder.path().join("batch_files/table-in"), "openai_batch")[0])[0];
    assert_eq!(request["body"]["messages"][1]["content"], "äöü");
    let out = rows(folder.path().join("o.jsonl"));
    assert_eq!((&out[0]["aacorn"]["text_cut_from_chars"], &out[0]["content"]), (&json!(4), &json!("äöüß")));
    assert!(out[1]["aacorn"].get("text_cut_from_chars").is_none());
}

#[test]
fn joined_rows_are_known_to_templates() {
    let folder = folder();
    own_recipe(folder.path(), "into = \"nested\"\ncolumn = \"verdict.first\"\n");
    write(
        folder.path(),
        "templates/label/s.tera",
        "{{ shop.town }} {{ vars.tone }}{% for n in vars.list.a %} {{ n }}{% endfor %}",
    );
    write(folder.path(), "shops.csv", "shop_id,town\n9,Ghent\n");
    write(folder.path(), "list.json", "{\"a\":[1,2]}");
    write(folder.path(), "in.csv", "id,content,shop_id\n1,a,9\n");
    let args = [
        "run",
        "--recipe",
        "label",
        "--input",
        "in.csv",
        "--output",
        "o.jsonl",
        "--join",
        "shop=shops.csv:shop_id",
        "--var",
        "tone=dry",
        "--var",
        "list=@list.json",
    ];
    ok(folder.path(), &args);
    let request = &lines(&files(&folder.path().join("batch_files/label-in"), "openai_batch")[0])[0];
    assert_eq!(request["body"]["messages"][0]["content"], "Ghent dry 1 2");
    let out = rows(folder.path().join("o.jsonl"));
    assert!(out[0]["verdict"]["first"]["label"].is_string() && out[0].get("shop").is_none());
    write(folder.path(), "in2.csv", "id,content,shop_id\n1,a,8\n");
    let (code, _, stderr) = run(
        folder.path(),
        &[
            "run",
            "--recipe",
            "label",
            "--input",
            "in2.csv",
            "--join",
            "shop=shops.csv:shop_id",
            "--var",
            "tone=dry",
            "--var",
            "list=@list.json",
        ],
    );
    assert!(code == 1 && stderr.contains("no `shop` whose `shop_id` is `8`"), "{stderr}");
}

#[test]
fn embeddings_and_responses_go_to_their_endpoints() {
    let folder = folder();
    write(folder.path(), "in.csv", "id,content\n1,a\n2,b\n");
    let args = [
        "run",
        "--recipe",
        "runner",
        "--input",
        "in.csv",
        "--endpoint",
        "embeddings",
        "--param",
        "dimensions=5",
        "--output",
        "v.jsonl",
        "--column",
        "vector",
    ];
    ok(folder.path(), &args);
    let out = rows(folder.path().join("v.jsonl"));
    assert_eq!(out[1]["vector"].as_array().unwrap().len(), 5);
    assert_eq!(out[1]["aacorn"]["status"], "sample");
    let request = &lines(&files(&folder.path().join("batch_files/runner-in"), "openai_batch")[0])[0];
    assert_eq!((&request["url"], &request["body"]["input"]), (&json!("/v1/embeddings"), &json!("a")));
    let (code, _, stderr) =
        run(folder.path(), &["generate", "--recipe", "runner", "--input", "in.csv", "--endpoint", "embeddings"]);
    assert!(code == 2 && stderr.contains("--model"), "{stderr}");
    let (code, _, stderr) = run(
        folder.path(),
        &["generate", "--recipe", "runner", "--input", "in.csv", "--endpoint", "responses", "--provider", "anthropic"],
    );
    assert!(code == 2 && stderr.contains("/v1/responses is OpenAI's"), "{stderr}");

    own_recipe(folder.path(), "into = \"merge\"\n");
    let args = ["run", "--recipe", "label", "--input", "in.csv", "--endpoint", "responses", "--output", "r.csv"];
    ok(folder.path(), &args);
    assert!(rows(folder.path().join("r.csv")).iter().all(|row| row["label"] == "pos" || row["label"] == "neg"));
}

#[test]
fn a_run_that_failed_after_two_of_three_jobs_goes_on_and_makes_the_third() {
    let folder = folder();
    let serve = serve(folder.path());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let refused = [("POST", "/batches", Spoil::Refuse(400))];
    write(folder.path(), "in.csv", "id,content\n1,a\n2,b\n3,c\n");
    let base = [
        &[
            "run",
            "--recipe",
            "runner",
            "--input",
            "in.csv",
            "--output",
            "o.csv",
            "--provider",
            "openai",
            "--batch-size",
            "1",
            "-q",
        ],
        &["--base-url"][..],
    ]
    .concat();
    let direct = serve.base.clone();
    let meddler = runtime.block_on(Meddler::start(&direct, &refused));
    let (code, ..) = run(folder.path(), &[&base[..], &[&meddler.base]].concat());
    assert_ne!(code, 0, "one job was refused");
    assert!(meddler.is_done());
    assert!(serve.count("batches") < 3, "others that were under way may have been given up");
    let (code, stdout, stderr) = run(folder.path(), &[&base[..], &[&meddler.base]].concat());
    assert_eq!(code, 0, "{stdout}{stderr}");
    assert_eq!(serve.count("batches"), 3, "no job twice");
    assert_eq!(serve.count("files"), 0, "clean_up leaves nothing at the provider");
    assert_eq!(rows(folder.path().join("o.csv")).len(), 3);
    for name in ["in.csv", "o.csv", "batch_files/runner-in"] {
        assert!(folder.path().join(name).exists(), "clean-up is for files at the provider: {name}");
    }
}

#[test]
fn own_jobs_are_shown_among_many_and_without_any_template() {
    let folder = folder();
    let serve = serve(folder.path());
    let foreign = folder.path().join("foreign");
    let many: String = (0..26).map(|number| format!("{number},x\n")).collect();
    write(&foreign, "f.csv", &format!("id,content\n{many}"));
    let there = ["--provider", "openai", "--base-url", &serve.base];
    ok(&foreign, &["generate", "--recipe", "table", "--input", "f.csv", "--batch-size", "1", "-q"]);
    write(folder.path(), "in.csv", "id,content\n1,a\n");
    ok(folder.path(), &["generate", "--recipe", "table", "--input", "in.csv"]);
    ok(folder.path(), &[&["submit", "batch_files/table-in"], &there[..]].concat());
    ok(&foreign, &[&["submit", "batch_files/table-f", "-q"], &there[..]].concat());
    let stdout = ok(folder.path(), &["status", "batch_files/table-in", "--base-url", &serve.base]);
    assert!(stdout.contains("table-in_") && !stdout.contains("table-f_"), "{stdout}");
    assert_eq!(serve.count("batches?limit=100"), 27);
    ok(folder.path(), &["watch", "batch_files/table-in", "--base-url", &serve.base, "-q"]);
    ok(folder.path(), &["process", "--responses", "batch_files", "--metadata", "batch_files", "--output", "o.csv"]);
    ok(folder.path(), &["clean", "--yes", "batch_files/table-in", "--base-url", &serve.base]);
    assert!(folder.path().join("in.csv").exists() && folder.path().join("o.csv").exists());
    let batch = folder.path().join("batch_files/table-in");
    assert!(!files(&batch, "batch_output").is_empty() && !files(&batch, "_rows.zst").is_empty());
}

#[test]
fn costs_are_the_printed_figures_and_unknown_ones_are_errors() {
    let folder = folder();
    let cost = |args: &[&str]| run(folder.path(), &[&["cost"], args].concat());
    let table = [
        "--requests",
        "1",
        "100",
        "500",
        "1000",
        "5000",
        "10000",
        "--input-tokens",
        "3000",
        "--expected-output",
        "2000",
        "--model",
    ];
    let (code, stdout, _) = cost(&[&table[..], &["claude-sonnet-4-6"]].concat());
    assert_eq!(code, 0);
    for figure in ["$0.039", "$0.0195", "$3.90", "$1.95", "$19.50", "$9.75", "$39.00", "$195.00", "$97.50", "$390.00"] {
        assert!(stdout.contains(figure), "{figure}: {stdout}");
    }
    for model in ["gpt-5", "gemini-2.5-pro"] {
        let (_, stdout, _) = cost(&[&table[..], &[model]].concat());
        assert!(stdout.contains("$237.50") && stdout.contains("$118.75"), "{stdout}");
    }
    let (_, stdout, _) =
        cost(&["--requests", "1", "--input-tokens", "253500", "--expected-output", "8450", "--model", "gpt-4o-mini"]);
    assert!(stdout.contains("$0.0215"), "{stdout}");
    let (code, _, stderr) = cost(&[&table[..], &["nobody-1"]].concat());
    assert!(code != 0 && stderr.contains("no price known for the model `nobody-1`"), "{stderr}");

    write(folder.path(), "in.csv", "id,content\n1,a\n");
    ok(folder.path(), &["generate", "--recipe", "table", "--input", "in.csv"]);
    let batch = folder.path().join("batch_files/table-in");
    let shard = files(&batch, "openai_batch")[0].file_name().unwrap().to_str().unwrap().to_owned();
    let output = batch.join(shard.replace("openai_batch_", "batch_output_"));
    fs::write(output, answer(&request_id(&batch, "1"), "x")).unwrap();
    let (_, stdout, _) = cost(&["batch_files/table-in"]);
    assert!(
        stdout.contains("estimate") && stdout.contains("bill, in a batch") && stdout.contains("the estimate was off"),
        "{stdout}"
    );
}

#[test]
fn a_run_whose_price_is_above_the_limit_or_not_known_sends_nothing() {
    let folder = folder();
    let serve = serve(folder.path());
    own_recipe(folder.path(), "into = \"merge\"\n[limits]\nmax_cost_usd = 0.0001\n");
    let long = "word ".repeat(4000);
    write(folder.path(), "in.csv", &format!("id,content\n1,{long}\n"));
    let args = [
        "run",
        "--recipe",
        "label",
        "--input",
        "in.csv",
        "--output",
        "o.csv",
        "--provider",
        "openai",
        "--base-url",
        &serve.base,
    ];
    let (code, _, stderr) = run(folder.path(), &args);
    assert!(code == 1 && stderr.contains("max_cost_usd"), "{stderr}");
    let (code, _, stderr) = run(folder.path(), &[&args[..], &["--model", "nobody-1"]].concat());
    assert!(code == 1 && stderr.contains("no price is known"), "{stderr}");
    assert_eq!(serve.count("batches"), 0);
}

#[test]
fn options_that_rows_do_not_take_are_refused() {
    let folder = folder();
    write(folder.path(), "in.csv", "id,content\n1,a\n");
    for option in [["--service", "mistral"], ["--knowledge", "k.tsv"]] {
        let args = [&["generate", "--recipe", "table", "--input", "in.csv"][..], &option].concat();
        let (code, _, stderr) = run(folder.path(), &args);
        assert!(code == 2 && stderr.contains(option[0]) && stderr.contains("asks about rows"), "{stderr}");
        assert!(!folder.path().join("batch_files").exists());
    }
}
