//! Finding the one JSON object that an answer was meant to be, without guessing.
//!
//! A strict parse has failed before. What is done has a name, and the names stand in the record. Nothing is invented: no key,
//! no closing bracket, no missing element; nothing that is complete is dropped. Where more than one object remains, or the
//! text ends inside one, the answer stays as it is and is rejected.

mod find;
mod mend;

use std::borrow::Cow;

use crate::json;

/// An answer that has become one JSON object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salvaged<'a> {
    /// The object.
    pub text: Cow<'a, str>,
    /// What was done, in order: `think_block fence prose list_of_one control_char trailing_comma smart_quotes
    /// python_literal bad_escape`.
    pub repairs: Vec<&'static str>,
}

/// The one object in `text`; `None` where there is none, more than one, or a part of one.
#[must_use]
pub fn salvage(text: &str) -> Option<Salvaged<'_>> {
    let mut repairs = Vec::new();
    let text = text.trim_start_matches('\u{FEFF}').trim();
    let text = find::after_thinking(text, &mut repairs)?;
    let text = find::inside_fence(text, &mut repairs);
    let (region, prose) = find::only_region(text)?;
    repairs.extend(prose.then_some("prose"));
    let mended = match json::check(region) {
        Ok(()) => Cow::Borrowed(region),
        Err(_) => Cow::Owned(mend::mend(region, &mut repairs)),
    };
    let text = match mended {
        Cow::Borrowed(region) => Cow::Borrowed(find::only_element(region, &mut repairs)?),
        Cow::Owned(mended) => {
            json::check(&mended).ok()?;
            Cow::Owned(find::only_element(&mended, &mut repairs)?.to_owned())
        }
    };
    Some(Salvaged { text, repairs })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;

    fn salvaged(text: &str) -> Option<(String, Vec<&'static str>)> {
        salvage(text).map(|found| (found.text.into_owned(), found.repairs))
    }

    #[test]
    fn each_repair_is_named() {
        let cases: [(&str, &str, &[&str]); 19] = [
            ("```json\n{\"a\":1}\n```", r#"{"a":1}"#, &["fence"]),
            ("```\n{\"a\":\"```\"}\n```\n", r#"{"a":"```"}"#, &["fence"]),
            ("Here you are:\n```json\n{\"a\":1}\n```\nEnjoy!", r#"{"a":1}"#, &["fence"]),
            ("Here it is:\n\n{\"a\":1}", r#"{"a":1}"#, &["prose"]),
            ("{\"a\":1} That was it.", r#"{"a":1}"#, &["prose"]),
            ("As {x} said :} {\"a\":1}", r#"{"a":1}"#, &["prose"]),
            ("<think>\nmaybe {\"a\":2}?\n</think>\n{\"a\":1}", r#"{"a":1}"#, &["think_block"]),
            ("[{\"a\":1}]", r#"{"a":1}"#, &["list_of_one"]),
            ("```json\n[{\"a\":[1,2]}]\n```", r#"{"a":[1,2]}"#, &["fence", "list_of_one"]),
            ("{\"a\":[1,2,],}", r#"{"a":[1,2]}"#, &["trailing_comma"]),
            ("{\"a\":\"x\ny\tz\"}", r#"{"a":"x\ny\tz"}"#, &["control_char"]),
            ("{\u{201C}a\u{201D}: \u{201C}he said \"hi\u{201D}}", r#"{"a": "he said \"hi"}"#, &["smart_quotes"]),
            ("{\"a\":True,\"b\":None,\"c\":\"None\"}", r#"{"a":true,"b":null,"c":"None"}"#, &["python_literal"]),
            ("{\"a\":\"it\\'s\"}", r#"{"a":"it's"}"#, &["bad_escape"]),
            ("{\"a\":\"C:\\path\"}", r#"{"a":"C:\\path"}"#, &["bad_escape"]),
            ("\u{FEFF}{\"a\":1}", r#"{"a":1}"#, &[]),
            ("Sure {\"a\":1,}", r#"{"a":1}"#, &["prose", "trailing_comma"]),
            ("{\"a\":\"“quoted”\",}", r#"{"a":"“quoted”"}"#, &["trailing_comma"]),
            ("[1] says\n{\"a\":1}", r#"{"a":1}"#, &["prose"]),
        ];
        for (text, expected, repairs) in cases {
            assert_eq!(salvaged(text), Some((expected.to_owned(), repairs.to_vec())), "{text}");
        }
    }

    #[test]
    fn what_would_need_a_guess_is_left_alone() {
        let cases = [
            "",
            "no object at all",
            "{",
            "{\"a\":1",
            "{\"a\":[{\"b\":1},{\"b\":2}",
            "{\"a\":1}{\"a\":2}",
            "[{\"a\":1},{\"b\":2}]",
            "[{\"a\":1},{\"b\":2},]",
            "[]",
            "[1]",
            "{\"a\":1} or {\"b\":2}",
            "{'a':'b'}",
            "{a:1}",
            "{\"a\":\"b\" \"c\":1}",
            "{\"a\":\"she said \"hi\" to me\"}",
            "```json\n{\"a\":1",
            "<think>{\"a\":1}",
            "{\"a\":NaN}",
            "{\"a\":1,,}",
            "[{\"a\":1},{\"a\":2},{\"a\"",
            "{\"a\":.5}",
        ];
        for text in cases {
            assert_eq!(salvaged(text), None, "{text}");
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            "[a-z{}\\[\\]\",:\\\\“” é\n`]{0,8}".prop_map(Value::from)
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map("[a-z\"{]{0,4}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect()))
            ]
        })
    }

    fn object() -> impl Strategy<Value = Value> {
        value().prop_map(|value| serde_json::json!({ "answer": value }))
    }

    proptest! {
        #[test]
        fn an_object_in_prose_comes_back_byte_for_byte(value in object(), pretty: bool, fence: bool) {
            let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
            let around = if fence { format!("Here:\n```json\n{text}\n```\n") } else { format!("Here: {text} That is all.") };
            prop_assert_eq!(salvage(&around).map(|found| found.text.into_owned()), Some(text));
        }

        #[test]
        fn valid_json_is_never_changed(value in object()) {
            let text = value.to_string();
            let found = salvage(&text).unwrap();
            prop_assert_eq!((&*found.text, found.repairs.len()), (text.as_str(), 0));
        }

        #[test]
        fn a_cut_object_is_never_taken_for_a_whole_one(value in object(), cut in 0.0..1.0f64) {
            let text = value.to_string();
            let end = (0..=(text.len() as f64 * cut) as usize).rev().find(|end| text.is_char_boundary(*end)).unwrap();
            prop_assert_eq!(salvage(&text[..end]), None);
        }

        #[test]
        fn a_trailing_comma_loses_no_element(values in prop::collection::vec(object(), 0..5)) {
            let list: String = values.iter().map(|value| format!("{value},")).collect();
            let text = format!("{{\"list\":[{list}],}}");
            let found = salvage(&text);
            if values.is_empty() {
                return Ok(());
            }
            let read: Value = serde_json::from_str(&found.unwrap().text).unwrap();
            prop_assert_eq!(read["list"].as_array().unwrap(), &values);
        }

        #[test]
        fn whatever_is_salvaged_is_one_object(text in r#"[\[\]{}",:a1 \n“”`\\T-]{0,40}"#) {
            if let Some(found) = salvage(&text) {
                prop_assert!(serde_json::from_str::<Value>(&found.text).is_ok_and(|value| value.is_object()), "{}", found.text);
            }
        }

        #[test]
        fn any_text_is_survived(text in any::<String>()) {
            let _ = salvage(&text);
        }
    }
}
