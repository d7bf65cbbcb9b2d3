//! Peak memory of `process` by number of requests: `cargo bench --bench scale -- --index-memory 128 1000000 10000000`, with the
//! memory of the index in MiB. Linux only.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use aacorn::assets::Assets;
use aacorn::language::Languages;
use aacorn::process::{INDEX_BYTES, Options, Output, process};
use aacorn::progress::Silent;
use aacorn::recipe::Rules;

const SIZES: [usize; 2] = [100_000, 1_000_000];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let option = args.iter().position(|arg| arg == "--index-memory");
    let index_mib = option.and_then(|at| args.get(at + 1)?.parse().ok()).unwrap_or(INDEX_BYTES >> 20);
    let numbers = args.iter().enumerate().filter(|(at, _)| option.is_none_or(|option| *at != option + 1));
    let numbers: Vec<usize> = numbers.filter_map(|(_, arg)| arg.parse().ok()).collect();
    match std::env::var("AACORN_SCALE").ok().and_then(|size| size.parse().ok()) {
        Some(size) => measure(size, index_mib),
        None => {
            // A process of its own for each size, because a peak never goes down.
            let sizes = if numbers.is_empty() { SIZES.to_vec() } else { numbers };
            for size in sizes {
                let this = std::env::current_exe().expect("this program has a path");
                let status = Command::new(this).args(&args).env("AACORN_SCALE", size.to_string()).status();
                assert!(status.expect("it can be started").success());
            }
        }
    }
}

fn measure(requests: usize, index_mib: usize) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = |name: &str| folder.path().join(name);
    write(&path("m.jsonl"), requests, |number| {
        format!(
            r#"{{"custom_id":"en-GB-1-{number}-abcdef","body":{{"model":"m"}},"metadata":{{"lang_code":"en-GB","template_id":1}}}}"#
        )
    });
    // Another order than that of the metadata, so that nothing can be gained from it.
    write(&path("r.jsonl"), requests, |number| {
        let number = number.wrapping_mul(7_919) % requests;
        let answer = r#"{\"conversation\":[{\"speaker\":\"A\",\"utterance\":\"Is the tea what you want?\",\"is_aac_user\":false},{\"speaker\":\"B\",\"utterance\":\"no\",\"is_aac_user\":true}]}"#;
        format!(
            r#"{{"custom_id":"en-GB-1-{number}-abcdef","response":{{"body":{{"choices":[{{"message":{{"content":"{answer}"}}}}]}}}}}}"#
        )
    });
    let before = peak_kib();
    let start = Instant::now();
    let options = Options {
        responses: vec![path("r.jsonl")],
        metadata: vec![path("m.jsonl")],
        output: Output::File(path("o.jsonl")),
        fresh: true,
        max_line: 1 << 20,
        index_bytes: index_mib << 20,
        jobs: 0,
        languages: Arc::new(Languages::new(Assets::embedded())),
        rules: Rules::new(),
        rows: None,
    };
    let report = process(&options, &Silent).expect("it can be processed");
    assert_eq!(report.total.accepted, requests as u64);
    let (after, seconds) = (peak_kib(), start.elapsed().as_secs_f64());
    println!(
        "{requests:>9} requests, index {index_mib} MiB: peak {} MiB ({} MiB before), {seconds:.1} s",
        after >> 10,
        before >> 10
    );
}

fn write(path: &Path, requests: usize, line: impl Fn(usize) -> String) {
    let mut file = BufWriter::new(File::create(path).expect("it can be made"));
    (0..requests).for_each(|number| writeln!(file, "{}", line(number)).expect("it can be written"));
    file.flush().expect("it can be written");
}

/// The high-water mark of this process's resident memory.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells it");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells it");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
