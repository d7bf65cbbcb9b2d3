//! `aacorn retry`: new batch files of the requests that have no usable answer.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::desk::{self, DeskArgs};
use super::generate::{provider_parser, service_parser};
use super::{Context, Exit, print};
use crate::dialect::Service;
use crate::files::jsonl_files;
use crate::jobs::{Family, RetryOptions, RetryReport, Shard, Target, Unfinished, retry};
use crate::model::{Provider, Reason};
use crate::recipe::Recipe;
use crate::{Error, Result};

const REASONS: [(&str, Reason); 10] = [
    ("refused", Reason::Refused),
    ("filtered", Reason::Filtered),
    ("truncated", Reason::Truncated),
    ("failed", Reason::Failed),
    ("expired", Reason::Expired),
    ("cancelled", Reason::Cancelled),
    ("empty", Reason::Empty),
    ("unparseable", Reason::Unparseable),
    ("invalid", Reason::Invalid),
    ("mispaired", Reason::Mispaired),
];

/// Make new batch files of exactly the requests that are missing, expired, failed or cut; submit sends them.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Batch files, or folders of them.
    #[arg(value_name = "PATH", default_value = "batch_files")]
    paths: Vec<PathBuf>,
    /// Also send again what `process` rejected: its reject files, or the folder of its output.
    #[arg(long, value_name = "FILE|DIR")]
    rejects: Vec<PathBuf>,
    /// For which reasons, beside missing.
    #[arg(long, value_name = "REASON", num_args = 1.., value_parser = reason_parser(), default_values = [
        "truncated", "failed", "expired", "cancelled", "empty", "unparseable", "invalid", "mispaired",
    ])]
    reasons: Vec<Reason>,
    /// How often a request is sent at most, the first time included.
    #[arg(long, value_name = "N", default_value_t = 3)]
    attempts: usize,
    /// Ask another provider than the one that did not answer: the requests are written in its words.
    #[arg(long, value_parser = provider_parser())]
    provider: Option<Provider>,
    /// Which service of OpenAI's shape, with --provider openai.
    #[arg(long, value_name = "NAME", value_parser = service_parser(), requires = "provider")]
    service: Option<&'static Service>,
    /// The other provider's model; by default the recipe's for it.
    #[arg(long, requires = "provider")]
    model: Option<String>,
}

/// Runs the command.
pub fn run(args: Args, context: &Context) -> Result<Exit> {
    let mut rejects = Vec::new();
    for path in &args.rejects {
        let files = jsonl_files(path, "rejects")?;
        let named = |file: &PathBuf| path.is_file() || file.to_string_lossy().ends_with("_rejects.jsonl");
        rejects.extend(files.into_iter().filter(named));
    }
    let reasons = BTreeSet::from_iter(args.reasons.iter().copied());
    let mut options = RetryOptions { reasons, attempts: args.attempts, rejects, to: None };
    let mut report = RetryReport::default();
    for folder in args.desk().folders(context)? {
        options.to = args.target(&folder.shards, context)?;
        report.families.extend(retry(&folder.ledger, &folder.shards, &options, &context.progress)?.families);
    }
    if context.json {
        print::json(&report);
    } else {
        show(&report, &args);
    }
    Ok(Exit::Complete)
}

fn show(report: &RetryReport, args: &Args) {
    for family in &report.families {
        print::line(told(family));
    }
    let made: Vec<_> = report.families.iter().filter_map(|family| family.made.as_ref()).collect();
    match made.as_slice() {
        [] => match unfinished(report, args) {
            Some(next) => print::next(next),
            None => print::line("nothing to send again"),
        },
        made => {
            let paths: Vec<_> = made.iter().map(|path| path.display().to_string()).collect();
            let provider = args.provider.map(|provider| format!(" --provider {provider}")).unwrap_or_default();
            let service = args.service.map(|service| format!(" --service {}", service.name)).unwrap_or_default();
            print::next(format_args!("aacorn submit{provider}{service} {}", paths.join(" ")));
        }
    }
}

/// What to type when results must come first.
fn unfinished(report: &RetryReport, args: &Args) -> Option<String> {
    let waits = |why| {
        let waiting = report.families.iter().filter(|family| !family.again.is_empty());
        waiting.filter_map(|family| family.waiting.as_ref()).any(|waiting| waiting.why == why)
    };
    let typed = desk::typed(&args.desk());
    let commands =
        [(Unfinished::Unsent, "submit"), (Unfinished::UnderWay, "watch"), (Unfinished::Lost, "submit --again")];
    commands.into_iter().find(|(why, _)| waits(*why)).map(|(_, command)| format!("aacorn {command}{typed}"))
}

impl Args {
    fn desk(&self) -> DeskArgs {
        DeskArgs { paths: self.paths.clone(), base_url: None, api_key_env: None }
    }

    /// Who is to answer instead, when somebody else is.
    fn target(&self, shards: &[Shard], context: &Context) -> Result<Option<Target>> {
        let Some(provider) = self.provider else { return Ok(None) };
        let service = self.service.unwrap_or_else(Service::openai);
        let of_recipe = || -> Result<Option<String>> {
            let Some(recipe) = shards.first().map(Shard::recipe).transpose()?.flatten() else { return Ok(None) };
            Ok(Recipe::load(&context.assets, &recipe)?.request.models.get(provider.name()).cloned())
        };
        let model = match &self.model {
            Some(model) => Some(model.clone()),
            None if service.own_model => None,
            None => of_recipe()?,
        };
        let model = model
            .ok_or_else(|| Error::Usage(format!("which model of {provider} is to answer? name it with --model")))?;
        Ok(Some(Target { provider, service, model }))
    }
}

fn told(family: &Family) -> String {
    let name = family.shard.file_name().unwrap_or_default().to_string_lossy();
    let list = |counts: &std::collections::BTreeMap<String, u64>| {
        counts.iter().map(|(why, count)| format!("{count} {why}")).collect::<Vec<_>>().join(", ")
    };
    let mut text = format!("{name}: {} of {} answered", family.answered, family.requests);
    if let Some(made) = &family.made {
        text.push_str(&format!("; again: {} → {}", list(&family.again), made.display()));
    }
    if let Some(waiting) = family.waiting.as_ref().filter(|_| !family.again.is_empty()) {
        let who = match waiting.shard == family.shard {
            true => "it".into(),
            false => waiting.shard.file_name().unwrap_or_default().to_string_lossy(),
        };
        let why = match waiting.why {
            Unfinished::Unsent => "is not submitted",
            Unfinished::UnderWay => "is still under way",
            Unfinished::Lost => "was lost by its provider; submit it with --again",
        };
        text.push_str(&format!("; {who} {why}"));
    }
    if !family.given_up.is_empty() {
        let tries = family.attempts;
        text.push_str(&format!("; not sent again: {} (sent {tries} times)", list(&family.given_up)));
    }
    text
}

fn reason_parser() -> impl TypedValueParser<Value = Reason> {
    PossibleValuesParser::new(REASONS.map(|(name, _)| name))
        .map(|name| REASONS.into_iter().find(|(known, _)| *known == name).expect("only possible values are parsed").1)
}
