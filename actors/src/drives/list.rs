//! The drives of a device, for whoever asks.

use chrono::NaiveDateTime;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Params, Row, Value, from_row_opt};

use super::queue::{Counted, count};
use super::readings::DriveReadings;
use super::state::DriveState;
use crate::database::DatabaseError;

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

/// The drives of one device or of all, the latest first.
pub async fn list(
    connection: &mut Conn,
    device_id: Option<&str>,
    limit: u32,
) -> Result<Vec<KnownDrive>, DatabaseError> {
    let condition = device_id.map_or("", |_| " WHERE d.source_device = ?");
    let query = format!(
        "SELECT d.source_device, d.drive_id, r.first_source_id, r.last_source_id, d.drive_start, d.drive_end, d.cut_at, \
         d.state, d.analysis_id, d.reason, d.readings_analysed, d.last_reading FROM drives AS d LEFT JOIN drive_readings AS r \
         ON r.source_device = d.source_device AND r.drive_id = d.drive_id{condition} \
         ORDER BY d.drive_start DESC, d.id DESC LIMIT ?"
    );
    let values = device_id.map(Value::from).into_iter().chain([limit.into()]);
    let rows: Vec<Row> = connection
        .exec(query, Params::Positional(values.collect()))
        .await?;
    let mut drives = Vec::with_capacity(rows.len());
    for row in rows {
        let (mut drive, readings, analysed) = read(row)?;
        let counted = match analysed {
            Some(counted) if drive.state == DriveState::Analysed => counted,
            _ => count(connection, &readings).await?,
        };
        drive.readings = counted.readings;
        if drive.state != DriveState::Open {
            drive.end = drive.end.or(counted.last);
        }
        drives.push(drive);
    }
    Ok(drives)
}

/// With the count of its readings when it was analysed, if it was.
fn read(row: Row) -> Result<(KnownDrive, DriveReadings, Option<Counted>), DatabaseError> {
    type Columns = (
        String,
        Option<i64>,
        Option<i64>,
        Option<i64>,
        NaiveDateTime,
        Option<NaiveDateTime>,
        Option<NaiveDateTime>,
        String,
        Option<String>,
        Option<String>,
        Option<u64>,
        Option<NaiveDateTime>,
    );
    let (
        device_id,
        drive_id,
        first,
        last,
        start,
        end,
        cut_at,
        state,
        analysis_id,
        reason,
        analysed,
        last_reading,
    ): Columns = from_row_opt(row)?;
    let readings = DriveReadings {
        device_id: device_id.clone(),
        drive_id,
        source_ids: first.zip(last),
        start,
        end,
        cut_at,
    };
    let drive = KnownDrive {
        device_id,
        drive_id,
        start,
        end,
        readings: 0,
        // The column holds no other.
        state: state.parse().unwrap_or(DriveState::Open),
        analysis_id,
        reason,
    };
    let analysed = analysed.map(|readings| Counted {
        readings,
        last: last_reading,
        profile: None,
    });
    Ok((drive, readings, analysed))
}
