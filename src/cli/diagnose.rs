//! `diagnose`: the diagnosis of logs and stored drives, for a terminal, for programs, or as a page.

mod output;
mod stored;

use std::fs::File;
use std::path::{Path, PathBuf};

use actors::causes;
use actors::diagnosis::{Diagnoser, Diagnosis, History, Settings as DiagnosisSettings, Traces};
use clap::Args;

use super::Failure;
use crate::config::Settings;
use crate::log_file::{LogSummary, read_log};
use crate::logging;

#[derive(Debug, Args)]
pub(super) struct DiagnoseArguments {
    /// CSV logs: one reading a line (time, parameter, value, unit) or one column a channel.
    #[arg(required_unless_present_any = ["drive", "last", "recompute"], value_name = "FILE.csv")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    stored: stored::StoredArguments,
    /// Prints a JSON array with one element a log.
    #[arg(long, conflicts_with = "html")]
    json: bool,
    /// Writes the report of the log as one self-contained HTML page; `-` writes to standard output.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// A diagnosed drive, wherever its readings came from.
struct Diagnosed {
    title: String,
    has_date: bool,
    diagnosis: Diagnosis,
    traces: Traces,
    /// What was read, for a log.
    summary: Option<LogSummary>,
}

pub(super) fn run(arguments: &DiagnoseArguments) -> Result<(), Failure> {
    if arguments.html.is_some() && arguments.files.len() > 1 {
        return Err("--html takes one log at a time".into());
    }
    if arguments.stored.are_given() {
        return stored::run(&arguments.stored, arguments.json, arguments.html.as_deref());
    }
    let settings = Settings::load_diagnosis()?;
    let mut failures = 0;
    let mut drives = Vec::new();
    for file in &arguments.files {
        match diagnose_file(file, &settings) {
            Ok(drive) if arguments.json => drives.push(drive),
            Ok(drive) => output::show(&drive, arguments.html.as_deref())?,
            Err(failure) => {
                failures += 1;
                let why = causes(failure.as_ref());
                logging::report_failure(&format!("{}: {why}", file.display()));
            }
        }
    }
    if arguments.json {
        output::json(&drives)?;
    }
    match failures {
        0 => Ok(()),
        _ => Err(format!(
            "{failures} of {} logs cannot be diagnosed",
            arguments.files.len()
        )
        .into()),
    }
}

fn diagnose_file(path: &Path, settings: &DiagnosisSettings) -> Result<Diagnosed, Failure> {
    let file = File::open(path)?;
    let mut diagnoser = Diagnoser::new(settings, History::default());
    let summary = read_log(file, |reading| diagnoser.push(reading))?;
    let (diagnosis, traces) = diagnoser.finish();
    let name = path.file_name().unwrap_or(path.as_os_str());
    Ok(Diagnosed {
        title: name.to_string_lossy().into_owned(),
        has_date: summary.has_date,
        diagnosis,
        traces,
        summary: Some(summary),
    })
}
