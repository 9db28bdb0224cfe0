use std::collections::BTreeMap;
use std::time::Duration;

use actors::health::Health;
use actors::health::assess::{AnalysisFacts, BackupFacts, Facts, Status, SyncFacts, Verdict};
use actors::health::journal::{Mishap, Record};
use actors::health::probes::{LastSync, OllamaState};
use serde::Serialize;

use super::time;

/// How the server is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct HealthReport {
    status: ServerStatus,
    reasons: Vec<String>,
    version: &'static str,
    components: Components,
    last_sync: Option<LatestSync>,
    uptime: String,
    sync: SyncHealth,
    analysis: AnalysisHealth,
    backup: BackupHealth,
    actors: BTreeMap<&'static str, ActorHealth>,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum ServerStatus {
    Healthy,
    Degraded,
    Unhealthy,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
enum Availability {
    Up,
    Down,
}

impl Availability {
    fn of(is_up: bool) -> Self {
        if is_up { Self::Up } else { Self::Down }
    }
}

/// What the server needs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Components {
    api: Availability,
    mysql: Availability,
    ollama: Availability,
    ollama_model: String,
}

/// The latest batch that was stored.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LatestSync {
    device_id: String,
    synced_at: String,
    batch_id: String,
}

/// How batches are taken in.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SyncHealth {
    #[serde(flatten)]
    work: WorkHealth,
    failing_tables: Vec<FailingTable>,
}

/// A table whose latest batches were not stored.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FailingTable {
    device_id: String,
    table: String,
    failures: u32,
}

/// How drives are analysed.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AnalysisHealth {
    #[serde(flatten)]
    work: WorkHealth,
    drives_waiting: Option<u64>,
}

/// How backups are kept.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BackupHealth {
    #[serde(flatten)]
    work: WorkHealth,
    free_bytes: Option<u64>,
}

/// How a kind of work has gone.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct WorkHealth {
    failures_last_hour: u64,
    queue_length: usize,
    last_success: Option<String>,
    last_error: Option<LastError>,
}

/// The latest failure, however long ago.
#[derive(Debug, Serialize)]
struct LastError {
    at: String,
    error: String,
}

/// How a part of the server has lived.
#[derive(Debug, Serialize)]
struct ActorHealth {
    restarts: u64,
}

impl From<Health> for HealthReport {
    fn from(health: Health) -> Self {
        let Health { verdict, facts } = health;
        let Verdict { status, reasons } = verdict;
        Self {
            status: match status {
                Status::Healthy => ServerStatus::Healthy,
                Status::Degraded => ServerStatus::Degraded,
                Status::Unhealthy => ServerStatus::Unhealthy,
            },
            reasons,
            version: env!("CARGO_PKG_VERSION"),
            components: Components::from(&facts),
            last_sync: facts.last_sync.map(LatestSync::from),
            uptime: uptime(facts.uptime),
            sync: facts.sync.into(),
            analysis: facts.analysis.into(),
            backup: facts.backup.into(),
            actors: facts
                .restarts
                .into_iter()
                .map(|(actor, restarts)| (actor, ActorHealth { restarts }))
                .collect(),
        }
    }
}

impl From<&Facts> for Components {
    fn from(facts: &Facts) -> Self {
        Self {
            api: Availability::Up,
            mysql: Availability::of(facts.mysql_is_up),
            ollama: Availability::of(facts.ollama != OllamaState::Down),
            ollama_model: match facts.ollama {
                OllamaState::Ready => facts.model.clone(),
                OllamaState::WithoutModel => "not_loaded".to_owned(),
                OllamaState::Down => "unknown".to_owned(),
            },
        }
    }
}

impl From<LastSync> for LatestSync {
    fn from(sync: LastSync) -> Self {
        Self {
            device_id: sync.device_id,
            synced_at: time(sync.stored_at),
            batch_id: sync.batch_id,
        }
    }
}

impl From<SyncFacts> for SyncHealth {
    fn from(facts: SyncFacts) -> Self {
        let failing = facts.failing_tables.into_iter();
        Self {
            work: WorkHealth::new(facts.record, facts.waiting),
            failing_tables: failing
                .map(|failing| FailingTable {
                    device_id: failing.device_id,
                    table: failing.table,
                    failures: failing.failures,
                })
                .collect(),
        }
    }
}

impl From<AnalysisFacts> for AnalysisHealth {
    fn from(facts: AnalysisFacts) -> Self {
        Self {
            work: WorkHealth::new(facts.record, facts.waiting),
            drives_waiting: facts.drives_waiting,
        }
    }
}

impl From<BackupFacts> for BackupHealth {
    fn from(facts: BackupFacts) -> Self {
        Self {
            work: WorkHealth::new(facts.record, facts.waiting),
            free_bytes: facts.free_bytes,
        }
    }
}

impl WorkHealth {
    fn new(record: Record, waiting: usize) -> Self {
        Self {
            failures_last_hour: record.recent_failures,
            queue_length: waiting,
            last_success: record.last_success.map(time),
            last_error: record.last_error.map(|Mishap { at, error }| LastError {
                at: time(at),
                error,
            }),
        }
    }
}

/// `2d 4h 30m`
fn uptime(uptime: Duration) -> String {
    let minutes = uptime.as_secs() / 60;
    let (hours, days) = (minutes / 60, minutes / (60 * 24));
    format!("{days}d {}h {}m", hours % 24, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptime_is_told_in_days_hours_and_minutes() {
        for (seconds, text) in [
            (0, "0d 0h 0m"),
            (59, "0d 0h 0m"),
            (60, "0d 0h 1m"),
            (3_600 * 23 + 60 * 59 + 59, "0d 23h 59m"),
            (86_400 * 2 + 3_600 * 4 + 60 * 30, "2d 4h 30m"),
            (86_400 * 400, "400d 0h 0m"),
        ] {
            assert_eq!(uptime(Duration::from_secs(seconds)), text);
        }
    }
}
