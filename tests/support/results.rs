//! A folder of results and metadata, and `process` over it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aacorn::assets::Assets;
use aacorn::language::Languages;
use aacorn::process::{self, Options, Output, Report};
use aacorn::progress::Silent;
use aacorn::recipe::Rules;
use serde_json::{Value, json};

pub const CONVERSATION: &str = r#"{"scene":"Kitchen.","conversation":[
    {"speaker":"Colin","is_aac_user":false,"utterance":"Do you want the tea now?","utterance_intended":null},
    {"speaker":"Margaret","is_aac_user":true,"utterance":"no later","utterance_intended":"No, I'll have it later."}]}"#;

pub struct Batch {
    pub folder: tempfile::TempDir,
}

impl Batch {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, lines: &[String]) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, lines.join("\n") + "\n").unwrap();
        self
    }

    pub fn options(&self, responses: &str, metadata: &str, output: &str) -> Options {
        Options {
            responses: vec![self.path(responses)],
            metadata: vec![self.path(metadata)],
            output: Output::told(&self.path(output)).unwrap(),
            fresh: false,
            max_line: 1 << 20,
            index_bytes: process::INDEX_BYTES,
            jobs: 2,
            languages: Arc::new(Languages::new(Assets::embedded())),
            rules: Rules::new(),
            rows: None,
        }
    }

    pub fn process(&self, responses: &str, metadata: &str, output: &str) -> Report {
        process::process(&self.options(responses, metadata, output), &Silent).unwrap()
    }

    pub fn lines(&self, name: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path(name)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

pub fn planned(id: &str, locale: &str) -> String {
    json!({"custom_id": id, "method": "POST", "url": "/v1/chat/completions", "body": {"model": "gpt-4o-mini", "messages": []},
        "metadata": {"recipe": "aac", "template_id": "aac@1/en", "lang_code": locale, "created_at": "2026-01-01T00:00:00Z",
            "provider": "openai", "model": "gpt-4o-mini", "plan": {"seed": 7, "style": {"id": "brief", "form": "telegraphic"}}}})
    .to_string()
}

pub fn chat(id: &str, content: &str) -> String {
    json!({"id": "batch_req_1", "custom_id": id, "response": {"status_code": 200, "request_id": "r", "body": {
        "id": "c", "object": "chat.completion", "created": 1_778_000_000, "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content, "refusal": null}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}}}, "error": null})
    .to_string()
}

pub fn ids(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| record["custom_id"].as_str().unwrap()).collect()
}

pub fn files_below(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path));
        } else if path.extension().is_some_and(|ext| ext == "jsonl") {
            found.insert(path.strip_prefix(folder).unwrap().to_owned(), fs::read(&path).unwrap());
        }
    }
    found
}
