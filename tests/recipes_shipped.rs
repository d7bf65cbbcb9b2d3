//! Each recipe that ships does its work offline from end to end, with the sample that comes with it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use aacorn::assets::{Assets, Folder};
use aacorn::rows::{Columns, Reader};
use serde_json::{Value, json};
use support::program::{ok, run};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A file of a recipe, as a user would copy it.
fn sample(folder: &Path, recipe: &str, file: &str) {
    let text = Assets::embedded().read(Folder::Templates, &format!("{recipe}/{file}")).unwrap().unwrap();
    fs::write(folder.join(file), text).unwrap();
}

fn rows(path: PathBuf) -> Vec<Columns> {
    Reader::open(&path, None).unwrap().map(|row| row.unwrap().columns).collect()
}

fn requests(folder: &Path) -> Vec<Value> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.retain(|path| path.file_name().unwrap().to_str().unwrap().contains("_batch_"));
    found.sort();
    let text: String = found.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn answer(custom_id: &Value, content: &Value) -> String {
    let choice = json!({"message": {"content": content.to_string()}, "finish_reason": "stop"});
    let body = json!({"model": "gpt-4o-mini", "created": 1_790_000_000, "choices": [choice]});
    json!({"custom_id": custom_id, "response": {"status_code": 200, "body": body}}).to_string() + "\n"
}

#[test]
fn table_answers_every_row_of_its_sample() {
    let folder = folder();
    sample(folder.path(), "table", "sample.csv");
    ok(folder.path(), &["run", "--recipe", "table", "--input", "sample.csv", "--output", "out.csv"]);
    let out = rows(folder.path().join("out.csv"));
    assert_eq!((out.len(), &out[0]["id"], &out[0]["stars"]), (3, &json!("007"), &json!("5")));
    assert!(out.iter().all(|row| row["answer"].as_str().unwrap().contains("sample, not a model's answer")));
    ok(
        folder.path(),
        &["run", "--recipe", "table", "--input", "sample.csv", "--output", "o2.csv", "--prompt", "Stars: {{ stars }}"],
    );
    let prompts = requests(&folder.path().join("batch_files/table-sample"));
    assert!(prompts.iter().any(|line| line["body"]["messages"][0]["content"] == "Stars: 5"));
}

#[test]
fn tag_merges_tags_into_pages_and_videos_and_loses_nothing() {
    let folder = folder();
    sample(folder.path(), "tag", "sample.jsonl");
    let before = rows(folder.path().join("sample.jsonl"));
    ok(folder.path(), &["run", "--recipe", "tag", "--input", "sample.jsonl", "--output", "tagged.jsonl"]);
    let after = rows(folder.path().join("tagged.jsonl"));
    for (before, after) in before.iter().zip(&after) {
        assert!(before.iter().all(|(name, value)| after[name] == *value), "{after:?}");
    }
    for row in &after[..2] {
        let tags = row["tags"].as_array().unwrap();
        assert!(
            (3..=7).contains(&tags.len())
                && tags.iter().all(|tag| tag.as_str().unwrap().starts_with("sample-not-a-models-answer"))
        );
        assert!(row["summary"].is_string() && row["tagged_at"].is_string());
    }
    assert_eq!((&after[2]["aacorn"]["reason"], &after[2]["tags"]), (&json!("blank"), &Value::Null));
    assert_eq!(after[3], before[3], "it had its tags");
    let report: Value = serde_json::from_slice(&fs::read(folder.path().join("tagged_report.json")).unwrap()).unwrap();
    assert_eq!(report["values"]["tags"][0][1], 2, "the most frequent tags are counted");

    // With a new version of the prompt only what an old one tagged is asked about again.
    let args = [
        "generate",
        "--recipe",
        "tag",
        "--input",
        "tagged.jsonl",
        "--where",
        "aacorn.version=1",
        "--name",
        "again",
        "--model",
        "gpt-4o",
    ];
    assert!(ok(folder.path(), &args).contains("2 with a request"));
}

#[test]
fn tags_are_mended_mapped_and_judged() {
    let folder = folder();
    fs::write(
        folder.path().join("in.jsonl"),
        (1..=4).map(|id| format!("{{\"video_id\":\"{id}\",\"transcript\":\"t\"}}\n")).collect::<String>(),
    )
    .unwrap();
    fs::write(folder.path().join("vocabulary.csv"), "alias,canonical\nML,machine-learning\n").unwrap();
    ok(folder.path(), &["generate", "--recipe", "tag", "--input", "in.jsonl", "--aliases", "vocabulary.csv"]);
    let asked = requests(&folder.path().join("batch_files/tag-in"));
    assert!(
        asked[0]["body"]["response_format"]["json_schema"]["schema"]["properties"]["summary"]
            .get("maxLength")
            .is_none()
    );
    let summary = "How a tomato survives a cold spring.";
    let answers = [
        json!({"tags": ["Machine Learning", "ml", "Tomato Growing", "spring"], "summary": summary}),
        json!({"tags": ["a b", "cd"], "summary": summary}),
        json!({"tags": ["ab", "cd", "ef"], "summary": "x".repeat(400)}),
        json!({"tags": ["ab", "cd", "ef"], "summary": summary}),
    ];
    let results: String =
        asked.iter().zip(&answers).map(|(line, content)| answer(&line["custom_id"], content)).collect();
    fs::write(folder.path().join("r.jsonl"), results).unwrap();
    let (code, stdout, _) =
        run(folder.path(), &["process", "--responses", "r.jsonl", "--metadata", "batch_files", "--output", "o.jsonl"]);
    assert!(code == 3 && stdout.contains("accepted 2 + rejected 2"), "{stdout}");
    let out = rows(folder.path().join("o.jsonl"));
    assert_eq!(out[0]["tags"], json!(["machine-learning", "tomato-growing", "spring"]));
    assert_eq!(out[0]["aacorn"]["repairs"], json!(["slug", "alias", "unique"]));
    assert_eq!(out[0]["tagged_at"], "2026-09-21T14:13:20Z", "when it was answered");
    assert!(out[1]["aacorn"]["detail"].as_str().unwrap().starts_with("/tags: "));
    assert!(out[2]["aacorn"]["detail"].as_str().unwrap().starts_with("/summary: "));
}

#[test]
fn interviews_are_a_file_for_each_persona_and_a_table_of_turns() {
    let folder = folder();
    ok(folder.path(), &["run", "--recipe", "interviews", "--output", "interviews"]);
    let index = rows(folder.path().join("interviews/index.jsonl"));
    assert_eq!(index.len(), 12);
    let first = folder.path().join("interviews").join(index[0]["file"].as_str().unwrap());
    let interview: Value = serde_json::from_slice(&fs::read(first).unwrap()).unwrap();
    assert_eq!((&interview["persona_id"], &interview["aacorn"]["status"]), (&json!("001"), &json!("sample")));
    assert!(interview["transcript"].as_array().unwrap().len() >= 2 && interview["persona"]["name"].is_string());
    let turns = rows(folder.path().join("interviews/turns.csv"));
    assert!(turns.len() >= 24 && turns[0]["patient_id"] == "p-101" && turns[0]["index"] == "1");
    let asked = &requests(&folder.path().join("batch_files/interviews-personas"))[0]["body"]["messages"][1]["content"];
    let asked = asked.as_str().unwrap();
    assert!(
        asked.contains("amyotrophic") && asked.contains("1. Could you tell me") && asked.contains("10. Is there"),
        "{asked}"
    );
    for (provider, key) in [("anthropic", "params"), ("gemini", "request")] {
        ok(
            folder.path(),
            &["generate", "--recipe", "interviews", "--provider", provider, "--limit", "1", "--name", provider],
        );
        assert!(requests(&folder.path().join("batch_files").join(provider))[0].get(key).is_some());
    }
}

#[test]
fn an_interview_in_which_one_speaks_for_both_is_rejected_with_its_rule() {
    let folder = folder();
    let row = json!({"custom_id": "c1", "persona": {"age": 3}, "health_record": {"id": 9}, "system_message": "Be brief.", "first_question": "How are you?"});
    let table: String = (1..=4)
        .map(|id| {
            let mut row = row.clone();
            row["custom_id"] = format!("c{id}").into();
            row.to_string() + "\n"
        })
        .collect();
    fs::write(folder.path().join("in.jsonl"), table).unwrap();
    fs::write(folder.path().join("p.json"), r#"{"questions":[{"text":"How are you?"}]}"#).unwrap();
    ok(folder.path(), &["generate", "--recipe", "interviews", "--input", "in.jsonl", "--var", "protocol=@p.json"]);
    let asked = requests(&folder.path().join("batch_files/interviews-in"));
    let messages = &asked[0]["body"]["messages"];
    assert!(messages[0]["content"].as_str().unwrap().starts_with("Be brief."));
    assert!(messages[1]["content"].as_str().unwrap().contains("First: How are you?"));
    let turn = |speaker: &str, text: &str| json!({"speaker": speaker, "text": text});
    let transcripts = [
        json!({"transcript": [turn("Interviewer", "How are you?"), turn("Persona", "Fine. Interviewer: And the cat?")]}),
        json!({"transcript": [turn("Interviewer", "How are you?"), turn("Interviewer", "Well?"), turn("Persona", "Fine.")]}),
        json!({"transcript": [turn("Interviewer", "Hello."), turn("Persona", "Fine.")]}),
        json!({"transcript": [turn("Interviewer", "So: how are you?"), turn("Persona", " Fine. ")]}),
    ];
    let results: String =
        asked.iter().zip(&transcripts).map(|(line, content)| answer(&line["custom_id"], content)).collect();
    fs::write(folder.path().join("r.jsonl"), results).unwrap();
    let args = ["process", "--responses", "r.jsonl", "--metadata", "batch_files", "--output", "o"];
    let (code, stdout, stderr) = run(folder.path(), &args);
    assert_eq!(code, 3, "{stdout}{stderr}");
    let rejects: Vec<Value> = fs::read_to_string(folder.path().join("o/rejects.jsonl"))
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let details: Vec<_> = rejects.iter().map(|reject| reject["detail"].as_str().unwrap()).collect();
    assert_eq!(details.len(), 3);
    for (detail, start) in details.iter().zip(["one-voice: turn 2", "alternating: turn 2", "all-asked: question 1"]) {
        assert!(detail.starts_with(start), "{detail}");
    }
    let kept: Value = serde_json::from_slice(&fs::read(folder.path().join("o/c4.json")).unwrap()).unwrap();
    assert_eq!(kept["transcript"][1]["text"], "Fine.");
}

#[test]
fn judge_writes_scores_into_records_and_keeps_their_flags() {
    let folder = folder();
    sample(folder.path(), "judge", "sample.jsonl");
    ok(folder.path(), &["run", "--recipe", "judge", "--input", "sample.jsonl", "--output", "judged.jsonl"]);
    let out = rows(folder.path().join("judged.jsonl"));
    assert_eq!(out[0]["qc"]["flags"], json!(["style"]));
    for row in &out {
        assert!((1..=5).contains(&row["qc"]["judge"]["natural"].as_i64().unwrap()) && row["conversation"].is_array());
    }
    let asked = requests(&folder.path().join("batch_files/judge-sample"));
    let asked = asked[0]["body"]["messages"][1]["content"].as_str().unwrap();
    assert!(asked.contains("LANGUAGE en-GB") && asked.contains("oat milk"), "{asked}");
    // What has a score is not asked about again.
    let (code, _, _) =
        run(folder.path(), &["run", "--recipe", "judge", "--input", "judged.jsonl", "--output", "again.jsonl"]);
    assert_eq!(code, 0);
    assert_eq!(rows(folder.path().join("again.jsonl")), out);
}

#[test]
fn localise_drafts_the_files_of_a_pack() {
    let folder = folder();
    let (code, _, stderr) = run(folder.path(), &["run", "--recipe", "localise", "--output", "draft"]);
    assert!(code == 1 && stderr.contains("`lang` with --lang") && !stderr.contains("--on-blank"), "{stderr}");
    ok(folder.path(), &["run", "--recipe", "localise", "--lang", "cy-GB", "--output", "draft"]);
    assert_eq!(fs::read_to_string(folder.path().join("draft/people.toml")).unwrap(), "sample, not a model's answer\n");
    let asked = requests(&folder.path().join("batch_files/localise-parts"));
    let people = asked.iter().find(|line| line["custom_id"].as_str().unwrap().contains("people")).unwrap();
    assert!(people["body"]["messages"][0]["content"].as_str().unwrap().contains("`cy-GB`"));
    assert!(people["body"]["messages"][1]["content"].as_str().unwrap().contains("[[person]]"));
    let threads: Vec<&str> = asked
        .iter()
        .filter(|line| line["custom_id"].as_str().unwrap().contains("phrasebook"))
        .map(|line| line["body"]["messages"][1]["content"].as_str().unwrap())
        .collect();
    assert!(threads.len() == 10 && threads.iter().all(|prompt| prompt.contains("[[thread.exchange]]")));
    for purpose in ["needs", "conflict", "ignored", "storytelling"] {
        assert!(threads.iter().any(|prompt| prompt.contains("with the purposes") && prompt.contains(purpose)));
    }
}

#[test]
fn runner_goes_on_and_has_nothing_to_do_when_it_is_done() {
    let folder = folder();
    sample(folder.path(), "runner", "sample.jsonl");
    let args = ["run", "--recipe", "runner", "--input", "sample.jsonl", "--output", "out.jsonl"];
    ok(folder.path(), &args);
    let first = fs::read(folder.path().join("out.jsonl")).unwrap();
    assert!(ok(folder.path(), &args).contains("all 2 requests are those of run"));
    assert_eq!(fs::read(folder.path().join("out.jsonl")).unwrap(), first);
    assert_eq!(requests(&folder.path().join("batch_files/runner-sample")).len(), 2);
    assert_eq!(rows(folder.path().join("out.jsonl"))[0]["response"], "sample, not a model's answer");
}

#[test]
fn every_recipe_passes_its_own_check() {
    let folder = folder();
    let list = ok(folder.path(), &["recipe", "list", "--json"]);
    let list: Vec<Value> = serde_json::from_str(&list).unwrap();
    let names: Vec<_> = list.iter().map(|recipe| recipe["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["aac", "interviews", "judge", "localise", "runner", "table", "tag"]);
    for name in names {
        let checked = ok(folder.path(), &["recipe", "check", name, "--lang", "cy-GB", "--json"]);
        let checked: Value = serde_json::from_str(&checked).unwrap();
        assert_eq!(checked["faults"], json!([]), "{name}");
        assert!(name == "aac" || checked["prompts"][0]["user"].as_str().unwrap().len() > 5, "{name}");
    }
}

#[test]
fn a_new_recipe_is_a_copy_that_can_be_changed_checked_and_run() {
    let folder = folder();
    ok(folder.path(), &["recipe", "new", "mine", "--from", "tag"]);
    let (code, _, stderr) = run(folder.path(), &["recipe", "new", "mine"]);
    assert!(code == 2 && stderr.contains("already"), "{stderr}");
    sample(folder.path(), "tag", "sample.jsonl");
    ok(folder.path(), &["run", "--recipe", "mine", "--input", "sample.jsonl", "--output", "o.jsonl"]);
    assert!(ok(folder.path(), &["recipe", "show", "mine"]).contains("name = \"mine\""));
    let schema = folder.path().join("templates/mine/schema.json");
    fs::write(
        &schema,
        fs::read_to_string(&schema)
            .unwrap()
            .replace("\"required\": [\"tags\", \"summary\"]", "\"required\": [\"tags\"]"),
    )
    .unwrap();
    let (code, stdout, _) = run(folder.path(), &["recipe", "check", "mine"]);
    assert!(code == 1 && stdout.contains("wrong: schema /properties/summary"), "{stdout}");
    fs::write(folder.path().join("templates/mine/system.tera"), "{{ nothing }}").unwrap();
    let (code, stdout, _) = run(folder.path(), &["recipe", "check", "mine"]);
    assert!(code == 1 && stdout.contains("templates/mine/system.tera") && stdout.contains("nothing"), "{stdout}");
}

#[test]
fn a_config_yaml_becomes_a_recipe_that_does_the_same() {
    let folder = folder();
    let config = "input_file: reviews.csv\nid_column: review\ncontent_column: body\nimage_url_column: photo\nprompt: |\n  Classify {{this}}.\n  As JSON.\nbatch_size: 2\nmodel_params:\n  model: gpt-4o\n  temperature: 0\n  max_tokens: 50\n  response_format: {type: json_object}\noutput_file: out.pkl\ndata_path: data\nbatch_submit_data: s.csv\n";
    fs::write(folder.path().join("config.yaml"), config).unwrap();
    fs::write(
        folder.path().join("reviews.csv"),
        "review,body,photo\n007,good,\n8,bad,https://example.org/a.png\n9,so,\n",
    )
    .unwrap();
    let (code, stdout, stderr) = run(folder.path(), &["recipe", "import-yaml", "config.yaml", "--name", "classify"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains("out.csv in place of out.pkl") && stdout.contains("--input reviews.csv"), "{stdout}");
    let (code, stdout, stderr) = run(folder.path(), &["generate", "--recipe", "classify", "--input", "reviews.csv"]);
    assert_eq!(code, 0, "{stdout}{stderr}");
    let asked = requests(&folder.path().join("batch_files/classify-reviews"));
    assert_eq!(asked.len(), 3);
    let body = &asked[0]["body"];
    assert_eq!(
        (&body["model"], &body["max_tokens"], &body["response_format"]),
        (&json!("gpt-4o"), &json!(50), &json!({"type": "json_object"}))
    );
    assert_eq!(body["messages"][0]["content"], "Classify {{this}}.\n  As JSON.".replace("\n  ", "\n"));
    assert_eq!(asked[1]["body"]["messages"][1]["content"][1]["image_url"]["detail"], "low");
    fs::write(folder.path().join("bad.yaml"), "input_fle: a\n").unwrap();
    let (code, _, stderr) = run(folder.path(), &["recipe", "import-yaml", "bad.yaml", "--name", "x"]);
    assert!(code == 1 && stderr.contains("input_fle"), "{stderr}");
}
