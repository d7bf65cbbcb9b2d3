//! The edit log of a variant, and its replay.

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use crate::augment::engine::{Cause, Op, Plan, Source};

/// One error as it is written: positions count graphemes, ends are exclusive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoggedEdit {
    /// What happens to the text.
    pub op: Op,
    /// Where it begins in the source.
    pub src_start: u32,
    /// Where it ends in the source.
    pub src_end: u32,
    /// Where it begins in the variant.
    pub tgt_start: u32,
    /// Where it ends in the variant.
    pub tgt_end: u32,
    /// What stood there.
    pub src: String,
    /// What stands there now.
    pub tgt: String,
    /// Why, in the terms of the device.
    pub cause: Cause,
}

/// The log of a severity.
pub(super) fn log(source: &Source, plan: &Plan, severity: usize) -> Vec<LoggedEdit> {
    let mut shift = 0i64;
    plan.in_text_order(severity)
        .map(|(edit, tgt)| {
            let (src_start, src_end) = (edit.start, edit.start + edit.len);
            let new = plan.new_len(edit) as u32;
            let tgt_start = (i64::from(src_start) + shift) as u32;
            shift += i64::from(new) - i64::from(edit.len);
            let src = source.slice(src_start as usize, src_end as usize).to_owned();
            LoggedEdit {
                op: edit.op,
                src_start,
                src_end,
                tgt_start,
                tgt_end: tgt_start + new,
                src,
                tgt: tgt.to_owned(),
                cause: edit.cause,
            }
        })
        .collect()
}

/// What replay needs of an edit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Step {
    src_start: usize,
    src_end: usize,
    src: String,
    tgt: String,
}

/// The text that `steps`, in the order of the text, make of `source`; `None` when they do not fit it.
#[must_use]
pub fn replay(source: &str, steps: &[Step]) -> Option<String> {
    let graphemes: Vec<&str> = source.graphemes(true).collect();
    let mut text = String::new();
    let mut at = 0;
    for step in steps {
        text.extend(graphemes.get(at..step.src_start)?.iter().copied());
        if graphemes.get(step.src_start..step.src_end)?.concat() != step.src {
            return None;
        }
        text.push_str(&step.tgt);
        at = step.src_end;
    }
    text.extend(graphemes.get(at..)?.iter().copied());
    Some(text)
}
