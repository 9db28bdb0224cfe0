use std::time::Duration;

use mysql_async::prelude::FromRow;
use mysql_async::{Conn, FromRowError, Row, Value};

use super::DriveTiming;
use super::readings::{DriveReadings, DriveWindow};
use super::statements::{WINDOW, read_window};
use crate::database::{DatabaseError, Statement, read_columns};

struct Found(DriveWindow);

impl FromRow for Found {
    fn from_row_opt(row: Row) -> Result<Self, FromRowError> {
        read_columns(row, |columns| Some(Self(read_window(columns)?)))
    }
}

/// Which readings belong to the drive with this `drives.id`; nothing without such a drive. `silence` is the longest
/// pause within a drive.
pub async fn readings_of(
    connection: &mut Conn,
    drive: i64,
    silence: Duration,
) -> Result<Option<DriveReadings>, DatabaseError> {
    let query = format!("SELECT {WINDOW} FROM drives AS d WHERE d.id = ?");
    find(connection, Statement::new(query, [drive]), silence).await
}

/// `drives.id` of the latest drive to which a device has given this number.
pub async fn latest_with_number(
    connection: &mut Conn,
    device_id: &str,
    drive_id: i64,
) -> Result<Option<i64>, DatabaseError> {
    let query = "SELECT id FROM drives WHERE source_device = ? AND drive_id = ? \
                 ORDER BY drive_start DESC, id DESC LIMIT 1";
    let values = [Value::from(device_id), drive_id.into()];
    Statement::new(query, values).fetch_first(connection).await
}

async fn find(
    connection: &mut Conn,
    query: Statement,
    silence: Duration,
) -> Result<Option<DriveReadings>, DatabaseError> {
    let Some(Found(window)) = query.fetch_first(connection).await? else {
        return Ok(None);
    };
    let timing = DriveTiming {
        silence,
        ..DriveTiming::with_quiet(Duration::ZERO)
    };
    Ok(Some(window.find(connection, timing.silence()).await?))
}
