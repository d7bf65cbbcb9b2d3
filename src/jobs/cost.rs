//! What shards will cost, and what they did cost.

use serde::Serialize;
use serde_json::Value;

use super::Shard;
use crate::Result;
use crate::dialect::decode;
use crate::files::Lines;
use crate::model::Outcome;
use crate::price::{Money, Price, Prices};
use crate::progress::{Progress, go_on};

/// Bytes of a prompt for a token. The rule of thumb for English is four characters; scripts outside ASCII take more
/// bytes a character and more tokens a character, so that bytes come nearer to the truth than characters do.
const BYTES_A_TOKEN: u64 = 4;

/// How prices are found.
#[derive(Debug, Clone)]
pub struct CostOptions {
    /// The table.
    pub prices: Prices,
    /// A price given by hand, for every model.
    pub given: Option<Price>,
    /// Tokens expected of an answer; by default the mean of the answers that are here.
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShardCost {
    /// Its file name.
    pub shard: String,
    /// The model it asks for.
    pub model: String,
    /// Before: from the length of its prompts, and the expected length of the answers.
    pub estimate: Bill,
    /// After: from the `usage` of its result lines, where they are here.
    pub actual: Option<Bill>,
    /// Prices are of this day; `None` when none is known.
    pub as_of: Option<String>,
}

/// Reads the shards, and their results where those are here.
///
/// # Errors
/// [`crate::Error::Io`] when a file cannot be read.
pub fn cost(shards: &[Shard], options: &CostOptions, progress: &dyn Progress) -> Result<Vec<ShardCost>> {
    let mut costs = Vec::new();
    for shard in shards {
        go_on(progress)?;
        let asked = asked(shard)?;
        let used = used(shard)?;
        let price = options.price(&asked.model);
        let actual = (used.answers > 0).then(|| {
            let priced = price.map(|price| (price.batch, price.list));
            let money = |rate: crate::price::Rate| rate.cost(used.input, used.output);
            Bill {
                count: used.answers,
                input_tokens: used.input,
                output_tokens: Some(used.output),
                batch: priced.map(|(batch, _)| money(batch)),
                list: priced.map(|(_, list)| money(list)),
            }
        });
        let as_of = price.map(|price| price.as_of.clone());
        let estimate =
            Bill { count: asked.requests, input_tokens: asked.bytes.div_ceil(BYTES_A_TOKEN), ..Bill::default() };
        costs.push(ShardCost { shard: shard.file_name(), model: asked.model, estimate, actual, as_of });
    }
    expect_outputs(&mut costs, options);
    Ok(costs)
}

/// What `count` requests of so many tokens each cost, without any file.
#[must_use]
pub fn cost_of(count: u64, input_each: u64, output_each: u64, price: &Price) -> Bill {
    let (input, output) = (count * input_each, count * output_each);
    Bill {
        count,
        input_tokens: input,
        output_tokens: Some(output),
        batch: Some(price.batch.cost(input, output)),
        list: Some(price.list.cost(input, output)),
    }
}

/// Fills in the answers that are expected: as long as those that are here, unless the person knows better.
fn expect_outputs(costs: &mut [ShardCost], options: &CostOptions) {
    let here = costs.iter().filter_map(|cost| cost.actual);
    let (answers, tokens) =
        here.fold((0, 0), |(answers, tokens), bill| (answers + bill.count, tokens + bill.output_tokens.unwrap_or(0)));
    let each = options.expected_output.or_else(|| (answers > 0).then(|| u64::div_ceil(tokens, answers)));
    for cost in costs {
        let bill = &mut cost.estimate;
        bill.output_tokens = each.map(|each| each * bill.count);
        let (Some(price), Some(output)) = (options.price(&cost.model), bill.output_tokens) else { continue };
        bill.batch = Some(price.batch.cost(bill.input_tokens, output));
        bill.list = Some(price.list.cost(bill.input_tokens, output));
    }
}

#[derive(Default)]
struct Asked {
    model: String,
    requests: u64,
    /// Of what is sent to the model: prompts and schema.
    bytes: u64,
}

fn asked(shard: &Shard) -> Result<Asked> {
    let mut asked = Asked::default();
    let mut lines = Lines::open(&shard.path)?;
    while let Some(line) = lines.next()? {
        let Ok(request) = serde_json::from_slice::<Value>(line.bytes) else { continue };
        asked.requests += 1;
        let body = ["body", "params", "request"].iter().find_map(|name| request.get(name)).unwrap_or(&Value::Null);
        asked.bytes += text_bytes(body);
        if asked.model.is_empty() {
            asked.model = body["model"].as_str().unwrap_or_default().to_owned();
        }
    }
    Ok(asked)
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
