//! A record augmented: each turn of a person who uses AAC gains its variants, every other byte stays as it came.

use std::io::Write as _;

use serde::Serialize;

use crate::augment::augmenter::{Augmenter, COLUMNS, Key, Variants, Workspace};
use crate::augment::correct::Correction;
use crate::augment::log::LoggedEdit;
use crate::augment::severity::{PerSeverity, SEVERITIES};
use crate::augment::splice::{Object, Record, Span, Splicer, span, string, write_string};
use crate::model::Reason;
use crate::random::hash;

/// The key under which a record says how it was augmented.
pub const PROVENANCE: &str = "augmentation";
/// The key under which a turn says how many errors were asked for and made.
pub const NOISE: &str = "noise";
/// The key of the edit logs of a turn.
pub const EDITS: &str = "noise_edits";

/// The key of the variants of profiles.
pub const VARIANTS: &str = "variants";

/// Why a line cannot be augmented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The class.
    pub reason: Reason,
    /// What is wrong, in words.
    pub detail: String,
}

impl Rejection {
    /// A rejection of JSON that is no conversation.
    pub fn invalid(detail: impl Into<String>) -> Self {
        Self { reason: Reason::Invalid, detail: detail.into() }
    }
}

/// What one record gave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Turns of people who use AAC.
    pub aac_turns: u64,
    /// Noisy variants written.
    pub variants: u64,
    /// Those among them whose distance is not the one asked for, because no such text was found.
    pub short: u64,
}

/// Writes the keys that a turn gains, with room that is used again.
#[derive(Debug)]
pub struct Writer {
    names: Vec<String>,
    /// What stands before each value: `,"name":`.
    before: Vec<String>,
    edits: bool,
    profiles: bool,
    workspace: Workspace,
    correction: Correction,
    /// The members of a turn, one after the other: `,"name":value`.
    members: Vec<u8>,
    /// Where the value of each begins and ends.
    values: Vec<(usize, usize)>,
    key: Vec<u8>,
}

/// A turn to be augmented.
struct AacTurn<'a> {
    number: u32,
    utterance: std::borrow::Cow<'a, str>,
    intended: Option<std::borrow::Cow<'a, str>>,
    members: &'a Object<'a>,
}

impl Writer {
    /// Writes the guide's keys, the edit logs when `edits` is set, and the variants of the augmenter's profiles when `profiles` is.
    #[must_use]
    pub fn new(edits: bool, profiles: bool) -> Self {
        let noisy = (0..SEVERITIES.len())
            .flat_map(|severity| (0..COLUMNS.len()).map(move |column| Variants::name(column, severity)));
        let mut names: Vec<String> = noisy.collect();
        names.extend(["minimally_corrected", "fully_corrected", NOISE].map(str::to_owned));
        if edits {
            names.push(EDITS.to_owned());
        }
        if profiles {
            names.push(VARIANTS.to_owned());
        }
        Self {
            before: names.iter().map(|name| format!(",\"{name}\":")).collect(),
            names,
            edits,
            profiles,
            workspace: Workspace::default(),
            correction: Correction::default(),
            members: Vec::new(),
            values: Vec::new(),
            key: Vec::new(),
        }
    }

    /// Appends `line`, which is `record`, augmented to `out`.
    ///
    /// # Errors
    /// Why it cannot be; `out` is then as it was.
    pub fn write(
        &mut self,
        augmenter: &Augmenter,
        line: &str,
        record: &Record<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Counts, Rejection> {
        let turns = aac_turns(record)?;
        self.key.clear();
        identity(record, &mut self.key);
        let provenance = record.members.get(PROVENANCE).map(|value| span(line, value));
        let conversation = record.members.get("conversation").map_or(0, |value| span(line, value).start);
        let mut counts = Counts::default();
        let mut splicer = Splicer::new(line, out);
        let early = provenance.filter(|span| span.start < conversation);
        if let Some(span) = early {
            splicer.upto(span.start).extend_from_slice(augmenter.provenance().as_bytes());
            splicer.skip(span.end);
        }
        for turn in &turns {
            self.turn(augmenter, turn, &mut counts);
            self.put(line, turn.members, &mut splicer);
        }
        match (provenance, record.members.last()) {
            (Some(span), _) if early.is_none() => {
                splicer.upto(span.start).extend_from_slice(augmenter.provenance().as_bytes());
                splicer.skip(span.end);
            }
            (None, Some(last)) => {
                let out = splicer.upto(span(line, last).end);
                let _ = write!(out, ",\"{PROVENANCE}\":{}", augmenter.provenance());
            }
            _ => {}
        }
        splicer.finish();
        Ok(counts)
    }

    /// Fills in the members of one turn.
    fn turn(&mut self, augmenter: &Augmenter, turn: &AacTurn<'_>, counts: &mut Counts) {
        let key = Key { record: &self.key, turn: turn.number };
        let variants = augmenter.variants(&turn.utterance, key, &mut self.workspace);
        self.members.clear();
        self.values.clear();
        let (out, values) = (&mut self.members, &mut self.values);
        let mut before = self.before.iter();
        let mut member = |write: &mut dyn FnMut(&mut Vec<u8>)| {
            out.extend_from_slice(before.next().expect("there is a name for each value").as_bytes());
            let start = out.len();
            write(out);
            values.push((start, out.len()));
        };
        let asked = variants.asked();
        for (severity, asked) in asked.iter().enumerate() {
            for column in 0..COLUMNS.len() {
                member(&mut |out| write_variant(&variants, column, severity, out));
                counts.short += u64::from(variants.reached(column)[severity] != *asked);
            }
        }
        for text in [&turn.utterance, turn.intended.as_ref().unwrap_or(&turn.utterance)] {
            let corrected = augmenter.correct(text, &mut self.correction);
            member(&mut |out| write_string(out, |out| out.extend_from_slice(corrected.as_bytes())));
        }
        member(&mut |out| write_noise(&variants, out));
        if self.edits {
            member(&mut |out| write_edits(&variants, out));
        }
        if self.profiles {
            member(&mut |out| write_profiles(augmenter, &variants, out));
            counts.variants += (augmenter.profiles().len() * SEVERITIES.len()) as u64;
        }
        counts.aac_turns += 1;
        counts.variants += (SEVERITIES.len() * COLUMNS.len()) as u64;
    }

    /// Puts the members into the turn: in the place of older ones, else after its last.
    fn put(&self, line: &str, members: &Object<'_>, splicer: &mut Splicer<'_>) {
        let Some(last) = members.last() else { return };
        let end = span(line, last).end;
        let older = |name: &String| members.get(name).map(|old| span(line, old));
        if !members.any(|name| self.names.iter().any(|own| own == name)) {
            splicer.upto(end).extend_from_slice(&self.members);
            return;
        }
        let named =
            || self.names.iter().zip(&self.values).map(|(name, (start, end))| (name, &self.members[*start..*end]));
        let mut replaced: Vec<(Span, &[u8])> =
            named().filter_map(|(name, value)| Some((older(name)?, value))).collect();
        replaced.sort_by_key(|(span, _)| span.start);
        for (span, value) in replaced {
            splicer.upto(span.start).extend_from_slice(value);
            splicer.skip(span.end);
        }
        let out = splicer.upto(end);
        for (name, value) in named().filter(|(name, _)| older(name).is_none()) {
            out.extend_from_slice(format!(",\"{name}\":").as_bytes());
            out.extend_from_slice(value);
        }
    }
}

fn write_variant(variants: &Variants<'_>, column: usize, severity: usize, out: &mut Vec<u8>) {
    if variants.plain(column) {
        out.push(b'"');
        variants.write(column, severity, out);
        out.push(b'"');
    } else {
        write_string(out, |out| variants.write(column, severity, out));
    }
}

/// `{"graphemes":20,"asked":[1,3,5,7],"qwerty":[1,3,5,7],…}`: the grapheme distances asked for and made, mildest first.
fn write_noise(variants: &Variants<'_>, out: &mut Vec<u8>) {
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

fn write_edits(variants: &Variants<'_>, out: &mut Vec<u8>) {
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

fn write_profiles(augmenter: &Augmenter, variants: &Variants<'_>, out: &mut Vec<u8>) {
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

/// The turns to be augmented, when every turn is what it must be.
fn aac_turns<'a>(record: &'a Record<'_>) -> Result<Vec<AacTurn<'a>>, Rejection> {
    let turns = match (&record.turns, record.members.get("conversation")) {
        (Some(turns), _) => turns,
        (None, Some(_)) => return Err(Rejection::invalid("`conversation` is not a list of turns")),
        (None, None) => return Err(Rejection::invalid("no `conversation`")),
    };
    let mut found = Vec::with_capacity(turns.len());
    for (number, members) in (0..).zip(turns) {
        let wrong = |what: &str| Err(Rejection::invalid(format!("turn {}: {what}", number + 1)));
        let Some(utterance) = members.get("utterance").and_then(string) else {
            return wrong("no `utterance`");
        };
        let Some(aac) = members.get("is_aac_user") else { return wrong("no `is_aac_user`") };
        match is_true(aac) {
            Some(false) => continue,
            Some(true) if utterance.trim().is_empty() => return wrong("the `utterance` is empty"),
            Some(true) => {}
            None => return wrong("`is_aac_user` is neither true nor false"),
        }
        let intended = members.get("utterance_intended").and_then(string).filter(|text| !text.trim().is_empty());
        found.push(AacTurn { number, utterance, intended, members });
    }
    Ok(found)
}

/// True or false, also where a model wrote it as a string.
fn is_true(value: &str) -> Option<bool> {
    match value.trim_matches('"').to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// What the choices in a record are keyed by: its `custom_id`; without one, the hash of its scene and its turns' speakers and
/// utterances, never its place in the file.
fn identity(record: &Record<'_>, key: &mut Vec<u8>) {
    if let Some(id) = record.members.get("custom_id").and_then(string) {
        key.extend_from_slice(id.as_bytes());
        return;
    }
    let mut content = Vec::new();
    let mut part = |value: Option<&str>| {
        let text = value.and_then(string).unwrap_or_default();
        content.extend_from_slice(&(text.len() as u64).to_le_bytes());
        content.extend_from_slice(text.as_bytes());
    };
    part(record.members.get("scene"));
    for turn in record.turns.iter().flatten() {
        part(turn.get("speaker"));
        part(turn.get("utterance"));
    }
    key.extend_from_slice(hash(&content).as_bytes());
}
