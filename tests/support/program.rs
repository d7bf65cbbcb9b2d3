//! The program as processes: `aacorn serve` in one, commands in others.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use serde_json::Value;

use super::limit;

pub const KEY: &str = "sk-of-the-batch-life";

/// `aacorn serve`, until dropped.
pub struct Serve {
    child: Child,
    pub base: String,
}

impl Serve {
    pub fn start(state: &Path) -> Self {
        Self::start_on(state, "0")
    }

    pub fn start_on(state: &Path, port: &str) -> Self {
        Self::start_with(state, port, "")
    }

    /// The same, with more arguments.
    pub fn start_args(state: &Path, args: &[&str]) -> Self {
        Self::launch(state, "0", "", args)
    }

    /// The same, to be killed at a named point.
    pub fn start_with(state: &Path, port: &str, point: &str) -> Self {
        Self::launch(state, port, point, &[])
    }

    fn launch(state: &Path, port: &str, point: &str, args: &[&str]) -> Self {
        let mut child = aacorn(state)
            .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--state"])
            .arg(state)
            .args(args)
            .env("AACORN_SERVE_KEY", KEY)
            .env("AACORN_FAULT_POINT", point)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let base = line.split_whitespace().nth(1).unwrap_or_else(|| panic!("no base URL in {line:?}")).to_owned();
        Self { child, base }
    }

    /// How it ended, which it does by itself.
    pub fn ended(mut self) -> ExitStatus {
        let waiting = limit("the server's end");
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            waiting();
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    pub fn count(&self, what: &str) -> usize {
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
        // It may have been killed already.
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }
}

/// The program in `folder`, with the key in its environment and no proxy.
pub fn aacorn(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aacorn"));
    command.current_dir(folder).env("OPENAI_API_KEY", KEY).env_remove("OPENAI_BASE_URL");
    command
}

pub fn run(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = aacorn(folder).args(args).output().unwrap();
    let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    assert!(!stdout.contains(KEY) && !stderr.contains(KEY));
    (status.code().unwrap(), stdout, stderr)
}

pub fn ok(folder: &Path, args: &[&str]) -> String {
    let (code, stdout, stderr) = run(folder, args);
    assert_eq!(code, 0, "{args:?}\n{stdout}\n{stderr}");
    stdout
}
