//! What the providers' models take and refuse in the body of a request. Sources: the providers' API references, 2026-11.

use serde_json::Value;

use super::check::Wrong;
use super::encode::reasons;

/// All fields of a chat completion request. Source: openai/openai-openapi f85dbe2, `CreateChatCompletionRequest`.
const CHAT: &[&str] = &[
    "audio",
    "frequency_penalty",
    "function_call",
    "functions",
    "logit_bias",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "messages",
    "metadata",
    "modalities",
    "model",
    "moderation",
    "n",
    "parallel_tool_calls",
    "prediction",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning_effort",
    "response_format",
    "safety_identifier",
    "seed",
    "service_tier",
    "stop",
    "store",
    "stream",
    "stream_options",
    "temperature",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "user",
    "verbosity",
    "web_search_options",
];
/// What models that reason refuse, unless they are told not to reason.
const NOT_WHILE_REASONING: &[&str] = &[
    "temperature",
    "top_p",
    "logprobs",
    "top_logprobs",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "stop",
];
/// Fields with a range, and its ends.
const RANGES: &[(&str, f64, f64)] = &[
    ("temperature", 0.0, 2.0),
    ("top_p", 0.0, 1.0),
    ("presence_penalty", -2.0, 2.0),
    ("frequency_penalty", -2.0, 2.0),
];
const CHAT_ROLES: &[&str] = &["developer", "system", "user", "assistant", "tool", "function"];

/// Anthropic's Messages body in a batch, version 2026-10-21.
const MESSAGES: &[&str] = &[
    "cache_control",
    "container",
    "context_management",
    "inference_geo",
    "max_tokens",
    "mcp_servers",
    "messages",
    "metadata",
    "model",
    "output_config",
    "service_tier",
    "speed",
    "stop_sequences",
    "system",
    "thinking",
    "tool_choice",
    "tools",
];
const SAMPLING: &[&str] = &["temperature", "top_p", "top_k"];

/// Looks at the body of a chat completion; `strict`ly as OpenAI itself does, whose servers refuse unknown fields.
pub(super) fn chat(body: &Value, strict: bool, wrong: &mut Vec<Wrong>) {
    messages(&body["messages"], "body.messages", CHAT_ROLES, wrong);
    if body["stream"] == true {
        wrong.push(("body.stream".into(), "is not possible in a batch".to_owned()));
    }
    for limit in ["max_tokens", "max_completion_tokens"] {
        positive(body, "body", limit, wrong);
    }
    for (name, least, most) in RANGES {
        if let Some(value) = body.get(name).filter(|value| !value.is_null())
            && !value.as_f64().is_some_and(|value| (*least..=*most).contains(&value))
        {
            wrong.push((format!("body.{name}").into(), format!("is {value}; it goes from {least} to {most}")));
        }
    }
    let format = &body["response_format"];
    if format["type"] == "json_schema" {
        let schema = &format["json_schema"];
        let name = schema["name"].as_str().unwrap_or_default();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) {
            let what = "is not 1 to 64 letters, digits, hyphens and underscores".to_owned();
            wrong.push(("body.response_format.json_schema.name".into(), what));
        }
        if schema["strict"] == true && schema["schema"]["type"] != "object" {
            wrong
                .push(("body.response_format.json_schema.schema".into(), "is no object, as `strict` wants".to_owned()));
        }
    }
    if strict {
        unknown(body, "body", CHAT, wrong);
        for_model(body, wrong);
    }
}

fn for_model(body: &Value, wrong: &mut Vec<Wrong>) {
    let model = body["model"].as_str().unwrap_or_default();
    if !reasons(model) {
        return;
    }
    if body.get("max_tokens").is_some() {
        wrong.push(("body.max_tokens".into(), format!("is refused by {model}: it takes max_completion_tokens")));
    }
    if body["reasoning_effort"] == "none" {
        return;
    }
    for name in NOT_WHILE_REASONING.iter().filter(|name| body.get(**name).is_some_and(|value| !value.is_null())) {
        if *name == "temperature" && body[*name] == 1.0 {
            continue;
        }
        wrong.push((format!("body.{name}").into(), format!("is refused by {model} unless reasoning_effort is none")));
    }
}

/// Looks at the `params` of a request to Anthropic.
pub(super) fn anthropic(params: &Value, wrong: &mut Vec<Wrong>) {
    if !params["model"].is_string() {
        wrong.push(("params.model".into(), "is missing".to_owned()));
    }
    if params["max_tokens"].as_u64().is_none_or(|tokens| tokens == 0) {
        wrong.push(("params.max_tokens".into(), "is missing: this API has no default".to_owned()));
    }
    messages(&params["messages"], "params.messages", &["user", "assistant"], wrong);
    for name in SAMPLING.iter().filter(|name| params.get(**name).is_some()) {
        wrong.push((format!("params.{name}").into(), "is refused by this API".to_owned()));
    }
    if params.get("stream").is_some() {
        wrong.push(("params.stream".into(), "is not possible in a batch".to_owned()));
    }
    unknown(params, "params", &[MESSAGES, SAMPLING, &["stream"]].concat(), wrong);
}

/// Looks at the `request` of a line for Gemini.
pub(super) fn gemini(request: &Value, wrong: &mut Vec<Wrong>) {
    let known = [
        "contents",
        "systemInstruction",
        "system_instruction",
        "generationConfig",
        "generation_config",
        "safetySettings",
        "safety_settings",
        "tools",
        "toolConfig",
        "tool_config",
        "cachedContent",
        "labels",
        "model",
        "serviceTier",
        "store",
    ];
    filled(&request["contents"], "request.contents", wrong);
    unknown(request, "request", &known, wrong);
    let config = &request["generationConfig"];
    positive(config, "request.generationConfig", "maxOutputTokens", wrong);
    if config.get("responseJsonSchema").is_some() {
        let what = "gives no good answers in batches: use responseSchema".to_owned();
        wrong.push(("request.generationConfig.responseJsonSchema".into(), what));
    }
}

fn messages(list: &Value, field: &'static str, roles: &[&str], wrong: &mut Vec<Wrong>) {
    filled(list, field, wrong);
    for message in list.as_array().into_iter().flatten() {
        match message["role"].as_str() {
            Some(role) if roles.contains(&role) => {}
            Some(role) => wrong.push((field.into(), format!("have the role `{role}`; there are {}", roles.join(", ")))),
            None if message.is_object() => wrong.push((field.into(), "have one without a role".to_owned())),
            None => {}
        }
    }
}

fn filled(list: &Value, field: &'static str, wrong: &mut Vec<Wrong>) {
    if list.as_array().is_none_or(Vec::is_empty) {
        wrong.push((field.into(), "is missing or empty".to_owned()));
    }
}

fn positive(body: &Value, at: &str, name: &str, wrong: &mut Vec<Wrong>) {
    if let Some(value) = body.get(name).filter(|value| !value.is_null())
        && value.as_u64().is_none_or(|value| value == 0)
    {
        wrong.push((format!("{at}.{name}").into(), format!("is {value}; give a whole number above 0")));
    }
}

fn unknown(body: &Value, at: &str, known: &[&str], wrong: &mut Vec<Wrong>) {
    for name in body.as_object().into_iter().flatten().map(|(name, _)| name) {
        if !known.contains(&name.as_str()) {
            let near = known.iter().max_by(|a, b| strsim::jaro(name, a).total_cmp(&strsim::jaro(name, b)));
            let near = near.filter(|near| strsim::jaro(name, near) > 0.85);
            let near = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
            wrong.push((format!("{at}.{name}").into(), format!("is no field of this API{near}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(look: impl FnOnce(&mut Vec<Wrong>)) -> Vec<String> {
        let mut wrong = Vec::new();
        look(&mut wrong);
        wrong.into_iter().map(|(field, what)| format!("{field} {what}")).collect()
    }

    fn chat_with(model: &str, more: Value) -> Vec<String> {
        let mut body = json!({"model": model, "messages": [{"role": "user", "content": "x"}]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        found(|wrong| chat(&body, true, wrong))
    }

    #[test]
    fn models_that_reason_refuse_what_others_take() {
        let sampled = json!({"temperature": 0.7, "max_tokens": 10});
        assert_eq!(chat_with("gpt-4o-mini", sampled.clone()), [""; 0]);
        let refused = chat_with("gpt-5-mini", sampled);
        assert!(refused[0].contains("max_completion_tokens") && refused[1].contains("body.temperature"), "{refused:?}");
        let without = json!({"temperature": 0.7, "reasoning_effort": "none", "max_completion_tokens": 10});
        assert_eq!(chat_with("gpt-5.5", without), [""; 0]);
        assert_eq!(chat_with("o3", json!({"temperature": 1})), [""; 0]);
    }

    #[test]
    fn wrong_fields_ranges_and_names_are_told() {
        for (more, said) in [
            (json!({"max_token": 5}), "body.max_token is no field of this API; did you mean max_tokens?"),
            (json!({"temperature": 9}), "body.temperature is 9; it goes from 0 to 2"),
            (json!({"max_tokens": 0}), "body.max_tokens is 0; give a whole number above 0"),
            (json!({"stream": true}), "body.stream is not possible in a batch"),
            (json!({"messages": []}), "body.messages is missing or empty"),
            (json!({"messages": [{"role": "bot"}]}), "body.messages have the role `bot`"),
            (
                json!({"response_format": {"type": "json_schema", "json_schema": {"name": "a b", "schema": {}}}}),
                "body.response_format.json_schema.name is not 1 to 64",
            ),
        ] {
            let told = chat_with("gpt-4o", more);
            assert!(told.len() == 1 && told[0].starts_with(said), "{told:?}");
        }
        let body = json!({"model": "m", "messages": [{"role": "user"}], "top_k": 5});
        assert_eq!(found(|wrong| chat(&body, false, wrong)), [""; 0], "other servers have fields of their own");
    }

    #[test]
    fn anthropic_and_gemini_have_their_own_fields() {
        let params = json!({"model": "m", "max_tokens": 5, "messages": [{"role": "system", "content": "x"}], "top_p": 1, "n": 2});
        let told = found(|wrong| anthropic(&params, wrong));
        assert!(told[0].contains("role `system`") && told[1].contains("params.top_p is refused"), "{told:?}");
        assert!(told[2].contains("params.n is no field"), "{told:?}");
        let request = json!({"contents": [{}], "generationConfig": {"responseJsonSchema": {}}, "messages": []});
        assert_eq!(found(|wrong| gemini(&request, wrong)).len(), 2);
    }
}
