//! One record on the terminal: a conversation as a table of turns with its variants below, anything else field by field.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Reset, Style};
use serde_json::Value;

use super::{Look, diff, locale};
use crate::augment::{COLUMNS, SEVERITIES};
use crate::cli::print;
use crate::rows::{Columns, Row, flatten};

const HEAD: Style = Style::new().bold();
const QUIET: Style = AnsiColor::BrightBlack.on_default();

/// Letters of scripts that run from right to left, and the isolates that keep such a text together on its line.
const RIGHT_TO_LEFT: std::ops::RangeInclusive<char> = '\u{590}'..='\u{8FF}';
const ISOLATE: [char; 2] = ['\u{2068}', '\u{2069}'];

/// The record as lines.
pub(super) fn shown(row: &Row, look: Look) -> String {
    let mut out = head(row);
    match row.columns.get("conversation").and_then(Value::as_array) {
        Some(turns) => {
            if let Some(scene) = row.columns.get("scene").and_then(Value::as_str) {
                let _ = writeln!(out, "{}", isolated(&one_line(scene)));
            }
            conversation(&mut out, turns, look.width);
            if look.variants {
                turns.iter().filter_map(Value::as_object).for_each(|turn| noisy(&mut out, turn, look.colour));
            }
        }
        None => fields(&mut out, &row.columns),
    }
    out
}

fn head(row: &Row) -> String {
    let text = |name: &str| crate::rows::get(&row.columns, name).and_then(Value::as_str);
    let id = text("custom_id").or_else(|| text("metadata.custom_id")).or_else(|| text("id"));
    let id = id.map_or_else(|| format!("{}:{}", row.file.display(), row.line), one_line);
    let facts = [locale(row), text("metadata.model"), text("metadata.provider")];
    let facts: Vec<String> = facts.into_iter().flatten().map(one_line).collect();
    let flags = crate::rows::get(&row.columns, "metadata.qc").filter(|flags| **flags != Value::Array(Vec::new()));
    let flags = flags.map_or_else(String::new, |flags| format!("  flags {flags}"));
    format!("{HEAD}{id}{Reset}  {QUIET}{}{flags}{Reset}\n", facts.join("  "))
}

fn conversation(out: &mut String, turns: &[Value], width: Option<u16>) {
    let field = |turn: &Value, name: &str| turn.get(name).and_then(Value::as_str).map(one_line).unwrap_or_default();
    let rows = turns.iter().map(|turn| {
        let (said, meant) = (field(turn, "utterance"), field(turn, "utterance_intended"));
        let meant = if meant == said { String::new() } else { meant };
        [field(turn, "speaker"), said, meant].map(|text| isolated(&text))
    });
    let right = turns.iter().any(|turn| field(turn, "utterance").contains(|char| RIGHT_TO_LEFT.contains(&char)));
    let table = print::text_table(["", "typed or said", "intended"], rows.collect(), right, width);
    out.push_str(&table);
    out.push('\n');
}

/// The variants of a turn, each with what differs from what was typed in colour, where there are colours.
fn noisy(out: &mut String, turn: &Columns, colour: bool) {
    let text = |name: &str| turn.get(name).and_then(Value::as_str).map(harmless);
    let Some(typed) = text("utterance") else { return };
    let differing = |text: &str| if colour { diff::coloured(&typed, text) } else { text.to_owned() };
    let mut lines = Vec::new();
    for column in COLUMNS {
        for severity in SEVERITIES.map(|severity| severity.name) {
            if let Some(variant) = text(&format!("noisy_{column}_{severity}")) {
                lines.push((format!("{column} {severity}"), differing(&variant)));
            }
        }
    }
    for variant in turn.get("variants").and_then(Value::as_array).into_iter().flatten() {
        let part = |name: &str| variant.get(name).and_then(Value::as_str).unwrap_or_default();
        lines.push((format!("{} {}", part("profile"), part("severity")), differing(&harmless(part("text")))));
    }
    for name in ["minimally_corrected", "fully_corrected"] {
        if let Some(corrected) = text(name) {
            lines.push((name.replace('_', " "), differing(&corrected)));
        }
    }
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{HEAD}{}{Reset}", isolated(&typed));
    for (name, text) in lines {
        let _ = writeln!(out, "  {QUIET}{name:<20}{Reset} {}", isolated(&text));
    }
}

fn fields(out: &mut String, columns: &Columns) {
    // Names of a flat row are as they are, dots and all.
    let nested = columns.values().any(|value| value.is_object() || value.is_array());
    let flat = if nested { flatten(columns) } else { columns.clone() };
    let longest = flat.keys().map(|name| name.chars().count()).max().unwrap_or_default().min(32);
    for (name, value) in flat {
        let value = match value {
            Value::String(text) => isolated(&text.replace('\n', "\n    ")),
            other => other.to_string(),
        };
        let _ = writeln!(out, "{QUIET}{name:<longest$}{Reset}  {}", harmless(&value));
    }
}

fn one_line(text: &str) -> String {
    harmless(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// Text without the control characters by which it could take hold of a terminal; our own colours are put around it later.
fn harmless(text: &str) -> String {
    let stripped = anstream::adapter::strip_str(text).to_string();
    stripped.chars().map(|char| if char.is_control() && char != '\n' { '\u{FFFD}' } else { char }).collect()
}

/// A right-to-left text between isolates, so that what stands beside it keeps its place.
fn isolated(text: &str) -> String {
    if text.contains(|char| RIGHT_TO_LEFT.contains(&char)) {
        format!("{}{text}{}", ISOLATE[0], ISOLATE[1])
    } else {
        text.to_owned()
    }
}
