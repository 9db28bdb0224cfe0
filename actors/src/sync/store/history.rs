//! The history of batches, and the devices that sent them.

use chrono::NaiveDateTime;
use mysql_async::Value;
use serde_json::Value as Json;

use crate::database::{DatabaseError, Statement, Transaction};
use crate::report::Counts;
use crate::sync::batch::Batch;

/// The stored length of an error, in characters.
const ERROR_CHARACTERS: usize = 1000;

/// An entry of the history.
pub(in crate::sync) struct Entry<'a> {
    pub batch_id: &'a str,
    pub device_id: &'a str,
    pub tables: &'a [String],
    pub started_at: NaiveDateTime,
    pub completed_at: NaiveDateTime,
    pub outcome: Outcome<'a>,
}

/// The outcome of a batch.
pub(in crate::sync) enum Outcome<'a> {
    /// Stored. Recorded within the transaction of the batch.
    Success(Counts),
    /// Nothing was stored, for this reason. Recorded outside of the transaction of the batch.
    Failed(&'a str),
}

/// An error in the length that is stored.
pub(in crate::sync) fn shortened(error: &str) -> String {
    error.chars().take(ERROR_CHARACTERS).collect()
}

/// Requests with the same batch id share a row: tables united, counts summed, the latest outcome.
pub(in crate::sync) fn record(entry: &Entry<'_>) -> Statement {
    // Assignments are evaluated in order: each sees the tables that the previous one added.
    let unite = "tables_synced = IF(JSON_CONTAINS(tables_synced, JSON_QUOTE(?)), tables_synced, \
                 JSON_ARRAY_APPEND(tables_synced, '$', ?)), ";
    let sql = format!(
        "INSERT INTO sync_history (batch_id, device_id, started_at, completed_at, tables_synced, rows_inserted, \
         rows_updated, status, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE {}\
         completed_at = VALUES(completed_at), status = VALUES(status), error = VALUES(error), \
         rows_inserted = rows_inserted + VALUES(rows_inserted), rows_updated = rows_updated + VALUES(rows_updated)",
        unite.repeat(entry.tables.len())
    );
    let (status, counts, error) = match &entry.outcome {
        Outcome::Success(counts) => ("success", *counts, None),
        Outcome::Failed(error) => ("failed", Counts::default(), Some(shortened(error))),
    };
    let row = [
        Value::from(entry.batch_id),
        Value::from(entry.device_id),
        Value::from(entry.started_at),
        Value::from(entry.completed_at),
        Value::from(Json::from(entry.tables).to_string()),
        Value::from(counts.inserted),
        Value::from(counts.updated),
        Value::from(status),
        Value::from(error),
    ];
    let tables = entry
        .tables
        .iter()
        .flat_map(|table| [Value::from(table.as_str()), Value::from(table.as_str())]);
    Statement::new(sql, row.into_iter().chain(tables))
}

/// Updates the contact time of a device. Locks the device until the end of the transaction.
pub(super) fn see_device(batch: &Batch) -> Statement {
    let sql = "INSERT INTO devices (device_id, last_seen) VALUES (?, NOW(6)) ON DUPLICATE KEY UPDATE \
               last_seen = VALUES(last_seen)";
    Statement::new(sql, [batch.device_id.as_str()])
}

/// The largest fields that are written out in a statement. Larger ones would be in memory four times.
const DEFERRED_FIELDS_BYTES: usize = 64 * 1024;

/// Keeps the unknown top-level fields of a batch with its device.
pub(super) async fn keep_fields(
    transaction: &mut Transaction<'_>,
    batch: &Batch,
) -> Result<(), DatabaseError> {
    let fields = batch.unknown_fields.all();
    if fields.is_empty() {
        return Ok(());
    }
    // As in `SET_IN_EXTRA`.
    let sql = "UPDATE devices SET extra = JSON_MERGE_PRESERVE(JSON_MERGE_PATCH(COALESCE(extra, '{}'), ?, ?), ?) \
               WHERE device_id = @device";
    let json = fields.to_json();
    let is_large = json.len() > DEFERRED_FIELDS_BYTES;
    let nulls = fields.to_nulls();
    let statement = Statement::new(sql, [nulls.clone(), nulls, json]);
    if is_large {
        statement.run(transaction.connection().await?).await
    } else {
        transaction.defer(&statement);
        Ok(())
    }
}
