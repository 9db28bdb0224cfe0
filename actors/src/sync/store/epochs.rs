//! Epochs: a device that was re-imaged counts its ids from 1 again and must not overwrite its own past.
//!
//! See the decision record `0006-epochs.md`. A batch whose ids are new, or whose times are not, costs nothing here.

use std::collections::BTreeMap;

use chrono::{NaiveDateTime, TimeDelta};
use mysql_async::Value;

use super::device_state::{DeviceState, Epoch};
use super::placeholders;
use crate::database::{DatabaseError, Statement, Transaction};
use crate::sync::batch::{Batch, Cell, MirroredTable};
use crate::sync::id_pages::PAGE_IDS;
use crate::sync::tables::Table;

/// How much newer than the newest reading a row must be.
const NEWER: TimeDelta = TimeDelta::hours(1);

/// How many such rows start an epoch.
const ROWS: usize = 3;

/// The distance between the offsets of two epochs. A multiple of the size of a page, and readable: `source_id` 2000000000017
/// is the id 17 of epoch 2.
const EPOCH_IDS: i64 = 1_000_000_000_000;

/// The number of ids in one statement.
const CHUNK: usize = 500;

/// Rows of one table: `source_id` and time.
type TimedRows = Vec<(i64, NaiveDateTime)>;

/// Finds the epoch of a batch: the latest one, an earlier one that it repeats, or a new one, whose number is returned.
pub(super) async fn find_epoch(
    transaction: &mut Transaction<'_>,
    batch: &Batch,
    state: &mut DeviceState,
) -> Result<Option<i64>, DatabaseError> {
    let Some(newest) = state.newest_reading_at else {
        return Ok(None);
    };
    if is_replacement(transaction, batch, state, newest).await? {
        return start_epoch(transaction, state, newest).await;
    }
    if state.latest.number > 0
        && let Some(epoch) = repeated_epoch(transaction, batch).await?
    {
        state.return_to(epoch, transaction, batch).await?;
    }
    Ok(None)
}

/// Whether at least three rows of the batch have stored ids, other times than stored, and are newer than all readings.
async fn is_replacement(
    transaction: &mut Transaction<'_>,
    batch: &Batch,
    state: &DeviceState,
    newest: NaiveDateTime,
) -> Result<bool, DatabaseError> {
    let suspects = timed_rows(batch, state.epoch, |table, source_id, time| {
        time > newest + NEWER && state.has(table.name, source_id)
    });
    let mut left = suspects.values().map(Vec::len).sum::<usize>();
    let mut replaced = 0;
    for (name, rows) in suspects {
        let Some(table) = Table::named(name) else {
            continue;
        };
        for chunk in rows.chunks(CHUNK) {
            if replaced + left < ROWS || replaced >= ROWS {
                return Ok(replaced >= ROWS);
            }
            left -= chunk.len();
            let stored = stored_times(transaction, table, chunk).await?;
            // A reading that retention has removed was older than the newest one.
            let is_removed = table.name == "realtime_data";
            let differs = |(id, time): &&(i64, NaiveDateTime)| {
                stored.get(id).map_or(is_removed, |stored| stored != time)
            };
            replaced += chunk.iter().filter(differs).count();
        }
    }
    Ok(replaced >= ROWS)
}

async fn start_epoch(
    transaction: &mut Transaction<'_>,
    state: &mut DeviceState,
    newest: NaiveDateTime,
) -> Result<Option<i64>, DatabaseError> {
    let query = "SELECT MAX(page) FROM stored_ids WHERE source_device = @device";
    let pages: Vec<Option<i64>> = transaction
        .rows(&Statement::new(query, [Value::NULL; 0]))
        .await?;
    let highest_page = pages.into_iter().next().flatten().unwrap_or_default();
    let Some(id_offset) = next_offset(highest_page, state.latest.id_offset) else {
        log::error!(
            "a re-imaged device overwrites its rows: its ids leave no room for a new epoch"
        );
        return Ok(None);
    };
    let epoch = Epoch {
        number: state.latest.number + 1,
        id_offset,
    };
    let sql = "INSERT INTO sync_epochs (source_device, epoch, id_offset, started_at, batch_id, newest_reading_at) \
               VALUES (@device, ?, ?, NOW(6), @batch, ?)";
    let values = [
        Value::from(epoch.number),
        Value::from(epoch.id_offset),
        Value::from(newest),
    ];
    transaction.defer(&Statement::new(sql, values));
    state.start(epoch);
    Ok(Some(epoch.number))
}

/// The offset above all stored ids. `None` if there is none below the largest integer.
fn next_offset(highest_page: i64, latest_offset: i64) -> Option<i64> {
    let end = highest_page.checked_add(1)?.checked_mul(PAGE_IDS)?;
    let offset = end.max(latest_offset.checked_add(1)?);
    let offset = (offset.max(1) - 1) / EPOCH_IDS + 1;
    let offset = offset.checked_mul(EPOCH_IDS)?;
    offset.checked_add(EPOCH_IDS)?;
    Some(offset)
}

/// The earlier epoch that has the rows of the batch, with the same times. A batch that was sent before the device was
/// re-imaged can arrive again afterwards.
async fn repeated_epoch(
    transaction: &mut Transaction<'_>,
    batch: &Batch,
) -> Result<Option<Epoch>, DatabaseError> {
    let query = "SELECT epoch, id_offset FROM sync_epochs WHERE source_device = @device ORDER BY epoch DESC";
    let rows: Vec<(i64, i64)> = transaction
        .rows(&Statement::new(query, [Value::NULL; 0]))
        .await?;
    let later = rows
        .into_iter()
        .map(|(number, id_offset)| Epoch { number, id_offset });
    // Not by time: a device also writes events after its last reading.
    for epoch in later.skip(1).chain([Epoch::default()]) {
        if has_rows(transaction, batch, epoch).await? {
            return Ok(Some(epoch));
        }
    }
    Ok(None)
}

/// Whether an epoch has rows of the batch, all with the same times.
async fn has_rows(
    transaction: &mut Transaction<'_>,
    batch: &Batch,
    epoch: Epoch,
) -> Result<bool, DatabaseError> {
    let mut has_any = false;
    for (name, rows) in timed_rows(batch, epoch, |_, _, _| true) {
        let Some(table) = Table::named(name) else {
            continue;
        };
        for chunk in rows.chunks(CHUNK) {
            let stored = stored_times(transaction, table, chunk).await?;
            for (id, time) in chunk {
                match stored.get(id) {
                    Some(stored) if stored == time => has_any = true,
                    Some(_) => return Ok(false),
                    None => {}
                }
            }
        }
    }
    Ok(has_any)
}

async fn stored_times(
    transaction: &mut Transaction<'_>,
    table: &Table,
    rows: &[(i64, NaiveDateTime)],
) -> Result<BTreeMap<i64, NaiveDateTime>, DatabaseError> {
    let sql = format!(
        "SELECT source_id, `{}` FROM `{}` WHERE source_device = @device AND source_id IN {}",
        time_column(table),
        table.name,
        placeholders(rows.len())
    );
    let ids = rows.iter().map(|(id, _)| *id);
    let rows: Vec<(i64, NaiveDateTime)> = transaction.rows(&Statement::new(sql, ids)).await?;
    Ok(rows.into_iter().collect())
}

/// The rows with an integer id and a time that meet a condition, by table.
fn timed_rows(
    batch: &Batch,
    epoch: Epoch,
    condition: impl Fn(&Table, i64, NaiveDateTime) -> bool,
) -> BTreeMap<&'static str, TimedRows> {
    let mut found: BTreeMap<&'static str, TimedRows> = BTreeMap::new();
    for sheet in &batch.mirrored {
        let rows = times_of(sheet).filter_map(|(id, time)| {
            let source_id = epoch.source_id(id);
            condition(sheet.table, source_id, time).then_some((source_id, time))
        });
        found.insert(sheet.table.name, rows.collect());
    }
    found
}

fn times_of(sheet: &MirroredTable) -> impl Iterator<Item = (i64, NaiveDateTime)> {
    let position = sheet.table.position(time_column(sheet.table));
    sheet.rows().iter().filter_map(move |row| {
        match (sheet.integer_id(*row), sheet.cell(*row, position?)) {
            (Some(id), Cell::Time(time)) => Some((id, time)),
            _ => None,
        }
    })
}

/// The column that says when a row came into being on the device.
fn time_column(table: &Table) -> &'static str {
    match table.name {
        "statistics" => "analysis_date",
        "calibration_sessions" => "start_time",
        _ => "timestamp",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_round_numbers_above_all_stored_ids() {
        assert_eq!(next_offset(0, 0), Some(EPOCH_IDS));
        assert_eq!(next_offset(6_195 / PAGE_IDS, 0), Some(EPOCH_IDS));
        assert_eq!(
            next_offset(EPOCH_IDS / PAGE_IDS, EPOCH_IDS),
            Some(2 * EPOCH_IDS)
        );
        assert_eq!(next_offset(0, EPOCH_IDS), Some(2 * EPOCH_IDS));
        assert_eq!(
            next_offset(7 * EPOCH_IDS / PAGE_IDS - 1, 0),
            Some(7 * EPOCH_IDS)
        );
        assert_eq!(next_offset(i64::MAX / PAGE_IDS, 0), None);
    }
}
