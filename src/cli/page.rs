//! Where and in which form the result of a command is written.

use std::env;
use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;

use serde::Serialize;

use super::Failure;
use crate::report::{self, Subject, TerminalStyle};

/// The form of a report.
#[derive(Debug)]
pub(super) enum Form<'a> {
    /// Text for a terminal.
    Text,
    /// A page, to standard output.
    Page,
    /// A page, to a file.
    File(&'a Path),
}

impl<'a> Form<'a> {
    /// Of the argument of `--html`.
    pub(super) fn of(html: Option<&'a Path>) -> Self {
        match html {
            None => Self::Text,
            Some(path) if path == Path::new("-") => Self::Page,
            Some(path) => Self::File(path),
        }
    }
}

/// Writes the report of a drive.
pub(super) fn show(subject: &Subject<'_>, form: &Form<'_>) -> Result<(), Failure> {
    match form {
        Form::Text => print(&format!("{}\n", report::terminal(subject, style()))),
        Form::Page => print(&report::html(subject)),
        Form::File(path) => fs::write(path, report::html(subject))
            .map_err(|error| format!("cannot write {}: {error}", path.display()).into()),
    }
}

/// Prints JSON, for programs.
pub(super) fn json(value: &impl Serialize) -> Result<(), Failure> {
    print(&format!("{}\n", serde_json::to_string_pretty(value)?))
}

/// Prints text as it is.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    Ok(io::stdout().write_all(text.as_bytes())?)
}

/// The width and the colours of the terminal; no colours elsewhere, or where `NO_COLOR` is set.
pub(super) fn style() -> TerminalStyle {
    let columns = env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok());
    TerminalStyle {
        width: columns.unwrap_or(100).clamp(40, 140),
        colour: io::stdout().is_terminal() && env::var_os("NO_COLOR").is_none(),
    }
}

/// Text in a colour, or in bold, where the terminal shows them.
pub(super) fn painted(code: &str, text: &str) -> String {
    if style().colour {
        format!("\x1b[{code}m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}
