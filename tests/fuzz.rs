//! Readers of what strangers wrote, fed with what nobody would write. Each target is one function; property tests, the kept
//! corpus in `fuzz/corpus/` and mutations of it all go through it.
//!
//! A plain `cargo test` gives each target the same mutations on every machine. `AACORN_FUZZ_SECONDS` says how long each is
//! mutated instead: 3 in `.ci/run`, 60 in `just fuzz`; what such a run finds is kept in the corpus.

#![allow(clippy::unwrap_used, reason = "a test says what broke by panicking")]

use std::fs;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use aacorn::dialect::{LineKind, decode, glance};
use aacorn::files::{Blocks, Lines};
use aacorn::json;
use aacorn::process::salvage::salvage;
use aacorn::random::{Stream, fingerprint};
use proptest::prelude::*;
use serde_json::Value;

/// Both readers of lines see the same lines, at offsets where they are.
fn lines(bytes: &[u8]) {
    const LIMIT: usize = 48;
    let mut reader = Lines::new(bytes, Path::new("t")).with_limit(LIMIT);
    let mut one = Vec::new();
    while let Some(line) = reader.next().unwrap() {
        assert_eq!(&bytes[line.offset as usize..][..line.bytes.len()], line.bytes);
        one.push((line.number, line.offset, line.bytes.to_vec(), line.too_long));
    }
    let mut blocks = Blocks::new(Cursor::new(bytes), Path::new("t"), LIMIT).unwrap().with_size(20);
    let mut other = Vec::new();
    for number in 0..blocks.count() {
        let before = other.len() as u64;
        let block = blocks.read(number).unwrap();
        other.extend(block.lines().map(|line| (before + line.number, line.offset, line.bytes.to_vec(), line.too_long)));
    }
    assert_eq!(one, other);
}

/// What is decoded is JSON from end to end, and a glance at it had seen the same request.
fn decoding(bytes: &[u8]) {
    let glanced = glance(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let strict = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    let decoded = decode(text);
    assert!(strict || decoded.is_err(), "decoded what is no JSON");
    assert_eq!(json::check(text).is_ok(), decoded.is_ok());
    if let (Ok(glanced), Ok(decoded)) = (glanced, decoded)
        && glanced.kind == LineKind::Result
        && text.matches("_id\"").count() + text.matches("key\"").count() + text.matches("Id\"").count() == 1
    {
        assert_eq!(glanced.id, decoded.id);
    }
}

/// What is salvaged is one object; what was one already is not touched.
fn salvaging(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let found = salvage(text);
    if let Some(found) = &found {
        assert_eq!(json::check(&found.text), Ok(()));
        assert!(found.text.starts_with('{'));
    }
    if json::check(text).is_ok() && text.trim() == text && text.starts_with('{') {
        let found = found.expect("an object is found in itself");
        assert_eq!((&*found.text, found.repairs.len()), (text, 0));
    }
}

/// A name, and what is done with an input.
type Target = (&'static str, fn(&[u8]));

const TARGETS: [Target; 3] = [("lines", lines), ("decode", decoding), ("salvage", salvaging)];

/// Bytes that readers of JSON Lines trip over.
const TOKENS: [&[u8]; 24] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b",",
    b":",
    b"\n",
    b"\r\n",
    b"\xEF\xBB\xBF",
    b"\xFF",
    b"\0",
    b"null",
    b"True",
    b"NaN",
    b"\\ud83d",
    b"\\u0022",
    b"```json\n",
    b"```",
    b"<think>",
    b"</think>",
    "\u{201C}".as_bytes(),
    "\u{2028}".as_bytes(),
];

fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|path| (path.clone(), fs::read(&path).unwrap())).collect()
}

fn mutate(stream: &mut Stream, seeds: &[(PathBuf, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = stream.choose(seeds).1.clone();
    for _ in 0..=stream.below(4) {
        let at = stream.below(bytes.len() as u32 + 1) as usize;
        let end = (at + stream.below(16) as usize).min(bytes.len());
        match stream.below(6) {
            0 if at < bytes.len() => bytes[at] = stream.bits() as u8,
            1 => drop(bytes.drain(at..end)),
            2 => drop(bytes.splice(at..at, stream.choose(&TOKENS).iter().copied())),
            3 => {
                let piece = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, piece));
            }
            4 => bytes.truncate(at),
            _ => {
                let other = &stream.choose(seeds).1;
                let from = stream.below(other.len() as u32 + 1) as usize;
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
        }
    }
    bytes
}

#[test]
fn the_kept_corpus_is_survived() {
    for (name, target) in TARGETS {
        for (path, bytes) in corpus(name) {
            let survived = catch_unwind(AssertUnwindSafe(|| target(&bytes)));
            survived.unwrap_or_else(|panic| {
                eprintln!("{} fails {name}", path.display());
                resume_unwind(panic)
            });
        }
    }
}

/// Inputs a target in a plain `cargo test`.
const INPUTS: u64 = 40_000;

#[test]
fn mutations_of_the_corpus_are_survived() {
    let seconds = std::env::var("AACORN_FUZZ_SECONDS").ok().map(|text| Duration::from_secs_f64(text.parse().unwrap()));
    // Another start for every long run; the same one in a plain test, which leaves the corpus as it is.
    let (seed, root) = match seconds {
        Some(_) => (std::process::id().into(), Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")),
        None => (1, Path::new(env!("CARGO_TARGET_TMPDIR")).to_owned()),
    };
    for (name, target) in TARGETS {
        let seeds = corpus(name);
        let mut stream = Stream::new(seed, "fuzz", &[name.as_bytes()]);
        let (start, mut runs) = (Instant::now(), 0u64);
        while seconds.map_or(runs < INPUTS, |seconds| start.elapsed() < seconds) {
            let bytes = mutate(&mut stream, &seeds);
            runs += 1;
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| target(&bytes))) {
                let kept = root.join(name).join(format!("found-{}", fingerprint(&bytes, 12)));
                fs::create_dir_all(kept.parent().unwrap()).unwrap();
                fs::write(&kept, &bytes).unwrap();
                eprintln!("{name} fails on what is now kept as {}", kept.display());
                resume_unwind(panic);
            }
        }
        println!("{name}: {runs} inputs in {:.1} s", start.elapsed().as_secs_f64());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        TARGETS.iter().for_each(|(_, target)| target(&bytes));
    }

    #[test]
    fn pieces_of_lines_are_survived(pieces in prop::collection::vec(prop::sample::select(TOKENS.to_vec()), 0..24)) {
        let bytes = pieces.concat();
        TARGETS.iter().for_each(|(_, target)| target(&bytes));
    }

    #[test]
    fn any_value_is_decoded(number: i64, text: String, flag: bool, key in "custom_id|response|result|error|body|metadata|choices") {
        let value: Value = serde_json::json!({"custom_id": text, &key: [number, {&key: flag}], "response": {&key: text}});
        decoding(value.to_string().as_bytes());
    }
}
