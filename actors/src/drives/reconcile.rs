//! Brings the table up to date with the drive events that a batch has changed, in the transaction of the batch.
//!
//! Two batches of one device must see each other's events: whoever calls this holds the lock on the device's row.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::NaiveDateTime;
use mysql_async::Value;

use super::pairing::{Drive, DriveEvent, DriveEventKind, DriveIdentity, pair};
use super::state::DriveState;
use super::statements::microseconds;
use crate::database::{DatabaseError, Statement, Transaction};

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
    id: i64,
    state: DriveState,
    drive_id: Option<i64>,
    start_source_id: i64,
    start: NaiveDateTime,
    end: Option<NaiveDateTime>,
    cut_at: Option<NaiveDateTime>,
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
            None => insert(device_id, drive, state, quiet),
            Some(before) => update(before.id, drive, state, quiet),
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
    type Columns = (
        String,
        i64,
        String,
        Option<i64>,
        i64,
        NaiveDateTime,
        Option<NaiveDateTime>,
        Option<NaiveDateTime>,
    );
    let query = "SELECT drive_key, id, state, drive_id, start_source_id, drive_start, drive_end, cut_at FROM drives \
                 WHERE source_device = ? AND start_source_id >= ? FOR UPDATE";
    let values = [Value::from(device_id), from.into()];
    let rows: Vec<Columns> = transaction.rows(&Statement::new(query, values)).await?;
    let known = rows.into_iter().filter_map(|row| {
        let (key, id, state, drive_id, start_source_id, start, end, cut_at) = row;
        let known = Known {
            id,
            state: state.parse().ok()?,
            drive_id,
            start_source_id,
            start,
            end,
            cut_at,
        };
        Some((key, known))
    });
    Ok(known.collect())
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

fn insert(device_id: &str, drive: &Drive, state: DriveState, quiet: Duration) -> Statement {
    let sql = "INSERT INTO drives (source_device, drive_key, drive_id, start_source_id, drive_start, drive_end, cut_at, \
               state, next_look_at, created_at) \
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, NOW(6) + INTERVAL ? MICROSECOND, NOW(6))";
    let [drive_id, start_source_id, start, end, cut_at] = columns(drive);
    let values = [
        Value::from(device_id),
        Value::from(key(drive)),
        drive_id,
        start_source_id,
        start,
        end,
        cut_at,
        Value::from(state.as_str()),
        next_look_in(state, quiet),
    ];
    Statement::new(sql, values)
}

fn update(id: i64, drive: &Drive, state: DriveState, quiet: Duration) -> Statement {
    let sql = "UPDATE drives SET drive_id = ?, start_source_id = ?, drive_start = ?, drive_end = ?, cut_at = ?, \
               is_stale = is_stale OR state = 'running', attempts = IF(state = 'running', attempts, 0), \
               next_look_at = NOW(6) + INTERVAL ? MICROSECOND, state = ? WHERE id = ?";
    let [drive_id, start_source_id, start, end, cut_at] = columns(drive);
    let values = [
        drive_id,
        start_source_id,
        start,
        end,
        cut_at,
        next_look_in(state, quiet),
        Value::from(state.as_str()),
        Value::from(id),
    ];
    Statement::new(sql, values)
}

fn columns(drive: &Drive) -> [Value; 5] {
    [
        drive.drive_id.into(),
        drive.start_source_id.into(),
        drive.start.into(),
        drive.logged_end().into(),
        drive.cut_at.into(),
    ]
}

/// In microseconds. A drive that is ready is looked at now; one that is not, when it can have become quiet.
fn next_look_in(state: DriveState, quiet: Duration) -> Value {
    microseconds(if state == DriveState::Queued {
        Duration::ZERO
    } else {
        quiet
    })
}
