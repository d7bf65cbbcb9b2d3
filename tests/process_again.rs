//! `process` over what is there already: outputs of earlier runs are united, spared or refused, and nothing else is replaced.

#![allow(clippy::unwrap_used, reason = "a test says what broke by panicking")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use aacorn::Error;
use aacorn::model::Reason;
use aacorn::process::{self, Options, Output};
use aacorn::progress::Silent;
use serde_json::json;
use support::results::{Batch, CONVERSATION, chat, files_below, ids, planned};

#[test]
fn a_part_now_and_the_rest_later_is_the_same_as_all_at_once() {
    let batch = Batch::new();
    let ids: Vec<String> = (0..700).map(|number| format!("id-{number}")).collect();
    let name = |number: usize| format!("m/batch_{}_metadata.jsonl", number / 300);
    for part in 0..3 {
        let part: Vec<&String> = ids.iter().skip(part * 300).take(300).collect();
        let number: usize = part[0][3..].parse().unwrap();
        batch.write(&name(number), &part.iter().map(|id| planned(id, "en-GB")).collect::<Vec<_>>());
    }
    let answer = |number: usize, id: &String| match number % 7 {
        0 => chat(id, "not JSON"),
        _ => chat(id, &CONVERSATION.replace("Kitchen", id)),
    };
    let answers: Vec<String> = ids.iter().enumerate().map(|(number, id)| answer(number, id)).collect();
    let mut shuffled = answers.clone();
    shuffled.reverse();
    batch.write("all/r.jsonl", &shuffled);
    let whole = batch.process("all", "m", "whole");
    assert_eq!((whole.total.accepted, whole.total.rejected[&Reason::Unparseable]), (600, 100));

    // The second batch first, with its own metadata only; then a part of everything; then the rest.
    batch.write("2/r.jsonl", &answers[350..550]);
    batch.process("2", "m/batch_1_metadata.jsonl", "parts");
    batch.write("1/r.jsonl", &answers[..320]);
    batch.process("1", "m/batch_0_metadata.jsonl", "parts");
    batch.write("3/r.jsonl", &answers[300..]);
    let last = batch.process("3", "m", "parts");
    assert_eq!(files_below(&batch.path("parts")), files_below(&batch.path("whole")));
    assert_eq!(last.total.accepted, 600);
    assert!(last.total.balances());
    // And again, with nothing new: nothing changes.
    batch.write("none/r.jsonl", &[]);
    let again = batch.process("none", "m", "parts");
    assert_eq!(again.locales["en-GB"].kept, 600);
    assert_eq!(files_below(&batch.path("parts")), files_below(&batch.path("whole")));
    // Starting over with a part leaves that part.
    let options = Options { fresh: true, ..batch.options("2", "m", "parts") };
    assert_eq!(process::process(&options, &Silent).unwrap().total.missing, 500);
}

#[test]
fn records_without_an_id_are_kept() {
    let batch = Batch::new();
    batch.write("m.jsonl", &[planned("a", "en-GB")]).write("r.jsonl", &[chat("a", CONVERSATION)]);
    batch.write("o/en-GB/en-GB_all_conversations.jsonl", &[r#"{"conversation":[],"metadata":{}}"#.to_owned()]);
    batch.process("r.jsonl", "m.jsonl", "o");
    batch.process("r.jsonl", "m.jsonl", "o");
    let records = batch.lines("o/en-GB/en-GB_all_conversations.jsonl");
    assert_eq!(records.len(), 2);
    assert_eq!(records[0], json!({"conversation": [], "metadata": {}}));
}

#[test]
fn missing_input_leaves_the_output_as_it_was() {
    let batch = Batch::new();
    batch.write("m.jsonl", &[planned("a", "en-GB")]).write("o/en-GB/en-GB_all_conversations.jsonl", &["{}".to_owned()]);
    for (responses, metadata) in [("none.jsonl", "m.jsonl"), ("m.jsonl", "none"), ("m.jsonl", "o")] {
        let failed = process::process(&batch.options(responses, metadata, "o"), &Silent);
        assert!(matches!(failed, Err(Error::Missing { .. })), "{failed:?}");
    }
    assert_eq!(fs::read(batch.path("o/en-GB/en-GB_all_conversations.jsonl")).unwrap(), b"{}\n");
    assert_eq!(fs::read_dir(batch.path("o/en-GB")).unwrap().count(), 1);
}

/// Whoever names `*.jsonl` in one folder names what an earlier run wrote there as well.
#[test]
fn what_a_run_has_written_is_no_input_of_the_next() {
    let batch = Batch::new();
    batch.write("m.jsonl", &[planned("a", "en-GB"), planned("b", "en-GB")]);
    batch.write("r.jsonl", &[chat("a", CONVERSATION), chat("b", "no JSON")]);
    let all = || {
        let mut files: Vec<PathBuf> =
            fs::read_dir(batch.folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|path| path.extension().is_some_and(|ext| ext == "jsonl"));
        let output = Output::File(batch.path("all.jsonl"));
        let options =
            Options { responses: files.clone(), metadata: files, output, ..batch.options("r.jsonl", "m.jsonl", "o") };
        process::process(&options, &Silent).unwrap()
    };
    let first = all();
    let written = ["all.jsonl", "all_rejects.jsonl"].map(|name| fs::read(batch.path(name)).unwrap());
    for _ in 0..2 {
        let again = all();
        assert_eq!((&again.total, &again.strays), (&first.total, &first.strays));
        assert_eq!(["all.jsonl", "all_rejects.jsonl"].map(|name| fs::read(batch.path(name)).unwrap()), written);
    }
}

#[test]
fn only_what_process_has_written_is_replaced() {
    let batch = Batch::new();
    batch.write("m.jsonl", &[planned("a", "en-GB")]);
    batch.write("r.jsonl", &[chat("a", CONVERSATION)]).write("later.jsonl", &[chat("b", CONVERSATION)]);
    batch.write("notes.jsonl", &["remember the tea".to_owned()]);
    for output in ["r.jsonl", "m.jsonl", "later.jsonl", "notes.jsonl"] {
        let before = fs::read(batch.path(output)).unwrap();
        for fresh in [false, true] {
            let options = Options { fresh, ..batch.options("r.jsonl", "m.jsonl", output) };
            let failed = process::process(&options, &Silent);
            assert!(
                matches!(&failed, Err(Error::Usage(what)) if what.contains("no output of")),
                "{output}: {failed:?}"
            );
        }
        assert_eq!(fs::read(batch.path(output)).unwrap(), before);
    }
}

#[test]
fn a_spoiled_output_is_not_rewritten() {
    let batch = Batch::new();
    batch.write("m.jsonl", &[planned("a", "en-GB"), planned("b", "en-GB")]);
    batch.write("r.jsonl", &[chat("a", CONVERSATION), chat("b", "no JSON")]);
    batch.process("r.jsonl", "m.jsonl", "o");
    batch.write("m2.jsonl", &[planned("c", "en-GB")]).write("r2.jsonl", &[chat("c", CONVERSATION)]);
    for name in ["o/en-GB/en-GB_all_conversations.jsonl", "o/en-GB/en-GB_rejects.jsonl"] {
        let whole = fs::read_to_string(batch.path(name)).unwrap();
        let cut = format!("{whole}{}\n", &whole[..40]);
        fs::write(batch.path(name), &cut).unwrap();
        let failed = process::process(&batch.options("r2.jsonl", "m2.jsonl", "o"), &Silent);
        assert!(matches!(failed, Err(Error::Line { line: 2, .. })), "{name}: {failed:?}");
        assert_eq!(fs::read_to_string(batch.path(name)).unwrap(), cut);
        fs::write(batch.path(name), whole).unwrap();
    }
    // A record that was accepted once is kept, however short lines have to be now.
    let short = Options { max_line: 450, ..batch.options("r2.jsonl", "m2.jsonl", "o") };
    assert_eq!(process::process(&short, &Silent).unwrap().total.missing, 1);
    assert_eq!(batch.lines("o/en-GB/en-GB_all_conversations.jsonl").len(), 1);
}

#[test]
fn starting_over_with_nothing_leaves_what_is_there() {
    let batch = Batch::new();
    batch.write("m.jsonl", &[planned("a", "en-GB"), planned("b", "en-GB")]);
    batch.write("r.jsonl", &[chat("a", CONVERSATION), chat("b", "no JSON")]).write("none.jsonl", &[]);
    batch.process("r.jsonl", "m.jsonl", "o");
    let before = files_below(&batch.path("o"));
    let report =
        process::process(&Options { fresh: true, ..batch.options("none.jsonl", "m.jsonl", "o") }, &Silent).unwrap();
    assert_eq!((report.total.missing, files_below(&batch.path("o"))), (2, before));
}

/// Two outputs may share a folder, and so a report: what it says of one is not true of the other.
#[test]
fn each_output_of_a_folder_keeps_its_own_order() {
    let batch = Batch::new();
    let one = |id: &str| {
        batch.write(&format!("{id}_metadata.jsonl"), &[planned(id, "en-GB")]);
        batch.write(&format!("{id}.jsonl"), &[chat(id, CONVERSATION)]);
    };
    ["a", "b", "z"].into_iter().for_each(one);
    let run = |id: &str, output: &str| batch.process(&format!("{id}.jsonl"), &format!("{id}_metadata.jsonl"), output);
    run("b", "o/en.jsonl");
    run("z", "o/other.jsonl");
    run("a", "o/en.jsonl");
    // The report was the other's by then: what stood there is of unknown origin, and comes first.
    assert_eq!(ids(&batch.lines("o/en.jsonl")), ["b", "a"]);
    run("b", "p/en.jsonl");
    run("a", "p/en.jsonl");
    assert_eq!(ids(&batch.lines("p/en.jsonl")), ["a", "b"]);
}

/// The recipe that planned says how severe its rules are.
#[test]
fn answers_are_judged_by_the_recipe_that_planned() {
    let batch = Batch::new();
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/aac/recipe.toml");
    let own = fs::read_to_string(shipped).unwrap().replace("name = \"aac\"", "name = \"strict\"");
    let own = own.replace("intended_missing = \"flag\"", "intended_missing = \"reject\"");
    fs::create_dir_all(batch.path("templates/strict")).unwrap();
    fs::write(batch.path("templates/strict/recipe.toml"), own).unwrap();
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/aac/schema.json");
    fs::copy(schema, batch.path("templates/strict/schema.json")).unwrap();
    let unsaid = CONVERSATION.replace("\"No, I'll have it later.\"", "null");
    batch.write("r.jsonl", &[chat("a", &unsaid)]);
    for (recipe, code) in [("aac", 0), ("strict", 3), ("nobody", 0)] {
        let line = planned("a", "en-GB").replace("\"recipe\":\"aac\"", &format!("\"recipe\":\"{recipe}\""));
        let line = line.replace("\"form\":", "\"intended\":true,\"form\":");
        batch.write("m.jsonl", &[line]);
        let args = ["process", "--responses", "r.jsonl", "--metadata", "m.jsonl", "--output", recipe];
        let mut program = assert_cmd::Command::cargo_bin("aacorn").unwrap();
        let output = program.current_dir(batch.path("")).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{recipe}: {output:?}");
    }
    batch.write("d/1_metadata.jsonl", &[planned("a", "en-GB")]);
    batch.write("d/2_metadata.jsonl", &[planned("b", "en-GB").replace("\"recipe\":\"aac\"", "\"recipe\":\"strict\"")]);
    let several = process::recipe_of(&[batch.path("d")]);
    assert!(matches!(several, Err(Error::Usage(what)) if what.contains("`aac`") && what.contains("`strict`")));
    assert_eq!(json!(process::recipe_of(&[batch.path("r.jsonl")]).unwrap()), json!(null));
}
