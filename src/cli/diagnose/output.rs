//! Where a diagnosis is written to.

use std::env;
use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use serde_json::{Value, json};

use super::{Diagnosed, Failure};
use crate::report::{self, Subject, TerminalStyle};

/// Writes the page, or the text for the terminal.
pub(super) fn show(drive: &Diagnosed, html: Option<&Path>) -> Result<(), Failure> {
    let subject = Subject {
        title: &drive.title,
        has_date: drive.has_date,
        diagnosis: &drive.diagnosis,
        traces: &drive.traces,
        recommendations: &[],
    };
    match html {
        Some(path) if path == Path::new("-") => print(&report::html(&subject)),
        Some(path) => fs::write(path, report::html(&subject))
            .map_err(|error| format!("cannot write {}: {error}", path.display()).into()),
        None => print(&format!("{}\n", report::terminal(&subject, style())))
            .and_then(|()| remarks(drive)),
    }
}

/// What the reader of the log left out.
fn remarks(drive: &Diagnosed) -> Result<(), Failure> {
    let skipped = drive.summary.iter().flat_map(|summary| &summary.skipped);
    for cells in skipped {
        print(&format!(
            "Column \"{}\": {} cells hold no number, the first in line {} (\"{}\")\n",
            cells.column, cells.cells, cells.first_line, cells.example
        ))?;
    }
    Ok(())
}

/// Prints an array with one element a drive.
pub(super) fn json(drives: &[Diagnosed]) -> Result<(), Failure> {
    let drives: Vec<Value> = drives
        .iter()
        .map(|drive| json!({"title": drive.title, "diagnosis": drive.diagnosis}))
        .collect();
    print(&format!("{}\n", serde_json::to_string_pretty(&drives)?))
}

fn style() -> TerminalStyle {
    let columns = env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok());
    TerminalStyle {
        width: columns.unwrap_or(100).clamp(40, 140),
        colour: io::stdout().is_terminal() && env::var_os("NO_COLOR").is_none(),
    }
}

/// A reader that has seen enough, such as `head`, is no failure.
fn print(text: &str) -> Result<(), Failure> {
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
