//! What is remembered of batches and of the devices that send them.

use chrono::NaiveDateTime;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Value};
use serde_json::Value as Json;

use super::{Counts, SET_IN_EXTRA};
use crate::database::{DatabaseError, Statement};
use crate::sync::batch::{Batch, Extra};

/// How much of an error is kept.
const ERROR_CHARACTERS: usize = 1000;

/// A batch as the history has it.
pub(in crate::sync) struct Entry<'a> {
    pub batch_id: &'a str,
    pub device_id: &'a str,
    pub tables: &'a [String],
    pub started_at: NaiveDateTime,
    pub completed_at: NaiveDateTime,
    pub outcome: Outcome<'a>,
}

/// How a batch ended.
pub(in crate::sync) enum Outcome<'a> {
    /// Stored; to be recorded in the batch's own transaction.
    Success(Counts),
    /// Nothing was stored, for this reason; to be recorded outside of the batch's transaction.
    Failed(&'a str),
}

/// Requests that share a batch id share a row: tables united, counts summed, the latest outcome.
pub(in crate::sync) fn record(entry: &Entry<'_>) -> Statement {
    // Assigned one after the other: each sees what the one before it has added.
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
        Outcome::Failed(error) => {
            let error: String = error.chars().take(ERROR_CHARACTERS).collect();
            ("failed", Counts::default(), Some(error))
        }
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

/// Notes that a device was here, and what it said beside its tables.
pub(super) fn see_device(batch: &Batch, now: NaiveDateTime) -> Statement {
    let said = (!batch.unknown_fields.is_empty()).then(|| Extra::new(batch.unknown_fields.clone()));
    let extra = said.as_ref().map_or("extra", |_| SET_IN_EXTRA);
    let sql = format!(
        "INSERT INTO devices (device_id, last_seen, extra) VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE \
         last_seen = VALUES(last_seen), extra = {extra}"
    );
    let values = [
        Some(Value::from(&batch.device_id)),
        Some(Value::from(now)),
        Some(Value::from(said.as_ref().map(|said| &said.values))),
        said.as_ref().map(|said| Value::from(&*said.nulls)),
    ];
    Statement::new(sql, values.into_iter().flatten())
}

/// Forgets batches that ended before `oldest`, except for the newest success of each device.
pub(in crate::sync) async fn prune(
    connection: &mut Conn,
    oldest: NaiveDateTime,
) -> Result<u64, DatabaseError> {
    connection
        .exec_drop(
            "DELETE entry FROM sync_history AS entry LEFT JOIN \
             (SELECT device_id, MAX(completed_at) AS newest FROM sync_history WHERE status = 'success' \
              GROUP BY device_id) AS kept \
             ON kept.device_id = entry.device_id AND kept.newest = entry.completed_at \
             WHERE entry.completed_at < ? AND kept.device_id IS NULL",
            (oldest,),
        )
        .await?;
    Ok(connection.affected_rows())
}
