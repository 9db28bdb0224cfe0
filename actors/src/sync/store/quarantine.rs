//! Keeps the rows that failed validation, and removes the entries of rows that have arrived in a valid version since.

use std::fmt::Display;

use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Value};
use ring::digest::{SHA256, digest};
use serde_json::Value as Json;

use super::device_state::Epoch;
use super::positional;
use crate::database::{DatabaseError, Statement, Transaction};
use crate::sync::batch::{Batch, QuarantinedRow, SizeLimit};
use crate::sync::tables::{Key, Table};

/// How many bytes of rows one statement carries, unless a single row has more.
const STATEMENT_BYTES: usize = 256 * 1024;

/// The maximum length of a reason, in characters.
const REASON_CHARACTERS: usize = 1000;

/// Keeps the rows of the batch that failed validation. Must be called after [`remove_stored`].
pub(super) async fn add(
    transaction: &mut Transaction<'_>,
    batch: &Batch,
    epoch: Epoch,
) -> Result<(), DatabaseError> {
    if batch.quarantined.is_empty() {
        return Ok(());
    }
    let largest_packet = transaction.largest_packet();
    let statement_bytes = STATEMENT_BYTES.min(largest_packet / 2);
    let connection = transaction.connection().await?;
    let mut rows = batch.quarantined.as_slice();
    while !rows.is_empty() {
        let (chunk, rest) = rows.split_at(fitting(rows, statement_bytes));
        insert(connection, chunk, epoch, largest_packet).await?;
        rows = rest;
    }
    Ok(())
}

/// How many of the rows one statement carries: at least one.
fn fitting(rows: &[QuarantinedRow], statement_bytes: usize) -> usize {
    let mut bytes = 0;
    let fitting = rows.iter().take_while(|row| {
        bytes += row.row.len();
        bytes <= statement_bytes
    });
    fitting.count().max(1)
}

/// Removes the entries of rows that this batch has stored, after that. There are few entries, or none: the lookup begins with them.
pub(super) fn remove_stored(transaction: &mut Transaction<'_>, batch: &Batch) {
    let mirrored = batch
        .mirrored
        .iter()
        .filter(|table| !table.rows().is_empty());
    for table in mirrored {
        let key = match table.table.key {
            Key::Integer(_) => "source_id",
            Key::Text | Key::TextIn(_) => "row_key",
        };
        let name = table.table.name;
        let sql = format!(
            "DELETE bad FROM quarantined_rows AS bad JOIN `{name}` AS good \
             ON good.source_device = bad.source_device AND good.source_id = bad.{key} \
             WHERE bad.source_device = @device AND bad.table_name = '{name}' AND good.sync_batch_id = @batch"
        );
        transaction.defer(&Statement::new(sql, [Value::NULL; 0]));
    }
    let passthrough = batch
        .passthrough
        .iter()
        .filter(|table| !table.rows().is_empty());
    for table in passthrough {
        let sql = "DELETE bad FROM quarantined_rows AS bad JOIN extra_rows AS good \
                   ON good.source_device = bad.source_device AND good.table_name = bad.table_name \
                   AND good.source_id = bad.row_key \
                   WHERE bad.source_device = @device AND bad.table_name = ? AND good.sync_batch_id = @batch";
        transaction.defer(&Statement::new(sql, [table.table.as_str()]));
    }
}

async fn insert(
    connection: &mut Conn,
    rows: &[QuarantinedRow],
    epoch: Epoch,
    largest_packet: usize,
) -> Result<(), DatabaseError> {
    let limit = SizeLimit::for_packet(Some(largest_packet));
    let one = "(@device, ?, ?, ?, ?, ?, @batch, NOW(6), NOW(6))";
    let statement = format!(
        "INSERT INTO quarantined_rows (source_device, table_name, row_key, source_id, row_json, reason, sync_batch_id, \
         first_seen, last_seen) VALUES {} ON DUPLICATE KEY UPDATE row_json = VALUES(row_json), \
         reason = VALUES(reason), sync_batch_id = VALUES(sync_batch_id), last_seen = VALUES(last_seen)",
        vec![one; rows.len()].join(", ")
    );
    let values = rows.iter().flat_map(|row| {
        let reason: String = row.reason.chars().take(REASON_CHARACTERS).collect();
        [
            Value::from(row.table.as_str()),
            Value::from(key(row, epoch)),
            Value::from(row.id.as_i64().and_then(|id| epoch.source_id(id))),
            if limit.accepts(row.row.len()) {
                Value::from(&*row.row)
            } else {
                // It is quarantined for its size.
                Value::from("null")
            },
            Value::from(reason),
        ]
    });
    connection.exec_drop(statement, positional(values)).await?;
    Ok(())
}

/// What identifies an entry among those of its device and table. A row without a readable key is itself the key, so that
/// sending it again does not add an entry. A readable one is the `source_id` that the row would have in its epoch. One that
/// leaves the epoch is kept apart from the `source_id`s.
fn key(row: &QuarantinedRow, epoch: Epoch) -> String {
    let is_passthrough = Table::named(&row.table).is_none();
    let beyond = |id: &dyn Display| format!("{id} in epoch {}", epoch.number);
    match &row.id {
        Json::Number(id) => id.as_i64().map_or_else(
            || id.to_string(),
            |id| match epoch.source_id(id) {
                Some(source_id) => source_id.to_string(),
                None => beyond(&id),
            },
        ),
        Json::String(id) if is_passthrough => match epoch.text_source_id(id) {
            Some(source_id) => source_id.into_owned(),
            None => beyond(id),
        },
        Json::String(id) => id.clone(),
        _ => {
            let digest = digest(&SHA256, &row.row);
            let digits = digest.as_ref()[..16].iter();
            let digits = digits.map(|byte| format!("{byte:02x}"));
            format!("#{}", digits.collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::*;
    use crate::sync::store::device_state::EPOCH_IDS;

    fn row(id: Json, row: &'static str) -> QuarantinedRow {
        QuarantinedRow::new(
            "realtime_data",
            id,
            "bad",
            Bytes::from_static(row.as_bytes()),
        )
    }

    #[test]
    fn a_row_without_a_readable_key_is_its_own_key() {
        let epoch = Epoch {
            number: 1,
            id_offset: EPOCH_IDS,
        };
        let key = |id, text| key(&row(id, text), epoch);
        assert_eq!(key(json!(7), "{}"), "1000000000007");
        for id in [EPOCH_IDS, i64::MAX] {
            assert_eq!(key(json!(id), "{}"), format!("{id} in epoch 1"));
        }
        assert_eq!(key(json!("daily"), "{}"), "daily");
        let without = key(Json::Null, "{}");
        assert!(without.starts_with('#') && without.len() <= 64, "{without}");
        assert_eq!(key(Json::Null, "{}"), without);
        assert_ne!(key(Json::Null, "[]"), without);
    }

    #[test]
    fn only_a_number_of_a_passthrough_table_is_counted_in_its_epoch() {
        let epoch = Epoch {
            number: 1,
            id_offset: EPOCH_IDS,
        };
        for (table, id, expected) in [
            ("dtc_log", "7", "1000000000007"),
            ("dtc_log", "1000000000000", "1000000000000 in epoch 1"),
            ("dtc_log", "07", "07"),
            ("profiles", "7", "7"),
        ] {
            let row = QuarantinedRow::new(table, json!(id), "bad", Bytes::from_static(b"{}"));
            assert_eq!(key(&row, epoch), expected, "{table} {id}");
        }
    }

    #[test]
    fn a_statement_carries_rows_up_to_its_bytes_but_at_least_one() {
        let rows = ["12345", "67890", "1"].map(|text| row(Json::Null, text));
        for (bytes, expected) in [(4, 1), (5, 1), (9, 1), (10, 2), (11, 3), (100, 3)] {
            assert_eq!(fitting(&rows, bytes), expected, "{bytes}");
        }
    }
}
