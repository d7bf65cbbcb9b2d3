//! A conversation on one line, its fields in the answer's order.

use super::{Conversation, Field, Value};
use crate::json::{self, Text};

impl Conversation<'_> {
    /// Writes `"key":value,` for each field, in the answer's order; fields that are ours to write are left out.
    pub fn write(&self, out: &mut Vec<u8>) {
        for (key, field) in &self.fields {
            if matches!(key.raw(), "custom_id" | "metadata" | "repairs" | "qc") {
                continue;
            }
            write_text(out, *key);
            out.push(b':');
            match field {
                Field::Turns => self.write_turns(out),
                Field::Other(value) => value.write(out),
            }
            out.push(b',');
        }
    }

    fn write_turns(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (index, turn) in self.turns.iter().enumerate() {
            out.extend_from_slice(if index == 0 { b"{" } else { b",{" });
            let mut first = true;
            for (key, value) in &self.turn_fields[turn.fields.clone()] {
                // The strict schema asks for it on every turn; where it says nothing it is left out.
                if matches!(value, Value::Raw("null")) && key.raw() == "utterance_intended" {
                    continue;
                }
                if !std::mem::take(&mut first) {
                    out.push(b',');
                }
                write_text(out, *key);
                out.push(b':');
                value.write(out);
            }
            out.push(b'}');
        }
        out.push(b']');
    }
}

impl Value<'_> {
    /// Strings are written raw, as all our text; what else there is keeps its own spelling, on one line.
    fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => write_text(out, text),
            Self::Raw(value @ ("true" | "false" | "null")) => out.extend_from_slice(value.as_bytes()),
            Self::Raw(value) => json::compact(out, value),
        }
    }
}

fn write_text(out: &mut Vec<u8>, text: Text<'_>) {
    if text.escaped() {
        json::string(out, &text.to_str());
    } else {
        out.push(b'"');
        out.extend_from_slice(text.raw().as_bytes());
        out.push(b'"');
    }
}
