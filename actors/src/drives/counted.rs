//! The result of counting the readings of a drive.

use chrono::NaiveDateTime;

/// The readings of a drive, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Their number.
    pub readings: u64,
    /// When the last one was taken.
    pub last: Option<NaiveDateTime>,
}

impl Counted {
    pub(super) fn add(&mut self, (readings, last): (i64, Option<NaiveDateTime>)) {
        self.readings += u64::try_from(readings).unwrap_or_default();
        self.last = self.last.max(last);
    }
}
