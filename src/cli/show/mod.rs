//! `aacorn show`: records for reading.

mod diff;
mod record;

use std::path::PathBuf;

use super::{Context, Exit, print};
use crate::recipe::rows::Selection;
use crate::rows::{Reader, Row, drawn, first, get};
use crate::{Error, Result};

/// Show records: typed and intended side by side, variants with what differs in colour; any other rows field by field.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A file of records or rows: .jsonl, .json, .csv, .tsv, plain or packed; - for standard input.
    file: PathBuf,
    /// How many.
    #[arg(short, long = "number", value_name = "N", default_value_t = 3)]
    number: usize,
    /// Draw them by chance instead of taking the first.
    #[arg(long)]
    random: bool,
    /// Seed of the draw: the same seed shows the same records.
    #[arg(long, default_value_t = 1, requires = "random")]
    seed: u64,
    /// Only records of this locale or language, such as en-GB or en.
    #[arg(long, value_name = "LOCALE")]
    lang: Option<String>,
    /// Only records of which this holds: metadata.plan.purpose=refusal, NAME!=VALUE, NAME (holds something), '!NAME' (holds nothing). Repeatable.
    #[arg(long = "where", value_name = "CONDITION")]
    conditions: Vec<String>,
    /// Leave the noisy variants out.
    #[arg(long)]
    no_variants: bool,
}

/// Where records say their locale, in this order.
const LOCALE: [&str; 3] = ["metadata.lang_code", "lang_code", "locale"];

/// Runs the command.
pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    if args.number == 0 {
        return Err(Error::Usage("-n 0: give the number of records to show, 1 or more".to_owned()));
    }
    let selection = Selection::parse(&args.conditions)?;
    let wanted = |row: &Row| {
        let spoken = args.lang.as_deref().is_none_or(|lang| of_language(row, lang));
        spoken && selection.holds(&row.columns)
    };
    let reader = Reader::open(&args.file, None)?;
    let rows = match args.random {
        true => drawn(reader, args.number, args.seed, wanted)?,
        false => first(reader, args.number, wanted)?,
    };
    if context.json {
        print::json(&rows.iter().map(|row| &row.columns).collect::<Vec<_>>());
    } else if rows.is_empty() {
        print::line(format_args!("no such record in {}", args.file.display()));
    } else {
        let look = Look { variants: !args.no_variants, width: print::width(), colour: print::has_colour() };
        let shown: Vec<String> = rows.iter().map(|row| record::shown(row, look)).collect();
        print::paged(&shown.join("\n"));
    }
    Ok(if rows.is_empty() { Exit::Failure } else { Exit::Complete })
}

/// How records are shown.
#[derive(Debug, Clone, Copy)]
struct Look {
    /// Noisy variants too.
    variants: bool,
    /// Columns of the terminal; `None` where there is none.
    width: Option<u16>,
    /// Whether colours can tell what differs.
    colour: bool,
}

fn locale(row: &Row) -> Option<&str> {
    LOCALE.iter().find_map(|name| get(&row.columns, name)?.as_str())
}

fn of_language(row: &Row, lang: &str) -> bool {
    locale(row).is_some_and(|code| {
        let base = code.split(['-', '_']).next().unwrap_or(code);
        code.replace('_', "-").eq_ignore_ascii_case(lang) || base.eq_ignore_ascii_case(lang)
    })
}
