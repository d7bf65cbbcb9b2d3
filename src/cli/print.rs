//! Writing to standard output and standard error; this file and the progress bars are all that prints. It owns `comfy-table`.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::process::{Command, Stdio};

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};

use crate::model::Tally;

/// Prints a line to standard output. A closed pipe ends the process quietly, as pipes expect.
pub fn line(text: impl Display) {
    if let Err(error) = writeln!(anstream::stdout(), "{text}")
        && error.kind() == io::ErrorKind::BrokenPipe
    {
        std::process::exit(0);
    }
}

/// Prints `report` as one JSON document to standard output.
pub fn json(report: &impl serde::Serialize) {
    line(serde_json::to_string_pretty(report).expect("reports are plain data"));
}

/// Prints a table without lines; the columns from `numbers_from` on are aligned to the right.
pub fn table<const N: usize>(header: [&str; N], rows: Vec<[String; N]>, numbers_from: usize) {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(header).add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
        if column.index >= numbers_from {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    line(table.trim_fmt());
}

/// A table of texts under a header, wrapped to `width` columns; all but the first column are aligned to the right where
/// `right` says so.
pub fn text_table<const N: usize>(
    header: [&str; N],
    rows: Vec<[String; N]>,
    right: bool,
    width: Option<u16>,
) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(header).add_rows(rows);
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
        if right && column.index > 0 {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

/// Columns of the terminal; `None` where standard output is none.
pub fn width() -> Option<u16> {
    Table::new().width().filter(|_| io::stdout().is_terminal())
}

/// Whether standard output shows colours.
pub fn has_colour() -> bool {
    anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

/// Prints a long text: through the person's pager (`$PAGER`, else `less`) on a terminal, as it is elsewhere.
pub fn paged(text: &str) {
    let text = if has_colour() { text.to_owned() } else { anstream::adapter::strip_str(text).to_string() };
    if !io::stdout().is_terminal() || page(&text).is_none() {
        line(text.trim_end());
    }
}

/// Hands `text` to the pager; `None` when there is none to be had.
fn page(text: &str) -> Option<()> {
    let pager = std::env::var("PAGER").ok().filter(|pager| !pager.trim().is_empty());
    let pager = pager.unwrap_or_else(|| "less".to_owned());
    let mut words = pager.split_whitespace();
    let mut command = Command::new(words.next()?);
    command.args(words).stdin(Stdio::piped());
    if std::env::var_os("LESS").is_none() {
        // Colours as colours, and no page for what fits the screen.
        command.env("LESS", "FRX");
    }
    let mut child = command.spawn().ok()?;
    // A person who leaves the pager early has closed its input.
    let _ = child.stdin.take()?.write_all(text.as_bytes());
    child.wait().ok().map(drop)
}

/// The conservation equation of a tally.
pub fn equation(tally: &Tally) -> String {
    let Tally { planned, accepted, missing, .. } = tally;
    format!("planned {planned} = accepted {accepted} + rejected {} + missing {missing}", tally.rejected_total())
}

/// `1 file`, `2 files`.
pub fn count(number: u64, unit: &str) -> String {
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

/// Prints what to type or do next.
pub fn next(text: impl Display) {
    line(format_args!("next: {text}"));
}

/// Asks on the terminal whether to go on; `None` when nobody is there to answer.
pub fn ask(question: impl Display) -> Option<bool> {
    if !io::stdin().is_terminal() {
        return None;
    }
    // When standard error is closed there is nobody to ask.
    write!(anstream::stderr(), "{question} [y/N] ").ok()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).ok()?;
    Some(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Prints a remark to standard error.
pub fn note(text: impl Display) {
    // When standard error is closed there is nowhere left to say so.
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Prints an error to standard error, as `error: …`.
pub fn error(text: impl Display) {
    // When standard error is closed there is nowhere left to say so.
    let _ =
        writeln!(anstream::stderr(), "{}error:{} {text}", anstyle::AnsiColor::Red.on_default().bold(), anstyle::Reset);
}
