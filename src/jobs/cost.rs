//! What shards will cost, and what they did cost.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use super::{Shard, ledger_folder};
use crate::dialect::decode;
use crate::files::Lines;
use crate::model::Outcome;
use crate::price::{Counter, Money, Price, Prices};
use crate::progress::{Progress, go_on};
use crate::{Error, Result};

/// Lines between two looks at whether the person wants to stop.
const LINES_A_LOOK: u64 = 1_000;

/// How prices are found.
#[derive(Debug, Clone)]
pub struct CostOptions {
    /// The table.
    pub prices: Prices,
    /// A price given by hand, for every model.
    pub given: Option<Price>,
    /// Tokens expected of an answer; by default the mean of the other answers that are here, else of those to other batch
    /// files of the folder.
    pub expected_output: Option<u64>,
}

impl CostOptions {
    fn price(&self, model: &str) -> Option<&Price> {
        self.given.as_ref().or_else(|| self.prices.find(model))
    }
}

/// Tokens and their price. `None` where it is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Bill {
    /// Requests or answers.
    pub count: u64,
    /// Tokens of requests.
    pub input_tokens: u64,
    /// Tokens of answers.
    pub output_tokens: Option<u64>,
    /// In a batch.
    pub batch: Option<Money>,
    /// At once.
    pub list: Option<Money>,
}

/// The cost of one shard.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShardCost {
    /// Its file name.
    pub shard: String,
    /// The model it asks for.
    pub model: String,
    /// What tokens of its prompts were counted by: the name of the model's vocabulary, or `4 bytes a token`.
    pub basis: &'static str,
    /// Before: from the tokens of its prompts, and the expected length of the answers.
    pub estimate: Bill,
    /// After: from the `usage` of its result lines, where they are here.
    pub actual: Option<Bill>,
    /// How far the estimate was off, where both are known.
    pub off: Option<Off>,
    /// Prices are of this day; `None` when none is known.
    pub as_of: Option<String>,
}

/// How far an estimate was off: 0.1 is a tenth too much. For those requests that have an answer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Off {
    /// Tokens of requests.
    pub input: f64,
    /// Tokens of answers, when their length was expected from elsewhere than these same answers.
    pub output: Option<f64>,
}

/// Reads the shards, and their results where those are here.
///
/// # Errors
/// [`crate::Error::Io`] when a file cannot be read.
pub fn cost(shards: &[Shard], options: &CostOptions, progress: &dyn Progress) -> Result<Vec<ShardCost>> {
    let mut read = Vec::new();
    let mut answered = Used::default();
    for shard in shards {
        go_on(progress)?;
        let (asked, used) = (asked(shard, progress)?, used(shard)?);
        answered.add(&used);
        read.push((shard, asked, used));
    }
    let past = match options.expected_output {
        None if answered.answers == 0 => past(shards, progress)?,
        _ => Used::default(),
    };
    let bill = |(shard, asked, used): (&Shard, Asked, Used)| {
        // An answer is no witness for its own estimate.
        let others = answered.without(&used);
        let each = options.expected_output.or_else(|| others.each()).or_else(|| past.each());
        let price = options.price(&asked.model);
        let charge = |count, input, output: Option<u64>| Bill {
            count,
            input_tokens: input,
            output_tokens: output,
            batch: price.zip(output).map(|(price, output)| price.batch.cost(input, output)),
            list: price.zip(output).map(|(price, output)| price.list.cost(input, output)),
        };
        let off = |estimate: f64, actual: u64| estimate / actual.max(1) as f64 - 1.0;
        let input_each = asked.tokens as f64 / asked.requests.max(1) as f64;
        ShardCost {
            shard: shard.file_name(),
            basis: asked.basis,
            estimate: charge(asked.requests, asked.tokens, each.map(|each| each.saturating_mul(asked.requests))),
            actual: (used.answers > 0).then(|| charge(used.answers, used.input, Some(used.output))),
            off: (used.answers > 0 && used.input > 0).then(|| Off {
                input: off(input_each * used.answers as f64, used.input),
                output: each.map(|each| off(each as f64 * used.answers as f64, used.output)),
            }),
            as_of: price.map(|price| price.as_of.clone()),
            model: asked.model,
        }
    };
    Ok(read.into_iter().map(bill).collect())
}

/// Tokens of all prompts of a shard, as good as they can be known.
pub(super) fn prompt_tokens(shard: &Shard, progress: &dyn Progress) -> Result<u64> {
    asked(shard, progress).map(|asked| asked.tokens)
}

/// The answers to other shards of the same folders.
fn past(shards: &[Shard], progress: &dyn Progress) -> Result<Used> {
    let folders: BTreeSet<PathBuf> = shards.iter().map(|shard| ledger_folder(&shard.path)).collect();
    let mut past = Used::default();
    for folder in folders {
        for shard in super::shards(&folder)?.iter().filter(|shard| !shards.contains(shard)) {
            go_on(progress)?;
            past.add(&used(shard)?);
        }
    }
    Ok(past)
}

/// What `count` requests of so many tokens each cost, without any file.
///
/// # Errors
/// [`Error::Usage`] when that is more tokens than can be counted.
pub fn cost_of(count: u64, input_each: u64, output_each: u64, price: &Price) -> Result<Bill> {
    let all = |each: u64| {
        let beyond =
            || Error::Usage(format!("{count} requests of {each} tokens: nobody can count that; ask for fewer"));
        count.checked_mul(each).ok_or_else(beyond)
    };
    let (input, output) = (all(input_each)?, all(output_each)?);
    Ok(Bill {
        count,
        input_tokens: input,
        output_tokens: Some(output),
        batch: Some(price.batch.cost(input, output)),
        list: Some(price.list.cost(input, output)),
    })
}

#[derive(Default)]
struct Asked {
    model: String,
    requests: u64,
    /// Of what is sent to the model: prompts and schema.
    tokens: u64,
    basis: &'static str,
}

fn asked(shard: &Shard, progress: &dyn Progress) -> Result<Asked> {
    let model = shard.model()?.unwrap_or_default();
    let mut counter = Counter::new(&model);
    let mut asked = Asked { basis: counter.basis(), model, ..Asked::default() };
    let mut lines = Lines::open(&shard.path)?;
    while let Some(line) = lines.next()? {
        if line.number % LINES_A_LOOK == 0 {
            go_on(progress)?;
        }
        let Ok(request) = serde_json::from_slice::<Value>(line.bytes) else { continue };
        asked.requests += 1;
        let body = ["body", "params", "request"].iter().find_map(|name| request.get(name)).unwrap_or(&Value::Null);
        asked.tokens += match (counter.is_exact(), body["messages"].as_array()) {
            (true, Some(messages)) => chat_tokens(messages, body, &mut counter),
            // Bytes are rounded once a request, not once a text.
            _ => text_bytes(body).div_ceil(4),
        };
    }
    Ok(asked)
}

/// Tokens of a chat: its texts; three and the role for each message, and three to begin the answer, as OpenAI describes
/// its format; and the schema, which the model reads in some form too.
fn chat_tokens(messages: &[Value], body: &Value, counter: &mut Counter) -> u64 {
    let mut tokens = 3;
    for message in messages {
        let count = |text: &str, counter: &mut Counter| match message["role"].as_str() {
            Some("user") => counter.count(text),
            _ => counter.count_again(text),
        };
        tokens += 4;
        tokens += match &message["content"] {
            Value::String(text) => count(text, counter),
            Value::Array(parts) => {
                parts.iter().filter_map(|part| part["text"].as_str()).map(|text| count(text, counter)).sum()
            }
            _ => 0,
        };
    }
    let schema = &body["response_format"]["json_schema"]["schema"];
    tokens + if schema.is_null() { 0 } else { counter.count_again(&schema.to_string()) }
}

/// Bytes of all strings below, names of fields included: about what a model reads of messages and schema.
fn text_bytes(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.len() as u64,
        Value::Array(items) => items.iter().map(text_bytes).sum(),
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() as u64 + text_bytes(value)).sum(),
        _ => 1,
    }
}

#[derive(Default)]
struct Used {
    answers: u64,
    input: u64,
    output: u64,
}

impl Used {
    fn add(&mut self, other: &Self) {
        self.answers += other.answers;
        self.input += other.input;
        self.output += other.output;
    }

    fn without(&self, part: &Self) -> Self {
        Self { answers: self.answers - part.answers, input: self.input - part.input, output: self.output - part.output }
    }

    /// Tokens of an answer, on average.
    fn each(&self) -> Option<u64> {
        (self.answers > 0).then(|| self.output.div_ceil(self.answers))
    }
}

fn used(shard: &Shard) -> Result<Used> {
    let mut used = Used::default();
    if !shard.output().is_file() {
        return Ok(used);
    }
    let mut lines = Lines::open(&shard.output())?;
    while let Some(line) = lines.next()? {
        let Some(decoded) = std::str::from_utf8(line.bytes).ok().and_then(|text| decode(text).ok()) else { continue };
        let Outcome::Answer(answer) = decoded.outcome else { continue };
        let usage: Value = answer.usage.and_then(|usage| serde_json::from_str(&usage).ok()).unwrap_or_default();
        let tokens = |names: &[&str]| names.iter().find_map(|name| usage[*name].as_u64()).unwrap_or(0);
        used.answers += 1;
        used.input += tokens(&["prompt_tokens", "input_tokens", "promptTokenCount"]);
        used.output +=
            tokens(&["completion_tokens", "output_tokens", "candidatesTokenCount"]) + tokens(&["thoughtsTokenCount"]);
    }
    Ok(used)
}
