//! A request in another dialect: the same prompts, schema and limit, in the words of another provider.

use serde_json::{Map, Value};

use super::{Dialect, Endpoint, JsonMode, Prompt, Service, Shape, body, envelope};

/// What a request asks, whatever its dialect.
struct Asked {
    id: String,
    system: String,
    user: String,
    schema: Option<Value>,
    schema_name: String,
    max_tokens: Option<u64>,
    temperature: Option<f64>,
}

/// Writes the request line `from` for another provider: its system and user prompt, the form of its answer, its limit and
/// temperature. Everything else was in the words of the first provider, and is left out.
///
/// # Errors
/// What it holds that cannot be written, as the end of a sentence about it.
pub fn translate(from: &Value, to: Dialect, service: &Service, model: &str) -> Result<Value, String> {
    let asked = read(from)?;
    let shape = Shape {
        endpoint: Endpoint::Chat,
        model,
        schema_name: &asked.schema_name,
        schema: asked.schema.as_ref(),
        json_mode: JsonMode::Schema,
        max_tokens: asked.max_tokens.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX)),
        temperature: asked.temperature,
        params: &Map::new(),
    };
    let system = Some(asked.system.as_str()).filter(|system| !system.is_empty());
    let prompt = Prompt { system, user: &asked.user, image: None };
    let mut line = Vec::new();
    envelope(service, to, Endpoint::Chat, &asked.id, &body(to, &shape, &prompt).to_string(), &mut line);
    serde_json::from_slice(&line).map_err(|error| error.to_string())
}

fn read(line: &Value) -> Result<Asked, String> {
    let id = ["custom_id", "key"].iter().find_map(|name| line[*name].as_str()).ok_or("has no custom_id")?;
    let mut asked = if let Some(params) = line.get("params") {
        anthropic(params)?
    } else if let Some(request) = line.get("request") {
        gemini(request)?
    } else {
        openai(&line["body"])?
    };
    id.clone_into(&mut asked.id);
    Ok(asked)
}

fn openai(body: &Value) -> Result<Asked, String> {
    let mut systems = Vec::new();
    let mut turns = Vec::new();
    for message in body["messages"].as_array().into_iter().flatten() {
        let into =
            if matches!(message["role"].as_str(), Some("system" | "developer")) { &mut systems } else { &mut turns };
        into.push((message["role"].as_str().unwrap_or_default(), text(&message["content"], "text")?));
    }
    let schema = &body["response_format"]["json_schema"];
    Ok(Asked {
        system: systems.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join("\n\n"),
        user: only_user(turns)?,
        schema: schema.get("schema").cloned(),
        schema_name: schema["name"].as_str().unwrap_or("answer").to_owned(),
        max_tokens: limit(body, &["max_completion_tokens", "max_tokens"]),
        temperature: body["temperature"].as_f64(),
        id: String::new(),
    })
}

fn anthropic(params: &Value) -> Result<Asked, String> {
    let messages = params["messages"].as_array().into_iter().flatten();
    let turns =
        messages.map(|message| Ok((message["role"].as_str().unwrap_or_default(), text(&message["content"], "text")?)));
    Ok(Asked {
        system: text(&params["system"], "text")?,
        user: only_user(turns.collect::<Result<_, String>>()?)?,
        schema: params["output_config"]["format"].get("schema").cloned(),
        schema_name: "answer".to_owned(),
        max_tokens: limit(params, &["max_tokens"]),
        temperature: None,
        id: String::new(),
    })
}

fn gemini(request: &Value) -> Result<Asked, String> {
    let contents = request["contents"].as_array().into_iter().flatten();
    let turns = contents.map(|turn| Ok((turn["role"].as_str().unwrap_or("user"), text(&turn["parts"], "text")?)));
    let config = &request["generationConfig"];
    Ok(Asked {
        system: text(&request["systemInstruction"]["parts"], "text")?,
        user: only_user(turns.collect::<Result<_, String>>()?)?,
        schema: config.get("responseSchema").map(strict),
        schema_name: "answer".to_owned(),
        max_tokens: limit(config, &["maxOutputTokens"]),
        temperature: config["temperature"].as_f64(),
        id: String::new(),
    })
}

/// Text, or parts of it.
fn text(content: &Value, field: &str) -> Result<String, String> {
    match content {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        Value::Array(parts) => {
            let read = |part: &Value| part[field].as_str().map(str::to_owned).ok_or("holds parts that are no text");
            Ok(parts.iter().map(read).collect::<Result<Vec<_>, _>>()?.join("\n"))
        }
        _ => Err("holds content that is no text".to_owned()),
    }
}

fn only_user(turns: Vec<(&str, String)>) -> Result<String, String> {
    match <[_; 1]>::try_from(turns) {
        Ok([("user", text)]) => Ok(text),
        _ => Err("has other turns than one of the user".to_owned()),
    }
}

fn limit(body: &Value, names: &[&str]) -> Option<u64> {
    names.iter().find_map(|name| body[*name].as_u64())
}

/// Gemini's subset of OpenAPI as a strict JSON schema: nothing beyond the properties, `nullable` as a type.
fn strict(schema: &Value) -> Value {
    let Value::Object(fields) = schema else {
        return match schema {
            Value::Array(values) => values.iter().map(strict).collect(),
            other => other.clone(),
        };
    };
    let nullable = fields.get("nullable") == Some(&Value::Bool(true));
    let mut strict_fields = Map::new();
    for (name, value) in fields.iter().filter(|(name, _)| *name != "nullable") {
        let value = match (name.as_str(), nullable) {
            ("type", true) => Value::from(vec![value.clone(), "null".into()]),
            _ => strict(value),
        };
        strict_fields.insert(name.clone(), value);
    }
    if fields.get("type").is_some_and(|kind| kind == "object") && fields.contains_key("properties") {
        strict_fields.insert("additionalProperties".into(), false.into());
    }
    Value::Object(strict_fields)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn first(dialect: Dialect, service: &Service) -> Value {
        let schema: Value = serde_json::from_str(include_str!("../../templates/aac/schema.json")).unwrap();
        let shape = Shape {
            endpoint: Endpoint::Chat,
            model: "first",
            schema_name: "answer",
            schema: Some(&schema),
            json_mode: JsonMode::Schema,
            max_tokens: Some(1500),
            temperature: Some(0.5),
            params: &Map::new(),
        };
        let prompt = Prompt { system: Some("Be brief."), user: "Say \"hé\"", image: None };
        let mut line = Vec::new();
        envelope(
            service,
            dialect,
            Endpoint::Chat,
            "en-GB-1-0-abcdef",
            &body(dialect, &shape, &prompt).to_string(),
            &mut line,
        );
        serde_json::from_slice(&line).unwrap()
    }

    #[test]
    fn a_request_is_the_same_after_a_round_through_any_other_dialect() {
        let all = [Dialect::OpenAi, Dialect::Anthropic, Dialect::Gemini];
        for from in all {
            for to in all {
                let start = first(from, Service::openai());
                let there = translate(&start, to, Service::openai(), "second").unwrap();
                let back = translate(&there, from, Service::openai(), "first").unwrap();
                let mut start = start;
                if to == Dialect::Anthropic {
                    // It has no temperature to give back.
                    for path in ["/body", "/request/generationConfig"] {
                        start.pointer_mut(path).and_then(Value::as_object_mut).map(|body| body.remove("temperature"));
                    }
                }
                assert_eq!(back, start, "{from:?} {to:?}");
            }
        }
    }

    #[test]
    fn services_get_their_own_form() {
        let start = first(Dialect::Anthropic, Service::openai());
        let bare = translate(&start, Dialect::OpenAi, Service::named("mistral").unwrap(), "m").unwrap();
        assert_eq!(bare.as_object().unwrap().keys().collect::<Vec<_>>(), ["custom_id", "body"]);
        let azure = translate(&start, Dialect::OpenAi, Service::named("azure").unwrap(), "mine").unwrap();
        assert_eq!((&azure["url"], &azure["body"]["model"]), (&json!("/chat/completions"), &json!("mine")));
    }

    #[test]
    fn what_is_no_plain_request_is_refused() {
        let mut line = first(Dialect::OpenAi, Service::openai());
        line["body"]["messages"].as_array_mut().unwrap().push(json!({"role": "assistant", "content": "x"}));
        assert!(translate(&line, Dialect::Gemini, Service::openai(), "m").unwrap_err().contains("other turns"));
        line["body"]["messages"] = json!([{"role": "user", "content": [{"image_url": "x"}]}]);
        assert!(translate(&line, Dialect::Gemini, Service::openai(), "m").unwrap_err().contains("no text"));
    }
}
