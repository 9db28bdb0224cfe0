//! Finds the ids that were stored before `stored_ids` existed, in small steps. What it finds is added to a set, so batches
//! may come in between, and a step may run twice.

use std::time::Duration;

use mysql_async::Value;

use super::id_pages::{IdPages, Page};
use super::store::device_state::{store_pages, stored_pages_query};
use super::tables::{Key, TABLES};
use crate::causes;
use crate::database::{Database, DatabaseError, Statement, Transaction, rows};

/// The number of ids that one step reads.
const STEP_ROWS: usize = 20_000;

/// Time limit of one step.
const STEP_LIMIT: Duration = Duration::from_secs(20);

/// The pause after each step, so that batches are not delayed.
const PAUSE: Duration = Duration::from_millis(20);

/// The number of readings, those with the highest ids, among which the newest is looked for.
const LAST_READINGS: u32 = 1_000;

/// Counts the rows of all devices that are not counted yet. Returns whether all are counted now.
pub(super) async fn count_stored_rows(database: &Database) -> bool {
    let counted = count_all(database).await;
    if let Err(error) = &counted {
        log::warn!(error:% = causes(error); "counting the stored rows was interrupted");
    }
    counted.is_ok()
}

async fn count_all(database: &Database) -> Result<(), DatabaseError> {
    let devices: Vec<String> = database
        .run(STEP_LIMIT, async |connection| {
            let query = "SELECT d.device_id FROM devices AS d LEFT JOIN sync_devices AS s \
                         ON s.source_device = d.device_id WHERE COALESCE(s.is_counted, FALSE) = FALSE";
            rows(connection, query, ()).await
        })
        .await?;
    for device in devices {
        let extra_tables: Vec<String> = database
            .run(STEP_LIMIT, async |connection| {
                let query = "SELECT DISTINCT table_name FROM extra_rows WHERE source_device = ?";
                rows(connection, query, (&device,)).await
            })
            .await?;
        let mirrored = TABLES
            .iter()
            .filter(|table| matches!(table.key, Key::Integer(_)));
        for table in mirrored {
            count_table(database, &device, table.name, false).await?;
        }
        for table in &extra_tables {
            count_table(database, &device, table, true).await?;
        }
        finish(database, &device).await?;
        log::info!(device:?; "stored rows counted");
    }
    Ok(())
}

async fn count_table(
    database: &Database,
    device: &str,
    table: &str,
    is_extra: bool,
) -> Result<(), DatabaseError> {
    let mut next = Some(0);
    while let Some(from) = next {
        next = database
            .transaction(STEP_LIMIT, async |transaction| {
                lock(transaction, device).await?;
                let ids = if is_extra {
                    extra_ids(transaction, table, from).await?
                } else {
                    mirrored_ids(transaction, table, from).await?
                };
                add_ids(transaction, table, &ids).await?;
                let last = ids.last().filter(|_| ids.len() == STEP_ROWS);
                // The largest id of all has none after it.
                Ok(last.and_then(|last| last.checked_add(1)))
            })
            .await?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// The same lock that a batch takes.
async fn lock(transaction: &mut Transaction<'_>, device: &str) -> Result<(), DatabaseError> {
    transaction.defer(&Statement::new("SET @device = ?", [device]));
    let query = "SELECT device_id FROM devices WHERE device_id = @device FOR UPDATE";
    let _: Vec<String> = transaction
        .rows(&Statement::new(query, [Value::NULL; 0]))
        .await?;
    Ok(())
}

/// The ids of a mirrored table. The server's own recommendations have negative ones.
async fn mirrored_ids(
    transaction: &mut Transaction<'_>,
    table: &str,
    from: i64,
) -> Result<Vec<i64>, DatabaseError> {
    let query = format!(
        "SELECT source_id FROM `{table}` WHERE source_device = @device AND source_id >= ? \
         ORDER BY source_id LIMIT {STEP_ROWS}"
    );
    transaction.rows(&Statement::new(query, [from])).await
}

/// The numeric ids of a passthrough table, in the order of numbers: its keys are text.
async fn extra_ids(
    transaction: &mut Transaction<'_>,
    table: &str,
    from: i64,
) -> Result<Vec<i64>, DatabaseError> {
    let query = format!(
        "SELECT CAST(source_id AS SIGNED) AS id FROM extra_rows WHERE source_device = @device AND table_name = ? \
         AND source_id REGEXP '^(0|[1-9][0-9]{{0,17}})$' HAVING id >= ? ORDER BY id LIMIT {STEP_ROWS}"
    );
    let values = [Value::from(table), Value::from(from)];
    transaction.rows(&Statement::new(query, values)).await
}

async fn add_ids(
    transaction: &mut Transaction<'_>,
    table: &str,
    ids: &[i64],
) -> Result<(), DatabaseError> {
    if ids.is_empty() {
        return Ok(());
    }
    let new = IdPages::of_sorted(ids.iter().copied());
    let query = stored_pages_query(table, &new);
    let pages: Vec<(i64, Vec<u8>)> = transaction.rows(&query).await?;
    let mut stored = IdPages::default();
    for (page, runs) in pages {
        stored.insert_page(page, Page::decode(&runs));
    }
    for statement in store_pages(table, &stored.changed_by(&new)) {
        transaction.defer(&statement);
    }
    Ok(())
}

async fn finish(database: &Database, device: &str) -> Result<(), DatabaseError> {
    database
        .transaction(STEP_LIMIT, async |transaction| {
            lock(transaction, device).await?;
            let sql = format!(
                "INSERT INTO sync_devices (source_device, newest_reading_at, is_counted, last_contact_at) \
                 SELECT device_id, (SELECT MAX(timestamp) FROM (SELECT timestamp FROM realtime_data \
                 WHERE source_device = @device AND timestamp <= NOW(6) + INTERVAL 1 DAY \
                 ORDER BY source_id DESC LIMIT {LAST_READINGS}) AS last_readings), TRUE, COALESCE(last_seen, created_at) \
                 FROM devices WHERE device_id = @device ON DUPLICATE KEY UPDATE is_counted = TRUE, \
                 newest_reading_at = GREATEST(COALESCE(sync_devices.newest_reading_at, VALUES(newest_reading_at)), \
                 COALESCE(VALUES(newest_reading_at), sync_devices.newest_reading_at))"
            );
            transaction.defer(&Statement::new(sql, [Value::NULL; 0]));
            Ok(())
        })
        .await
}
