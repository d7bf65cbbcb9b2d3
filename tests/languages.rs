//! `aacorn languages`: the table, the skeleton of a new locale, and what the lint makes of it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn aacorn(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_aacorn")).args(args).current_dir(folder).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_skeleton_lists_what_must_be_written_and_counts_only_when_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let made = aacorn(folder.path(), &["languages", "new", "ga-IE", "--from", "en-GB"]);
    assert!(made.status.success(), "{}", said(&made));
    for file in [
        "languages/keyboards/ga.toml: the alphabet",
        "languages/ga/phrasebook.toml: 60 exchanges or more",
        "languages/ga-IE/scenarios.toml: 5 scenarios of its own or more",
        "templates/aac/ga/user.tera",
    ] {
        assert!(said(&made).contains(file), "{}", said(&made));
    }
    let pack = fs::read_to_string(folder.path().join("languages/ga/pack.toml")).unwrap();
    assert!(pack.contains("id = \"refusal\"\ntext = \"\"  # saying no"), "{pack}");
    let all = aacorn(folder.path(), &["generate", "--lang", "all", "--num", "1"]);
    assert!(all.status.success() && !said(&all).contains("ga-IE"), "{}", said(&all));
    let one = aacorn(folder.path(), &["generate", "--lang", "ga-IE", "--num", "1"]);
    assert_eq!(one.status.code(), Some(2), "{}", said(&one));
    let lint = aacorn(folder.path(), &["languages", "lint", "ga-IE"]);
    assert_eq!(lint.status.code(), Some(1), "{}", said(&lint));
    for missing in [
        "ga-IE: languages/ga-IE/pack.toml: terms: empty: doctor, emergency_number, health_service\n",
        "ga-IE: languages/ga/pack.toml: lists: empty: day, drink, food, place, show\n",
        "ga-IE: languages/ga/people.toml: `person` is missing\n",
        "ga-IE: languages/ga/people.toml: `partner` is missing\n",
        "ga-IE: languages/ga/phrasebook.toml: `thread` is missing\n",
        "ga-IE: languages/ga/scenarios.toml: `scenario` is missing\n",
        "ga-IE: languages/ga/text.toml: text: empty: ",
        "ga-IE: languages/keyboards/ga.toml: abc: empty: rows, source\n",
        "ga-IE: languages/keyboards/ga-IE.toml: native: empty: ",
        "ga-IE: templates/aac/ga/system.tera: nothing is written in it yet\n",
        "ga-IE: templates/aac/ga/user.tera: nothing is written in it yet\n",
    ] {
        assert!(said(&lint).contains(missing), "{missing}{}", said(&lint));
    }
    let list = said(&aacorn(folder.path(), &["languages"]));
    assert!(list.contains("ga-IE is still to be written"), "{list}");
    let all = aacorn(folder.path(), &["languages", "lint"]);
    assert!(all.status.code() == Some(1) && said(&all).contains("ga-IE: languages/ga/people.toml"), "{}", said(&all));
    let show = aacorn(folder.path(), &["languages", "show", "ga-IE"]);
    assert!(show.status.code() == Some(1) && said(&show).contains("languages lint ga-IE"), "{}", said(&show));
    let again = aacorn(folder.path(), &["languages", "new", "ga-IE"]);
    assert!(again.status.code() == Some(2) && said(&again).contains("is there already"), "{}", said(&again));
}

#[test]
fn an_error_names_the_file_in_which_the_entry_stands() {
    let folder = tempfile::tempdir().unwrap();
    let scenarios = include_str!("../languages/en-GB/scenarios.toml").replacen("{aac}", "{aca}", 1);
    let people = include_str!("../languages/en/people.toml").replacen("[\"eye_gaze\"", "[\"eye_gazing\"", 1);
    assert!(people.contains("eye_gazing"));
    for name in ["en-GB", "en"] {
        fs::create_dir_all(folder.path().join("languages").join(name)).unwrap();
    }
    fs::write(folder.path().join("languages/en/people.toml"), people).unwrap();
    fs::write(folder.path().join("languages/en-GB/scenarios.toml"), scenarios).unwrap();
    let lint = said(&aacorn(folder.path(), &["languages", "lint", "en-GB"]));
    for fault in [
        "languages/en-GB/scenarios.toml: scenario.bins_again.text: the placeholder {aca}",
        "languages/en/people.toml: person.track_engineer.access: unknown access `eye_gazing`",
    ] {
        assert!(lint.contains(fault), "{lint}");
    }
    let show = said(&aacorn(folder.path(), &["languages", "show", "en-GB"]));
    assert!(show.contains("error: languages/en/people.toml: person.track_engineer.access: "), "{show}");
    fs::remove_file(folder.path().join("languages/en-GB/scenarios.toml")).unwrap();
    let people = include_str!("../languages/en/people.toml").replacen("\nage = ", "\nyears = ", 1);
    fs::write(folder.path().join("languages/en/people.toml"), people).unwrap();
    let lint = said(&aacorn(folder.path(), &["languages", "lint", "en-GB"]));
    assert!(lint.contains("en-GB: languages/en/people.toml: person.") && lint.contains("years"), "{lint}");
}

#[test]
fn a_new_region_of_a_language_that_is_there_gets_the_regions_files_only() {
    let folder = tempfile::tempdir().unwrap();
    assert!(aacorn(folder.path(), &["languages", "new", "en-IE"]).status.success());
    let made: Vec<_> =
        fs::read_dir(folder.path().join("languages")).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(made.len(), 2, "{made:?}");
    assert!(!folder.path().join("templates").exists());
}

#[test]
fn every_file_of_a_skeleton_is_toml() {
    let folder = tempfile::tempdir().unwrap();
    assert!(aacorn(folder.path(), &["languages", "new", "gd-GB", "--from", "de-DE"]).status.success());
    let mut files = 0;
    for name in ["gd", "gd-GB", "keyboards"] {
        for entry in fs::read_dir(folder.path().join("languages").join(name)).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let table: Result<aacorn::assets::Table, _> = aacorn::assets::from_toml("it", &text);
            assert!(table.is_ok(), "{}: {table:?}", path.display());
            files += 1;
        }
    }
    assert_eq!(files, 12);
}
