//! Checks drives that wait, one at a time, at a bounded cost each.

use std::time::{Duration, Instant};

use chrono::NaiveDateTime;
use mysql_async::prelude::FromRow;
use mysql_async::{Conn, FromRowError, Row, Value};

use super::check::{Decision, Facts};
use super::clock_watch::ClockWatch;
use super::readings::DriveWindow;
use super::statements::{WINDOW, read_window};
use super::{DriveState, QueueTiming, transitions};
use crate::database::{Database, DatabaseError, Statement, read_columns};

/// The time limit of one step of a check.
const CHECK_LIMIT: Duration = Duration::from_secs(5);

/// Errors in a row after which a drive is reported.
const STUCK_AFTER: u32 = 3;

/// The outcome of a check.
#[derive(Debug)]
pub struct Checked {
    /// `drives.id`.
    pub id: i64,
    /// The decision; nothing where the drive has changed during the check.
    pub outcome: Result<Option<Decision>, DatabaseError>,
}

/// A drive that errors keep from being analysed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StuckDrive {
    /// The device.
    pub device_id: String,
    /// When it began, by the device's clock, where that can be read.
    pub start: Option<NaiveDateTime>,
    /// The latest error.
    pub reason: String,
}

/// A waiting drive that is due for a check.
struct Due {
    id: i64,
    /// When it became due.
    since: NaiveDateTime,
    /// Since its last new reading, by the database's clock.
    quiet_for_us: Option<i64>,
    /// Since it was discovered, by the database's clock.
    known_for_us: i64,
    /// When the last of its readings was taken, as of the last count.
    last_reading: Option<NaiveDateTime>,
    /// How many readings it was analysed with.
    readings_analysed: Option<u64>,
    window: DriveWindow,
}

impl FromRow for StuckDrive {
    fn from_row_opt(row: Row) -> Result<Self, FromRowError> {
        read_columns(row, |columns| {
            let reason: Option<String> = columns.take("reason")?;
            Some(Self {
                device_id: columns.take("source_device")?,
                start: columns.take("drive_start"),
                reason: reason.unwrap_or_default(),
            })
        })
    }
}

impl FromRow for Due {
    fn from_row_opt(row: Row) -> Result<Self, FromRowError> {
        read_columns(row, |columns| {
            Some(Self {
                id: columns.take("id")?,
                since: columns.take("next_look_at")?,
                quiet_for_us: columns.take("quiet_for_us")?,
                known_for_us: columns.take("known_for_us")?,
                last_reading: columns.take("last_reading")?,
                readings_analysed: columns.take("readings_analysed")?,
                window: read_window(columns)?,
            })
        })
    }
}

/// Checks the waiting drive of a device that is due the longest and returns its id and the decision; nothing where none
/// is due.
///
/// Nothing is locked while readings are counted. A drive that changes in the meantime is checked again. A drive that
/// cannot be checked is postponed, so that it never keeps others from being checked.
pub async fn check(
    database: &Database,
    device_id: &str,
    timing: &QueueTiming,
    clock: &ClockWatch,
) -> Result<Option<Checked>, DatabaseError> {
    let due = database.run(CHECK_LIMIT, async |connection| {
        let query = "SELECT id FROM drives WHERE state = ? AND source_device = ? AND next_look_at <= NOW(6) \
                     ORDER BY next_look_at, id LIMIT 1";
        let values = [DriveState::Waiting.into(), Value::from(device_id)];
        Statement::new(query, values).fetch_first::<i64>(connection).await
    });
    let Some(id) = due.await? else {
        return Ok(None);
    };
    let outcome = check_drive(database, id, timing, clock).await;
    if let Err(error) = &outcome {
        let reason = format!("the check failed: {error}");
        let postponed = database.run(CHECK_LIMIT, async |connection| {
            let postpone = transitions::postpone(id, DriveState::Waiting, &reason);
            postpone.execute(connection).await
        });
        postponed.await?;
    }
    Ok(Some(Checked { id, outcome }))
}

/// Nothing where the drive has changed in the meantime.
async fn check_drive(
    database: &Database,
    id: i64,
    timing: &QueueTiming,
    clock: &ClockWatch,
) -> Result<Option<Decision>, DatabaseError> {
    let load = async |connection: &mut Conn| Due::load(connection, id).await;
    let Some(due) = database.run(CHECK_LIMIT, load).await? else {
        return Ok(None);
    };
    // A transaction, which is retried where another node of a cluster has changed the drive meanwhile.
    let concluded = database.transaction(CHECK_LIMIT, async |transaction| {
        let connection = transaction.connection().await?;
        let (decision, last) = due.decide(connection, timing, clock).await?;
        transitions::end_check(due.id, due.since, decision, last)
            .run(connection)
            .await?;
        Ok(decision)
    });
    Ok(Some(concluded.await?))
}

impl Due {
    async fn load(connection: &mut Conn, id: i64) -> Result<Option<Self>, DatabaseError> {
        let query = format!(
            "SELECT d.id, {WINDOW}, d.next_look_at, d.readings_analysed, d.last_reading, \
             TIMESTAMPDIFF(MICROSECOND, d.last_reading_at, NOW(6)) AS quiet_for_us, \
             TIMESTAMPDIFF(MICROSECOND, d.created_at, NOW(6)) AS known_for_us \
             FROM drives AS d WHERE d.id = ? AND d.state = ?"
        );
        let values = [Value::from(id), DriveState::Waiting.into()];
        Statement::new(query, values).fetch_first(connection).await
    }

    /// Counts readings only where the decision depends on them. Also returns when the last one was taken.
    async fn decide(
        &self,
        connection: &mut Conn,
        timing: &QueueTiming,
        clock: &ClockWatch,
    ) -> Result<(Decision, Option<NaiveDateTime>), DatabaseError> {
        let (known_for, now) = (self.known_for_us, Instant::now());
        let facts = Facts {
            quiet_for: clock.elapsed(self.quiet_for_us.unwrap_or(known_for), now),
            known_for: clock.elapsed(known_for, now),
        };
        if let Some(decision) = facts.decide_without_readings(timing) {
            return Ok((decision, self.last_reading));
        }
        let silence = timing.drives().silence();
        let readings = self.window.clone().find(connection, silence).await?;
        let counted = readings.count(connection).await?;
        let is_analysed = self.readings_analysed == Some(counted.readings);
        let decision = facts.decide(counted.readings, is_analysed, timing);
        Ok((decision, counted.last))
    }
}

/// Closes the drives of which no reading has arrived for the silence. Returns how many those are, [`LARGEST_SWEEP`] at
/// most.
///
/// [`LARGEST_SWEEP`]: super::LARGEST_SWEEP
pub async fn close_silent(
    connection: &mut Conn,
    timing: &QueueTiming,
) -> Result<u64, DatabaseError> {
    let [restart, close] = transitions::close_silent(timing.silence);
    restart.run(connection).await?;
    close.run(connection).await
}

/// Makes drives due whose time lies further ahead than any pause: the clock was stepped back. Returns how many, twice
/// [`LARGEST_SWEEP`] at most.
///
/// [`LARGEST_SWEEP`]: super::LARGEST_SWEEP
pub async fn restore_due(connection: &mut Conn) -> Result<u64, DatabaseError> {
    let mut restored = 0;
    for sweep in transitions::restore_due() {
        restored += sweep.run(connection).await?;
    }
    Ok(restored)
}

/// The drives that errors have postponed `STUCK_AFTER` times in a row or more, the worst first, a few at most.
pub async fn stuck(connection: &mut Conn) -> Result<Vec<StuckDrive>, DatabaseError> {
    let query = "SELECT source_device, drive_start, reason FROM drives WHERE deferrals >= ? AND state IN (?, ?, ?) \
                 ORDER BY deferrals DESC, id LIMIT 5";
    let values = [
        Value::from(STUCK_AFTER),
        DriveState::Waiting.into(),
        DriveState::Queued.into(),
        DriveState::Running.into(),
    ];
    Statement::new(query, values).fetch_all(connection).await
}
