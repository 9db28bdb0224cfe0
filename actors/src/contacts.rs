//! How often a device makes contact, and when it is silent.
//!
//! A car that drives sends every few seconds, and then nothing all night. So the usual interval is the mean of the pauses
//! weighted by their length: the pause that a random moment falls into. For a device that sends every minute it is a minute;
//! for a car that drives twice a day it is about half a day.

use std::time::Duration;

use chrono::NaiveDateTime;
use mysql_async::prelude::FromRow;
use mysql_async::{Conn, FromRowError, Row};

use crate::database::{Columns, DatabaseError, read_columns, rows};

/// The number of devices that are listed, those with the latest contact first.
const DEVICE_LIMIT: usize = 100;

/// The contacts of a device.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceContact {
    /// The device.
    pub device_id: String,
    /// When its latest request arrived, in UTC.
    pub last_contact_at: NaiveDateTime,
    /// The usual interval between two contacts; `None` before the second one.
    pub usual_interval: Option<Duration>,
    /// Whether it has made no contact for three usual intervals.
    pub is_silent: bool,
}

impl DeviceContact {
    /// The columns of `sync_devices` that [`Self::take`] reads.
    pub(crate) const COLUMNS: &str = "source_device, last_contact_at, pause_seconds, pause_seconds_square, \
                                      TIMESTAMPDIFF(MICROSECOND, last_contact_at, NOW(6)) AS since_contact";

    pub(crate) fn take(columns: &mut Columns<'_>) -> Option<Self> {
        let since_contact: i64 = columns.take("since_contact")?;
        let since_contact = Duration::from_micros(since_contact.try_into().unwrap_or_default());
        let contacts = Contacts {
            pause_seconds: columns.take("pause_seconds")?,
            pause_seconds_square: columns.take("pause_seconds_square")?,
        };
        Some(Self {
            device_id: columns.take("source_device")?,
            last_contact_at: columns.take("last_contact_at")?,
            usual_interval: contacts.usual_interval(),
            is_silent: contacts.is_silent(since_contact),
        })
    }
}

impl FromRow for DeviceContact {
    fn from_row_opt(row: Row) -> Result<Self, FromRowError> {
        read_columns(row, Self::take)
    }
}

/// A usual interval for people: `40 s`, `15 min` or `12 h`; a second at least.
pub fn interval(usual: Duration) -> String {
    match usual.as_secs().max(1) {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}

/// The contacts of at most 100 devices, those with the latest contact first. Needs the schema.
pub async fn device_contacts(connection: &mut Conn) -> Result<Vec<DeviceContact>, DatabaseError> {
    let query = format!(
        "SELECT {} FROM sync_devices ORDER BY last_contact_at DESC LIMIT {DEVICE_LIMIT}",
        DeviceContact::COLUMNS
    );
    rows(connection, query, ()).await
}

/// The time after which a pause has lost two thirds of its weight.
const MEMORY_SECONDS: f64 = 14.0 * 24.0 * 3600.0;

/// A device is never silent after less than three times this.
const SHORTEST_INTERVAL: Duration = Duration::from_mins(5);

/// The number of usual intervals without contact after which a device is silent.
const SILENT_INTERVALS: u32 = 3;

/// Decaying sums over the pauses between contacts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Contacts {
    pub pause_seconds: f64,
    pub pause_seconds_square: f64,
}

impl Contacts {
    /// The sums after a further contact, with its distance from the one before in microseconds.
    pub(crate) fn after(self, pause_microseconds: Option<u64>) -> Self {
        let Some(microseconds) = pause_microseconds else {
            return self;
        };
        let pause = Duration::from_micros(microseconds).as_secs_f64();
        let decay = (-pause / MEMORY_SECONDS).exp();
        Self {
            pause_seconds: self.pause_seconds * decay + pause,
            pause_seconds_square: self.pause_seconds_square * decay + pause * pause,
        }
    }

    /// `None` before the second contact.
    pub(crate) fn usual_interval(self) -> Option<Duration> {
        let seconds = self.pause_seconds_square / self.pause_seconds;
        Duration::try_from_secs_f64(seconds).ok()
    }

    /// Whether a device is silent whose last contact was so long ago.
    pub(crate) fn is_silent(self, since_contact: Duration) -> bool {
        let usual = self.usual_interval();
        usual.is_some_and(|usual| {
            since_contact
                > usual
                    .max(SHORTEST_INTERVAL)
                    .saturating_mul(SILENT_INTERVALS)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;

    fn contacts(pauses_seconds: impl Iterator<Item = u64>) -> Contacts {
        pauses_seconds.fold(Contacts::default(), |contacts, pause| {
            contacts.after(Some(pause * 1_000_000))
        })
    }

    fn days(days: u64) -> impl Iterator<Item = u64> {
        // Two drives of half an hour, a batch every five seconds.
        let drive = std::iter::repeat_n(5, 360);
        let day = drive
            .clone()
            .chain([8 * HOUR])
            .chain(drive)
            .chain([15 * HOUR]);
        std::iter::repeat_n(day, usize::try_from(days).unwrap()).flatten()
    }

    #[test]
    fn an_interval_is_written_in_the_unit_that_fits() {
        for (seconds, text) in [
            (0, "1 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7_199, "119 min"),
            (12 * HOUR + 59, "12 h"),
        ] {
            assert_eq!(interval(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn a_device_that_sends_every_minute_is_silent_after_a_quarter_of_an_hour() {
        let contacts = contacts(std::iter::repeat_n(60, 1_000));
        let usual = contacts.usual_interval().unwrap();
        assert!(usual.abs_diff(Duration::from_mins(1)) < Duration::from_secs(1));
        assert!(!contacts.is_silent(Duration::from_mins(14)));
        assert!(contacts.is_silent(Duration::from_mins(16)));
    }

    #[test]
    fn a_car_that_is_parked_overnight_is_not_silent_and_one_that_stopped_is() {
        let contacts = contacts(days(10));
        let usual = contacts.usual_interval().unwrap();
        let hours = usual.as_secs() / HOUR;
        assert!((10..15).contains(&hours), "{hours} h");
        assert!(!contacts.is_silent(Duration::from_hours(24)));
        assert!(contacts.is_silent(Duration::from_hours(48)));
    }

    #[test]
    fn a_new_device_has_no_usual_interval_and_is_not_silent() {
        let first = Contacts::default().after(None);
        assert_eq!(first.usual_interval(), None);
        assert!(!first.is_silent(Duration::from_hours(1_000)));
    }
}
