//! Variants a second: `cargo bench --bench augment`.
//!
//! First whole files, as `aacorn augment` does them, in CPU seconds (Linux; medians of five): reading, drawing, proving, correcting, writing, syncing;
//! then one and two threads on the wall, and the peak of memory for a file ten times as large; then the mix of errors by severity. Then single utterances through the core, on the wall.
//! Data: the conversations in `$AACORN_BENCH_DATA` (JSON Lines), for which `$AACORN_BENCH_LOCALE` is the locale; else what `aacorn run --num 2000` makes.
#![allow(clippy::unwrap_used, reason = "a benchmark stops at what it did not expect")]

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use aacorn::assets::Assets;
use aacorn::augment::{Augmenter, COLUMNS, Input, Key, Options, SEVERITIES, Workspace, augment};
use aacorn::language::Languages;
use aacorn::model::Locale;
use aacorn::progress::Silent;
use divan::Bencher;
use divan::counter::ItemsCount;

/// The utterance of 39 characters by which tools are compared.
const COMPARED: &str = "could you turn the heating up a bit now";

const LOCALES: [&str; 5] = ["en-GB", "ar-SA", "ja-JP", "ko-KR", "fr-FR"];

fn main() {
    // `cargo test --benches` and `--list` want no figures.
    if std::env::args().any(|arg| arg == "--bench") && !std::env::args().any(|arg| arg == "--list") {
        whole_files();
        mixes();
    }
    divan::main();
}

fn locales() -> Vec<String> {
    match (std::env::var("AACORN_BENCH_DATA"), std::env::var("AACORN_BENCH_LOCALE")) {
        (Ok(_), Ok(locale)) => vec![locale],
        (Ok(_), Err(_)) => vec!["en-GB".to_owned()],
        _ => LOCALES.map(str::to_owned).to_vec(),
    }
}

fn data(code: &str) -> PathBuf {
    if let Ok(path) = std::env::var("AACORN_BENCH_DATA") {
        return path.into();
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench-augment").join(code);
    let file = folder.join(format!("output/{code}/{code}_all_conversations.jsonl"));
    if !file.exists() {
        fs::create_dir_all(&folder).unwrap();
        let mut run = Command::new(env!("CARGO_BIN_EXE_aacorn"));
        run.args(["run", "--lang", code, "--num", "2000"]).current_dir(&folder);
        assert!(run.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success());
    }
    file
}

fn whole_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    for code in locales() {
        let text = fs::read(data(&code)).unwrap();
        for (name, times) in [("one.jsonl", 1), ("ten.jsonl", 10)] {
            let mut out = File::create(file(name)).unwrap();
            (0..times).for_each(|_| out.write_all(&text).unwrap());
        }
        let run = |jobs: usize| {
            let input = Input::File { path: file("ten.jsonl"), locale: Locale::parse(&code), output: None };
            let options = Options { input, seed: 1, jobs, edits: false, profiles: vec![], dictionaries: None };
            let (cpu, wall) = (cpu_seconds(), Instant::now());
            let report = augment(&options, &Languages::new(Assets::embedded()), &Silent).unwrap();
            (report.files[0].variants, cpu_seconds() - cpu, wall.elapsed().as_secs_f64())
        };
        let one: Vec<_> = (0..5).map(|_| run(1)).collect();
        let two: Vec<_> = (0..5).map(|_| run(2)).collect();
        let variants = one[0].0 as f64;
        let cpu = median(one.iter().map(|run| run.1));
        let wall = |runs: &[(u64, f64, f64)]| median(runs.iter().map(|run| run.2));
        println!(
            "{code}: {:.2} M variants a CPU second; two threads {:.2} × one; peak {} MiB after {variants} variants",
            variants / cpu / 1e6,
            wall(&one) / wall(&two),
            peak_kib() >> 10,
        );
    }
}

/// Prints how the errors of each severity are shared out among the kinds, beside what the device states: exactness leaves its mark on the milder
/// ones, where few errors must make up the whole distance.
fn mixes() {
    let (augmenter, utterances) = (augmenter("en-GB"), utterances("en-GB"));
    let mut workspace = Workspace::default();
    for (column, (name, device)) in COLUMNS.iter().zip(augmenter.devices()).enumerate() {
        let mut counts = [[0u32; 5]; SEVERITIES.len()];
        for (turn, utterance) in (0..).zip(&utterances).filter(|(_, text)| text.chars().count() >= 20) {
            let variants = augmenter.variants(utterance, Key { record: b"mix", turn }, &mut workspace);
            for (severity, counts) in counts.iter_mut().enumerate() {
                variants.kinds(column, severity).for_each(|kind| counts[kind as usize] += 1);
            }
        }
        println!("{name}: percent of errors, as stated, then by severity");
        for (at, (kind, stated)) in device.mix().shares().into_iter().take(5).enumerate() {
            let share = |counts: &[u32; 5]| 100.0 * f64::from(counts[at]) / f64::from(counts.iter().sum::<u32>());
            let found: Vec<_> = counts.iter().map(|counts| format!("{:5.1}", share(counts))).collect();
            println!("  {kind:?} {:.1}: {}", f64::from(stated) / 10.0, found.join(" "));
        }
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What this thread has used of processors; the stage with one job works in the thread that calls it.
fn cpu_seconds() -> f64 {
    let all = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    all.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()).map_or(f64::NAN, |ns| ns / 1e9)
}

/// The high-water mark of this process's resident memory; 0 where the system does not tell.
fn peak_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}

fn augmenter(code: &str) -> Augmenter {
    let languages = Languages::new(Assets::embedded());
    let locale = Locale::parse(code).unwrap();
    Augmenter::new(&locale, &languages.keyboards(&locale).unwrap(), &languages.text_rules(&locale).unwrap(), &[], 1)
}

fn utterances(code: &str) -> Vec<String> {
    let text = fs::read_to_string(data(code)).unwrap();
    let records = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let typed = records.flat_map(|record| record["conversation"].as_array().cloned().unwrap_or_default());
    let typed = typed.filter(|turn| turn["is_aac_user"] == true);
    typed.filter_map(|turn| turn["utterance"].as_str().map(str::to_owned)).take(2000).collect()
}

/// All twelve variants of each utterance, exactness verified, without files and corrections.
#[divan::bench(args = locales())]
fn twelve_variants(bencher: Bencher<'_, '_>, code: &str) {
    let (augmenter, utterances) = (augmenter(code), utterances(code));
    let mut workspace = Workspace::default();
    let mut text = Vec::new();
    bencher.counter(ItemsCount::new(12 * utterances.len())).bench_local(|| {
        for (turn, utterance) in (0..).zip(&utterances) {
            let variants = augmenter.variants(utterance, Key { record: b"bench", turn }, &mut workspace);
            for column in 0..3 {
                for severity in 0..4 {
                    text.clear();
                    variants.write(column, severity, &mut text);
                }
            }
        }
        text.len()
    });
}

/// One utterance of 39 characters at 15 %, verified, with its edit log.
#[divan::bench(sample_size = 1000)]
fn one_variant_with_its_log(bencher: Bencher<'_, '_>) {
    let augmenter = augmenter("en-GB");
    let mut workspace = Workspace::default();
    let mut turn = 0;
    bencher.counter(ItemsCount::new(1u32)).bench_local(|| {
        turn += 1;
        let variant = augmenter.variant(COMPARED, Key { record: b"bench", turn }, 0, 1, &mut workspace);
        (variant.text(0, 1), variant.log(0, 1))
    });
}
