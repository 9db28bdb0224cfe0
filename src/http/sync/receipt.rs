//! The receipt of a batch.

use std::collections::{BTreeMap, BTreeSet};

use actors::sync::{Receipt, RefusedRow, TableReceipt};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::bodies::time;

/// The receipt of a batch: all of it is stored.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "status": "ok",
    "batchId": "sync-2026-02-01T14:30:00",
    "tablesProcessed": { "realtime_data": { "inserted": 500, "updated": 0, "errors": 0 } },
    "syncedAt": "2026-02-01T14:30:05",
    "driveDataReceived": true,
    "autoAnalysisTriggered": false,
})))]
pub(in crate::http) struct SyncReceipt {
    /// Always `ok`.
    #[schema(examples("ok"))]
    status: &'static str,
    /// As the device calls it.
    #[schema(examples("sync-2026-02-01T14:30:00"))]
    batch_id: String,
    /// Every table that the batch names.
    #[schema(examples("realtime_data"))]
    tables_processed: BTreeMap<String, TableProcessed>,
    /// When the batch was stored, in UTC.
    #[schema(examples("2026-02-01T14:30:05"))]
    synced_at: String,
    /// Whether a drive ended in the batch.
    #[schema(examples(true))]
    drive_data_received: bool,
    /// Whether the batch made a drive ready for its analysis, and Ollama answers.
    #[schema(examples(false))]
    auto_analysis_triggered: bool,
    /// Fields beside `tables` that the server does not know and has kept with the device; at most 1,000 names; absent if
    /// there are none.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(required = false, examples("driveCounter"))]
    unknown_fields: BTreeSet<String>,
    /// The first rows that failed validation and were quarantined; absent if there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, max_items = 50)]
    quarantined: Vec<QuarantinedRow>,
}

/// The outcome of a table's rows.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct TableProcessed {
    /// Rows that were new.
    #[schema(examples(500))]
    inserted: u64,
    /// Rows that existed before.
    #[schema(examples(0))]
    updated: u64,
    /// Rows that failed validation and were quarantined. Always 0 unless the server has `BAD_ROWS=quarantine`.
    #[schema(examples(0))]
    errors: u64,
    /// Columns that the table does not have, kept with the rows; at most 1,000 names; absent if there are none.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(required = false, examples("battery_voltage"))]
    unknown_columns: BTreeSet<String>,
}

/// A row that failed validation while the server has `BAD_ROWS=quarantine`. It is kept apart; the other rows are stored.
#[derive(Debug, Serialize, ToSchema)]
struct QuarantinedRow {
    /// Its table.
    #[schema(examples("realtime_data"))]
    table: String,
    /// The device's key of the row: a number or a text; null if it is not readable.
    #[schema(examples(3966))]
    id: Value,
    /// Why it was not stored.
    #[schema(examples("value: Input should be a finite number"))]
    reason: String,
}

impl From<RefusedRow> for QuarantinedRow {
    fn from(row: RefusedRow) -> Self {
        Self {
            table: row.table,
            id: row.id,
            reason: row.reason,
        }
    }
}

impl From<TableReceipt> for TableProcessed {
    fn from(table: TableReceipt) -> Self {
        Self {
            inserted: table.counts.inserted,
            updated: table.counts.updated,
            errors: table.errors,
            unknown_columns: table.unknown_columns,
        }
    }
}

impl From<Receipt> for SyncReceipt {
    fn from(receipt: Receipt) -> Self {
        Self {
            status: "ok",
            batch_id: receipt.batch_id,
            tables_processed: receipt
                .tables
                .into_iter()
                .map(|(name, table)| (name, table.into()))
                .collect(),
            synced_at: time(receipt.stored_at),
            drive_data_received: receipt.drive_data_received,
            auto_analysis_triggered: receipt.auto_analysis_triggered,
            unknown_fields: receipt.unknown_fields,
            quarantined: receipt
                .quarantined
                .into_iter()
                .map(QuarantinedRow::from)
                .collect(),
        }
    }
}
