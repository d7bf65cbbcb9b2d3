//! One utterance with all its variants, each edit with its place and cause: for people who want to see what a device does.

use crate::augment::augmenter::{Augmenter, COLUMNS, Key, Workspace};
use crate::augment::correct::Correction;
use crate::augment::log::LoggedEdit;
use crate::augment::severity::SEVERITIES;

/// An utterance explained.
#[derive(Debug, serde::Serialize)]
pub struct Explanation {
    /// What was typed.
    pub utterance: String,
    /// The variants of each column and profile, mildest first.
    pub columns: Vec<Column>,
    /// The utterance corrected.
    pub corrected: String,
}

/// The variants of one device.
#[derive(Debug, serde::Serialize)]
pub struct Column {
    /// `qwerty`, or the name of the profile.
    pub name: String,
    /// Layout and access method.
    pub device: String,
    /// The variants.
    pub variants: Vec<Explained>,
}

/// One variant.
#[derive(Debug, serde::Serialize)]
pub struct Explained {
    /// The severity.
    pub severity: &'static str,
    /// The distance asked for.
    pub asked: u32,
    /// The distance reached.
    pub reached: u32,
    /// The variant.
    pub text: String,
    /// What made it, in the order of the text.
    pub edits: Vec<LoggedEdit>,
}

/// Explains `utterance`; its choices are keyed by its own text.
#[must_use]
pub fn explain(augmenter: &Augmenter, utterance: &str) -> Explanation {
    let mut workspace = Workspace::default();
    let variants = augmenter.variants(utterance, Key { record: utterance.as_bytes(), turn: 0 }, &mut workspace);
    let names = COLUMNS.iter().map(|name| (*name).to_owned());
    let names = names.chain(augmenter.profiles().iter().map(|profile| profile.name.clone()));
    let columns = names.zip(augmenter.devices()).enumerate().map(|(column, (name, device))| Column {
        name,
        device: format!("{} by {}", device.layout.name(), device.access.name()),
        variants: (0..SEVERITIES.len())
            .map(|at| Explained {
                severity: SEVERITIES[at].name,
                asked: variants.asked()[at],
                reached: variants.reached(column)[at],
                text: variants.text(column, at),
                edits: variants.log(column, at),
            })
            .collect(),
    });
    Explanation {
        columns: columns.collect(),
        corrected: augmenter.correct(utterance, &mut Correction::default()).to_owned(),
        utterance: utterance.to_owned(),
    }
}
