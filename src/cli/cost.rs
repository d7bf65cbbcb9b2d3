//! `aacorn cost`: what batch files will cost, and what they did cost.

use std::path::PathBuf;

use super::{Context, Exit, print};
use crate::jobs::{Bill, CostOptions, Off, ShardCost, cost, cost_of, shards};
use crate::price::{Money, Price, Prices};
use crate::{Error, Result};

/// Show what batch files cost, in a batch and at once: an estimate before, the bill from the answers' own usage after.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Batch files, or folders of them.
    #[arg(value_name = "PATH", default_value = "batch_files")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    prices: PriceArgs,
    /// Instead of files: so many requests, with --input-tokens and --expected-output each.
    #[arg(long, value_name = "N", num_args = 1.., requires_all = ["input_tokens", "expected_output"])]
    requests: Vec<u64>,
    /// With --requests: tokens of a request.
    #[arg(long, value_name = "N")]
    input_tokens: Option<u64>,
    /// With --requests: the model whose price counts.
    #[arg(long)]
    model: Option<String>,
}

/// How prices are found; shared with `submit`.
#[derive(Debug, clap::Args)]
pub struct PriceArgs {
    /// Dollars per million tokens of a request, at once; a batch is taken to cost half.
    #[arg(long, value_name = "DOLLARS", requires = "price_out")]
    price_in: Option<String>,
    /// Dollars per million tokens of an answer, at once.
    #[arg(long, value_name = "DOLLARS", requires = "price_in")]
    price_out: Option<String>,
    /// A file of prices, over those that are built in.
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
    /// Tokens expected of an answer; by default the mean of the answers that are here, or of the folder's others.
    #[arg(long, value_name = "N")]
    expected_output: Option<u64>,
}

impl PriceArgs {
    /// The library's options.
    pub fn options(&self) -> Result<CostOptions> {
        let given = match (&self.price_in, &self.price_out) {
            (Some(input), Some(output)) => Some(Price::given(input, output).ok_or_else(|| {
                Error::Usage("--price-in and --price-out are dollars per million tokens, such as 0.15".to_owned())
            })?),
            _ => None,
        };
        let prices = Prices::load(self.prices.as_deref())?;
        Ok(CostOptions { prices, given, expected_output: self.expected_output })
    }
}

/// Runs the command.
pub fn run(args: Args, context: &Context) -> Result<Exit> {
    let options = args.prices.options()?;
    if !args.requests.is_empty() {
        return without_files(&args, &options, context);
    }
    let mut costs = Vec::new();
    for path in &args.paths {
        costs.extend(cost(&shards(path)?, &options, &context.progress)?);
    }
    if context.json {
        print::json(&costs);
    } else {
        show(&costs);
    }
    Ok(Exit::Complete)
}

fn without_files(args: &Args, options: &CostOptions, context: &Context) -> Result<Exit> {
    let model = args.model.as_deref().unwrap_or_default();
    let price = options.given.as_ref().or_else(|| options.prices.find(model)).ok_or_else(|| {
        Error::Usage(format!("no price known for the model `{model}`: give --price-in and --price-out"))
    })?;
    let (input, output) = (args.input_tokens.unwrap_or(0), args.prices.expected_output.unwrap_or(0));
    let bills =
        args.requests.iter().map(|count| cost_of(*count, input, output, price)).collect::<Result<Vec<Bill>>>()?;
    if context.json {
        print::json(&bills);
    } else {
        let row = |bill: &Bill| [bill.count.to_string(), money(bill.list), money(bill.batch)];
        let each = cost_of(1, input, output, price)?;
        print::table(["requests", "at once", "in a batch"], bills.iter().map(row).collect(), 0);
        print::line(format_args!("each: {} at once, {} in a batch", money(each.list), money(each.batch)));
    }
    Ok(Exit::Complete)
}

fn show(costs: &[ShardCost]) {
    let rows = costs.iter().flat_map(rows).collect();
    let header = ["shard", "model", "", "requests", "tokens in", "tokens out", "in a batch", "at once"];
    print::table(header, rows, 3);
    let total = |of: fn(&ShardCost) -> Option<Bill>| {
        let bills = || costs.iter().filter_map(of);
        let sum = |money: fn(Bill) -> Option<Money>| {
            bills().map(money).try_fold(Money::default(), |sum, money| Some(sum.plus(money?)))
        };
        bills().next().is_some().then(|| (sum(|bill| bill.batch), sum(|bill| bill.list)))
    };
    if let Some((Some(batch), Some(list))) = total(|cost| Some(cost.estimate)) {
        print::line(format_args!("estimate, in a batch: {batch}; at once: {list}"));
    }
    if let Some((Some(batch), Some(list))) = total(|cost| cost.actual) {
        print::line(format_args!("bill, in a batch: {batch}; at once it would have been {list}"));
    }
    show_off(costs);
    let mut unknown: Vec<_> =
        costs.iter().filter(|cost| cost.as_of.is_none()).map(|cost| cost.model.as_str()).collect();
    unknown.sort_unstable();
    unknown.dedup();
    for model in unknown {
        print::line(format_args!("no price known for `{model}`: give --price-in and --price-out, or --prices FILE"));
    }
    if costs.iter().any(|cost| cost.estimate.output_tokens.is_none() && cost.actual.is_none()) {
        print::line("how long answers will be is not known: give --expected-output");
    }
    let mut bases: Vec<_> = costs.iter().map(|cost| cost.basis).collect();
    bases.sort_unstable();
    bases.dedup();
    print::line(format_args!("tokens of requests counted by: {}", bases.join(", ")));
    if let Some(as_of) = costs.iter().find_map(|cost| cost.as_of.as_ref()) {
        print::line(format_args!("prices as of {as_of}"));
    }
}

/// How far the estimates were off, all shards together.
fn show_off(costs: &[ShardCost]) {
    let answered: Vec<_> = costs.iter().filter_map(|cost| Some((cost.actual?, cost.off?))).collect();
    type Part = Option<(f64, u64)>;
    let mean = |of: &dyn Fn(&(Bill, Off)) -> Part| {
        let parts: Vec<_> = answered.iter().map(of).collect::<Option<_>>()?;
        let tokens: u64 = parts.iter().map(|(_, tokens)| tokens).sum();
        let off: f64 = parts.iter().map(|(off, tokens)| off * *tokens as f64).sum();
        (tokens > 0).then(|| format!("{:+.1} %", off / tokens as f64 * 100.0))
    };
    let Some(input) = mean(&|(bill, off)| Some((off.input, bill.input_tokens))) else { return };
    let output = mean(&|(bill, off)| Some((off.output?, bill.output_tokens?)));
    let output = output.map(|off| format!(", of answers by {off}")).unwrap_or_default();
    print::line(format_args!("the estimate was off: tokens of requests by {input}{output}"));
}

fn rows(cost: &ShardCost) -> Vec<[String; 8]> {
    let row = |what: &str, bill: &Bill| {
        let output = bill.output_tokens.map_or_else(|| "?".to_owned(), |tokens| tokens.to_string());
        let (count, input) = (bill.count.to_string(), bill.input_tokens.to_string());
        [
            cost.shard.clone(),
            cost.model.clone(),
            what.to_owned(),
            count,
            input,
            output,
            money(bill.batch),
            money(bill.list),
        ]
    };
    let mut rows = vec![row("estimate", &cost.estimate)];
    rows.extend(cost.actual.as_ref().map(|bill| row("bill", bill)));
    rows
}

fn money(money: Option<Money>) -> String {
    money.map_or_else(|| "not known".to_owned(), |money| money.to_string())
}
