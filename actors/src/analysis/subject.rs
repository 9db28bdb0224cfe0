use chrono::NaiveDateTime;

/// What is analysed.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// The device whose readings they are.
    pub device_id: String,
    /// The device's own id of a profile, to which the result belongs.
    pub profile_id: Option<String>,
    /// Begin of the drive or the window, inclusive, UTC.
    pub start: NaiveDateTime,
    /// Its end, inclusive, UTC.
    pub end: NaiveDateTime,
    /// Which of the device's readings belong to it.
    pub selection: Selection,
    /// Only these parameters; without it, all.
    pub parameters: Option<Vec<String>>,
    /// What to look at in particular.
    pub focus_areas: Vec<String>,
}

/// Which of a device's readings belong together.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Selection {
    /// Those that were taken from start to end.
    Window,
    #[expect(dead_code, reason = "for the drives of the queue")]
    /// Those with these ids that name the drive, and those that name none and were taken from start to end.
    Drive {
        /// The device's number of the drive, where it has one.
        drive_id: Option<i64>,
        /// The device's id of the first reading.
        first_source_id: i64,
        /// And of the last.
        last_source_id: i64,
    },
}
