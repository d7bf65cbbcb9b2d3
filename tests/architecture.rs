//! The layout of the library holds: modules use only those below them, and ARCHITECTURE.md names every file there is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// From the top; a module may use those in rows below its own, and the neighbours named in `ARROWS`.
const ROWS: &[&[&str]] = &[
    &["cli"],
    &["pipeline"],
    &["generate", "process", "augment", "jobs"],
    &["serve", "provider", "ledger"],
    &["dialect"],
    &["recipe", "language", "price"],
    &["model", "crew"],
    &["files", "http", "sqlite", "assets", "json", "progress", "random", "rows"],
    &["error", "fault", "origin"],
];

/// (user, used) within a row.
const ARROWS: &[(&str, &str)] = &[
    ("recipe", "language"),
    ("http", "files"),
    ("rows", "files"),
    ("rows", "progress"),
    ("rows", "random"),
    ("http", "random"),
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn row(module: &str) -> usize {
    ROWS.iter().position(|row| row.contains(&module)).unwrap_or_else(|| panic!("`{module}` stands in no row"))
}

/// The members of a group of names, of which `group` is what follows its brace; groups in it belong to their member.
fn members(group: &str) -> Vec<&str> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, char) in group.char_indices() {
        match char {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                found.push(group[start..at].trim());
                start = at + 1;
                if char == '}' {
                    return found;
                }
            }
            _ => {}
        }
    }
    panic!("a group of names without an end");
}

/// The modules that a source text names in `crate::module…`, tests and comments included.
fn used(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices("crate::") {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|char| char.is_alphanumeric() || char == '_') {
            continue;
        }
        let rest = &text[at + "crate::".len()..];
        let names = match rest.strip_prefix('{') {
            Some(group) => members(group),
            None => vec![rest],
        };
        for name in names {
            let name: String = name.chars().take_while(|char| char.is_alphanumeric() || *char == '_').collect();
            match name.as_str() {
                "Error" | "Result" => found.insert("error".to_owned()),
                other if other.starts_with(char::is_lowercase) => found.insert(other.to_owned()),
                _ => false,
            };
        }
    }
    found
}

#[test]
fn modules_use_only_what_is_below_them() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut upward = Vec::new();
    for path in sources(&src) {
        let relative = path.strip_prefix(&src).unwrap();
        let module = relative.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs");
        if matches!(module, "lib" | "main") {
            continue;
        }
        for other in used(&fs::read_to_string(&path).unwrap()) {
            let allowed = other == module || row(&other) > row(module) || ARROWS.contains(&(module, other.as_str()));
            if !allowed {
                upward.push(format!("{} uses crate::{other}", relative.display()));
            }
        }
    }
    assert!(upward.is_empty(), "arrows that point upward:\n{}", upward.join("\n"));
}

/// The first paragraph of a file's own description, links as plain code.
fn opening(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim);
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ").replace("[`", "`").replace("`]", "`")
}

#[test]
fn a_group_in_a_group_hides_nothing() {
    let text = "use crate::{files::{Lines, Blocks}, random::{self, Stream}, Error};\nuse crate::json;";
    let found: Vec<_> = used(text).into_iter().collect();
    assert_eq!(found, ["error", "files", "json", "random"]);
}

#[test]
fn architecture_md_names_every_file_and_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let named: BTreeSet<String> = page
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| `src/")?.split('`').next()?.to_owned()))
        .map(|name| format!("src/{name}"))
        .collect();
    let there: BTreeSet<String> = sources(&root.join("src"))
        .iter()
        .map(|path| path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/"))
        .collect();
    let rows = page.lines().filter(|line| line.starts_with("| `src/")).count();
    assert_eq!(rows, named.len(), "a file is named twice");
    assert!(!page.contains("<<<<<<<"), "a conflict was left");
    for line in page.lines().filter(|line| line.starts_with("| `src/")) {
        let (name, told) = line.trim_matches(['|', ' ']).split_once(" | ").unwrap();
        let file = fs::read_to_string(root.join(name.trim_matches('`'))).unwrap_or_default();
        let doc = opening(&file);
        assert!(doc.starts_with(told), "{name} says of itself: {doc}");
    }
    let missing: Vec<_> = there.difference(&named).collect();
    let stale: Vec<_> = named.difference(&there).collect();
    assert!(missing.is_empty() && stale.is_empty(), "not named: {missing:?}; named but not there: {stale:?}");
}
