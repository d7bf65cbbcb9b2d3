//! The commands on jobs, as processes: `aacorn serve` in one, `submit`, `status`, `watch`, `fetch`, `cancel` in others.

#![allow(clippy::unwrap_used, reason = "a helper of tests fails the test")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use support::{files, write_shard};

const KEY: &str = "sk-of-the-batch-life";

/// `aacorn serve`, until dropped.
struct Serve {
    child: Child,
    base: String,
}

impl Serve {
    fn start(state: &Path) -> Self {
        Self::start_on(state, "0")
    }

    fn start_on(state: &Path, port: &str) -> Self {
        let mut child = aacorn(state)
            .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--state"])
            .arg(state)
            .env("AACORN_SERVE_KEY", KEY)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let base = line.split_whitespace().nth(1).unwrap_or_else(|| panic!("no base URL in {line:?}")).to_owned();
        Self { child, base }
    }

    fn count(&self, what: &str) -> usize {
        let count = async {
            let url = format!("{}/{what}", self.base);
            let page: Value =
                reqwest::Client::new().get(url).bearer_auth(KEY).send().await.unwrap().json().await.unwrap();
            page["data"].as_array().unwrap().len()
        };
        tokio::runtime::Runtime::new().unwrap().block_on(count)
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// The program in `folder`, with the key in its environment and no proxy.
fn aacorn(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aacorn"));
    command.current_dir(folder).env("OPENAI_API_KEY", KEY).env_remove("OPENAI_BASE_URL");
    command
}

fn run(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = aacorn(folder).args(args).output().unwrap();
    let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert!(!stdout.contains(KEY) && !stderr.contains(KEY));
    (status.code().unwrap(), stdout, stderr)
}

fn ok(folder: &Path, args: &[&str]) -> String {
    let (code, stdout, stderr) = run(folder, args);
    assert_eq!(code, 0, "{args:?}\n{stdout}\n{stderr}");
    stdout
}

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

    let (code, shown, _) = run(here, &["submit", "--base-url", &serve.base]);
    assert_eq!((code, shown.matches("it is job batch_").count()), (1, 3), "{shown}");

    let status: Value = serde_json::from_str(&ok(here, &["status", "--json"])).unwrap();
    assert_eq!(status["shards"].as_array().unwrap().len(), 3);
    assert_eq!(status["shards"][0]["provider"], "openai");

    let shown = ok(here, &["watch", "--interval", "0.05"]);
    assert!(shown.contains("next: aacorn process --responses batch_files"), "{shown}");
    assert_eq!(shown.matches("completed, fetched").count(), 3, "{shown}");
    let before = files(here);
    assert_eq!(before.keys().filter(|path| path.to_str().unwrap().contains("batch_output_")).count(), 3);
    drop(serve);
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
    let mut codes: Vec<_> = both.into_iter().map(|mut child| child.wait().unwrap().code().unwrap()).collect();
    codes.sort_unstable();
    assert!(codes == [0, 1] || codes == [0, 0], "{codes:?}");
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

    let serve = Serve::start(state.path());
    let nobody = "http://127.0.0.1:9/v1";
    let (code, _, stderr) = run(here, &["submit", "--base-url", nobody]);
    assert_eq!(code, 1);
    assert!(stderr.contains("cannot be reached"), "{stderr}");
    assert!(ok(here, &["submit", "--base-url", &serve.base]).contains(": job batch_"), "a wrong URL does no harm");
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
