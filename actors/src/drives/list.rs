//! The drives of a device, for the API.

use chrono::NaiveDateTime;
use mysql_async::prelude::FromRow;
use mysql_async::{Conn, FromRowError, Row, Value};

use super::count::count;
use super::counted::Counted;
use super::readings::DriveReadings;
use super::state::DriveState;
use super::statements::{DRIVES, READINGS, read_readings};
use crate::database::{DatabaseError, Statement, read_columns};

/// A drive, and how its analysis stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownDrive {
    /// The device.
    pub device_id: String,
    /// The device's number of the drive.
    pub drive_id: Option<i64>,
    /// When it began, by the device's clock.
    pub start: NaiveDateTime,
    /// When it ended; where no end is logged, its last reading.
    pub end: Option<NaiveDateTime>,
    /// How many readings of it are stored.
    pub readings: u64,
    /// How its analysis stands.
    pub state: DriveState,
    /// The latest analysis that succeeded.
    pub analysis_id: Option<String>,
    /// Why there is no analysis, or no newer one.
    pub reason: Option<String>,
}

/// A row of the list.
struct Listed {
    readings: DriveReadings,
    state: DriveState,
    analysis_id: Option<String>,
    reason: Option<String>,
    readings_analysed: Option<u64>,
    last_reading: Option<NaiveDateTime>,
}

impl FromRow for Listed {
    fn from_row_opt(row: Row) -> Result<Self, FromRowError> {
        read_columns(row, |columns| {
            Some(Self {
                readings: read_readings(columns)?,
                state: columns.take("state")?,
                analysis_id: columns.take("analysis_id")?,
                reason: columns.take("reason")?,
                readings_analysed: columns.take("readings_analysed")?,
                last_reading: columns.take("last_reading")?,
            })
        })
    }
}

/// The drives of one device or of all, the latest first.
pub async fn list(
    connection: &mut Conn,
    device_id: Option<&str>,
    limit: u32,
) -> Result<Vec<KnownDrive>, DatabaseError> {
    let condition = device_id.map_or("", |_| " WHERE d.source_device = ?");
    let query = format!(
        "SELECT {READINGS}, d.state, d.analysis_id, d.reason, d.readings_analysed, d.last_reading \
         FROM {DRIVES}{condition} ORDER BY d.drive_start DESC, d.id DESC LIMIT ?"
    );
    let values = device_id.map(Value::from).into_iter().chain([limit.into()]);
    let rows: Vec<Listed> = Statement::new(query, values).fetch_all(connection).await?;
    let mut drives = Vec::with_capacity(rows.len());
    for row in rows {
        let counted = match row.readings_analysed {
            Some(readings) if row.state == DriveState::Analysed => Counted {
                readings,
                is_complete: true,
                last: row.last_reading,
            },
            _ => count(connection, &row.readings).await?,
        };
        drives.push(row.into_drive(&counted));
    }
    Ok(drives)
}

impl Listed {
    fn into_drive(self, counted: &Counted) -> KnownDrive {
        let Self {
            readings, state, ..
        } = self;
        let is_open = state == DriveState::Open;
        KnownDrive {
            device_id: readings.device_id,
            drive_id: readings.drive_id,
            start: readings.start,
            end: readings.end.or(if is_open { None } else { counted.last }),
            readings: counted.readings,
            state,
            analysis_id: self.analysis_id,
            reason: self.reason,
        }
    }
}
