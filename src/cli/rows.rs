//! What `generate` and `run` take and print for recipes over rows.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use serde_json::{Map, Value};

use super::generate::PlanArgs;
use super::{Context, print};
use crate::generate::rows::{Options, Report};
use crate::model::Provider;
use crate::process;
use crate::recipe::rows::{Endpoint, JoinFile, Overrides, Placement, Stance, variable};
use crate::rows::Format;
use crate::{Error, Result};

/// Options of recipes over rows.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Recipes over rows")]
pub struct RowArgs {
    /// The rows: .csv, .tsv, .jsonl or .json, also .gz and .zst; - is standard input.
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// Their format, where the name does not say it.
    #[arg(long, value_name = "FORMAT", value_parser = format_parser())]
    pub format: Option<Format>,
    /// The column of the id, any text; of several the first that holds something.
    #[arg(long, value_name = "COLUMN")]
    pub id: Vec<String>,
    /// The column of the text that is asked about; of several the first that holds something.
    #[arg(long, value_name = "COLUMN")]
    pub text: Vec<String>,
    /// The column with the address of an image (https:// or data:image/).
    #[arg(long, value_name = "COLUMN")]
    pub image: Option<String>,
    /// The prompt, in place of the recipe's system prompt: a template, or @FILE.
    #[arg(long, value_name = "TEXT")]
    pub prompt: Option<String>,
    /// A variable of the templates: name=value, or name=@FILE for what a JSON, TOML or text file holds. Repeatable.
    #[arg(long, value_name = "NAME=VALUE")]
    pub var: Vec<String>,
    /// Ask only about these rows: COLUMN=VALUE, COLUMN!=VALUE, COLUMN (holds something), !COLUMN (holds nothing). The
    /// others are passed on. Repeatable.
    #[arg(long = "where", value_name = "CONDITION")]
    pub wanted: Vec<String>,
    /// At most so many rows; the rest is not in the output.
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
    /// Leave out so many rows at the start.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub offset: u64,
    /// A further table, found by a column that both have: health_record=records.csv:patient_id. Repeatable.
    #[arg(long, value_name = "NAME=FILE:COLUMN")]
    pub join: Vec<String>,
    /// Cut texts after so many characters, and say so.
    #[arg(long, value_name = "N")]
    pub max_chars: Option<usize>,
    /// Rows without id or text: refuse the input, or skip them.
    #[arg(long, value_name = "STANCE", value_parser = stance_parser())]
    pub on_blank: Option<Stance>,
    /// Rows with the id of an earlier row: refuse the input, or skip them.
    #[arg(long, value_name = "STANCE", value_parser = stance_parser())]
    pub on_duplicate: Option<Stance>,
    /// Where requests go.
    #[arg(long, value_name = "ENDPOINT", value_parser = endpoint_parser())]
    pub endpoint: Option<Endpoint>,
    /// Where answers go: merge (columns of the row), nested (one column), file-per-row.
    #[arg(long, value_name = "PLACE", value_parser = placement_parser())]
    pub into: Option<Placement>,
    /// The column of the answer, where it is one.
    #[arg(long, value_name = "COLUMN")]
    pub column: Option<String>,
    /// A column of the input that the answer may replace. Repeatable.
    #[arg(long, value_name = "COLUMN")]
    pub replace: Vec<String>,
    /// A table of `alias` and `canonical`, for recipes with a vocabulary.
    #[arg(long, value_name = "FILE")]
    pub aliases: Option<PathBuf>,
    /// The most requests of a batch file.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub batch_size: Option<u64>,
    /// Name of the folder of batch files; by default made of recipe and input.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Ask about the same rows again, in the same way.
    #[arg(long)]
    pub allow_duplicate: bool,
}

impl RowArgs {
    /// Refuses options that say nothing to a recipe over language packs.
    pub fn refuse(&self, recipe: &str) -> Result<()> {
        match &self.input {
            Some(_) => Err(Error::Usage(format!(
                "--input: recipe `{recipe}` draws from language packs; name another with --recipe"
            ))),
            None => Ok(()),
        }
    }

    /// The library's options.
    pub fn options(self, plan: PlanArgs, context: &Context, provider: Provider, out: PathBuf) -> Result<Options> {
        let unused = [("--knowledge", plan.knowledge.is_some()), ("--service", plan.service.is_some())];
        if let Some((option, _)) = unused.into_iter().find(|(_, given)| *given) {
            return Err(Error::Usage(format!(
                "{option}: recipe `{}` asks about rows, which do not take it",
                plan.recipe
            )));
        }
        let mut overrides = Overrides {
            id: self.id,
            text: self.text,
            image: self.image,
            wanted: self.wanted,
            max_chars: self.max_chars,
            on_blank: self.on_blank,
            on_duplicate: self.on_duplicate,
            endpoint: self.endpoint,
            place: self.into,
            column: self.column,
            aliases: self.aliases,
            batch_size: self.batch_size,
            replace: self.replace,
            prompt: self.prompt.as_deref().map(text_or_file).transpose()?,
            join: self.join.iter().map(|text| join(text)).collect::<Result<_>>()?,
            vars: Map::new(),
        };
        for text in &self.var {
            let (name, value) = var(text)?;
            overrides.vars.insert(name, value);
        }
        if let [lang] = plan.lang.as_slice() {
            overrides.vars.insert("lang".to_owned(), lang.as_str().into());
        } else if !plan.lang.is_empty() {
            return Err(Error::Usage(format!("--lang: recipe `{}` takes one", plan.recipe)));
        }
        Ok(Options {
            recipe: plan.recipe,
            overrides,
            input: self.input,
            format: self.format,
            label: self.name,
            offset: self.offset,
            limit: self.limit,
            again: self.allow_duplicate,
            provider,
            model: plan.model,
            params: super::generate::params(plan.param)?,
            json_mode: plan.json_mode,
            out,
            now: context.now,
        })
    }
}

fn text_or_file(text: &str) -> Result<String> {
    match text.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path).map_err(Error::io("read", path.as_ref())),
        None => Ok(text.to_owned()),
    }
}

fn var(text: &str) -> Result<(String, Value)> {
    let (name, value) =
        text.split_once('=').ok_or_else(|| Error::Usage(format!("--var {text}: give it as name=value")))?;
    let value = match value.strip_prefix('@') {
        Some(path) => variable(path, &text_or_file(value)?)?,
        None => value.into(),
    };
    Ok((name.to_owned(), value))
}

fn join(text: &str) -> Result<JoinFile> {
    let parts = text.split_once('=').and_then(|(name, rest)| Some((name, rest.rsplit_once(':')?)));
    match parts {
        Some((name, (path, on))) if !name.is_empty() && !path.is_empty() && !on.is_empty() => {
            Ok(JoinFile { name: name.to_owned(), path: path.into(), on: on.to_owned() })
        }
        _ => Err(Error::Usage(format!("--join {text}: give it as name=file:column"))),
    }
}

/// Prints what was generated.
pub fn show_generated(report: &Report) {
    let run = &report.run;
    if report.found {
        print::line(format_args!(
            "{}: all {} are those of run {}",
            run.input.display(),
            print::count(run.planned, "request"),
            run.run
        ));
    }
    for shard in &report.shards {
        print::line(shard.requests_file.display());
        print::line(shard.metadata_file.display());
    }
    let mut parts = vec![format!("{} read", print::count(run.rows, "row")), format!("{} with a request", run.planned)];
    parts.extend((run.reused > 0).then(|| format!("{} of them asked before", run.reused)));
    parts.extend(run.skipped.iter().map(|(skip, count)| format!("{count} {}", skip.name())));
    parts.extend((run.cut > 0).then(|| format!("{} cut at max_chars", print::count(run.cut, "text"))));
    print::line(format_args!("{}: {}", run.label, parts.join(", ")));
    report.listed.iter().for_each(|line| print::line(format_args!("  {line}")));
}

/// Prints what came of a table.
pub fn show_table(report: &process::rows::Report) {
    print::line(format_args!("{} ({})  {}", report.label, report.recipe, print::equation(&report.tally)));
    for rejected in &report.reasons {
        let (reason, example) = (rejected.reason, &rejected.example);
        print::line(format_args!("  {:>7} {reason:<12} {example}: {}", rejected.count, rejected.detail));
    }
    for (skip, count) in &report.skipped {
        print::line(format_args!("  {count:>7} {:<12} not asked about", skip.name()));
    }
    let counted = |what: &str, counts: &std::collections::BTreeMap<String, u64>| {
        if !counts.is_empty() {
            let told: Vec<String> = counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
            print::line(format_args!("  {what}: {}", told.join(", ")));
        }
    };
    counted("mended", &report.repaired);
    counted("flagged", &report.flagged);
    for (name, values) in &report.values {
        let told: Vec<String> = values.iter().take(8).map(|(value, count)| format!("{value} {count}")).collect();
        print::line(format_args!("  {name}: {}", told.join(", ")));
    }
    let strays = report.tally.strays_total();
    if strays > 0 {
        print::line(format_args!("  {} belong to no request", print::count(strays, "result line")));
    }
    let cost = report.cost_usd.map_or_else(|| "cost not known".to_owned(), |cost| format!("{cost} in a batch"));
    print::line(format_args!("tokens: {} in, {} out; {cost}", report.input_tokens, report.output_tokens));
    if report.samples > 0 {
        print::line(format_args!(
            "{} samples of the offline engine, not answers of a model: ask one with --provider openai or --upstream",
            report.samples
        ));
    }
    if let Some(rejects) = &report.rejects {
        print::line(format_args!("rows without an answer: {}", rejects.display()));
    }
    if let Some(exploded) = &report.exploded {
        print::line(format_args!("wrote {}", exploded.display()));
    }
    print::line(format_args!("wrote {}", report.output.display()));
}

fn format_parser() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::name))
        .map(|name| *Format::ALL.iter().find(|format| format.name() == name).expect("only possible values are parsed"))
}

fn stance_parser() -> impl TypedValueParser<Value = Stance> {
    PossibleValuesParser::new(["refuse", "skip"]).map(|name| if name == "skip" { Stance::Skip } else { Stance::Refuse })
}

fn endpoint_parser() -> impl TypedValueParser<Value = Endpoint> {
    PossibleValuesParser::new(["chat", "responses", "embeddings"]).map(|name| match name.as_str() {
        "responses" => Endpoint::Responses,
        "embeddings" => Endpoint::Embeddings,
        _ => Endpoint::Chat,
    })
}

fn placement_parser() -> impl TypedValueParser<Value = Placement> {
    PossibleValuesParser::new(["merge", "nested", "file-per-row"]).map(|name| match name.as_str() {
        "nested" => Placement::Nested,
        "file-per-row" => Placement::FilePerRow,
        _ => Placement::Merge,
    })
}
