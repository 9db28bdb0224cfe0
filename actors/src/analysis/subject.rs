use chrono::NaiveDateTime;
use mysql_async::Value;

/// What is analysed.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// The device whose readings they are.
    pub device_id: String,
    /// The device's own id of a profile, to which the result belongs.
    pub profile_id: Option<String>,
    /// `drives.id`, where it is a drive of the queue.
    pub drive: Option<i64>,
    /// Begin of the drive or the window, inclusive, UTC.
    pub start: NaiveDateTime,
    /// Its end, inclusive, UTC.
    pub end: NaiveDateTime,
    /// Which of the device's readings belong to it; none is in two parts.
    pub parts: Vec<Part>,
    /// Only these parameters; without it, all.
    pub parameters: Option<Vec<String>>,
    /// What to look at in particular.
    pub focus_areas: Vec<String>,
}

/// A part of the readings, as what is between `SELECT …` and the end of a query.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    /// From `FROM` to the last condition.
    pub from_where: String,
    /// The values of its `?`.
    pub values: Vec<Value>,
    /// In which order they were taken.
    pub order_by: &'static str,
}

impl Part {
    /// What a device has measured within a window.
    pub(super) fn of_window(device_id: &str, start: NaiveDateTime, end: NaiveDateTime) -> Self {
        Self {
            // In the order of time without sorting, and never all that the device has.
            from_where: "FROM realtime_data FORCE INDEX (ix_realtime_data_timestamp) \
                         WHERE source_device = ? AND timestamp BETWEEN ? AND ?"
                .to_owned(),
            values: vec![device_id.into(), start.into(), end.into()],
            order_by: "timestamp, id",
        }
    }
}
