//! What several statements on `drives` have in common.

use std::time::Duration;

use mysql_async::Value;

use super::readings::DriveReadings;
use crate::database::Columns;

/// Drives, each with the place of its readings.
pub(super) const DRIVES: &str = "drives AS d LEFT JOIN drive_readings AS r \
                                 ON r.source_device = d.source_device AND r.drive_id = d.drive_id";

/// The columns of [`DRIVES`] that [`read_readings`] takes.
pub(super) const READINGS: &str = "d.source_device, d.drive_id, r.first_source_id, r.last_source_id, \
                                   r.readings AS numbered, d.drive_start, d.drive_end, d.cut_at";

/// Reads the columns [`READINGS`].
pub(super) fn read_readings(columns: &mut Columns<'_>) -> Option<DriveReadings> {
    let first: Option<i64> = columns.take("first_source_id")?;
    let last: Option<i64> = columns.take("last_source_id")?;
    Some(DriveReadings {
        device_id: columns.take("source_device")?,
        drive_id: columns.take("drive_id")?,
        source_ids: first.zip(last),
        numbered: columns.take("numbered")?,
        start: columns.take("drive_start")?,
        end: columns.take("drive_end")?,
        cut_at: columns.take("cut_at")?,
    })
}

/// For `INTERVAL ? MICROSECOND`.
pub(super) fn microseconds(duration: Duration) -> Value {
    Value::from(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}

/// A duration from microseconds. Negative ones, of clocks that were set back, are zero.
pub(super) fn duration(microseconds: i64) -> Duration {
    Duration::from_micros(microseconds.try_into().unwrap_or_default())
}
