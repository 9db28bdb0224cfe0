use mysql_async::prelude::FromRow;
use mysql_async::{Conn, FromRowError, Row, Value};

use super::readings::DriveReadings;
use super::statements::{DRIVES, READINGS, read_readings};
use crate::database::{DatabaseError, Statement, read_columns};

struct Found(DriveReadings);

impl FromRow for Found {
    fn from_row_opt(row: Row) -> Result<Self, FromRowError> {
        read_columns(row, |columns| Some(Self(read_readings(columns)?)))
    }
}

/// Which readings belong to the drive with this `drives.id`; nothing without such a drive.
pub async fn readings_of(
    connection: &mut Conn,
    drive: i64,
) -> Result<Option<DriveReadings>, DatabaseError> {
    let query = format!("SELECT {READINGS} FROM {DRIVES} WHERE d.id = ?");
    let found: Option<Found> = Statement::new(query, [drive])
        .fetch_first(connection)
        .await?;
    Ok(found.map(|Found(readings)| readings))
}

/// Which readings belong to the latest drive to which a device has given this number; nothing without such a drive.
pub async fn readings_of_number(
    connection: &mut Conn,
    device_id: &str,
    drive_id: i64,
) -> Result<Option<DriveReadings>, DatabaseError> {
    let query = format!(
        "SELECT {READINGS} FROM {DRIVES} WHERE d.source_device = ? AND d.drive_id = ? \
         ORDER BY d.drive_start DESC, d.id DESC LIMIT 1"
    );
    let values = [Value::from(device_id), drive_id.into()];
    let found: Option<Found> = Statement::new(query, values)
        .fetch_first(connection)
        .await?;
    Ok(found.map(|Found(readings)| readings))
}
