//! The queue: looking at drives that wait, claiming those that are to be analysed, and ending a claim.
//!
//! A claim is known by a name of its own, so that whoever has lost it (its lease ran out, and another server took the
//! drive over) can change nothing any more.

use std::time::Duration;

use chrono::NaiveDateTime;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Params, Value};
use rand::Rng as _;

use super::Pace;
use super::judgement::{Facts, Judgement, judge, pause_after};
use super::readings::{DriveReadings, Part};
use super::statements::{duration, microseconds};
use crate::database::{DatabaseError, Statement, Transaction};

/// How much of a reason is kept.
const REASON_CHARACTERS: usize = 255;

/// What makes a drive's readings known, for [`Row`].
const COLUMNS: &str = "d.id, d.source_device, d.drive_id, r.first_source_id, r.last_source_id, d.drive_start, \
                       d.drive_end, d.cut_at \
                       FROM drives AS d LEFT JOIN drive_readings AS r \
                       ON r.source_device = d.source_device AND r.drive_id = d.drive_id";

type Row = (
    i64,
    String,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    NaiveDateTime,
    Option<NaiveDateTime>,
    Option<NaiveDateTime>,
);

/// A waiting drive: its id, when it was to be looked at, microseconds since its last new reading and since it is known,
/// and how many readings it was analysed with.
type Due = (i64, NaiveDateTime, Option<i64>, i64, Option<u64>);

/// A drive that is ours to analyse, for as long as the lease is renewed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// `drives.id`.
    pub id: i64,
    /// Which claim this is, among all that ever were.
    pub lease: String,
    /// Which readings are to be analysed.
    pub readings: DriveReadings,
}

/// A drive's readings, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// How many there are.
    pub readings: u64,
    /// When the last of them was taken.
    pub last: Option<NaiveDateTime>,
    /// The profile of one of them: `profiles.id`.
    pub profile: Option<i64>,
}

fn read(row: Row) -> (i64, DriveReadings) {
    let (id, device_id, drive_id, first, last, start, end, cut_at) = row;
    let readings = DriveReadings {
        device_id,
        drive_id,
        source_ids: first.zip(last),
        start,
        end,
        cut_at,
    };
    (id, readings)
}

/// Counts the readings of a drive.
pub async fn count(
    connection: &mut Conn,
    readings: &DriveReadings,
) -> Result<Counted, DatabaseError> {
    let mut all = Counted::default();
    for Part {
        from_where, values, ..
    } in readings.parts()
    {
        let query = format!("SELECT COUNT(*), MAX(timestamp), MAX(profile_id) {from_where}");
        let counted: Option<(u64, Option<NaiveDateTime>, Option<i64>)> = connection
            .exec_first(query, Params::Positional(values))
            .await?;
        let (readings, last, profile) = counted.unwrap_or_default();
        all = Counted {
            readings: all.readings + readings,
            last: all.last.max(last),
            profile: all.profile.or(profile),
        };
    }
    Ok(all)
}

/// Looks at a waiting drive that is due, and says what it has found; nothing where none is due.
///
/// Counting takes its time, so nothing is locked meanwhile: what has changed by then is looked at again.
pub async fn look(connection: &mut Conn, pace: &Pace) -> Result<Option<Judgement>, DatabaseError> {
    let due = "SELECT id, next_look_at, TIMESTAMPDIFF(MICROSECOND, last_reading_at, NOW(6)), \
               TIMESTAMPDIFF(MICROSECOND, created_at, NOW(6)), readings_analysed FROM drives \
               WHERE state = 'waiting' AND next_look_at <= NOW(6) ORDER BY next_look_at LIMIT 1";
    let due: Option<Due> = connection.exec_first(due, ()).await?;
    let Some((id, seen, quiet_for, known_for, readings_analysed)) = due else {
        return Ok(None);
    };
    let (_, readings) = load(connection, id).await?;
    let counted = count(connection, &readings).await?;
    let facts = Facts {
        is_over: readings.end.is_some() || readings.cut_at.is_some(),
        readings: counted.readings,
        readings_analysed,
        quiet_for: quiet_for.map(duration),
        known_for: duration(known_for),
    };
    let judgement = judge(&facts, pace);
    let (state, next_look_in, reason) = match judgement {
        Judgement::LookAgain(pause) => ("waiting", Some(pause), None),
        Judgement::Queue => ("queued", Some(Duration::ZERO), None),
        Judgement::NothingNew => ("analysed", None, None),
        Judgement::GiveUp => (
            "abandoned",
            None,
            Some("no readings of it have come for a week"),
        ),
        Judgement::Reopen => ("open", None, None),
    };
    let update = "UPDATE drives SET state = ?, next_look_at = NOW(6) + INTERVAL ? MICROSECOND, reason = ?, \
                  last_reading = ? WHERE id = ? AND state = 'waiting' AND next_look_at = ?";
    let values = vec![
        Value::from(state),
        next_look_in.map_or(Value::NULL, microseconds),
        Value::from(reason),
        Value::from(counted.last),
        Value::from(id),
        Value::from(seen),
    ];
    connection
        .exec_drop(update, Params::Positional(values))
        .await?;
    Ok(Some(judgement))
}

async fn load(connection: &mut Conn, id: i64) -> Result<(i64, DriveReadings), DatabaseError> {
    let query = format!("SELECT {COLUMNS} WHERE d.id = ?");
    let row: Option<Row> = connection.exec_first(query, (id,)).await?;
    row.map(read).ok_or(DatabaseError::Closed)
}

/// Queues every drive again whose server has not renewed its lease, and says how many those are.
pub async fn expire_leases(connection: &mut Conn) -> Result<u64, DatabaseError> {
    let update = "UPDATE drives SET state = IF(is_stale, 'waiting', 'queued'), next_look_at = NOW(6), \
                  lease_owner = NULL, lease_until = NULL WHERE state = 'running' AND lease_until < NOW(6)";
    connection.query_drop(update).await?;
    Ok(connection.affected_rows())
}

/// Claims the queued drive that is due the longest; nothing where none is due.
pub async fn claim(
    transaction: &mut Transaction<'_>,
    pace: &Pace,
) -> Result<Option<Claim>, DatabaseError> {
    let due = "SELECT id FROM drives WHERE state = 'queued' AND next_look_at <= NOW(6) \
               ORDER BY next_look_at LIMIT 1 FOR UPDATE SKIP LOCKED";
    let connection = transaction.connection().await?;
    let Some(id) = connection.query_first::<i64, _>(due).await? else {
        return Ok(None);
    };
    let (id, readings) = load(connection, id).await?;
    let lease = format!("{:032x}", rand::rng().random::<u128>());
    let update = "UPDATE drives SET state = 'running', is_stale = FALSE, next_look_at = NULL, lease_owner = ?, \
                  lease_until = NOW(6) + INTERVAL ? MICROSECOND WHERE id = ?";
    let values = [
        Value::from(&lease),
        microseconds(pace.lease),
        Value::from(id),
    ];
    transaction.defer(&Statement::new(update, values));
    Ok(Some(Claim {
        id,
        lease,
        readings,
    }))
}

/// Holds a claim for longer. False where it is lost.
pub async fn renew(
    connection: &mut Conn,
    claim: &Claim,
    pace: &Pace,
) -> Result<bool, DatabaseError> {
    let set = "lease_until = NOW(6) + INTERVAL ? MICROSECOND";
    change(connection, claim, set, vec![microseconds(pace.lease)]).await
}

/// Ends a claim with an analysis of so many readings. False where the claim is lost: then nothing of the analysis is to
/// be stored.
pub async fn finish(
    connection: &mut Conn,
    claim: &Claim,
    analysis_id: &str,
    counted: &Counted,
) -> Result<bool, DatabaseError> {
    let set = "readings_analysed = ?, last_reading = ?, analysis_id = ?, attempts = 0, reason = NULL, \
               next_look_at = IF(is_stale, NOW(6), NULL), state = IF(is_stale, 'waiting', 'analysed'), \
               lease_owner = NULL, lease_until = NULL";
    let values = vec![
        counted.readings.into(),
        counted.last.into(),
        analysis_id.into(),
    ];
    change(connection, claim, set, values).await
}

/// Ends a claim without an attempt: it could not be made now. The drive is queued for in a while, or waits again if
/// something has come or if there is nothing to analyse.
pub async fn give_back(
    connection: &mut Conn,
    claim: &Claim,
    pause: Duration,
    has_readings: bool,
) -> Result<bool, DatabaseError> {
    let set = "next_look_at = NOW(6) + INTERVAL ? MICROSECOND, \
               state = IF(is_stale OR NOT ?, 'waiting', 'queued'), lease_owner = NULL, lease_until = NULL";
    change(
        connection,
        claim,
        set,
        vec![microseconds(pause), has_readings.into()],
    )
    .await
}

/// Ends a claim with a failed attempt. The drive is tried again after a pause that grows, a few times in all; earlier
/// if something new has come.
pub async fn fail(
    connection: &mut Conn,
    claim: &Claim,
    reason: &str,
) -> Result<bool, DatabaseError> {
    let query = "SELECT attempts FROM drives WHERE id = ?";
    let attempts: Option<u32> = connection.exec_first(query, (claim.id,)).await?;
    let attempts = attempts.unwrap_or_default() + 1;
    let pause = pause_after(attempts);
    let set = "attempts = IF(is_stale, 0, ?), reason = ?, \
               next_look_at = IF(is_stale, NOW(6), NOW(6) + INTERVAL ? MICROSECOND), \
               state = IF(is_stale, 'waiting', ?), lease_owner = NULL, lease_until = NULL";
    let values = vec![
        attempts.into(),
        reason
            .chars()
            .take(REASON_CHARACTERS)
            .collect::<String>()
            .into(),
        pause.map_or(Value::NULL, microseconds),
        if pause.is_some() { "queued" } else { "failed" }.into(),
    ];
    change(connection, claim, set, values).await
}

async fn change(
    connection: &mut Conn,
    claim: &Claim,
    set: &str,
    mut values: Vec<Value>,
) -> Result<bool, DatabaseError> {
    let update =
        format!("UPDATE drives SET {set} WHERE id = ? AND lease_owner = ? AND state = 'running'");
    values.extend([Value::from(claim.id), Value::from(&claim.lease)]);
    connection
        .exec_drop(update, Params::Positional(values))
        .await?;
    Ok(connection.affected_rows() > 0)
}

/// How long until something is to be done.
pub async fn next_look(connection: &mut Conn) -> Result<Duration, DatabaseError> {
    let query = "SELECT TIMESTAMPDIFF(MICROSECOND, NOW(6), LEAST(\
                 COALESCE((SELECT MIN(next_look_at) FROM drives WHERE state = 'waiting'), '9999-01-01'), \
                 COALESCE((SELECT MIN(next_look_at) FROM drives WHERE state = 'queued'), '9999-01-01'), \
                 COALESCE((SELECT MIN(lease_until) FROM drives WHERE state = 'running'), '9999-01-01')))";
    let found: Option<Option<i64>> = connection.query_first(query).await?;
    Ok(found.flatten().map_or(Duration::ZERO, duration))
}

/// How many drives are queued, and how many of them are to be analysed now.
pub async fn queue_length(connection: &mut Conn) -> Result<(u64, u64), DatabaseError> {
    let query = "SELECT COUNT(*), COUNT(IF(next_look_at <= NOW(6), 1, NULL)) FROM drives WHERE state = 'queued'";
    Ok(connection.query_first(query).await?.unwrap_or_default())
}
