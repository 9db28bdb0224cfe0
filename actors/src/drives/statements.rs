//! What several statements on `drives` have in common.

use std::time::Duration;

use mysql_async::Value;

use super::readings::DriveWindow;
use crate::database::Columns;

/// The columns of `drives AS d` that [`read_window`] takes.
pub(super) const WINDOW: &str = "d.source_device, d.drive_key, d.drive_id, d.first_source_id, d.last_source_id, \
                                 d.drive_start, d.drive_end, d.window_end";

/// How an `UPDATE` of drives by their ids begins.
///
/// MariaDB would otherwise find a drive by an index on its state where the statement also names that. It then locks the
/// entry of the index before the row, and deadlocks with a statement that changes the state of the same row and has
/// locked the row first.
pub(super) const UPDATE: &str = "UPDATE drives FORCE INDEX (PRIMARY)";

/// Reads the columns [`WINDOW`].
pub(super) fn read_window(columns: &mut Columns<'_>) -> Option<DriveWindow> {
    let first: Option<i64> = columns.take("first_source_id")?;
    let last: Option<i64> = columns.take("last_source_id")?;
    Some(DriveWindow {
        device_id: columns.take("source_device")?,
        key: columns.take("drive_key")?,
        drive_id: columns.take("drive_id")?,
        source_ids: first.zip(last),
        start: columns.take("drive_start")?,
        end: columns.take("drive_end")?,
        window_end: columns.take("window_end")?,
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
