//! `process` with an index that does not fit in memory: the same files, report and strays as with one that does.

#![allow(clippy::unwrap_used, reason = "a test says what broke by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aacorn::Error;
use aacorn::assets::Assets;
use aacorn::language::Languages;
use aacorn::model::{Reason, Stray};
use aacorn::process::{INDEX_BYTES, Options, Output, Report, process};
use aacorn::progress::{Progress, Silent, Task};
use aacorn::recipe::Rules;
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use serde_json::json;

const LOCALES: [&str; 4] = ["fr-FR", "en-GB", "en-US", "xx"];
const REQUESTS: usize = 120;

/// What is done to a run's files.
#[derive(Debug, Clone)]
struct Case {
    /// Of each request: its locale and which of three metadata files it is in.
    requests: Vec<(usize, usize)>,
    /// Requests that are planned once more, each in a file and under a locale.
    again: Vec<(Index, usize, usize)>,
    /// Result lines: whose, of which kind, in which of two files. The order is theirs.
    results: Vec<(usize, u8, usize)>,
    /// How many of the results an earlier run had, and whether it knew all metadata.
    earlier: (Index, bool),
    /// Whether a person added a line to what the earlier run wrote.
    edited: bool,
    one_file: bool,
}

fn case() -> impl Strategy<Value = Case> {
    let requests = prop::collection::vec((0..LOCALES.len(), 0..3usize), REQUESTS);
    let again = prop::collection::vec((any::<Index>(), 0..3usize, 0..LOCALES.len()), 0..12);
    // Ids from REQUESTS on are nobody's.
    let whose: Vec<usize> = (0..REQUESTS + 15).chain(0..REQUESTS).chain(0..40).collect();
    let results = subsequence(whose, 60..200).prop_shuffle();
    let results = results.prop_flat_map(|ids| {
        let lines: Vec<_> = ids.into_iter().map(|id| (Just(id), 0..12u8, 0..2usize)).collect();
        lines
    });
    let earlier = (any::<Index>(), any::<bool>());
    (requests, again, results, earlier, any::<bool>(), any::<bool>()).prop_map(
        |(requests, again, results, earlier, edited, one_file)| Case {
            requests,
            again,
            results,
            earlier,
            edited,
            one_file,
        },
    )
}

fn planned(number: usize, locale: usize) -> String {
    json!({"custom_id": format!("id-{number}"), "method": "POST", "url": "/v1/chat/completions", "body": {"model": "m"},
        "metadata": {"template_id": "aac@1/en", "lang_code": LOCALES[locale]}})
    .to_string()
}

fn result(number: usize, kind: u8) -> String {
    let conversation = |echo: Option<usize>| {
        let mut said = json!({"scene": format!("Kitchen {number}."), "conversation": [
            {"speaker": "Colin", "is_aac_user": false, "utterance": "Do you want the tea that I made for you now?"},
            {"speaker": "Margaret", "is_aac_user": true, "utterance": "no later"}]});
        if let Some(echo) = echo {
            said["custom_id"] = json!(format!("id-{echo}"));
        }
        said.to_string()
    };
    let content = match kind {
        0 => "not JSON".to_owned(),
        1 => conversation(Some((number + 1) % REQUESTS)),
        2 => conversation(Some(REQUESTS + number)),
        3 => return "{\"custom_id\":\"id-1\",\"resp".to_owned(),
        4 => return json!({"response": {"body": {"choices": [{"message": {"content": "whose?"}}]}}}).to_string(),
        _ => conversation(None),
    };
    json!({"custom_id": format!("id-{number}"), "response": {"status_code": 200, "body": {
        "choices": [{"message": {"content": content}, "finish_reason": "stop"}]}}, "error": null})
    .to_string()
}

struct Run {
    folder: tempfile::TempDir,
    one_file: bool,
}

impl Run {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write<'a>(&self, name: &str, lines: impl Iterator<Item = &'a String>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, lines.map(|line| format!("{line}\n")).collect::<String>()).unwrap();
    }

    fn options(&self, responses: &str, metadata: &str, index_bytes: usize) -> Options {
        let output = if self.one_file { self.path("o/all.jsonl") } else { self.path("o") };
        Options {
            responses: vec![self.path(responses)],
            metadata: vec![self.path(metadata)],
            output: if self.one_file { Output::File(output) } else { Output::Folder(output) },
            fresh: false,
            max_line: 1 << 20,
            index_bytes,
            jobs: 2,
            languages: Arc::new(Languages::new(Assets::embedded())),
            rules: Rules::new(),
            rows: None,
        }
    }
}

/// All files below a folder.
fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => drop(found.insert(path.clone(), fs::read_to_string(&path).unwrap())),
        }
    }
    found
}

fn prepare(case: &Case) -> Run {
    let run = Run { folder: tempfile::tempdir().unwrap(), one_file: case.one_file };
    let mut metadata = vec![Vec::new(); 3];
    for (number, (locale, file)) in case.requests.iter().enumerate() {
        metadata[*file].push(planned(number, *locale));
    }
    for (which, file, locale) in &case.again {
        metadata[*file].push(planned(which.index(REQUESTS), *locale));
    }
    for (file, lines) in metadata.iter().enumerate() {
        run.write(&format!("m/{file}_metadata.jsonl"), lines.iter());
    }
    let results = |file, count| -> Vec<String> {
        let lines = case.results.iter().take(count).filter(|(_, _, at)| *at == file);
        lines.map(|(number, kind, _)| result(*number, *kind)).collect()
    };
    for file in 0..2 {
        run.write(&format!("r/{file}.jsonl"), results(file, usize::MAX).iter());
        let early = results(file, case.earlier.0.index(case.results.len()));
        run.write(&format!("early/{file}.jsonl"), early.iter());
    }
    run
}

/// An earlier run with part of the results, then one with other results and metadata; with all that stands there after each.
fn twice(run: &Run, case: &Case, index_bytes: usize) -> Vec<(Report, BTreeMap<PathBuf, String>)> {
    let known = if case.earlier.1 { "m" } else { "m/1_metadata.jsonl" };
    let mut found = Vec::new();
    for (responses, metadata) in [("early", known), ("r", "m"), ("early", "m/0_metadata.jsonl")] {
        match process(&run.options(responses, metadata, index_bytes), &Silent) {
            Ok(report) => found.push((report, files(&run.path("o")))),
            Err(error) => assert!(matches!(error, Error::Missing { .. }), "{error}"),
        }
        if case.edited && found.len() == 1 {
            for path in files(&run.path("o")).keys().filter(|path| !path.to_string_lossy().ends_with("_rejects.jsonl"))
            {
                let text = fs::read_to_string(path).unwrap() + "{\"conversation\":[],\"scene\":\"by hand\"}\n";
                fs::write(path, text).unwrap();
            }
        }
    }
    fs::remove_dir_all(run.path("o")).unwrap();
    found
}

/// What is met on the way, so that nothing is compared that is not there.
fn seen(reports: &[(Report, BTreeMap<PathBuf, String>)], met: &mut BTreeMap<String, u64>) {
    for (report, _) in reports {
        assert!(report.total.balances(), "{report:?}");
        let mut count = |what: String, count: u64| *met.entry(what).or_default() += count;
        report.total.rejected.iter().for_each(|(reason, number)| count(reason.to_string(), *number));
        report.strays.counts.iter().for_each(|(stray, number)| count(stray.to_string(), *number));
        count("kept".to_owned(), report.locales.values().map(|locale| locale.kept).sum());
        count("planned twice".to_owned(), report.planned_twice);
        count("accepted".to_owned(), report.total.accepted);
        count("missing".to_owned(), report.total.missing);
        count(
            "from elsewhere".to_owned(),
            report.outputs.iter().filter(|output| output.sources.len() > 1).count() as u64,
        );
    }
}

#[test]
fn the_output_is_the_same_whatever_fits_in_memory() {
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 16,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(6),
        ..ProptestConfig::default()
    });
    let met = std::cell::RefCell::new(BTreeMap::new());
    let checked = runner.run(&case(), |case| {
        let run = prepare(&case);
        let whole = twice(&run, &case, INDEX_BYTES);
        seen(&whole, &mut met.borrow_mut());
        // Nothing fits; a part of the metadata; all metadata, but not what answers it.
        for limit in [0, 2000, 64 * REQUESTS + 400] {
            prop_assert_eq!(&twice(&run, &case, limit), &whole, "with {} bytes", limit);
        }
        Ok(())
    });
    checked.unwrap();
    let met = met.into_inner();
    for what in [Reason::Mispaired.to_string(), Reason::Unparseable.to_string(), Reason::Invalid.to_string()]
        .into_iter()
        .chain([Stray::UnknownId, Stray::Duplicate, Stray::NotJson, Stray::NoId].map(|stray| stray.to_string()))
        .chain(["kept", "planned twice", "accepted", "missing", "from elsewhere"].map(str::to_owned))
    {
        assert!(met.get(&what).is_some_and(|count| *count > 0), "no {what} in {met:?}");
    }
}

/// Asks to stop as soon as a task of that name begins.
struct StopAt(&'static str, AtomicBool);

impl Progress for StopAt {
    fn task<'a>(
        &'a self,
        stage: &'static str,
        what: &str,
        total: Option<u64>,
        unit: &'static str,
    ) -> Box<dyn Task + 'a> {
        self.1.fetch_or(stage == self.0, Ordering::Relaxed);
        Silent.task(stage, what, total, unit)
    }

    fn note(&self, _: &str) {}

    fn interrupted(&self) -> bool {
        self.1.load(Ordering::Relaxed)
    }
}

#[test]
fn an_interrupted_join_leaves_the_output_as_it_was_and_nothing_else() {
    let run = Run { folder: tempfile::tempdir().unwrap(), one_file: false };
    let numbers = || 0..REQUESTS;
    run.write("m.jsonl", numbers().map(|number| planned(number, number % 2)).collect::<Vec<_>>().iter());
    run.write("r.jsonl", numbers().map(|number| result(number, 9)).collect::<Vec<_>>().iter());
    process(&run.options("m.jsonl", "m.jsonl", 0), &Silent).unwrap();
    let before = files(run.folder.path());
    for task in ["join", "process"] {
        let stopped = process(&run.options("r.jsonl", "m.jsonl", 0), &StopAt(task, AtomicBool::new(false)));
        assert!(matches!(stopped, Err(Error::Interrupted)), "{stopped:?}");
        assert_eq!(files(run.folder.path()), before);
    }
    assert_eq!(process(&run.options("r.jsonl", "m.jsonl", 0), &Silent).unwrap().total.planned, REQUESTS as u64);
    assert_ne!(files(run.folder.path()), before);
}

#[test]
fn strays_beyond_those_listed_are_counted_and_the_first_are_listed() {
    let run = Run { folder: tempfile::tempdir().unwrap(), one_file: true };
    run.write("m.jsonl", [planned(0, 0)].iter());
    run.write("r.jsonl", (0..2500).rev().map(|number| result(number, 9)).collect::<Vec<_>>().iter());
    let in_memory = process(&run.options("r.jsonl", "m.jsonl", INDEX_BYTES), &Silent).unwrap();
    assert_eq!(in_memory.strays.counts[&Stray::UnknownId], 2499);
    let listed: Vec<u64> = in_memory.strays.listed[&Stray::UnknownId].iter().map(|at| at.line).collect();
    assert_eq!(listed, (1..=1000).collect::<Vec<_>>());
    fs::remove_dir_all(run.path("o")).unwrap();
    assert_eq!(process(&run.options("r.jsonl", "m.jsonl", 0), &Silent).unwrap(), in_memory);
}
