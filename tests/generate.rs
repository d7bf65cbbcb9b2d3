//! Batch files: the guide's names and keys, one plan item a request, the same bytes for the same seed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aacorn::Error;
use aacorn::assets::Assets;
use aacorn::dialect::JsonMode;
use aacorn::generate::{Amount, Options, generate, lint};
use aacorn::language::Languages;
use aacorn::model::{Locale, Provider};
use aacorn::progress::Silent;
use aacorn::recipe::{Planner, Prompter, Recipe, Topic, locale_of, read_back};
use serde_json::{Map, Value, json};

fn options(languages: &Languages, lang: &[&str], out: &Path) -> Options {
    Options {
        recipe: "aac".to_owned(),
        locales: languages.resolve(lang).unwrap(),
        amount: Amount::More { num: 12, start: None },
        seed: 7,
        provider: Provider::OpenAi,
        service: aacorn::dialect::Service::openai(),
        model: None,
        params: Map::new(),
        json_mode: JsonMode::Schema,
        knowledge: None,
        out: out.to_owned(),
        now: "2026-01-01T00:00:00Z".parse().unwrap(),
    }
}

fn setup() -> (Assets, Languages, tempfile::TempDir) {
    let assets = Assets::embedded();
    (assets.clone(), Languages::new(assets), tempfile::tempdir().unwrap())
}

fn lines(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn tree(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(
                tree(&path).into_iter().map(|(name, bytes)| (Path::new(path.file_name().unwrap()).join(name), bytes)),
            );
        } else {
            found.insert(path.file_name().unwrap().into(), fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn the_guides_two_files_hold_the_guides_keys() {
    let (assets, languages, out) = setup();
    let report = generate(&assets, &languages, &options(&languages, &["en-GB"], out.path()), &Silent).unwrap();
    let shard = &report.locales[0].shards[0];
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(name(&shard.requests_file), format!("openai_batch_en-GB_{}.jsonl", report.run));
    assert_eq!(name(&shard.metadata_file), format!("batch_en-GB_openai_{}_metadata.jsonl", report.run));
    assert!(report.run.starts_with("20260101_000000_") && report.run.len() == 24);

    let (requests, metadata) = (lines(&shard.requests_file), lines(&shard.metadata_file));
    assert_eq!((requests.len(), metadata.len()), (12, 12));
    for (nth, (request, with_metadata)) in requests.iter().zip(&metadata).enumerate() {
        assert_eq!(request.as_object().unwrap().keys().collect::<Vec<_>>(), ["custom_id", "method", "url", "body"]);
        let mut without = with_metadata.clone();
        let nested = without.as_object_mut().unwrap().remove("metadata").unwrap();
        assert_eq!(&without, request);
        assert_eq!(nested["lang_code"], "en-GB");
        assert_eq!(nested["created_at"], "2026-01-01T00:00:00Z");
        assert_eq!(nested["template_id"], "aac@1/en");
        assert_eq!((&nested["plan"]["seed"], &nested["plan"]["index"]), (&json!(7), &json!(nth)));
        for part in ["scenario", "person", "partner", "style", "length", "access", "opens", "turns", "prompt_hash"] {
            assert!(!nested["plan"][part].is_null(), "{part}");
        }
        let id = request["custom_id"].as_str().unwrap();
        assert!(id.starts_with(&format!("en-GB-7-{nth}-")) && id.len() <= 64, "{id}");
    }
}

#[test]
fn files_are_raw_utf_8_with_line_feeds_and_no_bom() {
    let (assets, languages, out) = setup();
    let report = generate(&assets, &languages, &options(&languages, &["ar-SA"], out.path()), &Silent).unwrap();
    let bytes = fs::read(&report.locales[0].shards[0].requests_file).unwrap();
    assert!(bytes.ends_with(b"}\n") && !bytes.contains(&b'\r') && bytes.starts_with(b"{"));
    let text = String::from_utf8(bytes).unwrap();
    assert!(!text.contains("\\u06"), "Arabic letters are not escaped");
    assert!(!text.contains("\n\n"));
}

#[test]
fn the_same_seed_gives_the_same_bytes_wherever_it_starts() {
    let (assets, languages, _) = setup();
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for out in [&one, &two] {
        generate(&assets, &Languages::new(assets.clone()), &options(&languages, &["all"], out.path()), &Silent)
            .unwrap();
    }
    assert_eq!(tree(one.path()), tree(two.path()));

    let three = tempfile::tempdir().unwrap();
    let mut later = options(&languages, &["fr-FR"], three.path());
    later.amount = Amount::More { num: 3, start: Some(5) };
    let report = generate(&assets, &languages, &later, &Silent).unwrap();
    let whole = lines(
        tree(two.path())
            .keys()
            .find(|path| is_request_file(path, "fr-FR"))
            .map(|name| two.path().join(name))
            .unwrap()
            .as_path(),
    );
    assert_eq!(lines(&report.locales[0].shards[0].requests_file), whole[5..8]);
}

fn is_request_file(path: &Path, locale: &str) -> bool {
    path.file_name().unwrap().to_str().unwrap().starts_with(&format!("openai_batch_{locale}_"))
}

#[test]
fn a_folder_that_holds_the_seed_is_gone_on_with() {
    let (assets, languages, out) = setup();
    let mut first = options(&languages, &["en-GB"], out.path());
    generate(&assets, &languages, &first, &Silent).unwrap();
    let report = generate(&assets, &languages, &first, &Silent).unwrap();
    assert_eq!((report.locales[0].start, report.locales[0].requests), (12, 12));
    first.seed = 8;
    let report = generate(&assets, &languages, &first, &Silent).unwrap();
    assert_eq!(report.locales[0].start, 0);

    first.seed = 9;
    first.amount = Amount::More { num: 2, start: Some(3) };
    generate(&assets, &languages, &first, &Silent).unwrap();
    for start in [2, 3, 4] {
        first.amount = Amount::More { num: 2, start: Some(start) };
        let twice = generate(&assets, &languages, &first, &Silent);
        assert!(matches!(twice, Err(Error::Usage(what)) if what.contains("take --start 5")), "{start}");
    }
    first.amount = Amount::UpTo(8);
    let report = generate(&assets, &languages, &first, &Silent).unwrap();
    let made = lines(&report.locales[0].shards[0].metadata_file);
    let made: Vec<u64> = made.iter().map(|line| line["metadata"]["plan"]["index"].as_u64().unwrap()).collect();
    assert_eq!(made, [0, 1, 2, 5, 6, 7], "what is missing below the end is made, wherever the gap is");

    first.seed = 7;
    first.amount = Amount::UpTo(24);
    let report = generate(&assets, &languages, &first, &Silent).unwrap();
    assert_eq!((report.locales[0].requests, report.locales[0].shards.len()), (0, 0));
}

#[test]
fn every_pack_passes_the_lint() {
    let (assets, languages, _) = setup();
    let recipe = Recipe::load(&assets, "aac").unwrap();
    let locales = languages.locales();
    assert!(locales.len() >= 3);
    for locale in locales {
        let findings = lint(&assets, &languages, &recipe, &locale).unwrap().findings;
        let told: Vec<String> = findings.iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "{}", told.join("\n"));
    }
}

#[test]
fn a_prompt_tells_its_plan_item_again() {
    let (assets, languages, _) = setup();
    let recipe = Recipe::load(&assets, "aac").unwrap();
    for locale in languages.locales() {
        let pack = languages.pack(&locale).unwrap();
        let prompter = Prompter::new(&assets, &recipe, Arc::clone(&pack), &locale).unwrap();
        let mut planner = Planner::new(Arc::clone(&pack), &locale, &recipe, 3).unwrap();
        let mut bytes = Vec::new();
        for index in 0..200 {
            let item = planner.item(index);
            prompter.user(&item, &mut bytes).unwrap();
            let prompt = std::str::from_utf8(&bytes).unwrap();
            assert_eq!(locale_of(prompt, &languages), Some(locale.clone()));
            assert_eq!(read_back(prompt, &pack).as_ref(), Some(&item), "{prompt}");
        }
    }
}

#[test]
fn no_two_of_fifty_share_scenario_and_people() {
    let (assets, languages, _) = setup();
    let recipe = Recipe::load(&assets, "aac").unwrap();
    for locale in languages.locales() {
        let pack = languages.pack(&locale).unwrap();
        let mut planner = Planner::new(Arc::clone(&pack), &locale, &recipe, 1).unwrap();
        let drawn: BTreeSet<_> = (0..50)
            .map(|index| {
                let item = planner.item(index);
                assert!(item.style.lengths.contains(&item.length.id), "style and length agree");
                assert!(item.person.access.contains(&item.access.id), "the person types that way");
                let Topic::Scenario(scenario) = item.topic else { panic!("no knowledge file was given") };
                assert!(scenario.fits(item.person, item.partner));
                (scenario.id.clone(), item.person.id.clone(), item.partner.id.clone())
            })
            .collect();
        assert_eq!(drawn.len(), 50);
    }
}

#[test]
fn files_split_at_the_limit_of_requests() {
    let (assets, languages, out) = setup();
    let mut many = options(&languages, &["en-GB"], out.path());
    many.amount = Amount::More { num: 50_001, start: None };
    let report = generate(&assets, &languages, &many, &Silent).unwrap();
    let shards = &report.locales[0].shards;
    assert_eq!(shards.iter().map(|shard| shard.requests).sum::<u64>(), 50_001);
    assert!(shards.len() > 1);
    for (nth, shard) in shards.iter().enumerate() {
        assert!(shard.requests <= 50_000 && shard.bytes <= 200_000_000);
        assert_eq!(fs::metadata(&shard.requests_file).unwrap().len(), shard.bytes);
        let ending = format!("_{}-{:02}.jsonl", report.run, nth + 1);
        assert!(shard.requests_file.to_str().unwrap().ends_with(&ending));
        let ending = format!("_{}-{:02}_metadata.jsonl", report.run, nth + 1);
        assert!(shard.metadata_file.to_str().unwrap().ends_with(&ending));
    }
    let ids: BTreeSet<String> = shards
        .iter()
        .flat_map(|shard| lines(&shard.requests_file))
        .map(|line| line["custom_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(ids.len(), 50_001);
}

#[test]
fn an_unknown_locale_names_the_nearest_and_writes_nothing() {
    let (_, languages, _) = setup();
    let error = languages.resolve(&["en-UK"]).unwrap_err().to_string();
    assert!(error.contains("en-UK") && error.contains("en-GB"), "{error}");
    assert_eq!(languages.resolve(&["en_gb", "en-GB"]).unwrap(), [Locale::parse("en-GB").unwrap()]);
}

#[test]
fn a_template_beside_the_project_overrides_and_its_faults_are_pointed_at() {
    let project = tempfile::tempdir().unwrap();
    let folder = project.path().join("templates/aac/en");
    fs::create_dir_all(&folder).unwrap();
    let whole = include_str!("../templates/aac/en/user.tera");
    fs::write(folder.join("user.tera"), format!("{whole} {{{{ nobody }}}}")).unwrap();
    let assets = Assets::with_overrides(project.path());
    let languages = Languages::new(assets.clone());
    let out = project.path().join("out");
    let error = generate(&assets, &languages, &options(&languages, &["en-GB"], &out), &Silent).unwrap_err().to_string();
    assert!(error.contains("templates/aac/en/user.tera") && error.contains("`nobody`"), "{error}");
    fs::write(folder.join("user.tera"), whole.replace("{{ labels.mood }}{{ mood }}", "")).unwrap();
    let error = generate(&assets, &languages, &options(&languages, &["en-GB"], &out), &Silent).unwrap_err().to_string();
    assert!(error.contains("templates/aac/en/user.tera") && error.contains("`mood`"), "{error}");
    assert!(!out.exists());
}

#[test]
fn a_pack_beside_the_project_overrides_and_its_faults_are_pointed_at() {
    let project = tempfile::tempdir().unwrap();
    let folder = project.path().join("languages/en-GB");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("pack.toml"), "extends = \"en\"\nname = \"British English\"\ncolour = 1\n").unwrap();
    let languages = Languages::new(Assets::with_overrides(project.path()));
    let error = languages.pack(&Locale::parse("en-GB").unwrap()).unwrap_err().to_string();
    assert!(error.contains("languages/en-GB") && error.contains("colour"), "{error}");
}

#[test]
fn the_lint_tells_copies_and_texts_of_another_language() {
    let project = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = project.path().join("languages").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let (assets, languages, _) = setup();
    let original = languages.pack(&Locale::parse("sv-SE").unwrap()).unwrap();
    let copied = &languages.pack(&Locale::parse("da-DK").unwrap()).unwrap().people[0].name;
    let region = assets.read(aacorn::assets::Folder::Languages, "sv-SE/people.toml").unwrap().unwrap();
    let first = &original.people[0].id;
    write("sv-SE/people.toml", &format!("{region}\n[[person]]\nid = \"{first}\"\nname = \"{copied}\"\n"));
    let scenarios = assets.read(aacorn::assets::Folder::Languages, "sv-SE/scenarios.toml").unwrap().unwrap();
    let said = &original.scenarios[0];
    write(
        "sv-SE/scenarios.toml",
        &format!(
            "{scenarios}\n[[scenario]]\nid = \"again\"\ntext = \"{} Igen.\"\ndomain = \"home\"\npurpose = \"humour\"\nsetting = \"kitchen\"\n\
             partners = [\"friend\"]\nopens = \"aac\"\n",
            said.text
        ),
    );
    let book = assets.read(aacorn::assets::Folder::Languages, "nb/phrasebook.toml").unwrap().unwrap();
    let en = languages.pack(&Locale::parse("en-GB").unwrap()).unwrap();
    let mut english = en
        .threads
        .iter()
        .flat_map(|thread| &thread.exchanges)
        .map(|it| &it.intended)
        .filter(|it| !it.contains(['{', '"']));
    let written: String = book
        .lines()
        .map(|line| match line.split_once(" = ") {
            Some((key @ ("intended" | "reaction"), _)) => {
                format!("{key} = \"{}\"\n", english.next().unwrap())
            }
            _ => format!("{line}\n"),
        })
        .collect();
    write("nb/phrasebook.toml", &written);
    let assets = Assets::with_overrides(project.path());
    let (languages, recipe) = (Languages::new(assets.clone()), Recipe::load(&assets, "aac").unwrap());
    let told = |code: &str| {
        let lint = lint(&assets, &languages, &recipe, &Locale::parse(code).unwrap()).unwrap();
        lint.findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let swedish = told("sv-SE");
    assert!(swedish.contains(&format!("scenario.again: nearly the same as scenario.{}", said.id)), "{swedish}");
    assert!(swedish.contains(&format!("`{copied}` is also the name of somebody in da-DK")), "{swedish}");
    let norwegian = told("nb-NO");
    assert!(norwegian.contains("its language reads as `en`"), "{norwegian}");
}
