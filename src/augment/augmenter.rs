//! The pure core of the stage: a locale's devices and rules, and what they make of an utterance.

use std::sync::Arc;

use crate::augment::correct::{Correction, Corrector};
use crate::augment::device::{self, Characters, Device};
use crate::augment::engine::{Kind, Plan, Source};
use crate::augment::log::{LoggedEdit, log};
use crate::augment::profile::Profile;
use crate::augment::severity::{PerSeverity, SEVERITIES, targets};
use crate::augment::spelling::{Dictionary, Speller};
use crate::language::{Keyboards, TextRules};
use crate::model::Locale;
use crate::random::stream_number;

/// The columns of the guide, in its order of layouts: the native one, and the two grids.
pub const COLUMNS: [&str; 3] = ["qwerty", "abc", "frequency"];

/// The noisy and corrected forms of utterances in one locale.
#[derive(Debug)]
pub struct Augmenter {
    seed: u64,
    characters: Arc<Characters>,
    /// Those of the columns, then those of the profiles.
    devices: Vec<Device>,
    /// The number of each device's stream.
    streams: Vec<u64>,
    profiles: Vec<Profile>,
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
    plans: Vec<Plan>,
}

/// The variants of one utterance, to be read off.
#[derive(Debug)]
pub struct Variants<'a> {
    workspace: &'a Workspace,
}

impl Augmenter {
    /// The augmenter of a locale.
    #[must_use]
    pub fn new(locale: &Locale, keyboards: &Keyboards, rules: &TextRules, profiles: &[Profile], seed: u64) -> Self {
        let (characters, devices) = device::devices(keyboards, rules, profiles);
        let columns = COLUMNS.iter().map(|_| None).chain(profiles.iter().map(|profile| Some(&profile.name)));
        let streams = devices.iter().zip(columns).map(|(device, profile)| {
            let device = format!("{}/{}", device.layout.name(), device.access.name());
            stream_number(&profile.map_or_else(|| device.clone(), |profile| format!("{device}/{profile}")))
        });
        let streams = streams.collect();
        let rates = SEVERITIES.map(|severity| f64::from(severity.percent) / 100.0);
        let mut provenance = format!("{{\"seed\":{seed},\"unit\":\"grapheme\",\"rates\":{rates:?}");
        for (column, device) in COLUMNS.iter().zip(&devices) {
            provenance += &format!(",\"{column}\":\"{}/{}\"", device.layout.name(), device.access.name());
        }
        provenance.push('}');
        let corrector = Corrector::new(rules, locale.language());
        Self { seed, characters, devices, streams, profiles: profiles.to_vec(), corrector, provenance }
    }

    /// Corrects spelling as well, by `dictionary` and the errors of the native layout.
    #[must_use]
    pub fn with_dictionary(mut self, dictionary: Dictionary, rules: &TextRules) -> Self {
        self.provenance.pop();
        self.provenance += &format!(",\"dictionary\":{}}}", dictionary.provenance());
        self.corrector.set_speller(Speller::new(dictionary, &self.devices[0], rules));
        self
    }

    /// Whether it corrects spelling by a dictionary.
    #[must_use]
    pub fn spells(&self) -> bool {
        self.corrector.spells()
    }

    /// Draws the variants of `utterance`.
    pub fn variants<'a>(&self, utterance: &str, key: Key<'_>, workspace: &'a mut Workspace) -> Variants<'a> {
        workspace.source.read(utterance, |char| self.characters.number(char));
        workspace.plans.resize_with(self.devices.len(), Plan::default);
        let streams = device::streams(self.seed, key.record, key.turn);
        for ((device, number), plan) in self.devices.iter().zip(&self.streams).zip(&mut workspace.plans) {
            plan.draw(&mut workspace.source, device, &mut streams.stream(*number));
        }
        Variants { workspace }
    }

    /// Draws one column as far as one severity, for callers who want nothing else. Exact like the others, but not the text that
    /// [`Self::variants`] gives for the key: there the list of errors goes further, and is proved as a whole.
    pub fn variant<'a>(
        &self,
        utterance: &str,
        key: Key<'_>,
        column: usize,
        severity: usize,
        workspace: &'a mut Workspace,
    ) -> Variants<'a> {
        workspace.source.read(utterance, |char| self.characters.number(char));
        workspace.plans.resize_with(self.devices.len(), Plan::default);
        let mut stream = device::streams(self.seed, key.record, key.turn).stream(self.streams[column]);
        workspace.plans[column].draw_upto(&mut workspace.source, &self.devices[column], severity, &mut stream);
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

    /// The profiles, whose variants are the columns after those of [`COLUMNS`].
    #[must_use]
    pub fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// The devices, in the order of [`COLUMNS`], then of the profiles.
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

    /// Whether no variant of a column holds a character that JSON escapes; false is not certain.
    #[must_use]
    pub fn plain(&self, column: usize) -> bool {
        self.workspace.plans[column].plain()
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

    /// The kinds of the errors in a variant, in the order of the text.
    pub fn kinds(&self, column: usize, severity: usize) -> impl Iterator<Item = Kind> {
        self.workspace.plans[column].in_text_order(severity).map(|(edit, _)| edit.kind)
    }

    /// The name of a variant's key: `noisy_qwerty_minimal`.
    #[must_use]
    pub fn name(column: usize, severity: usize) -> String {
        format!("noisy_{}_{}", COLUMNS[column], SEVERITIES[severity].name)
    }
}
