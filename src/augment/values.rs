//! The values that a turn gains, written as JSON.

use std::io::Write as _;

use serde::Serialize;

use crate::augment::augmenter::{Augmenter, COLUMNS, Variants};
use crate::augment::log::LoggedEdit;
use crate::augment::severity::{PerSeverity, SEVERITIES};
use crate::augment::splice::write_string;

/// Writes a variant as a string.
pub fn write_variant(variants: &Variants<'_>, column: usize, severity: usize, out: &mut Vec<u8>) {
    if variants.plain(column) {
        out.push(b'"');
        variants.write(column, severity, out);
        out.push(b'"');
    } else {
        write_string(out, |out| variants.write(column, severity, out));
    }
}

/// `{"graphemes":20,"asked":[1,3,5,7],"qwerty":[1,3,5,7],…}`: the grapheme distances asked for and made, mildest first.
pub fn write_noise(variants: &Variants<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"graphemes\":");
    write_number(variants.graphemes() as u32, out);
    let mut list = |name: &str, numbers: &PerSeverity| {
        out.extend_from_slice(b",\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        for (number, before) in numbers.iter().zip([b'[', b',', b',', b',']) {
            out.push(before);
            write_number(*number, out);
        }
        out.push(b']');
    };
    list("asked", &variants.asked());
    for (column, name) in COLUMNS.iter().enumerate() {
        list(name, variants.reached(column));
    }
    out.push(b'}');
}

fn write_number(number: u32, out: &mut Vec<u8>) {
    if number >= 100 {
        write_number(number / 100, out);
    }
    if number >= 10 {
        out.push(b'0' + (number / 10 % 10) as u8);
    }
    out.push(b'0' + (number % 10) as u8);
}

/// Writes the edit logs of all columns, by the names of their variants.
pub fn write_edits(variants: &Variants<'_>, out: &mut Vec<u8>) {
    let mut before = '{';
    for severity in 0..SEVERITIES.len() {
        for column in 0..COLUMNS.len() {
            let _ = write!(out, "{before}\"{}\":", Variants::name(column, severity));
            serde_json::to_writer(&mut *out, &variants.log(column, severity)).expect("a log is written to memory");
            before = ',';
        }
    }
    out.push(b'}');
}

/// A variant of a profile, as it is written.
#[derive(Serialize)]
struct ProfileVariant<'a> {
    profile: &'a str,
    layout: &'a str,
    access: &'a str,
    severity: &'a str,
    text: String,
    cer: f64,
    keystroke_errors: usize,
    edits: Vec<LoggedEdit>,
}

/// Writes the variants of the augmenter's profiles.
pub fn write_profiles(augmenter: &Augmenter, variants: &Variants<'_>, out: &mut Vec<u8>) {
    let all = augmenter.profiles().iter().zip(COLUMNS.len()..).flat_map(|(profile, column)| {
        SEVERITIES.iter().enumerate().map(move |(at, severity)| {
            let edits = variants.log(column, at);
            let rate = f64::from(variants.reached(column)[at]) / variants.graphemes() as f64;
            ProfileVariant {
                profile: &profile.name,
                layout: profile.layout.name(),
                access: profile.access.name(),
                severity: severity.name,
                text: variants.text(column, at),
                cer: (rate * 10_000.0).round() / 10_000.0,
                keystroke_errors: edits.len(),
                edits,
            }
        })
    });
    serde_json::to_writer(out, &all.collect::<Vec<_>>()).expect("variants are written to memory");
}
