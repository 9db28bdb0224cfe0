//! Counts the readings of a drive at a bounded cost.
//!
//! Readings with the drive's number are counted as they arrive ([`Arrivals`](super::Arrivals)). What has to be counted in
//! the large table is limited by time in the database itself, so one drive with millions of readings costs the others
//! no more than that.

use std::time::Duration;

use mysql_async::prelude::FromRow;
use mysql_async::{Conn, Error, Value};

use super::counted::Counted;
use super::readings::{DriveReadings, Part};
use super::transitions;
use crate::database::{DatabaseError, Statement, Transaction};

/// How long the database may work on one part of a drive.
const STATEMENT_LIMIT: Duration = Duration::from_secs(2);

/// Counts the readings of a drive.
pub async fn count(
    connection: &mut Conn,
    readings: &DriveReadings,
) -> Result<Counted, DatabaseError> {
    let mut all = Counted::default();
    for part in readings.parts() {
        let counted = match part.stored {
            Some(stored) => newest(connection, readings, stored).await?,
            None => count_part(connection, part).await?,
        };
        all = all.and(counted);
    }
    Ok(all)
}

/// Counts readings whose number was not kept, of a drive with a number, and keeps it from now on. Batches with such
/// readings wait meanwhile, so that none is counted twice or not at all.
pub(super) async fn recount(
    transaction: &mut Transaction<'_>,
    readings: &DriveReadings,
) -> Result<(), DatabaseError> {
    let Some((device_id, drive_id)) = readings.uncounted() else {
        return Ok(());
    };
    let locked = "SELECT first_source_id, last_source_id FROM drive_readings \
                  WHERE source_device = ? AND drive_id = ? AND readings IS NULL FOR UPDATE";
    let locked = Statement::new(locked, [Value::from(device_id), drive_id.into()]);
    let places: Vec<(i64, i64)> = transaction.rows(&locked).await?;
    let Some(place) = places.first() else {
        return Ok(());
    };
    let part = DriveReadings::numbered_part(device_id, drive_id, *place);
    let connection = transaction.connection().await?;
    let counted = count_part(connection, part).await?;
    if counted.is_complete {
        transaction.defer(&transitions::keep_count(
            device_id,
            drive_id,
            counted.readings,
        ));
    }
    Ok(())
}

/// The device's own id of the profile of one of the readings.
pub async fn profile(
    connection: &mut Conn,
    readings: &DriveReadings,
) -> Result<Option<String>, DatabaseError> {
    for Part {
        from_where, values, ..
    } in readings.parts()
    {
        let select = format!("profile_id {from_where} AND profile_id IS NOT NULL LIMIT 1");
        let found: Option<i64> = within_limit(connection, &select, values).await?.flatten();
        if let Some(id) = found {
            let query = Statement::new("SELECT source_id FROM profiles WHERE id = ?", [id]);
            return query.fetch_first(connection).await;
        }
    }
    Ok(None)
}

/// `stored` readings, and when the newest was taken.
async fn newest(
    connection: &mut Conn,
    readings: &DriveReadings,
    stored: u64,
) -> Result<Counted, DatabaseError> {
    let query = "SELECT timestamp FROM realtime_data WHERE source_device = ? AND source_id = ?";
    let last_id = readings.source_ids.map(|(_, last)| last);
    let query = Statement::new(query, [Value::from(&readings.device_id), last_id.into()]);
    Ok(Counted {
        readings: stored,
        is_complete: true,
        last: query.fetch_first(connection).await?,
    })
}

async fn count_part(connection: &mut Conn, part: Part) -> Result<Counted, DatabaseError> {
    let Part {
        from_where, values, ..
    } = part;
    let select = format!("COUNT(*) AS readings, MAX(timestamp) AS last {from_where}");
    let counted = within_limit(connection, &select, values).await?;
    // Nothing is that large and empty.
    Ok(counted.unwrap_or(Counted {
        readings: 1,
        is_complete: false,
        last: None,
    }))
}

/// The first row of a `SELECT`, if the database finds one within [`STATEMENT_LIMIT`].
async fn within_limit<R: FromRow>(
    connection: &mut Conn,
    select: &str,
    values: Vec<Value>,
) -> Result<Option<R>, DatabaseError> {
    // MariaDB executes the first comment, MySQL takes the second one as a hint.
    let query = format!(
        "/*M! SET STATEMENT max_statement_time = {} FOR */ SELECT /*+ MAX_EXECUTION_TIME({}) */ {select}",
        STATEMENT_LIMIT.as_secs(),
        STATEMENT_LIMIT.as_millis()
    );
    match Statement::new(query, values).fetch_first(connection).await {
        Err(DatabaseError::Refused(Error::Server(error))) if is_time_limit(error.code) => Ok(None),
        outcome => outcome,
    }
}

/// The error of a statement that reached its time limit, on MariaDB and on MySQL.
fn is_time_limit(code: u16) -> bool {
    matches!(code, 1969 | 3024)
}
