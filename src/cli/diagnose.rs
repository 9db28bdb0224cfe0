//! `diagnose`: the diagnosis of logs and stored drives, for a terminal, for programs, or as a page.

mod file;
mod output;
mod stored;

use std::path::PathBuf;

use actors::causes;
use actors::device_id::DeviceId;
use actors::diagnosis::{Diagnosis, Traces};
use chrono::NaiveDate;
use clap::Args;

use super::Failure;
use crate::config::Settings;
use crate::log_file::LogSummary;
use crate::logging;

#[derive(Debug, Args)]
pub(super) struct DiagnoseArguments {
    /// CSV logs: one reading a line (time, parameter, value, unit) or one column a channel. They need neither database
    /// nor server.
    #[arg(value_name = "FILE.csv", required_unless_present_any = ["drive", "last", "recompute"])]
    files: Vec<PathBuf>,
    /// Diagnoses a stored drive (`drive` in the list of drives).
    #[arg(long, value_name = "N", conflicts_with_all = ["files", "last", "recompute"])]
    drive: Option<i64>,
    /// Diagnoses the latest stored drive.
    #[arg(long, conflicts_with_all = ["files", "recompute"])]
    last: bool,
    /// With --last: the device whose drive it is.
    #[arg(long, value_name = "ID", requires = "last", value_parser = str::parse::<DeviceId>)]
    device: Option<DeviceId>,
    /// Diagnoses every drive that has a diagnosis again, the oldest first, and stores the results.
    #[arg(long, conflicts_with_all = ["files", "json", "html"])]
    recompute: bool,
    /// With --recompute: only drives that began on this day (YYYY-MM-DD) or later.
    #[arg(long, value_name = "DATE", requires = "recompute")]
    since: Option<NaiveDate>,
    /// Prints a JSON array with one element a drive.
    #[arg(long, conflicts_with = "html")]
    json: bool,
    /// Writes the report of the drive as one self-contained HTML page; `-` writes to standard output.
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
    if arguments.recompute {
        return stored::recompute(&Settings::load()?, arguments.since);
    }
    if arguments.drive.is_some() || arguments.last {
        let device = arguments.device.as_ref();
        let drive = stored::diagnose(&Settings::load()?, arguments.drive, device)?;
        return show(&[drive], arguments);
    }
    diagnose_files(arguments)
}

fn diagnose_files(arguments: &DiagnoseArguments) -> Result<(), Failure> {
    if arguments.html.is_some() && arguments.files.len() > 1 {
        return Err("--html takes one log at a time".into());
    }
    let settings = Settings::load_diagnosis()?;
    let mut failures = 0;
    let mut drives = Vec::new();
    for path in &arguments.files {
        match file::diagnose(path, &settings) {
            Ok(drive) if arguments.json => drives.push(drive),
            Ok(drive) => show(&[drive], arguments)?,
            Err(failure) => {
                failures += 1;
                let why = causes(failure.as_ref());
                logging::report_failure(&format!("{}: {why}", path.display()));
            }
        }
    }
    if arguments.json {
        show(&drives, arguments)?;
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

fn show(drives: &[Diagnosed], arguments: &DiagnoseArguments) -> Result<(), Failure> {
    if arguments.json {
        return output::json(drives);
    }
    let html = arguments.html.as_deref();
    drives
        .iter()
        .try_for_each(|drive| output::show(drive, html))
}
