//! A record augmented: each turn of a person who uses AAC gains its variants, every other byte stays as it came.

use std::io::Write as _;

use crate::augment::augmenter::{Augmenter, COLUMNS, Key, Variants, Workspace};
use crate::augment::correct::Correction;
use crate::augment::severity::SEVERITIES;
use crate::augment::splice::{Object, Record, Span, Splicer, span, string, write_string};
use crate::augment::turns::{AacTurn, aac_turns, identity};
use crate::augment::values::{write_edits, write_noise, write_profiles, write_variant};
use crate::model::Reason;

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
    /// The first letters of the names, as bits.
    initials: u32,
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
            initials: names.iter().map(|name| initial(name.as_bytes()[0])).fold(0, |all, bit| all | bit),
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
        if augmenter.spells() {
            let speakers = record.turns.iter().flatten().filter_map(|turn| turn.get("speaker").and_then(string));
            self.correction.set_names(speakers.collect::<Vec<_>>().iter().map(|name| name.as_ref()));
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
        let own = |name: &str| name.bytes().next().is_some_and(|byte| self.initials & initial(byte) != 0);
        if !members.any(|name| own(name) && self.names.iter().any(|own| own == name)) {
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

fn initial(byte: u8) -> u32 {
    1 << (byte & 31)
}
