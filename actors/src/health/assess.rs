//! What is known about the server, and what to think of it. Pure.

use std::time::Duration;

use super::journal::{FailingTable, Growth, Record};
use super::probes::{LastSync, OllamaState};

/// All that health is judged by.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Whether the database answers.
    pub mysql_is_up: bool,
    /// Whether Ollama answers, and has the model.
    pub ollama: OllamaState,
    /// The model that is wanted.
    pub model: String,
    /// The latest batch that was stored.
    pub last_sync: Option<LastSync>,
    /// How long the server has been running.
    pub uptime: Duration,
    /// Batches.
    pub sync: SyncFacts,
    /// Analyses.
    pub analysis: AnalysisFacts,
    /// Backups.
    pub backup: BackupFacts,
    /// How often each actor was restarted, in the order of their start.
    pub restarts: Vec<(&'static str, u64)>,
}

/// How batches are taken in.
#[derive(Clone, Debug, Default)]
pub struct SyncFacts {
    /// Successes and failures.
    pub record: Record,
    /// Batches that wait for their turn.
    pub waiting: usize,
    /// What devices do not get stored.
    pub failing_tables: Vec<FailingTable>,
}

/// How drives are analysed.
#[derive(Clone, Debug, Default)]
pub struct AnalysisFacts {
    /// Successes and failures.
    pub record: Record,
    /// Requests that wait for the model.
    pub waiting: usize,
    /// Drives that wait for it, where that is known.
    pub drives_waiting: Option<u64>,
    /// The growth of a queue of drives that only grows.
    pub growth: Option<Growth>,
}

/// How backups are kept.
#[derive(Clone, Debug, Default)]
pub struct BackupFacts {
    /// Successes and failures.
    pub record: Record,
    /// Uploads that wait for their turn.
    pub waiting: usize,
    /// Room for backups, in bytes, where the disk says.
    pub free_bytes: Option<u64>,
    /// Room that there should be, in bytes.
    pub wanted_bytes: u64,
}

/// What to think of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// In one word.
    pub status: Status,
    /// Why it is not better, one sentence each.
    pub reasons: Vec<String>,
}

/// How the server is, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Everything works.
    Healthy,
    /// Batches can be stored, but something needs the owner.
    Degraded,
    /// Nothing can be stored.
    Unhealthy,
}

/// Judges the facts.
pub fn assess(facts: &Facts) -> Assessment {
    let mut reasons = Vec::new();
    if !facts.mysql_is_up {
        reasons.push("MySQL does not answer.".to_owned());
    }
    match facts.ollama {
        OllamaState::Down => reasons.push("Ollama does not answer.".to_owned()),
        OllamaState::WithoutModel => {
            reasons.push(format!("Ollama does not have the model {}.", facts.model));
        }
        OllamaState::Ready => {}
    }
    reasons.extend(facts.sync.failing_tables.iter().map(failing_table));
    reasons.extend(facts.analysis.growth.as_ref().map(stuck_queue));
    reasons.extend(full_disk(&facts.backup));
    let status = match (facts.mysql_is_up, reasons.is_empty()) {
        (false, _) => Status::Unhealthy,
        (true, false) => Status::Degraded,
        (true, true) => Status::Healthy,
    };
    Assessment { status, reasons }
}

fn failing_table(failing: &FailingTable) -> String {
    format!(
        "The last {} batches of {} with rows of {} were not stored.",
        failing.failures, failing.device_id, failing.table
    )
}

fn stuck_queue(growth: &Growth) -> String {
    format!(
        "The queue of drives has only grown for {} minutes, from {} to {}.",
        growth.minutes, growth.from, growth.to
    )
}

fn full_disk(backup: &BackupFacts) -> Option<String> {
    const MB: u64 = 1024 * 1024;
    match backup.free_bytes {
        None => Some("The free space of the backup folder cannot be read.".to_owned()),
        Some(free) if free < backup.wanted_bytes => Some(format!(
            "The disk of the backup folder is nearly full: {} MB free, {} MB wanted.",
            free / MB,
            backup.wanted_bytes / MB
        )),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests;
