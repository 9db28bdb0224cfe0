use std::collections::BTreeMap;
use std::time::Duration;

use actors::health::Health;
use actors::health::assess::{AnalysisFacts, Assessment, BackupFacts, Facts, Status, SyncFacts};
use actors::health::journal::{self, Record};
use actors::health::probes::{self, LastSync, OllamaState};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::bodies::time;

/// The health of the server.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "status": "healthy",
    "reasons": [],
    "version": "1.0.0",
    "components": { "api": "up", "mysql": "up", "ollama": "up", "ollamaModel": "gemma2:2b" },
    "lastSync": {
        "deviceId": "example-device",
        "syncedAt": "2026-02-01T14:30:05",
        "batchId": "sync-2026-02-01T14:30:00",
    },
    "uptime": "2d 4h 30m",
    "sync": {
        "failuresLastHour": 0,
        "queueLength": 0,
        "lastSuccess": "2026-02-01T14:30:05",
        "lastError": null,
        "failingTables": [],
        "quarantined": [],
        "notes": [],
    },
    "analysis": {
        "failuresLastHour": 0,
        "queueLength": 0,
        "lastSuccess": "2026-02-01T14:33:10",
        "lastError": null,
        "drivesWaiting": 0,
    },
    "backup": {
        "failuresLastHour": 0,
        "queueLength": 0,
        "lastSuccess": "2026-02-01T14:31:00",
        "lastError": null,
        "freeBytes": 52_428_800_000_u64,
        "notes": [],
    },
    "actors": { "sync": { "restarts": 0 }, "analysis": { "restarts": 0 } },
})))]
pub(in crate::http) struct HealthReport {
    /// `healthy`: everything works. `degraded`: batches are stored, but the owner has to act. `unhealthy`: nothing can be
    /// stored.
    status: ServerStatus,
    /// Why the status is not `healthy`, one sentence each.
    #[schema(examples(
        "The last 3 batches of example-device with rows of statistics were not stored: the database refused a statement."
    ))]
    reasons: Vec<String>,
    /// The server's version.
    #[schema(examples("1.0.0"))]
    version: &'static str,
    /// Everything the server depends on.
    components: Components,
    /// The last stored batch.
    #[schema(required = true)]
    last_sync: Option<LatestSync>,
    /// Time since the server started.
    #[schema(pattern = r"^\d+d \d+h \d+m$", examples("2d 4h 30m"))]
    uptime: String,
    /// Successes and failures of batches.
    sync: SyncHealth,
    /// Successes and failures of analyses.
    analysis: AnalysisHealth,
    /// Successes and failures of uploads.
    backup: BackupHealth,
    /// The actors, by name.
    #[schema(value_type = BTreeMap<String, ActorHealth>, examples("sync"))]
    actors: BTreeMap<&'static str, ActorHealth>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(examples("degraded"))]
enum ServerStatus {
    Healthy,
    Degraded,
    Unhealthy,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
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

/// Everything the server depends on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Components {
    /// The server itself: `up` whenever it answers.
    api: Availability,
    /// Whether `SELECT 1` succeeds within 3 s.
    mysql: Availability,
    /// Whether `GET /` of Ollama answers 200 within 4 s.
    ollama: Availability,
    /// The name of the configured model if Ollama has it; else `not_loaded`, or `unknown` while Ollama is down.
    #[schema(examples("gemma2:2b"))]
    ollama_model: String,
}

/// The last stored batch.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LatestSync {
    /// The device that sent it.
    #[schema(examples("example-device"))]
    device_id: String,
    /// When it was stored, in UTC.
    #[schema(examples("2026-02-01T14:30:05"))]
    synced_at: String,
    /// The batch id.
    #[schema(examples("sync-2026-02-01T14:30:00"))]
    batch_id: String,
}

/// Successes and failures of batches.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SyncHealth {
    #[serde(flatten)]
    work: WorkHealth,
    /// Tables of a device whose last three batches or more were not stored.
    failing_tables: Vec<FailingTable>,
    /// Tables of a device with rows that failed validation while the server has `BAD_ROWS=quarantine`, and of which no valid
    /// version has arrived; those with the latest row first, at most 100. Rows of the last day degrade the status.
    #[schema(max_items = 100)]
    quarantined: Vec<QuarantinedTable>,
    /// What the owner may want to know, one sentence each; it does not affect the status.
    #[schema(examples(
        "example-device started again at id 1; its new rows are stored in epoch 1."
    ))]
    notes: Vec<String>,
}

/// A table of a device whose last batches were not stored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct FailingTable {
    /// The device.
    #[schema(examples("example-device"))]
    device_id: String,
    /// The table.
    #[schema(examples("statistics"))]
    table: String,
    /// Failed batches since the last stored one.
    #[schema(minimum = 3, examples(3))]
    failures: u32,
    /// Whether the server does not know the table. `EXTRA_TABLES` adds it.
    #[schema(examples(false))]
    is_unknown: bool,
    /// The last failure, in one sentence.
    #[schema(examples("the database refused a statement"))]
    error: String,
}

/// The quarantined rows of a table of a device.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct QuarantinedTable {
    /// The device.
    #[schema(examples("example-device"))]
    device_id: String,
    /// The table.
    #[schema(examples("statistics"))]
    table: String,
    /// How many rows of it are in quarantine.
    #[schema(minimum = 1, examples(2))]
    rows: u64,
    /// When the latest of them arrived, in UTC.
    #[schema(examples("2026-02-01T14:30:05"))]
    latest_at: String,
}

/// Successes and failures of analyses.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AnalysisHealth {
    #[serde(flatten)]
    work: WorkHealth,
    /// Drives that wait for the model; null until known.
    #[schema(required = true, examples(0))]
    drives_waiting: Option<u64>,
}

/// Successes and failures of uploads.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BackupHealth {
    #[serde(flatten)]
    work: WorkHealth,
    /// Free space on the disk of the backup folder, in bytes; null if it cannot be read.
    #[schema(required = true, examples(52_428_800_000_u64))]
    free_bytes: Option<u64>,
    /// What the owner may want to know, one sentence each; it does not affect the status.
    #[schema(examples(
        "The server's clock jumped from 2031-02-01T14:30:05 to 2026-02-01T14:30:05 between two backups; \
         their names show its time, and rotation follows the order of storing."
    ))]
    notes: Vec<String>,
}

/// Successes and failures of one kind of work.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WorkHealth {
    /// Failures within the last hour.
    #[schema(examples(0))]
    failures_last_hour: u64,
    /// Waiting requests.
    #[schema(examples(0))]
    queue_length: usize,
    /// The last success, in UTC.
    #[schema(required = true, examples("2026-02-01T14:30:05"))]
    last_success: Option<String>,
    /// The last failure, however old.
    #[schema(required = true)]
    last_error: Option<LastError>,
}

/// The last failure, however old.
#[derive(Debug, Serialize, ToSchema)]
struct LastError {
    /// When, in UTC.
    #[schema(examples("2026-02-01T14:30:05"))]
    at: String,
    /// The failure in one sentence.
    #[schema(examples("the database cannot be reached"))]
    error: String,
}

/// The state of an actor.
#[derive(Debug, Serialize, ToSchema)]
struct ActorHealth {
    /// Restarts after a failure.
    #[schema(examples(0))]
    restarts: u64,
}

impl From<Health> for HealthReport {
    fn from(health: Health) -> Self {
        let Health { assessment, facts } = health;
        let Assessment { status, reasons } = assessment;
        Self {
            status: match status {
                Status::Healthy => ServerStatus::Healthy,
                Status::Degraded => ServerStatus::Degraded,
                Status::Unhealthy => ServerStatus::Unhealthy,
            },
            reasons,
            version: env!("CARGO_PKG_VERSION"),
            components: Components::from(&facts),
            last_sync: facts.mysql.last_sync.map(LatestSync::from),
            uptime: uptime(facts.uptime),
            sync: SyncHealth::new(facts.sync, facts.mysql.quarantined),
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
            mysql: Availability::of(facts.mysql.is_up),
            ollama: Availability::of(facts.ollama != OllamaState::Down),
            ollama_model: match facts.ollama {
                OllamaState::Ready => facts.model.clone(),
                OllamaState::WithoutModel | OllamaState::ModelsUnknown => "not_loaded".to_owned(),
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

impl SyncHealth {
    fn new(facts: SyncFacts, quarantined: Vec<probes::QuarantinedTable>) -> Self {
        let notes = facts.notes;
        let failing = facts.failing_tables.into_iter();
        Self {
            work: WorkHealth::new(facts.record, facts.waiting),
            notes,
            quarantined: quarantined
                .into_iter()
                .map(QuarantinedTable::from)
                .collect(),
            failing_tables: failing
                .map(|failing| FailingTable {
                    device_id: failing.device_id,
                    table: failing.table,
                    failures: failing.failures,
                    is_unknown: failing.is_unknown,
                    error: failing.error,
                })
                .collect(),
        }
    }
}

impl From<probes::QuarantinedTable> for QuarantinedTable {
    fn from(table: probes::QuarantinedTable) -> Self {
        Self {
            device_id: table.device_id,
            table: table.table,
            rows: table.rows,
            latest_at: time(table.latest_at),
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
            notes: facts.notes,
        }
    }
}

impl From<journal::LastError> for LastError {
    fn from(journal::LastError { at, error }: journal::LastError) -> Self {
        Self {
            at: time(at),
            error,
        }
    }
}

impl WorkHealth {
    fn new(record: Record, waiting: usize) -> Self {
        Self {
            failures_last_hour: record.recent_failures,
            queue_length: waiting,
            last_success: record.last_success.map(time),
            last_error: record.last_error.map(LastError::from),
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
mod tests;
