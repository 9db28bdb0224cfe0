//! What batches, analyses and uploads have done.

use actors::health::assess::{AnalysisFacts, BackupFacts, SyncFacts};
use actors::health::journal::{self, Record};
use actors::health::probes;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::bodies::time;

/// Successes and failures of batches.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SyncHealth {
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
    #[schema(examples("the database refused a statement: it has no table statistics"))]
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
pub(super) struct AnalysisHealth {
    #[serde(flatten)]
    work: WorkHealth,
    /// Drives that wait for the model; null until known.
    #[schema(required = true, examples(0))]
    drives_waiting: Option<u64>,
}

/// Successes and failures of uploads.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct BackupHealth {
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

impl SyncHealth {
    pub(super) fn new(facts: SyncFacts, quarantined: Vec<probes::QuarantinedTable>) -> Self {
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
