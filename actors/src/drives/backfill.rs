//! Adds the events and readings that were stored before `drive_events` and `reading_blocks` existed, in small steps.
//!
//! A step is what a batch with these rows would do, under the same lock on the device. So batches may come in between,
//! a step may run twice, and after a restart the next step follows the last one. Drives that were found before get their
//! remaining readings and are checked again.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::NaiveDateTime;
use mysql_async::{Conn, Value};
use tokio::time::sleep;

use super::DriveTiming;
use super::arrivals::{Arrival, Arrivals};
use super::reconcile::{Arrived, reconcile};
use crate::database::{Database, DatabaseError, Statement};

/// How many ids of the source table one step covers.
const STEP: i64 = 5_000;

/// The time limit of one step.
const STEP_LIMIT: Duration = Duration::from_secs(20);

/// The pause after each step, so that batches are not delayed.
const PAUSE: Duration = Duration::from_millis(20);

/// Where the rows of a derived table come from. Events come first: they are few, and say where drives begin.
#[derive(Clone, Copy, Debug)]
enum Source {
    Events,
    Readings,
}

type ArrivedByDevice = BTreeMap<String, Arrived>;

impl Source {
    fn derived_table(self) -> &'static str {
        match self {
            Self::Events => "drive_events",
            Self::Readings => "reading_blocks",
        }
    }

    fn table(self) -> &'static str {
        match self {
            Self::Events => "connection_log",
            Self::Readings => "realtime_data",
        }
    }

    /// Rows that are stored from now on are added by their batches.
    async fn begin(self, connection: &mut Conn) -> Result<(), DatabaseError> {
        let sql = format!(
            "INSERT IGNORE INTO backfills (name, next_id, end_id) SELECT ?, 0, COALESCE(MAX(id), 0) + 1 FROM {}",
            self.table()
        );
        Statement::new(sql, [self.derived_table()])
            .run(connection)
            .await
    }

    /// The first id of the next step, and where the last one ends; nothing where all is done.
    async fn next_step(self, connection: &mut Conn) -> Result<Option<(i64, i64)>, DatabaseError> {
        let sql = format!(
            "SELECT (SELECT MIN(id) FROM {} WHERE id >= b.next_id AND id < b.end_id), end_id FROM backfills AS b \
             WHERE name = ? AND next_id < end_id",
            self.table()
        );
        let query = Statement::new(sql, [self.derived_table()]);
        let found: Option<(Option<i64>, i64)> = query.fetch_first(connection).await?;
        Ok(found.and_then(|(next, end)| Some((next?, end))))
    }

    /// What the rows from `first` to before `end` are, by device.
    async fn rows(
        self,
        connection: &mut Conn,
        first: i64,
        end: i64,
    ) -> Result<ArrivedByDevice, DatabaseError> {
        match self {
            Self::Events => events(connection, first, end).await,
            Self::Readings => readings(connection, first, end).await,
        }
    }

    async fn advance(self, connection: &mut Conn, next: i64) -> Result<(), DatabaseError> {
        let sql = "UPDATE backfills SET next_id = GREATEST(next_id, ?) WHERE name = ?";
        let values = [Value::from(next), self.derived_table().into()];
        Statement::new(sql, values).run(connection).await
    }
}

/// Adds all that is missing; ends at the first error, and goes on where it ended when it is called again.
pub(crate) async fn backfill(
    database: &Database,
    timing: DriveTiming,
) -> Result<(), DatabaseError> {
    let sources = [Source::Events, Source::Readings];
    for source in sources {
        let begin = async |connection: &mut Conn| source.begin(connection).await;
        database.run(STEP_LIMIT, begin).await?;
    }
    for source in sources {
        let mut steps = 0_u64;
        loop {
            let next = async |connection: &mut Conn| source.next_step(connection).await;
            let Some((first, end)) = database.run(STEP_LIMIT, next).await? else {
                break;
            };
            let next = end.min(first.saturating_add(STEP));
            step(database, source, first, next, timing).await?;
            steps += 1;
            sleep(PAUSE).await;
        }
        if steps > 0 {
            log::info!(table = source.table(), steps; "drives found in rows that were stored before");
        }
    }
    Ok(())
}

async fn step(
    database: &Database,
    source: Source,
    first: i64,
    next: i64,
    timing: DriveTiming,
) -> Result<(), DatabaseError> {
    let read = async |connection: &mut Conn| source.rows(connection, first, next).await;
    for (device_id, arrived) in database.run(STEP_LIMIT, read).await? {
        let reconciled = database.transaction(STEP_LIMIT, async |transaction| {
            let lock = "SELECT device_id FROM devices WHERE device_id = ? FOR UPDATE";
            let lock = Statement::new(lock, [device_id.as_str()]);
            let _: Vec<String> = transaction.rows(&lock).await?;
            Box::pin(reconcile(transaction, &device_id, &arrived, timing)).await
        });
        reconciled.await?;
    }
    let advance = async |connection: &mut Conn| source.advance(connection, next).await;
    database.run(STEP_LIMIT, advance).await
}

async fn events(
    connection: &mut Conn,
    first: i64,
    end: i64,
) -> Result<ArrivedByDevice, DatabaseError> {
    let sql = "SELECT source_device, source_id FROM connection_log WHERE id >= ? AND id < ? \
               AND event_type IN ('drive_start', 'drive_end')";
    let rows: Vec<(String, i64)> = Statement::new(sql, [first, end])
        .fetch_all(connection)
        .await?;
    let mut by_device = ArrivedByDevice::new();
    for (device_id, source_id) in rows {
        by_device.entry(device_id).or_default().log.push(source_id);
    }
    Ok(by_device)
}

async fn readings(
    connection: &mut Conn,
    first: i64,
    end: i64,
) -> Result<ArrivedByDevice, DatabaseError> {
    type Columns = (String, i64, NaiveDateTime, Option<i64>);
    let sql = "SELECT source_device, source_id, timestamp, drive_id FROM realtime_data WHERE id >= ? AND id < ?";
    let rows: Vec<Columns> = Statement::new(sql, [first, end])
        .fetch_all(connection)
        .await?;
    let mut by_device: BTreeMap<String, Vec<Arrival>> = BTreeMap::new();
    for (device_id, source_id, taken_at, drive_id) in rows {
        by_device.entry(device_id).or_default().push(Arrival {
            source_id,
            taken_at,
            drive_id,
        });
    }
    let arrived = by_device.into_iter().map(|(device_id, readings)| {
        let arrived = Arrived {
            reading_keys: readings.iter().map(|reading| reading.source_id).collect(),
            readings: Arrivals::new(readings),
            // Drives that are known get them now, and their blocks are summed up from what is stored.
            has_new_readings: true,
            has_repeated_readings: true,
            ..Arrived::default()
        };
        (device_id, arrived)
    });
    Ok(arrived.collect())
}
