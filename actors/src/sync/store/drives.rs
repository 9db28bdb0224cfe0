//! Updates the drives of a device from the events and readings of a batch.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::NaiveDateTime;

use super::DriveChanges;
use super::device_state::Epoch;
use crate::database::{DatabaseError, Transaction};
use crate::drives::{Arrivals, Drive, Newness, reconcile};
use crate::report::Counts;
use crate::sync::batch::{Batch, Cell, MirroredTable};

/// The columns of a reading that its drive depends on.
struct Reading {
    source_id: i64,
    /// `None` if the row does not have the column.
    taken_at: Option<NaiveDateTime>,
    drive_id: Option<i64>,
}

/// Must be called after all rows are stored, with the device's row locked. Readings cost no round trip; a batch without
/// readings and drive events costs nothing.
pub(super) async fn follow(
    transaction: &mut Transaction<'_>,
    batch: &Batch,
    epoch: Epoch,
    counts: &BTreeMap<String, Counts>,
    quiet: Duration,
) -> Result<DriveChanges, DatabaseError> {
    let mut changes = DriveChanges::default();
    let sheet = batch
        .mirrored_table("realtime_data")
        .filter(|sheet| !sheet.rows().is_empty());
    if let Some(sheet) = sheet {
        let mut arrivals = Arrivals::default();
        for reading in readings(sheet) {
            if let Some(taken_at) = reading.taken_at {
                let source_id = epoch.source_id(reading.source_id);
                arrivals.add(source_id, taken_at, reading.drive_id);
            }
        }
        let counts = counts.get("realtime_data").copied().unwrap_or_default();
        changes.has_any = counts.inserted > 0;
        let newness = Newness::of(counts.inserted, counts.updated);
        arrivals.note(transaction, &batch.device_id, newness, quiet);
    }
    let events = batch.drive_events().map(|(id, _)| epoch.source_id(id));
    let Some(first_event) = events.min() else {
        return Ok(changes);
    };
    let comes_with_readings = |drive: &Drive| {
        sheet.is_some_and(|sheet| readings(sheet).any(|reading| reading.is_of(drive)))
    };
    let reconciled = reconcile(
        transaction,
        &batch.device_id,
        first_event,
        quiet,
        comes_with_readings,
    )
    .await?;
    changes.has_any |= reconciled.changed > 0;
    changes.ready = reconciled.ready;
    changes.has_end_without_start = reconciled.has_end_without_start;
    Ok(changes)
}

impl Reading {
    fn is_of(&self, drive: &Drive) -> bool {
        match (self.drive_id, drive.drive_id) {
            (Some(own), Some(number)) => own == number,
            _ => self
                .taken_at
                .is_some_and(|taken_at| drive.lasts_at(taken_at)),
        }
    }
}

fn readings(sheet: &MirroredTable) -> impl Iterator<Item = Reading> {
    let positions = ["timestamp", "drive_id"].map(|column| sheet.table.position(column));
    sheet.rows().iter().filter_map(move |row| {
        let [taken_at, drive_id] = positions.map(|at| at.map(|at| sheet.cell(*row, at)));
        Some(Reading {
            source_id: sheet.integer_id(*row)?,
            taken_at: match taken_at {
                Some(Cell::Time(time)) => Some(time),
                _ => None,
            },
            drive_id: match drive_id {
                Some(Cell::Integer(number)) => Some(number),
                _ => None,
            },
        })
    })
}
