//! What was asked for, and whether it came.

use std::borrow::Cow;

use crate::json::{Broken, Kind, Reader};
use crate::process::conversation::Turn;

/// The parts of a plan that an answer can be held against.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Asked<'a> {
    form: Option<Cow<'a, str>>,
    people: Vec<Cow<'a, str>>,
}

impl<'a> Asked<'a> {
    /// Reads a plan; `None` where it is no object.
    pub fn read(plan: &'a str) -> Option<Self> {
        let mut asked = Self::default();
        let mut reader = Reader::new(plan);
        reader
            .object::<Broken>(|key, reader| match key.raw() {
                "style" => {
                    asked.form = member(reader, "form")?;
                    Ok(())
                }
                "person" | "partner" => {
                    asked.people.extend(member(reader, "call")?);
                    Ok(())
                }
                _ => reader.pass(),
            })
            .ok()?;
        Some(asked)
    }

    /// Whether what was typed does not differ from what was meant as the style asks; `None` where no style is planned.
    pub fn style_ignored(&self, turns: &[Turn<'_>]) -> Option<bool> {
        let typed: Vec<_> = turns
            .iter()
            .filter(|turn| turn.is_aac_user)
            .filter_map(|turn| Some((turn.utterance?.to_str(), turn.intended?.to_str())))
            .collect();
        let most = |held: fn(&str, &str) -> bool| {
            !typed.is_empty() && typed.iter().filter(|(typed, meant)| held(typed, meant)).count() * 2 > typed.len()
        };
        Some(match self.form.as_deref()? {
            "full" => most(|typed, meant| typed != meant),
            "plain" => most(|typed, _| typed.ends_with(['.', '?', '!', '。', '؟', '？', '！'])),
            "telegraphic" | "abbreviated" => most(|typed, meant| meant.len() > 12 && same_letters(typed, meant)),
            _ => return None,
        })
    }

    /// Whether neither of the planned people speaks; `None` where nobody is planned.
    pub fn other_people(&self, turns: &[Turn<'_>]) -> Option<bool> {
        let speaks = |name: &str| {
            turns.iter().filter_map(|turn| turn.speaker).any(|speaker| {
                let speaker = speaker.to_str();
                speaker.contains(name) || name.contains(speaker.trim())
            })
        };
        (!self.people.is_empty()).then(|| !self.people.iter().any(|name| speaks(name)))
    }
}

fn member<'a>(reader: &mut Reader<'a>, name: &str) -> Result<Option<Cow<'a, str>>, Broken> {
    if reader.peek()? != Kind::Object {
        reader.pass()?;
        return Ok(None);
    }
    let mut found = None;
    reader.object::<Broken>(|key, reader| {
        if key.raw() != name {
            return reader.pass();
        }
        found = reader.string_or_skip()?;
        Ok(())
    })?;
    Ok(found.filter(|text| !text.is_empty()).map(|text| text.to_str()))
}

/// Whether two texts differ in nothing but case, marks and spaces.
fn same_letters(a: &str, b: &str) -> bool {
    let letters = |text: &str| -> Vec<char> {
        text.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    // Shorter by a few letters already tells them apart, in most texts.
    a.len().abs_diff(b.len()) <= 8 && letters(a) == letters(b)
}
