//! `aacorn generate`: batch files from language packs and templates, or from rows.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::{Map, Value};

use super::rows::RowArgs;
use super::{Context, Exit, print};
use crate::dialect::{JsonMode, Service};
use crate::generate::{Amount, Options, Report, generate, rows};
use crate::model::Provider;
use crate::recipe::{Filter, Kind, Source, WHOLE, kind};
use crate::{Error, Result};

/// Make batch files: prompts for a number of conversations in each locale, or for each row of --input, and their metadata.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    plan: PlanArgs,
    /// Who will answer; decides the dialect of the request files.
    #[arg(long, default_value = "openai", value_parser = provider_parser())]
    provider: Provider,
    /// Accepted for the sake of the guide's commands; this is what `generate` always does.
    #[arg(long)]
    batch_prepare: bool,
    /// Index of the first plan item; by default the one after those that the folder holds of this seed.
    #[arg(long, value_name = "N")]
    start: Option<u64>,
    /// Folder of the batch files.
    #[arg(long, value_name = "DIR", default_value = "batch_files")]
    out: PathBuf,
    #[command(flatten)]
    rows: RowArgs,
}

/// Options of what to ask for, shared with `run`.
#[derive(Debug, clap::Args)]
pub struct PlanArgs {
    /// Locales, such as en-GB fr-FR, or all. Recipes over rows take one at most, as a variable.
    #[arg(long, required_unless_present = "recipe", num_args = 1.., value_name = "LOCALE")]
    pub lang: Vec<String>,
    /// Conversations a locale.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub num: u64,
    /// Seed: the same seed gives the same bytes.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Which service of OpenAI's shape it is for: azure, mistral, groq, together, dashscope … Decides the form of the
    /// requests and their limits.
    #[arg(long, value_name = "NAME", value_parser = service_parser())]
    pub service: Option<&'static Service>,
    /// The provider's name of the model; by default the recipe's for that provider.
    #[arg(long)]
    pub model: Option<String>,
    /// A parameter of the request body, as JSON or plain text: temperature=0.8, max_tokens=2000. Repeatable.
    #[arg(long, value_name = "KEY=VALUE", value_parser = parameter)]
    pub param: Vec<(String, Value)>,
    /// How strictly the answer's form is asked for; `object` is for servers without JSON schemas.
    #[arg(long, value_name = "MODE", default_value = "schema", value_parser = json_mode_parser())]
    pub json_mode: JsonMode,
    /// Which recipe; `aacorn recipe list` shows them.
    #[arg(long, default_value = "aac")]
    pub recipe: String,
    /// Topics from a commonsense file in place of the pack's scenarios: ATOMIC-2020 TSV (head, relation, tail), JSON Lines of
    /// the same, or a JSON array with topic, relation, which.
    #[arg(long, value_name = "FILE")]
    pub knowledge: Option<PathBuf>,
    /// Only events with these relations and one of these whole words; `!word` leaves out: coffee,party,xWant,!drunk. Repeatable.
    #[arg(long, value_name = "WORDS", requires = "knowledge")]
    pub knowledge_filter: Vec<Filter>,
    /// The share of conversations that take their topic from the file, from 0 to 1; the others take scenarios.
    #[arg(long, value_name = "SHARE", default_value = "1", value_parser = share, requires = "knowledge")]
    pub knowledge_share: u32,
}

impl PlanArgs {
    /// The library's options; locales are looked up now, so that nothing is written for a wrong one.
    pub fn options(self, context: &Context, provider: Provider, amount: Amount, out: PathBuf) -> Result<Options> {
        let params = params(self.param)?;
        if self.lang.is_empty() {
            return Err(Error::Usage(format!(
                "--lang: recipe `{}` asks for conversations in a locale: name one",
                self.recipe
            )));
        }
        Ok(Options {
            recipe: self.recipe,
            locales: context.languages.resolve(&self.lang)?,
            amount,
            seed: self.seed,
            provider,
            service: self.service.unwrap_or_else(Service::openai),
            model: self.model,
            params,
            json_mode: self.json_mode,
            knowledge: self.knowledge.map(|path| Source {
                path,
                filter: self.knowledge_filter.into_iter().fold(Filter::default(), Filter::and),
                share: self.knowledge_share,
            }),
            out,
            now: context.now,
        })
    }
}

/// Parameters by name, each given once.
pub fn params(given: Vec<(String, Value)>) -> Result<Map<String, Value>> {
    let mut params = Map::new();
    for (key, value) in given {
        if params.insert(key.clone(), value).is_some() {
            return Err(Error::Usage(format!("--param {key}: given twice")));
        }
    }
    Ok(params)
}

/// Runs the command.
pub fn run(args: Args, context: &Context) -> Result<Exit> {
    if kind(&context.assets, &args.plan.recipe)? == Kind::Rows {
        return over_rows(args, context);
    }
    args.rows.refuse(&args.plan.recipe)?;
    let (num, seed, start) = (args.plan.num, args.plan.seed, args.start);
    let options = args.plan.options(context, args.provider, Amount::More { num, start }, args.out)?;
    let report = generate(&context.assets, &context.languages, &options, &context.progress)?;
    if context.json {
        print::json(&report);
    } else {
        print_report(&report, &options, num, seed);
    }
    Ok(Exit::Complete)
}

fn over_rows(args: Args, context: &Context) -> Result<Exit> {
    let (provider, out) = (args.provider, args.out.clone());
    let options = args.rows.options(args.plan, context, provider, args.out)?;
    let report = rows::generate(&context.assets, &options, &context.progress)?;
    if report.found && !options.again {
        let run = &report.run.run;
        return Err(Error::Refused(format!(
            "{}: these rows were asked about in this way before, in run {run}; --allow-duplicate asks again",
            report.run.input.display()
        )));
    }
    if context.json {
        print::json(&report);
    } else {
        super::rows::show_generated(&report);
        let folder = out.join(&report.run.label);
        print::next(format_args!("aacorn submit --provider {provider} {}", folder.display()));
    }
    Ok(Exit::Complete)
}

fn print_report(report: &Report, options: &Options, num: u64, seed: u64) {
    for locale in &report.locales {
        if locale.start > 0 && matches!(options.amount, Amount::More { start: None, .. }) {
            print::line(format_args!(
                "{}: {} plan items of seed {seed} were there; these are {} to {}",
                locale.locale,
                locale.start,
                locale.start,
                locale.start + num - 1
            ));
        }
        for shard in &locale.shards {
            print::line(shard.requests_file.display());
            print::line(shard.metadata_file.display());
        }
    }
    if let Some(counts) = &report.knowledge {
        print::line(format_args!(
            "knowledge: {} entries read = {} used + {} filtered + {} without a tail",
            counts.read, counts.used, counts.filtered, counts.unannotated
        ));
    }
    let requests: u64 = report.locales.iter().map(|locale| locale.requests).sum();
    let locales = report.locales.len();
    print::line(format_args!(
        "generated {} in {}, model {}",
        print::count(requests, "request"),
        print::count(locales as u64, "locale"),
        report.model
    ));
    print::next(match options.provider {
        Provider::Local => format!("aacorn run --lang {} --num {num} --seed {seed}", langs(options)),
        Provider::OpenAi if options.service != Service::openai() => {
            let base_url = if options.service.base_url.is_none() { " --base-url URL" } else { "" };
            format!("aacorn submit --service {}{base_url} {}", options.service.name, options.out.display())
        }
        provider => format!("aacorn submit --provider {provider} {}", options.out.display()),
    });
}

fn langs(options: &Options) -> String {
    options.locales.iter().map(|locale| locale.as_str()).collect::<Vec<_>>().join(" ")
}

/// A share as thousandths.
fn share(text: &str) -> Result<u32, String> {
    let share: f64 = text.parse().map_err(|_| "give a number from 0 to 1".to_owned())?;
    if !(0.0..=1.0).contains(&share) {
        return Err("give a number from 0 to 1".to_owned());
    }
    Ok((share * f64::from(WHOLE)).round() as u32)
}

fn parameter(text: &str) -> Result<(String, Value), String> {
    let (key, value) = text.split_once('=').ok_or("give it as key=value")?;
    if key.is_empty() {
        return Err("the key is empty".to_owned());
    }
    Ok((key.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| value.into())))
}

/// Reads a provider's name.
pub fn provider_parser() -> impl TypedValueParser<Value = Provider> {
    PossibleValuesParser::new(Provider::ALL.map(Provider::name)).map(|name| {
        *Provider::ALL.iter().find(|provider| provider.name() == name).expect("only possible values are parsed")
    })
}

/// Reads a service's name.
pub fn service_parser() -> impl TypedValueParser<Value = &'static Service> {
    PossibleValuesParser::new(Service::all().map(|service| service.name.as_str())).try_map(|name| Service::named(&name))
}

fn json_mode_parser() -> impl TypedValueParser<Value = JsonMode> {
    PossibleValuesParser::new(["schema", "object"])
        .map(|name| if name == "object" { JsonMode::Object } else { JsonMode::Schema })
}
