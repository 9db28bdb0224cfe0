//! Drives in CSV logs.

use std::fs::File;
use std::path::Path;

use actors::diagnosis::{Diagnoser, History, Settings};

use super::{Diagnosed, Failure};
use crate::log_file::read_log;

pub(super) fn diagnose(path: &Path, settings: &Settings) -> Result<Diagnosed, Failure> {
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
