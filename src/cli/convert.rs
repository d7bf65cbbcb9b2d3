//! `aacorn convert`: rows from one file format to another.

use std::path::PathBuf;

use serde_json::json;

use super::{Context, Exit, print};
use crate::Result;
use crate::rows::{Cells, convert};

/// Convert between JSON, JSON Lines, CSV, TSV and Parquet, told by the extensions; .gz and .zst are packed and unpacked.
///
/// In CSV and TSV nested values get columns of their own, such as conversation.0.utterance, and come back from there
/// without loss.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file to read; - for standard input.
    #[arg(value_name = "IN")]
    from: PathBuf,
    /// The file to write.
    #[arg(value_name = "OUT")]
    to: PathBuf,
    /// Take every cell of CSV and TSV as plain text: 42 stays text, and texts are never put in quotation marks.
    #[arg(long)]
    text: bool,
}

/// Runs the command.
pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    let cells = if args.text { Cells::Text } else { Cells::Json };
    let rows = convert(&args.from, &args.to, cells, &context.progress)?;
    if context.json {
        print::json(&json!({"rows": rows, "output": args.to}));
    } else {
        print::line(format_args!("{} in {}", print::count(rows, "row"), args.to.display()));
    }
    Ok(Exit::Complete)
}
