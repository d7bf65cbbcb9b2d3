//! `aacorn augment`: noisy and corrected variants of what was typed.

use std::path::PathBuf;

use super::{Context, Exit, print};
use crate::augment::{FileReport, Input, Options, augment};
use crate::{Error, Result};

/// Add noisy and corrected variants to each utterance of a person who types to speak.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A file of conversations.
    #[arg(long, value_name = "FILE", conflicts_with = "dir")]
    input: Option<PathBuf>,
    /// Folder that is searched, at any depth, for <locale>_all_conversations.jsonl.
    #[arg(long, value_name = "DIR", default_value = "output")]
    dir: PathBuf,
    /// Locales, such as en-GB fr-FR, or all. With --input: the locale of all records, instead of the one each names.
    #[arg(long, num_args = 1.., value_name = "LOCALE")]
    lang: Vec<String>,
    /// Where the records of --input go; by default augmented_<name> beside it.
    #[arg(long, value_name = "FILE", requires = "input")]
    output: Option<PathBuf>,
    /// Seed: the same seed gives the same bytes.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads; by default one for each processor. The output is the same for any number.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Write the edit log of each noisy variant as well.
    #[arg(long)]
    edits: bool,
}

/// Runs it.
pub fn run(args: Args, context: &Context) -> Result<Exit> {
    let options = Options {
        jobs: args.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
        seed: args.seed,
        edits: args.edits,
        input: args.files(context)?,
    };
    if options.jobs == 0 {
        return Err(Error::Usage("--jobs 0: at least one thread is needed".to_owned()));
    }
    let report = augment(&options, &context.languages, &context.progress)?;
    if context.json {
        print::json(&report);
    } else {
        report.files.iter().for_each(show);
    }
    Ok(if report.complete() { Exit::Complete } else { Exit::Incomplete })
}

impl Args {
    fn files(self, context: &Context) -> Result<Input> {
        let every = self.lang.is_empty() || self.lang.iter().any(|lang| lang == "all");
        let mut locales = if every { Vec::new() } else { context.languages.resolve_keyboards(&self.lang)? };
        match self.input {
            None => Ok(Input::Folder { path: self.dir, locales }),
            Some(_) if locales.len() > 1 => Err(Error::Usage(
                "--input is one file: name one locale, or none where each record names its own".into(),
            )),
            Some(path) => Ok(Input::File { path, locale: locales.pop(), output: self.output }),
        }
    }
}

fn show(file: &FileReport) {
    let tally = &file.tally;
    let name = file.locale.as_ref().map_or_else(|| file.input.display().to_string(), ToString::to_string);
    print::line(format_args!(
        "{name:<8} {}; {} AAC turns, {} variants -> {}",
        print::equation(tally),
        file.aac_turns,
        file.variants,
        file.output.display()
    ));
    if file.short > 0 {
        print::line(format_args!("{name}: {} variants fall short of their rate; no text reaches it", file.short));
    }
    if let Some(rejects) = &file.rejects {
        print::line(format_args!("{name}: rejects in {}", rejects.display()));
    }
}
