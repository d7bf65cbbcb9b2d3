//! The command line: one file a command, with its arguments, one call into the library, and what it prints.

mod augment;
mod cancel;
mod check;
mod clean;
mod convert;
mod cost;
mod desk;
mod exit;
mod fetch;
mod generate;
mod interrupt;
mod languages;
mod print;
mod process;
mod recipe;
mod retry;
mod rows;
mod run;
mod serve;
mod show;
mod status;
mod submit;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Parser, Subcommand};
use jiff::Timestamp;

use crate::Result;
use crate::assets::Assets;
use crate::language::Languages;
use crate::progress::Terminal;

pub use exit::Exit;

const EXIT_CODES: &str = "\
Exit codes:
  0    complete
  1    failure, or a check found something
  2    the arguments cannot be acted on; nothing was written
  3    finished, but some planned requests have no record
  130  stopped by Ctrl-C";

/// Grows text datasets through LLM batch APIs: simulated conversations of people who type to speak, in many locales,
/// with what was typed, what was meant, and realistic noise.
#[derive(Debug, Parser)]
#[command(
    name = "aacorn",
    version,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = EXIT_CODES
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of every command")]
struct Global {
    /// Print the report as JSON on standard output, nothing else.
    #[arg(long, global = true)]
    json: bool,
    /// No progress bars.
    #[arg(long, short, global = true)]
    quiet: bool,
    /// Folder whose languages/ and templates/ override the embedded ones.
    #[arg(long, global = true, value_name = "DIR", default_value = ".")]
    project: PathBuf,
    /// Take this as the time, instead of the clock: every timestamp and run id follows from it.
    #[arg(long, global = true, value_name = "RFC3339")]
    now: Option<Timestamp>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Args),
    Generate(generate::Args),
    Submit(submit::Args),
    Status(status::Args),
    Watch(watch::Args),
    Fetch(fetch::Args),
    Cancel(cancel::Args),
    Retry(retry::Args),
    Cost(cost::Args),
    Clean(clean::Args),
    Process(process::Args),
    Check(check::Args),
    Augment(augment::Args),
    Show(show::Args),
    Convert(convert::Args),
    Serve(serve::Args),
    Languages(languages::Args),
    Recipe(recipe::Args),
}

/// What every command has at hand.
#[derive(Debug)]
pub struct Context {
    /// Embedded data under the user's overrides.
    pub assets: Assets,
    /// Folder whose `languages/` and `templates/` override the embedded ones.
    pub project: PathBuf,
    /// Packs and keyboards.
    pub languages: Arc<Languages>,
    /// Where stages report.
    pub progress: Terminal,
    /// Print JSON only.
    pub json: bool,
    /// The time, by the clock or by `--now`.
    pub now: Timestamp,
    /// Whether `--now` fixed it.
    pub clock_is_fixed: bool,
}

/// Parses the arguments of this process, runs the command, prints what went wrong, and says with which code to exit.
#[must_use]
pub fn main() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Complete };
        }
    };
    interrupt::listen();
    if !cli.global.project.is_dir() {
        print::error(format_args!("--project {}: there is no such folder", cli.global.project.display()));
        return Exit::Usage;
    }
    let assets = Assets::with_overrides(&cli.global.project);
    let context = Context {
        languages: Arc::new(Languages::new(assets.clone())),
        assets,
        project: cli.global.project,
        progress: Terminal::new(cli.global.quiet || cli.global.json),
        json: cli.global.json,
        now: whole_seconds(cli.global.now.unwrap_or_else(Timestamp::now)),
        clock_is_fixed: cli.global.now.is_some(),
    };
    cli.command.run(&context).unwrap_or_else(|error| {
        print::error(&error);
        if let Some(hint) = exit::hint(&error) {
            print::note(format_args!("hint: {hint}"));
        }
        Exit::from(&error)
    })
}

/// Names and timestamps hold seconds.
fn whole_seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

impl Command {
    fn run(self, context: &Context) -> Result<Exit> {
        match self {
            Self::Run(args) => run::run(args, context),
            Self::Generate(args) => generate::run(args, context),
            Self::Submit(args) => submit::run(args, context),
            Self::Status(args) => status::run(args, context),
            Self::Watch(args) => watch::run(args, context),
            Self::Fetch(args) => fetch::run(args, context),
            Self::Cancel(args) => cancel::run(args, context),
            Self::Retry(args) => retry::run(args, context),
            Self::Cost(args) => cost::run(args, context),
            Self::Clean(args) => clean::run(args, context),
            Self::Process(args) => process::run(args, context),
            Self::Check(args) => check::run(args, context),
            Self::Augment(args) => augment::run(args, context),
            Self::Show(args) => show::run(&args, context),
            Self::Convert(args) => convert::run(&args, context),
            Self::Serve(args) => serve::run(args, context),
            Self::Languages(args) => languages::run(args, context),
            Self::Recipe(args) => recipe::run(args, context),
        }
    }
}
