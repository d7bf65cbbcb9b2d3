//! Writing JSON on one line.

use super::text::plain;

/// Writes `text` as a JSON string: raw UTF-8, escaped where JSON demands it.
pub fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let length = plain(rest);
        out.extend_from_slice(&rest[..length]);
        let Some(byte) = rest.get(length) else { break };
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            control => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(control >> 4)]);
                out.push(HEX[usize::from(control & 15)]);
            }
        }
        rest = &rest[length + 1..];
    }
    out.push(b'"');
}

/// Writes `json`, which must be valid, without the white space between its tokens.
pub fn compact(out: &mut Vec<u8>, json: &str) {
    let mut rest = json.as_bytes();
    loop {
        let Some(at) = rest.iter().position(|byte| matches!(byte, b'"' | b' ' | b'\n' | b'\r' | b'\t')) else {
            out.extend_from_slice(rest);
            return;
        };
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        if rest[0] != b'"' {
            rest = &rest[1..];
            continue;
        }
        let mut end = 1;
        loop {
            end += plain(&rest[end..]);
            match rest.get(end) {
                Some(b'\\') => end += 2,
                _ => break,
            }
        }
        end = (end + 1).min(rest.len());
        out.extend_from_slice(&rest[..end]);
        rest = &rest[end..];
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn strings_are_what_serde_json_reads_back(text in any::<String>()) {
            let mut out = Vec::new();
            super::string(&mut out, &text);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }

        #[test]
        fn compacting_changes_no_value(text in any::<String>(), number in any::<i32>()) {
            let value = serde_json::json!({ "a b": [text, number, { "c": null }], &text: {} });
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            let mut out = Vec::new();
            super::compact(&mut out, &pretty);
            prop_assert_eq!(String::from_utf8(out).unwrap(), value.to_string());
        }
    }
}
