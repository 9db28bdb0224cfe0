//! The readings of a batch.

use std::collections::BTreeMap;

use chrono::{NaiveDateTime, TimeDelta};

use super::pairing::Drive;

/// A reading that a batch brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The device's key of the row.
    pub source_id: i64,
    /// By the device's clock.
    pub taken_at: NaiveDateTime,
    /// The device's number of the drive.
    pub drive_id: Option<i64>,
}

/// The readings of a batch, by what drives are found by.
#[derive(Clone, Debug, Default)]
pub struct Arrivals {
    /// In the order of their keys.
    all: Vec<Arrival>,
    /// By number: the keys, in order.
    by_number: BTreeMap<i64, Vec<i64>>,
    /// When those without a number were taken, in order.
    unnumbered: Vec<NaiveDateTime>,
}

impl Arrivals {
    /// Takes the readings of a batch.
    pub fn new(mut all: Vec<Arrival>) -> Self {
        all.sort_unstable_by_key(|reading| reading.source_id);
        let mut by_number: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let mut unnumbered = Vec::new();
        for reading in &all {
            match reading.drive_id {
                Some(number) => by_number.entry(number).or_default().push(reading.source_id),
                None => unnumbered.push(reading.taken_at),
            }
        }
        unnumbered.sort_unstable();
        Self {
            all,
            by_number,
            unnumbered,
        }
    }

    /// In the order of their keys.
    pub(super) fn all(&self) -> &[Arrival] {
        &self.all
    }

    /// Whether any of them have the number of the drive and are among its rows.
    pub(super) fn has_numbered(&self, drive: &Drive) -> bool {
        let keys = drive
            .drive_id
            .and_then(|number| self.by_number.get(&number));
        keys.zip(drive.source_ids)
            .is_some_and(|(keys, (first, last))| {
                let next = keys.partition_point(|key| *key < first);
                keys.get(next).is_some_and(|key| *key <= last)
            })
    }

    /// Whether any of them belong to the drive; `cut_at` is the start of the next one.
    pub(super) fn has_any_of(&self, drive: &Drive, cut_at: Option<NaiveDateTime>) -> bool {
        let next = self.unnumbered.partition_point(|time| *time < drive.start);
        let first = self.unnumbered.get(next);
        self.has_numbered(drive)
            || first.is_some_and(|time| {
                drive.window_end.is_none_or(|end| *time <= end)
                    && cut_at.is_none_or(|cut_at| *time < cut_at)
            })
    }

    /// When those without a number were taken, as intervals with more than a silence between them.
    pub(super) fn unnumbered_intervals(
        &self,
        silence: TimeDelta,
    ) -> Vec<(NaiveDateTime, NaiveDateTime)> {
        let mut intervals: Vec<(NaiveDateTime, NaiveDateTime)> = Vec::new();
        for time in &self.unnumbered {
            match intervals.last_mut() {
                Some((_, end)) if *time - *end <= silence => *end = *time,
                _ => intervals.push((*time, *time)),
            }
        }
        intervals
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::drives) fn at(minute: i64) -> NaiveDateTime {
        "2026-02-01T14:00:00".parse::<NaiveDateTime>().unwrap() + TimeDelta::minutes(minute)
    }

    /// Readings as key, minute and number.
    pub(in crate::drives) fn arrivals(readings: &[(i64, i64, Option<i64>)]) -> Arrivals {
        let readings = readings
            .iter()
            .map(|(source_id, minute, drive_id)| Arrival {
                source_id: *source_id,
                taken_at: at(*minute),
                drive_id: *drive_id,
            });
        Arrivals::new(readings.collect())
    }

    #[test]
    fn unnumbered_readings_are_divided_by_silence() {
        let arrivals = arrivals(&[(1, 90, None), (2, 0, None), (3, 50, Some(1)), (4, 20, None)]);
        assert_eq!(
            arrivals.unnumbered_intervals(TimeDelta::hours(1)),
            [(at(0), at(20)), (at(90), at(90))]
        );
    }

    #[test]
    fn a_reading_belongs_to_the_drive_with_its_number_or_without_one_to_that_of_its_time() {
        let drive = Drive {
            drive_id: Some(7),
            start_source_id: Some(1),
            start: at(0),
            end: Some(at(25)),
            source_ids: Some((10, 19)),
            window_end: Some(at(25)),
        };
        for (reading, expected) in [
            ((10, 500, Some(7)), true),
            ((9, 5, Some(7)), false),
            ((20, 5, Some(7)), false),
            ((11, 5, Some(8)), false),
            ((30, 0, None), true),
            ((30, 25, None), true),
            ((30, 26, None), false),
        ] {
            let arrivals = arrivals(&[(1, -5, None), reading]);
            assert_eq!(arrivals.has_any_of(&drive, None), expected, "{reading:?}");
        }
        assert!(arrivals(&[(1, 19, None)]).has_any_of(&drive, Some(at(20))));
        assert!(!arrivals(&[(1, 20, None)]).has_any_of(&drive, Some(at(20))));
    }

    #[test]
    fn readings_are_in_the_order_of_their_keys() {
        let arrivals = arrivals(&[(3, 0, None), (1, 9, Some(7)), (2, 5, None)]);
        let keys: Vec<_> = arrivals.all().iter().map(|one| one.source_id).collect();
        assert_eq!(keys, [1, 2, 3]);
    }
}
