//! `aacorn augment`: noisy and corrected variants of what was typed.

use std::path::PathBuf;

use unicode_segmentation::UnicodeSegmentation;

use super::{Context, Exit, print};
use crate::augment::{
    Column, DEFAULT_SEED, Explained, Explanation, FileReport, Input, Options, augment, augmenter_of, explain,
    named_profiles,
};
use crate::model::Locale;
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
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u64,
    /// Threads; 0 for as many as the machine has. The output is the same at any number.
    #[arg(long, short, value_name = "N", default_value_t = 0)]
    jobs: usize,
    /// Write the edit log of each noisy variant as well.
    #[arg(long)]
    edits: bool,
    /// Add the variants of a profile: touch-tremor, keyguard, head-mouse, eye-gaze, eye-gaze-grid, hurried, flick (ja-JP), or one of your
    /// languages/profiles.toml. Repeatable.
    #[arg(long, value_name = "NAME")]
    profile: Vec<String>,
    /// Correct spelling by the Hunspell dictionaries in a folder, such as /usr/share/hunspell: en_GB.aff and en_GB.dic for en-GB. Only words that
    /// the dictionary does not know are replaced.
    #[arg(long, value_name = "DIR")]
    dictionary_dir: Option<PathBuf>,
    /// Show what would become of one utterance, each error with its cause, and write nothing. With --json: a list, an
    /// entry a locale.
    #[arg(long, value_name = "TEXT", requires = "lang", conflicts_with = "input")]
    explain: Option<String>,
}

/// Columns that a line of causes may take.
const CAUSES_WIDTH: usize = 84;

/// Runs it.
pub fn run(args: Args, context: &Context) -> Result<Exit> {
    if let Some(utterance) = &args.explain {
        return explained(&args, utterance, context);
    }
    let options = Options {
        jobs: args.jobs,
        seed: args.seed,
        edits: args.edits,
        profiles: named_profiles(&context.assets, &args.profile)?,
        dictionaries: args.dictionary_dir.clone(),
        input: args.files(context)?,
    };
    let report = augment(&options, &context.languages, &context.progress)?;
    if context.json {
        print::json(&report);
    } else {
        report.files.iter().for_each(show);
    }
    Ok(if report.complete() { Exit::Complete } else { Exit::Incomplete })
}

fn explained(args: &Args, utterance: &str, context: &Context) -> Result<Exit> {
    if utterance.trim().is_empty() {
        return Err(Error::Usage("--explain: there is no text".to_owned()));
    }
    let profiles = named_profiles(&context.assets, &args.profile)?;
    let locales = context.languages.resolve_keyboards(&args.lang)?;
    let mut explained = Vec::new();
    for locale in &locales {
        let dictionaries = args.dictionary_dir.as_deref();
        let (augmenter, _) = augmenter_of(locale, &context.languages, &profiles, dictionaries, args.seed)?;
        let explanation = explain(&augmenter, utterance);
        if context.json {
            explained.push(Of { locale, explanation });
        } else {
            if locales.len() > 1 {
                print::line(style::name(locale.as_str()));
            }
            explanation.columns.iter().for_each(|column| show_column(utterance, column));
            print::line(format_args!("{}  {}", style::name("corrected"), explanation.corrected));
        }
    }
    if context.json {
        print::json(&explained);
    }
    Ok(Exit::Complete)
}

/// An explanation with its locale, as JSON tells it.
#[derive(serde::Serialize)]
struct Of<'a> {
    locale: &'a Locale,
    #[serde(flatten)]
    explanation: Explanation,
}

/// A device's variants, each under the utterance with what differs in colour, then its errors. Where two severities ask for as many errors, they
/// are the same text, which is shown once.
fn show_column(utterance: &str, column: &Column) {
    print::line(format_args!("{} ({})", style::name(&column.name), column.device));
    let graphemes: Vec<&str> = utterance.graphemes(true).collect();
    for (variant, milder) in column.variants.iter().zip(std::iter::once(None).chain(column.variants.iter().map(Some))) {
        if let Some(milder) = milder.filter(|milder| milder.edits == variant.edits) {
            print::line(format_args!("  {:<9} as {}", variant.severity, milder.severity));
            continue;
        }
        let (mut above, mut below, mut at) = (String::new(), String::new(), 0);
        for edit in &variant.edits {
            let kept = graphemes[at..edit.src_start as usize].concat();
            let width = wide(&edit.src).max(wide(&edit.tgt));
            let filled = |text: &str| format!("{text}{}", "·".repeat(width - wide(text)));
            above += &format!("{kept}{}", style::old(&filled(&edit.src)));
            below += &format!("{kept}{}", style::new(&filled(&edit.tgt)));
            at = edit.src_end as usize;
        }
        let rest = graphemes[at..].concat();
        print::line(format_args!("  {:<9} {above}{rest}", variant.severity));
        print::line(format_args!("  {:>9} {below}{rest}", format!("{} of {}", variant.reached, graphemes.len())));
        for line in causes(variant) {
            print::line(format_args!("            {line}"));
        }
    }
}

/// The errors of a variant with their causes, in lines of bounded width.
fn causes(variant: &Explained) -> Vec<String> {
    let shown = |text: &str| match text {
        "" => "nothing".to_owned(),
        " " => "space".to_owned(),
        text => format!("‘{text}’"),
    };
    let (mut lines, mut used) = (vec![String::new()], 0);
    for (edit, after) in variant.edits.iter().zip((1..variant.edits.len()).map(|_| ",").chain([""])) {
        let change = format!("{} → {} ", shown(&edit.src), shown(&edit.tgt));
        let width = wide(&change) + edit.cause.name().len() + 2;
        if used > 0 && used + width > CAUSES_WIDTH {
            lines.push(String::new());
            used = 0;
        }
        let line = lines.last_mut().expect("there is a first line");
        if used > 0 {
            line.push(' ');
        }
        *line += &format!("{change}{}{after}", style::cause(edit.cause.name()));
        used += width;
    }
    lines
}

/// Columns of a terminal that a text takes: two for the characters of East Asia.
fn wide(text: &str) -> usize {
    let wide = |char: char| matches!(char, '\u{1100}'..='\u{115F}' | '\u{2E80}'..='\u{A4CF}' | '\u{AC00}'..='\u{D7A3}' | '\u{FF01}'..='\u{FF60}' | '\u{1F300}'..='\u{1FAFF}');
    text.graphemes(true).map(|grapheme| if grapheme.chars().any(wide) { 2 } else { 1 }).sum()
}

mod style {
    //! The colours of an explanation; they are left out where the output is no terminal.

    use anstyle::{AnsiColor, Reset, Style};

    fn painted(style: Style, text: &str) -> String {
        format!("{style}{text}{Reset}")
    }

    pub fn name(text: &str) -> String {
        painted(Style::new().bold(), text)
    }

    pub fn old(text: &str) -> String {
        painted(AnsiColor::Red.on_default(), text)
    }

    pub fn new(text: &str) -> String {
        painted(AnsiColor::Green.on_default().bold(), text)
    }

    pub fn cause(text: &str) -> String {
        painted(Style::new().dimmed(), text)
    }
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
