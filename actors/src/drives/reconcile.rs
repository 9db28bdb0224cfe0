//! Brings the table up to date with the drive events that a batch has changed, in the transaction of the batch.
//!
//! Two batches of one device must see each other's events: whoever calls this holds the lock on the device's row.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::NaiveDateTime;
use mysql_async::prelude::FromRow;
use mysql_async::{FromRowError, Row, Value};

use super::pairing::{Drive, DriveEvent, DriveEventKind, DriveIdentity, pair};
use super::state::DriveState;
use super::transitions;
use crate::database::{DatabaseError, Statement, Transaction, read_columns};

/// How many drives before the changed events are looked at again. A device has thousands in the end.
const DRIVES_BEFORE: u32 = 64;

/// What has become of a device's drives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reconciled {
    /// How many drives are new or have changed.
    pub changed: usize,
    /// How many of them are to be analysed at once.
    pub ready: usize,
    /// Whether an end came with nothing that tells where its drive began.
    pub has_end_without_start: bool,
}

/// A drive as the table has it.
struct Known {
    key: String,
    id: i64,
    state: DriveState,
    drive_id: Option<i64>,
    start_source_id: i64,
    start: NaiveDateTime,
    end: Option<NaiveDateTime>,
    cut_at: Option<NaiveDateTime>,
}

impl FromRow for Known {
    fn from_row_opt(row: Row) -> Result<Self, FromRowError> {
        read_columns(row, |columns| {
            Some(Self {
                key: columns.take("drive_key")?,
                id: columns.take("id")?,
                state: columns.take("state")?,
                drive_id: columns.take("drive_id")?,
                start_source_id: columns.take("start_source_id")?,
                start: columns.take("drive_start")?,
                end: columns.take("drive_end")?,
                cut_at: columns.take("cut_at")?,
            })
        })
    }
}

impl Known {
    fn is_as_in(&self, drive: &Drive) -> bool {
        (
            self.drive_id,
            self.start_source_id,
            self.start,
            self.end,
            self.cut_at,
        ) == (
            drive.drive_id,
            drive.start_source_id,
            drive.start,
            drive.logged_end(),
            drive.cut_at,
        )
    }
}

/// Pairs the device's events anew, from some drives before `first_event`, the lowest `source_id` of those that have
/// come, and writes down what is different. `came_with_readings` tells whether the batch has readings of a drive.
pub(crate) async fn reconcile(
    transaction: &mut Transaction<'_>,
    device_id: &str,
    first_event: i64,
    quiet: Duration,
    came_with_readings: impl Fn(&Drive) -> bool,
) -> Result<Reconciled, DatabaseError> {
    let from = first_key(transaction, device_id, first_event).await?;
    let events = events(transaction, device_id, from).await?;
    let drives = pair(&events);
    let known = known(transaction, device_id, from).await?;

    let mut reconciled = Reconciled {
        has_end_without_start: has_end_without_start(&events, &drives, first_event),
        ..Reconciled::default()
    };
    for drive in &drives {
        let before = known.get(&key(drive));
        if before.is_some_and(|before| before.is_as_in(drive)) {
            continue;
        }
        let state = DriveState::after_events(
            before.map(|before| before.state),
            drive.is_over(),
            came_with_readings(drive),
        );
        transaction.defer(&match before {
            None => transitions::discover(device_id, &key(drive), drive, state, quiet),
            Some(before) => transitions::change_events(before.id, drive, state, quiet),
        });
        reconciled.changed += 1;
        reconciled.ready += usize::from(state == DriveState::Queued);
    }
    Ok(reconciled)
}

/// What the table calls a drive.
fn key(drive: &Drive) -> String {
    match drive.identity {
        DriveIdentity::Numbered(number) => format!("d:{number}"),
        DriveIdentity::StartedBy(source_id) => format!("s:{source_id}"),
    }
}

async fn first_key(
    transaction: &mut Transaction<'_>,
    device_id: &str,
    first_event: i64,
) -> Result<i64, DatabaseError> {
    let query = format!(
        "SELECT start_source_id FROM drives WHERE source_device = ? AND start_source_id < ? \
         ORDER BY start_source_id DESC LIMIT 1 OFFSET {DRIVES_BEFORE}"
    );
    let values = [Value::from(device_id), first_event.into()];
    let found: Vec<i64> = transaction.rows(&Statement::new(query, values)).await?;
    Ok(found.first().copied().unwrap_or_default())
}

async fn events(
    transaction: &mut Transaction<'_>,
    device_id: &str,
    from: i64,
) -> Result<Vec<DriveEvent>, DatabaseError> {
    let query = "SELECT source_id, timestamp, event_type, drive_id FROM connection_log \
                 WHERE source_device = ? AND source_id >= ? AND event_type IN ('drive_start', 'drive_end')";
    let values = [Value::from(device_id), from.into()];
    let rows: Vec<(i64, NaiveDateTime, String, Option<i64>)> =
        transaction.rows(&Statement::new(query, values)).await?;
    let events = rows
        .into_iter()
        .filter_map(|(source_id, at, event_type, drive_id)| {
            Some(DriveEvent {
                source_id,
                at,
                kind: DriveEventKind::of(&event_type)?,
                drive_id,
            })
        });
    Ok(events.collect())
}

/// By key. Locked: their states must not change before they are written.
async fn known(
    transaction: &mut Transaction<'_>,
    device_id: &str,
    from: i64,
) -> Result<BTreeMap<String, Known>, DatabaseError> {
    let query = "SELECT drive_key, id, state, drive_id, start_source_id, drive_start, drive_end, cut_at FROM drives \
                 WHERE source_device = ? AND start_source_id >= ? FOR UPDATE";
    let values = [Value::from(device_id), from.into()];
    let known: Vec<Known> = transaction.rows(&Statement::new(query, values)).await?;
    let by_key = known.into_iter().map(|known| (known.key.clone(), known));
    Ok(by_key.collect())
}

fn has_end_without_start(events: &[DriveEvent], drives: &[Drive], first_event: i64) -> bool {
    let is_spare = |end: &DriveEvent| {
        !drives.iter().any(|drive| {
            let has_its_number = end.drive_id.is_some() && end.drive_id == drive.drive_id;
            has_its_number || drive.start_source_id < end.source_id
        })
    };
    let mut came = events.iter().filter(|event| event.source_id >= first_event);
    came.any(|event| event.kind == DriveEventKind::End && is_spare(event))
}
