//! Where in an answer the object is.

use crate::json::{Kind, Reader};

/// Attempts at finding where an object begins, before a text is taken for something else altogether.
const MAX_REGIONS: usize = 64;

/// Tags that models put around what they think to themselves.
const THINKING: [(&str, &str); 3] =
    [("<think>", "</think>"), ("<thinking>", "</thinking>"), ("<reasoning>", "</reasoning>")];

/// What follows a block of thinking at the start; `None` where the thinking never ended.
pub(super) fn after_thinking<'a>(text: &'a str, repairs: &mut Vec<&'static str>) -> Option<&'a str> {
    for (open, close) in THINKING {
        if let Some(thought) = text.strip_prefix(open) {
            repairs.push("think_block");
            return thought.split_once(close).map(|(_, rest)| rest.trim());
        }
    }
    Some(text)
}

/// What stands between the first Markdown fence and the last, where each has a line of its own.
pub(super) fn inside_fence<'a>(text: &'a str, repairs: &mut Vec<&'static str>) -> &'a str {
    let fenced = || {
        let start = if text.starts_with("```") { 0 } else { text.find("\n```")? + 1 };
        let (label, body) = text[start + 3..].split_once('\n')?;
        label.trim().bytes().all(|byte| byte.is_ascii_alphanumeric()).then_some(())?;
        let end = body.rfind("```").filter(|end| body[..*end].trim_end_matches([' ', '\t']).ends_with('\n'))?;
        // Only where the object itself is inside: an object may hold a fence of its own.
        let before_and_after = [&text[..start], &body[end + 3..]];
        before_and_after.iter().all(|part| !part.contains(['{', '['])).then(|| body[..end].trim())
    };
    match fenced() {
        Some(body) => {
            repairs.push("fence");
            body
        }
        None => text,
    }
}

/// The one stretch of `text` that has the brackets of an object, or of a list that begins with one; and whether there is
/// more text around it.
pub(super) fn only_region(text: &str) -> Option<(&str, bool)> {
    let mut found: Option<&str> = None;
    let mut from = 0;
    for _ in 0..MAX_REGIONS {
        let Some(at) = text[from..].find(['{', '[']) else {
            let region = found?;
            return Some((region, region.len() < text.len()));
        };
        let start = from + at;
        let meant = is_meant(&text[start..]);
        match length(&text[start..]) {
            Some(length) if meant => {
                if found.is_some() {
                    return None;
                }
                found = Some(&text[start..start + length]);
                from = start + length;
            }
            // It begins like an object and does not end.
            None if meant => return None,
            _ => from = start + 1,
        }
    }
    None
}

/// The object itself, or the only one of a list.
pub(super) fn only_element<'a>(text: &'a str, repairs: &mut Vec<&'static str>) -> Option<&'a str> {
    let mut reader = Reader::new(text);
    if reader.peek().ok()? == Kind::Object {
        return Some(text);
    }
    let mut elements = Vec::new();
    reader
        .array::<crate::json::Broken>(|_, reader| {
            elements.push((reader.peek()?, reader.skip()?));
            Ok(())
        })
        .ok()?;
    let [(Kind::Object, element)] = elements.as_slice() else { return None };
    repairs.push("list_of_one");
    Some(element)
}

/// Whether an opening bracket begins JSON with an object in it, and not a word in brackets.
fn is_meant(text: &str) -> bool {
    let inside = text[1..].trim_start();
    match text.as_bytes()[0] {
        b'{' => inside.starts_with(['"', '\u{201C}', '\u{201D}', '}', '\'']) || inside.is_empty(),
        _ => inside.starts_with('{'),
    }
}

/// Bytes up to the bracket that closes the first one; brackets in strings do not count.
fn length(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, char)) = chars.next() {
        match (quote, char) {
            (Some(_), '\\') => drop(chars.next()),
            (Some('"'), '"') | (Some('\u{201C}'), '\u{201D}') => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\u{201C}') => quote = Some(char),
            (None, '{' | '[') => depth += 1,
            (None, '}' | ']') => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            (None, _) => {}
        }
    }
    None
}
