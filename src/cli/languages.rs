//! `aacorn languages`: which locales there are, what is in a pack, and what is to be mended in it.

use clap::Subcommand;
use serde::Serialize;

use super::{Context, Exit, print};
use crate::generate::{Lint, lint, skeleton};
use crate::language::{Pack, Status};
use crate::model::Locale;
use crate::recipe::Recipe;
use crate::{Error, Result};

/// List the locales, show one, or check packs.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// One line a locale (the default).
    List,
    /// What is in a locale's pack.
    Show {
        /// The locale.
        locale: String,
    },
    /// Make the empty files of a new locale, and list what must be written.
    New {
        /// The new locale: ga-IE.
        locale: String,
        /// A locale whose texts stand beside the empty ones, to say what is meant.
        #[arg(long, value_name = "LOCALE", default_value = "en-GB")]
        from: String,
    },
    /// Check packs: counts, references, script, distinctness, typability, prompts.
    Lint {
        /// Locales; all when none is given, those still to be written too.
        locales: Vec<String>,
    },
}

/// Runs the command.
pub fn run(args: Args, context: &Context) -> Result<Exit> {
    match args.command.unwrap_or(Command::List) {
        Command::List => list(context),
        Command::Show { locale } => show(&locale, context),
        Command::New { locale, from } => new(&locale, &from, context),
        Command::Lint { locales } => check(&locales, context),
    }
}

#[derive(Serialize)]
struct Summary {
    locale: Locale,
    name: String,
    english_name: String,
    script: String,
    status: Status,
    scenarios: usize,
    people: usize,
    exchanges: usize,
    keyboard: String,
}

impl Summary {
    fn new(locale: Locale, pack: &Pack, context: &Context) -> Result<Self> {
        let keyboard = context.languages.keyboards(&locale)?.native.name;
        Ok(Self {
            locale,
            name: pack.name.clone(),
            english_name: pack.english_name.clone(),
            script: pack.text.script.clone(),
            status: pack.status,
            scenarios: pack.scenarios.len(),
            people: pack.people.len(),
            exchanges: pack.threads.iter().map(|thread| thread.exchanges.len()).sum(),
            keyboard,
        })
    }
}

fn list(context: &Context) -> Result<Exit> {
    let mut rows = Vec::new();
    for locale in context.languages.locales() {
        let pack = context.languages.pack(&locale)?;
        rows.push(Summary::new(locale, &pack, context)?);
    }
    if context.json {
        print::json(&rows);
        return Ok(Exit::Complete);
    }
    let header = ["locale", "name", "in English", "script", "status", "keyboard", "scenarios", "people", "exchanges"];
    let cells = |row: &Summary| {
        [
            row.locale.to_string(),
            row.name.clone(),
            row.english_name.clone(),
            row.script.clone(),
            status(row.status).to_owned(),
            row.keyboard.split(" (").next().unwrap_or_default().to_owned(),
            row.scenarios.to_string(),
            row.people.to_string(),
            row.exchanges.to_string(),
        ]
    };
    print::table(header, rows.iter().map(cells).collect(), 6);
    if rows.iter().any(|row| row.status == Status::Drafted) {
        print::line("drafted: written with care, not yet read by a native reader");
    }
    for locale in context.languages.folders().iter().filter(|locale| context.languages.is_skeleton(locale)) {
        print::line(format_args!("{locale} is still to be written: aacorn languages lint {locale}"));
    }
    Ok(Exit::Complete)
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Skeleton => "skeleton",
        Status::Drafted => "drafted",
        Status::Reviewed => "reviewed",
    }
}

fn show(asked: &str, context: &Context) -> Result<Exit> {
    let locale = context.languages.resolve_folders(&[asked])?.into_iter().next();
    let locale = locale.ok_or_else(|| Error::Usage("give one locale".to_owned()))?;
    if context.languages.is_skeleton(&locale) {
        return Err(Error::Refused(format!(
            "{locale} is still to be written; `aacorn languages lint {locale}` says what is missing"
        )));
    }
    let pack = context.languages.pack(&locale)?;
    let summary = Summary::new(locale, &pack, context)?;
    if context.json {
        print::json(&summary);
        return Ok(Exit::Complete);
    }
    print::line(format_args!("{}  {} ({})", summary.locale, pack.name, pack.english_name));
    print::line(format_args!("status     {}", status(pack.status)));
    print::line(format_args!("script     {}", pack.text.script));
    print::line(format_args!("keyboard   {}", summary.keyboard));
    print::line(format_args!("terms      {} ({}), {}", pack.terms.als, pack.terms.als_short, pack.terms.aac_short));
    print::line(format_args!("people     {}, partners {}", pack.people.len(), pack.partners.len()));
    print::line(format_args!("phrasebook {} exchanges in {} threads", summary.exchanges, pack.threads.len()));
    for style in &pack.styles {
        print::line(format_args!("style      {}: {}", style.id, style.text));
    }
    print::line(format_args!("scenarios  {}", pack.scenarios.len()));
    for scenario in &pack.scenarios {
        print::line(format_args!("  {:<32} {}", scenario.id, scenario.text));
    }
    Ok(Exit::Complete)
}

fn new(asked: &str, from: &str, context: &Context) -> Result<Exit> {
    let locale = Locale::parse(asked)
        .ok_or_else(|| Error::Usage(format!("`{asked}` is not a locale: give language and region, such as ga-IE")))?;
    let from = context.languages.resolve(&[from])?.into_iter().next();
    let from = from.ok_or_else(|| Error::Usage("--from: give one locale".to_owned()))?;
    let made = skeleton(&context.assets, &context.languages, &locale, &from, &context.project)?;
    if context.json {
        print::json(&made);
        return Ok(Exit::Complete);
    }
    for task in &made.files {
        print::line(format_args!("{}: {}", task.path.display(), task.write));
    }
    print::line("what is meant by each is in languages/README.md and templates/README.md of the project");
    print::next(format_args!("write these, set status to \"drafted\", then: aacorn languages lint {locale}"));
    Ok(Exit::Complete)
}

fn check(asked: &[String], context: &Context) -> Result<Exit> {
    let locales =
        if asked.is_empty() { context.languages.folders() } else { context.languages.resolve_folders(asked)? };
    let recipe = Recipe::load(&context.assets, "aac")?;
    let mut all = Lint::default();
    for locale in &locales {
        let Lint { findings, notes } = lint(&context.assets, &context.languages, &recipe, locale)?;
        all.findings.extend(findings);
        all.notes.extend(notes);
    }
    let findings = &all.findings;
    if context.json {
        print::json(&all);
    } else {
        findings.iter().for_each(print::line);
        all.notes.iter().for_each(|note| print::line(format_args!("note: {note}")));
        let (locales, findings) = (locales.len() as u64, findings.len() as u64);
        print::line(format_args!("checked {}, {}", print::count(locales, "locale"), print::count(findings, "finding")));
    }
    Ok(if findings.is_empty() { Exit::Complete } else { Exit::Failure })
}
