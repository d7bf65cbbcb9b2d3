//! `aacorn run`: the whole pipeline, offline unless another provider is named.

use std::path::PathBuf;

use super::generate::{PlanArgs, provider_parser};
use super::rows::{RowArgs, show_generated, show_table};
use super::{Context, Exit, print};
use crate::dialect::Service;
use crate::generate::Amount;
use crate::http::Key;
use crate::model::{Provider, Tally};
use crate::pipeline::{self, Answers, LocaleReport, Options, Report, rows};
use crate::recipe::{Kind, kind};
use crate::{Error, Result};

/// Generate, answer, process and augment in one go; offline, unless another provider is named. With a recipe over rows: ask
/// about each row of --input and write the rows with their answers to --output.
///
/// Started again, it goes on where it stopped; a finished run has nothing left to do. A larger --num adds to what is there.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    plan: PlanArgs,
    /// Who answers. `local` is the server inside this program, with the phrasebook behind it.
    #[arg(long, default_value = "local", value_parser = provider_parser())]
    provider: Provider,
    /// With the local provider: answer with the chat endpoint below this base URL, such as http://127.0.0.1:11434/v1
    /// (Ollama, llama.cpp, vLLM), instead of the phrasebook. Name its model with --model.
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
    /// The base URL of the provider's batch API, when it is not the usual one.
    #[arg(long, value_name = "URL", conflicts_with = "upstream")]
    base_url: Option<String>,
    /// The environment variable that holds the key of the provider or the upstream.
    #[arg(long, value_name = "NAME")]
    api_key_env: Option<String>,
    /// Have at most so many tokens of prompts under way at the provider; the other batch files wait until some have ended.
    #[arg(long, value_name = "N")]
    max_queued_tokens: Option<u64>,
    /// Folder of the batch files.
    #[arg(long, value_name = "DIR", default_value = "batch_files")]
    out: PathBuf,
    /// Folder of the records and the corpus; for rows a file, told by its extension, or a folder.
    #[arg(long, value_name = "PATH", default_value = "output")]
    output: PathBuf,
    /// Threads; 0 for as many as the machine has. The output is the same at any number.
    #[arg(long, short, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=256))]
    jobs: u16,
    #[command(flatten)]
    rows: RowArgs,
}

/// Runs the command.
pub fn run(args: Args, context: &Context) -> Result<Exit> {
    let (num, service_is_open) = (args.plan.num, args.plan.service.is_none());
    let over_rows = kind(&context.assets, &args.plan.recipe)? == Kind::Rows;
    if !over_rows {
        args.rows.refuse(&args.plan.recipe)?;
    }
    let answers = match (args.provider, args.upstream) {
        (Provider::Local, Some(base_url)) => {
            let key = args.api_key_env.as_deref().map(Key::from_env).transpose()?;
            Answers::Upstream { base_url, key }
        }
        (Provider::Local, None) => Answers::Phrasebook,
        (_, Some(_)) => return Err(Error::Usage("--upstream goes with --provider local".to_owned())),
        (_, None) => {
            Answers::Remote { base_url: args.base_url, key_env: args.api_key_env, room: args.max_queued_tokens }
        }
    };
    let now = context.clock_is_fixed.then_some(context.now);
    if over_rows {
        let generate = args.rows.options(args.plan, context, args.provider, args.out)?;
        let (output, jobs) = (args.output, args.jobs.into());
        return run_rows(rows::Options { generate, output, jobs, now, answers }, context);
    }
    let mut generate = args.plan.options(context, args.provider, Amount::UpTo(num), args.out)?;
    if let (Answers::Remote { base_url: Some(url), .. }, true) = (&answers, service_is_open) {
        generate.service = Service::at(url)?;
    }
    let options = Options { generate, output: args.output, jobs: args.jobs.into(), now, answers };
    let report = pipeline::run(&context.assets, &context.languages, &options, &context.progress)?;
    if context.json {
        print::json(&report);
    } else {
        show(&report, &options);
    }
    Ok(if report.complete { Exit::Complete } else { Exit::Incomplete })
}

fn run_rows(options: rows::Options, context: &Context) -> Result<Exit> {
    let report = rows::run(&context.assets, &context.languages, &options, &context.progress)?;
    if context.json {
        print::json(&report);
    } else {
        show_generated(&report.generated);
        report.problems.iter().for_each(|problem| print::line(format_args!("failed: {problem}")));
        show_table(&report.table);
        if let Some(cleaned) = &report.cleaned {
            print::line(format_args!("{} removed at the provider", print::count(cleaned.remote, "file")));
            cleaned.failed.iter().for_each(|failed| print::line(format_args!("not removed: {failed}")));
        }
        if !report.table.complete {
            let folder = report.generated.folder.display();
            let rejects = report.table.rejects.as_ref().map(|path| format!(" --rejects {}", path.display()));
            print::next(format_args!("aacorn retry {folder}{}, then this command again", rejects.unwrap_or_default()));
        }
    }
    Ok(if report.table.complete { Exit::Complete } else { Exit::Incomplete })
}

fn show(report: &Report, options: &Options) {
    let header = ["locale", "planned", "accepted", "rejected", "missing", "AAC turns", "variants", "files"];
    let mut rows: Vec<_> =
        report.locales.iter().map(|locale| row(&locale.locale.to_string(), &locale.tally, &[locale])).collect();
    if report.locales.len() > 1 {
        rows.push(row("total", &report.total, &report.locales.iter().collect::<Vec<_>>()));
    }
    print::table(header, rows, 1);
    print::line("");
    print::line(print::equation(&report.total));
    if report.elsewhere > 0 {
        let files = print::count(report.elsewhere, "batch file");
        let what = if report.total.missing > 0 { ": what has no answer there is missing" } else { "" };
        print::line(format_args!("{files} of these locales made for another provider{what}"));
    }
    let remote = !matches!(options.answers, Answers::Phrasebook);
    if remote && report.asked == 0 && report.problems.is_empty() {
        let out = options.generate.out.display();
        let own = "to ask again, give an --out and an --output of their own, or another --seed";
        print::line(format_args!("nobody was asked: all of it had been asked before, in {out}; {own}"));
    }
    report.problems.iter().for_each(|problem| print::line(format_args!("failed: {problem}")));
    print::line(format_args!(
        "requests and raw results: {}/<locale>/   records and corpus: {}/<locale>/",
        options.generate.out.display(),
        options.output.display()
    ));
    if report.by_phrasebook > 0 {
        let all = report.by_phrasebook == report.batch_files;
        let some = print::count(report.by_phrasebook, "batch file");
        let whose = if all { String::new() } else { format!("{some} of {} ", report.batch_files) };
        let real = "a model answers with --upstream or --provider openai, and an --out and an --output of their own";
        print::line(format_args!("{whose}answered by the phrasebook, not by a model: {real}"));
    }
    if !report.complete {
        print::next(format_args!("aacorn retry {}, then this command again", options.generate.out.display()));
    } else if let Some(corpus) = report.locales.iter().find_map(|locale| locale.corpus.as_ref()) {
        print::next(format_args!("aacorn show {} -n 1", corpus.display()));
    }
}

/// A line of the table: the tally, and what was made of these locales.
fn row(name: &str, tally: &Tally, locales: &[&LocaleReport]) -> [String; 8] {
    let sum = |count: fn(&LocaleReport) -> u64| locales.iter().map(|locale| count(locale)).sum::<u64>();
    let Tally { planned, accepted, missing, .. } = *tally;
    let made = [sum(|locale| locale.aac_turns), sum(|locale| locale.variants), sum(|locale| locale.files)];
    let [aac_turns, variants, files] = made.map(|count| count.to_string());
    let counts = [planned, accepted, tally.rejected_total(), missing].map(|count| count.to_string());
    let [planned, accepted, rejected, missing] = counts;
    [name.to_owned(), planned, accepted, rejected, missing, aac_turns, variants, files]
}
