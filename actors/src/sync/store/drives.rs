//! Updates the drives of a device from the events and readings of a batch.

use std::collections::BTreeMap;

use super::DriveChanges;
use super::device_state::{DeviceState, Epoch};
use crate::database::{DatabaseError, Statement, Transaction};
use crate::drives::{Arrival, Arrivals, Arrived, Candidates, DriveTiming, reconcile};
use crate::report::Counts;
use crate::sync::batch::{Batch, Cell, MirroredTable};

/// Must be called after all rows are stored, with the device's row locked. A batch without readings and without rows of
/// the log costs nothing.
pub(super) async fn follow(
    transaction: &mut Transaction<'_>,
    batch: &Batch,
    state: &DeviceState,
    counts: &BTreeMap<String, Counts>,
    timing: DriveTiming,
) -> Result<DriveChanges, DatabaseError> {
    let epoch = state.epoch;
    let keys = |table| {
        let rows = batch.mirrored_table(table);
        rows.map(|rows| keys(rows, epoch)).unwrap_or_default()
    };
    let (log, reading_keys) = (keys("connection_log"), keys("realtime_data"));
    if log.is_empty() && reading_keys.is_empty() {
        return Ok(DriveChanges::default());
    }
    let data = batch.mirrored_table("realtime_data");
    let readings = data.map(|data| readings(data, epoch)).unwrap_or_default();
    let counts = counts.get("realtime_data").copied().unwrap_or_default();
    // Retention may have removed rows that were stored before: they are inserted, but not new.
    let was_stored = |key: &i64| state.has("realtime_data", *key);
    let has_repeated_readings = counts.updated > 0 || reading_keys.iter().any(was_stored);
    let arrived = Arrived {
        log,
        reading_keys,
        readings: Arrivals::new(readings),
        has_new_readings: counts.inserted > 0,
        has_repeated_readings,
        candidates: state.candidates.clone(),
    };
    // A large future, which most batches do not need.
    let reconciled = Box::pin(reconcile(transaction, &batch.device_id, &arrived, timing)).await?;
    Ok(DriveChanges {
        ready: reconciled.ready,
        has_any: reconciled.changed > 0,
        has_end_without_start: reconciled.has_end_without_start,
    })
}

/// The query for the drives that a batch may continue.
pub(super) fn candidates_query(batch: &Batch) -> Option<Statement> {
    let data = batch.mirrored_table("realtime_data")?;
    let position = data.table.position("drive_id")?;
    let cells = data.rows().iter().map(|row| data.cell(*row, position));
    let numbers = cells.filter_map(|cell| match cell {
        Cell::Integer(number) => Some(number),
        _ => None,
    });
    Candidates::query(&batch.device_id, &numbers.collect())
}

fn keys(rows: &MirroredTable, epoch: Epoch) -> Vec<i64> {
    let ids = rows.rows().iter().filter_map(|row| rows.integer_id(*row));
    ids.filter_map(|id| epoch.source_id(id)).collect()
}

/// The rows that have a time. An update may leave it as it is.
fn readings(rows: &MirroredTable, epoch: Epoch) -> Vec<Arrival> {
    let positions = ["timestamp", "drive_id"].map(|column| rows.table.position(column));
    let readings = rows.rows().iter().filter_map(|row| {
        let [taken_at, drive_id] = positions.map(|at| at.map(|at| rows.cell(*row, at)));
        Some(Arrival {
            source_id: epoch.source_id(rows.integer_id(*row)?)?,
            taken_at: match taken_at? {
                Cell::Time(time) => time,
                _ => return None,
            },
            drive_id: match drive_id {
                Some(Cell::Integer(number)) => Some(number),
                _ => None,
            },
        })
    });
    readings.collect()
}
