use chrono::NaiveDateTime;

use crate::drives::Part;

/// What is analysed.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// The device whose readings they are.
    pub device_id: String,
    /// The device's own id of a profile, to which the result belongs.
    pub profile_id: Option<String>,
    /// `drives.id`, where it is a drive.
    pub drive: Option<i64>,
    /// The device's number of the drive, where it has one.
    pub drive_id: Option<i64>,
    /// Whether the queue asks for it, and not a request.
    pub is_queued: bool,
    /// Begin of the drive or the window, inclusive, UTC.
    pub start: NaiveDateTime,
    /// Its end, inclusive, UTC.
    pub end: NaiveDateTime,
    /// Which of the device's readings belong to it.
    pub part: Part,
    /// Only the figures of these parameters are put before the model; without it, all.
    pub parameters: Option<Vec<String>>,
    /// The focus areas.
    pub focus_areas: Vec<String>,
}

/// What a device has measured within a window.
pub(super) fn part_of_window(device_id: &str, start: NaiveDateTime, end: NaiveDateTime) -> Part {
    Part {
        // In the order of time without sorting, and never all that the device has.
        from_where: "FROM realtime_data FORCE INDEX (ix_realtime_data_timestamp) \
                     WHERE source_device = ? AND timestamp BETWEEN ? AND ?"
            .to_owned(),
        values: vec![device_id.into(), start.into(), end.into()],
        order_by: "timestamp, id",
    }
}
