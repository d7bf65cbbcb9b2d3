//! The commands on jobs, as processes: `aacorn serve` in one, `submit`, `status`, `watch`, `fetch`, `cancel` in others.

#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

mod support;

use std::fs;
use std::process::{Output, Stdio};

use serde_json::Value;
use support::program::{KEY, Serve, aacorn, ok, run};
use support::{files, write_shard};

fn project() -> (tempfile::TempDir, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    for (locale, part) in [("en-GB", "-01"), ("en-GB", "-02"), ("fr-FR", "")] {
        write_shard(&folder.path().join("batch_files"), locale, part, 6);
    }
    (folder, tempfile::tempdir().unwrap())
}

#[test]
fn a_folder_goes_through_its_whole_life_by_commands() {
    let (folder, state) = project();
    let serve = Serve::start(state.path());
    let here = folder.path();
    let shown = ok(here, &["submit", "--base-url", &serve.base]);
    assert_eq!(shown.matches(": job batch_").count(), 3, "{shown}");
    assert!(shown.contains("next: aacorn watch"));

    let shown = ok(here, &["submit", "--base-url", &serve.base]);
    assert_eq!(shown.matches("it is job batch_").count(), 3, "{shown}");

    let status: Value = serde_json::from_str(&ok(here, &["status", "--json"])).unwrap();
    assert_eq!(status["shards"].as_array().unwrap().len(), 3);
    assert_eq!(status["shards"][0]["provider"], "openai");

    let shown = ok(here, &["watch", "--interval", "0.05"]);
    assert!(shown.contains("next: aacorn process --responses batch_files"), "{shown}");
    assert_eq!(shown.matches("completed, fetched").count(), 3, "{shown}");
    let before = files(here);
    assert_eq!(before.keys().filter(|path| path.to_str().unwrap().contains("batch_output_")).count(), 3);
    let shown = ok(here, &["submit", "--base-url", &serve.base]);
    assert_eq!(shown.matches("--again sends it once more\n").count(), 3, "{shown}");
    assert!(shown.contains("next: aacorn process"), "{shown}");
    drop(serve);
    assert!(ok(here, &["cancel"]).contains("next: aacorn process"), "nothing is left to be cancelled or watched");
    ok(here, &["fetch"]);
    ok(here, &["watch"]);
    assert_eq!(files(here), before, "nothing is left to do, and nobody is asked");
    for (path, bytes) in files(here).into_iter().chain(files(state.path())) {
        assert!(!bytes.windows(KEY.len()).any(|window| window == KEY.as_bytes()), "{}", path.display());
    }
}

#[test]
fn two_processes_at_once_submit_each_shard_once() {
    let (folder, state) = project();
    let serve = Serve::start(state.path());
    let submit = || aacorn(folder.path()).args(["submit", "--base-url", &serve.base]).stdout(Stdio::null()).spawn();
    let both = [submit().unwrap(), submit().unwrap()];
    for mut child in both {
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
    assert_eq!((serve.count("batches"), serve.count("files?purpose=batch")), (3, 3));
}

#[test]
fn a_killed_server_goes_on_with_its_batches() {
    let (folder, state) = project();
    let serve = Serve::start(state.path());
    let port = serve.base.split(':').nth(2).unwrap().split('/').next().unwrap().to_owned();
    ok(folder.path(), &["submit", "--base-url", &serve.base]);
    drop(serve);
    let again = Serve::start_on(state.path(), &port);
    ok(folder.path(), &["watch", "--interval", "0.05"]);
    assert_eq!(again.count("batches"), 3);
}

#[test]
fn what_cannot_be_done_is_said_with_its_exit_code() {
    let (folder, state) = project();
    let here = folder.path();
    fs::create_dir(here.join("empty")).unwrap();
    let (code, _, stderr) = run(here, &["submit", "empty"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("aacorn generate"), "{stderr}");

    let Output { status, stderr, .. } = aacorn(here).arg("submit").env_remove("OPENAI_API_KEY").output().unwrap();
    assert_eq!(status.code(), Some(2));
    assert!(String::from_utf8(stderr).unwrap().contains("set OPENAI_API_KEY"));

    let (code, stdout, _) = run(here, &["watch"]);
    assert_eq!(code, 3);
    assert!(stdout.contains("not submitted") && stdout.contains("next: aacorn submit"), "{stdout}");

    for command in ["cancel", "retry"] {
        let stdout = ok(here, &[command]);
        assert!(stdout.ends_with("next: aacorn submit\n") && !stdout.contains("nothing to send"), "{stdout}");
    }
    let shown = ok(here, &["retry"]);
    assert!(shown.contains(".jsonl: 0 of 6 answered; it is not submitted\n"), "{shown}");

    let serve = Serve::start(state.path());
    let nobody = "http://127.0.0.1:9/v1";
    let (code, _, stderr) = run(here, &["submit", "--base-url", nobody]);
    assert_eq!(code, 1);
    assert!(stderr.contains("cannot be reached"), "{stderr}");
    assert!(ok(here, &["submit", "--base-url", &serve.base]).contains(": job batch_"), "a wrong URL does no harm");
}

#[test]
fn several_folders_are_priced_before_any_is_sent_and_what_was_sent_is_told() {
    let (one, state) = project();
    let serve = Serve::start(state.path());
    let here = one.path();
    write_shard(&here.join("more"), "en-GB", "", 4);
    let (code, shown, stderr) = run(here, &["submit", "no-such-folder", "--max-cost", "abc"]);
    assert!(code == 2 && shown.is_empty() && stderr.contains("--max-cost abc"), "{stderr}");

    let prices = here.join("prices.toml");
    let table = "as_of = \"2030-01-01\"\nsource = \"me\"\n[mine]\n\"phrasebook-1\" = { batch = [\"1\", \"2\"], list = [\"2\", \"4\"] }\n";
    fs::write(&prices, table).unwrap();
    let strange = write_shard(&here.join("strange"), "en-GB", "", 5);
    let text = fs::read_to_string(&strange).unwrap().replace("phrasebook-1", "strange-1");
    fs::write(&strange, text).unwrap();
    let submit =
        ["submit", "--base-url", &serve.base, "--max-cost", "9", "--expected-output", "9", "--prices", "prices.toml"];
    let (code, shown, stderr) = run(here, &[&submit[..], &["batch_files", "strange"]].concat());
    assert!(code == 2 && shown.is_empty() && stderr.contains("the cost is not known"), "{shown}{stderr}");
    assert_eq!(serve.count("batches"), 0, "nothing is sent before all is priced");

    // The second folder fails while it is sent: one of its batch files has changed.
    let path = write_shard(&here.join("changed"), "en-GB", "", 5);
    ok(here, &["submit", "--base-url", &serve.base, "changed"]);
    fs::write(&path, support::request("other") + "\n").unwrap();
    let (code, shown, stderr) = run(here, &["submit", "--base-url", &serve.base, "more", "changed"]);
    assert!(code == 1 && stderr.contains("has changed since job"), "{stderr}");
    assert_eq!(shown.matches(": job batch_").count(), 1, "{shown}");
}

#[test]
fn batch_files_for_another_provider_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let state = tempfile::tempdir().unwrap();
    let here = folder.path();
    write_shard(&here.join("batch_files"), "en-GB", "", 3);
    ok(here, &["generate", "--lang", "fr-FR", "--num", "2", "--provider", "anthropic"]);
    let serve = Serve::start(state.path());
    let (code, _, stderr) = run(here, &["submit", "--base-url", &serve.base]);
    assert!(code == 0 && stderr.contains("1 batch file for another provider left out"), "{code} {stderr}");
    assert_eq!(serve.count("batches"), 1);
    let (code, _, stderr) = run(here, &["submit", "--base-url", &serve.base, "batch_files/fr-FR"]);
    assert!(code == 2 && stderr.contains("no batch file there is for it"), "{stderr}");
}

#[test]
fn a_cancelled_job_is_shown_fetched_and_incomplete() {
    let folder = tempfile::tempdir().unwrap();
    let state = tempfile::tempdir().unwrap();
    write_shard(&folder.path().join("batch_files"), "en-GB", "", 20_000);
    let serve = Serve::start(state.path());
    ok(folder.path(), &["submit", "--base-url", &serve.base]);
    ok(folder.path(), &["cancel"]);
    let (code, stdout, _) = run(folder.path(), &["watch", "--interval", "0.05"]);
    assert_eq!(code, 3, "{stdout}");
    assert!(stdout.contains("cancelled, fetched"), "{stdout}");
}

#[test]
fn run_works_with_a_provider_and_with_an_upstream_and_pays_once() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let serve = Serve::start(state.path());
    let remote = ["run", "--lang", "en-GB", "--num", "3", "--provider", "openai", "--base-url", &serve.base];
    for _ in 0..2 {
        let shown = ok(folder.path(), &remote);
        assert!(shown.contains("planned 3 = accepted 3"), "{shown}");
        assert_eq!((serve.count("batches"), serve.count("files?purpose=batch")), (1, 1));
    }
    let other = tempfile::tempdir().unwrap();
    let upstream =
        ["run", "--lang", "en-GB", "--num", "3", "--upstream", &serve.base, "--api-key-env", "OPENAI_API_KEY"];
    assert!(ok(other.path(), &upstream).contains("planned 3 = accepted 3"));
    assert_eq!(serve.count("batches"), 1, "an upstream is asked line by line");
}

#[test]
fn costs_are_told_before_and_after_and_a_budget_stops_between_shards() {
    let (folder, state) = project();
    let serve = Serve::start(state.path());
    let here = folder.path();
    let table = ["cost", "--requests", "100", "10000", "--input-tokens", "3000", "--expected-output", "2000"];
    let shown = ok(here, &[&table[..], &["--price-in", "3", "--price-out", "15"]].concat());
    for figure in ["$3.90", "$1.95", "$390.00", "$195.00", "each: $0.039 at once, $0.0195 in a batch"] {
        assert!(shown.contains(figure), "{figure}: {shown}");
    }
    let many = ["cost", "--requests", "18446744073709551615", "--input-tokens", "3000", "--expected-output", "2000"];
    let (code, shown, stderr) = run(here, &[&many[..], &["--price-in", "3", "--price-out", "15"]].concat());
    assert!(code == 2 && shown.is_empty() && stderr.contains("ask for fewer"), "{shown}{stderr}");
    let shown = ok(here, &["cost"]);
    assert!(shown.contains("no price known for `phrasebook-1`") && shown.contains("give --expected-output"), "{shown}");
    assert!(!shown.contains("$0"), "an unknown price is not zero: {shown}");

    let prices = ["--price-in", "1000", "--price-out", "1000", "--expected-output", "100"];
    let priced: Value = serde_json::from_str(&ok(here, &[&["cost", "--json"][..], &prices].concat())).unwrap();
    let each = priced[0]["estimate"]["batch"].as_f64().unwrap();
    assert!(each > 0.3, "{priced}");
    let little = [&["submit", "--base-url", &serve.base, "--max-cost", "0.0001"][..], &prices].concat();
    let (code, shown, _) = run(here, &little);
    assert!(code == 3 && shown.contains("next: aacorn cost") && !shown.contains("watch"), "{shown}");
    let most = format!("{:.4}", each * 2.5);
    let submit = [&["submit", "--base-url", &serve.base, "--max-cost", &most][..], &prices].concat();
    for _ in 0..2 {
        let (code, _, stderr) = run(here, &submit);
        assert_eq!(code, 3);
        assert!(stderr.contains("1 batch file was not sent"), "{stderr}");
        assert_eq!(serve.count("batches"), 2);
    }
    run(here, &["watch"]);
    let shown = ok(here, &[&["cost"][..], &prices[..4]].concat());
    assert!(shown.contains("bill, in a batch: $"), "{shown}");
}
