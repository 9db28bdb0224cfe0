//! Epochs: a device that was re-imaged counts its ids from 1 again and must not overwrite its own past.
//!
//! See the decision record `0006-epochs.md`. A batch whose ids are new, or whose times are not, costs nothing here.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDateTime, TimeDelta};
use mysql_async::Value;

use super::device_state::{DeviceState, EPOCH_IDS, Epoch};
use super::placeholders;
use crate::database::{DatabaseError, Statement, Transaction};
use crate::sync::batch::{Batch, Cell, MirroredTable};
use crate::sync::id_pages::PAGE_IDS;
use crate::sync::tables::Table;

/// How much newer than the newest reading a row must be.
const NEWER: TimeDelta = TimeDelta::hours(1);

/// How many such rows start an epoch.
const ROWS: usize = 3;

/// The pages of an epoch.
const EPOCH_PAGES: i64 = EPOCH_IDS / PAGE_IDS;

/// The number of ids in one statement.
const CHUNK: usize = 500;

/// Rows of one table: `source_id` and time.
type TimedRows = Vec<(i64, NaiveDateTime)>;

/// Finds the epoch of a batch: the latest one, an earlier one that it repeats, or a new one, whose number is returned. Fails if
/// ids of the batch leave that epoch.
pub(super) async fn find_epoch(
    transaction: &mut Transaction<'_>,
    batch: &Batch,
    state: &mut DeviceState,
) -> Result<Option<i64>, DatabaseError> {
    let Some(newest) = state.newest_reading_at else {
        return Ok(None);
    };
    let mut started = None;
    if is_replacement(transaction, batch, state, newest).await? {
        started = Some(start_epoch(transaction, state, newest).await?);
    } else if state.latest.number > 0
        && let Some(epoch) = repeated_epoch(transaction, batch).await?
    {
        state.return_to(epoch, transaction, batch).await?;
    }
    if state.epoch.number > 0 && batch.has_ids_beyond(EPOCH_IDS) {
        return Err(DatabaseError::BeyondEpoch);
    }
    Ok(started)
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
) -> Result<i64, DatabaseError> {
    let query =
        "SELECT DISTINCT page DIV ? FROM stored_ids WHERE source_device = @device AND page >= ?";
    let blocks: Vec<i64> = transaction
        .rows(&Statement::new(query, [EPOCH_PAGES, EPOCH_PAGES]))
        .await?;
    let used = blocks.into_iter().collect();
    let id_offset = next_offset(&used, state.latest.id_offset).ok_or(DatabaseError::BeyondEpoch)?;
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
    Ok(epoch.number)
}

/// The first offset after the latest one that begins a block of unused ids. `used` is the numbers of the blocks with stored ids.
fn next_offset(used: &BTreeSet<i64>, latest_offset: i64) -> Option<i64> {
    let blocks = latest_offset / EPOCH_IDS + 1..i64::MAX / EPOCH_IDS;
    let unused = blocks.into_iter().find(|block| !used.contains(block))?;
    Some(unused * EPOCH_IDS)
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
            let source_id = epoch.source_id(id)?;
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
    fn an_epoch_gets_the_first_block_of_ids_that_none_has_used() {
        let next = |used: &[i64], latest: i64| {
            next_offset(&used.iter().copied().collect(), latest * EPOCH_IDS)
        };
        assert_eq!(next(&[], 0), Some(EPOCH_IDS));
        assert_eq!(next(&[1], 1), Some(2 * EPOCH_IDS));
        assert_eq!(next(&[], 1), Some(2 * EPOCH_IDS));
        assert_eq!(next(&[1, 2, 5], 0), Some(3 * EPOCH_IDS));
        // One id at the end of the integers leaves room for millions of epochs.
        let last = i64::MAX / EPOCH_IDS;
        assert_eq!(next(&[last], 3), Some(4 * EPOCH_IDS));
        assert_eq!(next(&[], last - 2), Some((last - 1) * EPOCH_IDS));
        assert_eq!(next(&[], last - 1), None);
        assert!(
            ((last - 1) * EPOCH_IDS)
                .checked_add(EPOCH_IDS - 1)
                .is_some()
        );
    }

    #[test]
    fn the_first_epoch_has_any_id_and_each_later_one_has_its_range() {
        let first = Epoch::default();
        for id in [i64::MIN, -1, 0, EPOCH_IDS, i64::MAX] {
            assert_eq!(first.source_id(id), Some(id));
            let text = id.to_string();
            assert_eq!(first.text_source_id(&text).as_deref(), Some(&*text));
        }
        let later = Epoch {
            number: 2,
            id_offset: 3 * EPOCH_IDS,
        };
        for (id, expected) in [
            (0, Some(3 * EPOCH_IDS)),
            (17, Some(3 * EPOCH_IDS + 17)),
            (EPOCH_IDS - 1, Some(4 * EPOCH_IDS - 1)),
            (EPOCH_IDS, None),
            (-1, None),
        ] {
            assert_eq!(later.source_id(id), expected, "{id}");
            let text = later.text_source_id(&id.to_string()).map(String::from);
            assert_eq!(text, expected.map(|id| id.to_string()), "{id}");
        }
        assert_eq!(later.text_source_id("017").as_deref(), Some("017"));
    }
}
