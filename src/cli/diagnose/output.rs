//! What `diagnose` writes.

use std::path::Path;

use serde_json::{Value, json};

use super::{Diagnosed, Failure};
use crate::cli::page::{self, Form};
use crate::report::Subject;

/// Writes the page, or the text for the terminal.
pub(super) fn show(drive: &Diagnosed, html: Option<&Path>) -> Result<(), Failure> {
    let subject = Subject {
        title: &drive.title,
        has_date: drive.has_date,
        diagnosis: &drive.diagnosis,
        traces: &drive.traces,
        recommendations: &[],
    };
    page::show(&subject, &Form::of(html))?;
    match html {
        Some(_) => Ok(()),
        None => remarks(drive),
    }
}

/// What the reader of the log left out.
fn remarks(drive: &Diagnosed) -> Result<(), Failure> {
    let skipped = drive.summary.iter().flat_map(|summary| &summary.skipped);
    for cells in skipped {
        page::print(&format!(
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
    page::json(&drives)
}
