//! The pure core of the stage: a locale's devices and rules, and what they make of an utterance.

use std::sync::Arc;

use crate::augment::correct::{Correction, Corrector};
use crate::augment::device::{self, Characters, Device};
use crate::augment::engine::{Plan, Source};
use crate::augment::log::{LoggedEdit, log};
use crate::augment::severity::{PerSeverity, SEVERITIES, targets};
use crate::language::{Keyboards, TextRules};
use crate::model::Locale;

/// The columns of the guide, in its order of layouts: the native one, and the two grids.
pub const COLUMNS: [&str; 3] = ["qwerty", "abc", "frequency"];

/// The noisy and corrected forms of utterances in one locale.
#[derive(Debug)]
pub struct Augmenter {
    seed: u64,
    characters: Arc<Characters>,
    devices: [Device; COLUMNS.len()],
    corrector: Corrector,
    provenance: String,
}

/// Where an utterance stands: its record and its turn. Together with the seed it decides every choice.
#[derive(Debug, Clone, Copy)]
pub struct Key<'a> {
    /// The record's `custom_id`, or the hash of its content where it has none.
    pub record: &'a [u8],
    /// The turn in its conversation, from 0.
    pub turn: u32,
}

/// Room that is used again for each utterance.
#[derive(Debug, Default)]
pub struct Workspace {
    source: Source,
    plans: [Plan; COLUMNS.len()],
}

/// The variants of one utterance, to be read off.
#[derive(Debug)]
pub struct Variants<'a> {
    workspace: &'a Workspace,
}

impl Augmenter {
    /// The augmenter of a locale.
    #[must_use]
    pub fn new(locale: &Locale, keyboards: &Keyboards, rules: &TextRules, seed: u64) -> Self {
        let (characters, devices) = device::standard(keyboards, rules);
        let rates = SEVERITIES.map(|severity| f64::from(severity.percent) / 100.0);
        let mut provenance = format!("{{\"seed\":{seed},\"unit\":\"grapheme\",\"rates\":{rates:?}");
        for (column, device) in COLUMNS.iter().zip(&devices) {
            provenance += &format!(",\"{column}\":\"{}/{}\"", device.layout.name(), device.access.name());
        }
        provenance.push('}');
        let corrector = Corrector::new(rules, locale.language());
        Self { seed, characters, devices, corrector, provenance }
    }

    /// Draws the variants of `utterance`.
    pub fn variants<'a>(&self, utterance: &str, key: Key<'_>, workspace: &'a mut Workspace) -> Variants<'a> {
        workspace.source.read(utterance, |char| self.characters.number(char));
        for (device, plan) in self.devices.iter().zip(&mut workspace.plans) {
            let mut stream = device::stream(self.seed, key.record, key.turn, device);
            plan.draw(&mut workspace.source, device, &mut stream);
        }
        Variants { workspace }
    }

    /// The corrected form of `text`, in `room`.
    pub fn correct<'a>(&self, text: &str, room: &'a mut Correction) -> &'a str {
        self.corrector.correct(text, room)
    }

    /// How this augmenter works, as the JSON object that its records carry: seed, unit, rates, and the device of each column.
    #[must_use]
    pub fn provenance(&self) -> &str {
        &self.provenance
    }

    /// The devices, in the order of [`COLUMNS`].
    #[must_use]
    pub fn devices(&self) -> &[Device] {
        &self.devices
    }
}

impl Variants<'_> {
    /// Number of graphemes of the utterance.
    #[must_use]
    pub fn graphemes(&self) -> usize {
        self.workspace.source.len()
    }

    /// The distances asked for, mildest first.
    #[must_use]
    pub fn asked(&self) -> PerSeverity {
        targets(self.graphemes())
    }

    /// The distances reached in a column, mildest first.
    #[must_use]
    pub fn reached(&self, column: usize) -> &PerSeverity {
        self.workspace.plans[column].reached()
    }

    /// Appends a variant to `out`, as UTF-8.
    pub fn write(&self, column: usize, severity: usize, out: &mut Vec<u8>) {
        self.workspace.plans[column].write(&self.workspace.source, severity, out);
    }

    /// A variant.
    #[must_use]
    pub fn text(&self, column: usize, severity: usize) -> String {
        let mut out = Vec::new();
        self.write(column, severity, &mut out);
        String::from_utf8(out).expect("a variant is put together from text")
    }

    /// The edit log of a variant, in the order of the text.
    #[must_use]
    pub fn log(&self, column: usize, severity: usize) -> Vec<LoggedEdit> {
        log(&self.workspace.source, &self.workspace.plans[column], severity)
    }

    /// The name of a variant's key: `noisy_qwerty_minimal`.
    #[must_use]
    pub fn name(column: usize, severity: usize) -> String {
        format!("noisy_{}_{}", COLUMNS[column], SEVERITIES[severity].name)
    }
}
