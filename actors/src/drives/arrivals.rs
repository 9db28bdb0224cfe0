//! The readings that a batch brings, as far as drives are concerned.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta};
use mysql_async::Value;

use super::transitions;
use crate::database::{Statement, Transaction};

/// Nobody drives for longer. Bounds the drives that readings without a number may belong to.
const LONGEST_DRIVE: TimeDelta = TimeDelta::days(7);

/// How many numbers one statement names.
const CHUNK: usize = 500;

/// The readings of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arrivals {
    /// By the number of the drive.
    by_number: BTreeMap<i64, Place>,
    /// When the first and the last of all were taken.
    taken: Option<(NaiveDateTime, NaiveDateTime)>,
    /// The same of those that name no drive.
    unnumbered: Option<(NaiveDateTime, NaiveDateTime)>,
}

/// Where the readings of one drive are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    first_source_id: i64,
    last_source_id: i64,
    readings: u64,
}

/// Which readings of a batch were not stored before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Newness {
    /// None: the batch is a repeat.
    None,
    /// Some of them.
    Some,
    /// All of them.
    All,
}

impl Newness {
    /// From the counts of the rows that were stored.
    pub fn of(inserted: u64, updated: u64) -> Self {
        match (inserted, updated) {
            (0, _) => Self::None,
            (_, 0) => Self::All,
            _ => Self::Some,
        }
    }

    /// The count of a drive's readings after a batch. Where a batch repeats readings of the drive and may have new ones
    /// too, it is unknown. Values of the row are those before the batch.
    fn count(self) -> &'static str {
        match self {
            Self::None => "readings",
            Self::Some => {
                "IF(VALUES(first_source_id) > last_source_id OR VALUES(last_source_id) < first_source_id, \
                 readings + VALUES(readings), NULL)"
            }
            Self::All => "readings + VALUES(readings)",
        }
    }
}

impl Arrivals {
    /// Adds a reading.
    pub fn add(&mut self, source_id: i64, taken_at: NaiveDateTime, drive_id: Option<i64>) {
        widen(&mut self.taken, taken_at);
        match drive_id {
            None => widen(&mut self.unnumbered, taken_at),
            Some(drive_id) => {
                let place = self.by_number.entry(drive_id).or_insert(Place {
                    first_source_id: source_id,
                    last_source_id: source_id,
                    readings: 0,
                });
                place.first_source_id = place.first_source_id.min(source_id);
                place.last_source_id = place.last_source_id.max(source_id);
                place.readings += 1;
            }
        }
    }

    /// Notes where the readings of numbered drives are, and, where some are new, which drives have got them. All of it
    /// goes out with the commit.
    pub(crate) fn note(
        &self,
        transaction: &mut Transaction<'_>,
        device_id: &str,
        newness: Newness,
        quiet: Duration,
    ) {
        let numbers: Vec<_> = self.by_number.iter().collect();
        for chunk in numbers.chunks(CHUNK) {
            transaction.defer(&places(device_id, chunk, newness));
        }
        if newness == Newness::None {
            return;
        }
        for chunk in numbers.chunks(CHUNK) {
            transaction.defer(&touch_numbered(device_id, chunk, quiet));
        }
        if let Some(taken) = self.taken {
            transaction.defer(&self.touch_by_time(device_id, taken, quiet));
        }
    }

    fn touch_by_time(
        &self,
        device_id: &str,
        (first, last): (NaiveDateTime, NaiveDateTime),
        quiet: Duration,
    ) -> Statement {
        // One that names a drive which nobody knows can only be of a drive without a number.
        let mut condition = String::from(
            "source_device = ? AND drive_start BETWEEN ? AND ? \
             AND COALESCE(drive_end, cut_at, ?) >= ? AND (drive_id IS NULL",
        );
        let mut values = vec![
            Value::from(device_id),
            Value::from(first - LONGEST_DRIVE),
            Value::from(last),
            Value::from(first),
            Value::from(first),
        ];
        if let Some((first, last)) = self.unnumbered {
            condition.push_str(" OR drive_start <= ? AND COALESCE(drive_end, cut_at, ?) >= ?");
            values.extend([last, first, first].map(Value::from));
        }
        condition.push(')');
        transitions::receive_readings(&condition, values, quiet)
    }
}

fn widen(range: &mut Option<(NaiveDateTime, NaiveDateTime)>, time: NaiveDateTime) {
    let (first, last) = range.get_or_insert((time, time));
    (*first, *last) = (time.min(*first), time.max(*last));
}

fn places(device_id: &str, numbers: &[(&i64, &Place)], newness: Newness) -> Statement {
    let sql = format!(
        "INSERT INTO drive_readings (source_device, drive_id, first_source_id, last_source_id, readings) VALUES {} \
         ON DUPLICATE KEY UPDATE readings = {}, first_source_id = LEAST(first_source_id, VALUES(first_source_id)), \
         last_source_id = GREATEST(last_source_id, VALUES(last_source_id))",
        vec!["(?, ?, ?, ?, ?)"; numbers.len()].join(", "),
        newness.count(),
    );
    let values = numbers.iter().flat_map(|(number, place)| {
        // Of a repeat whose readings were stored before their drive was noted.
        let count = (newness != Newness::None).then_some(place.readings);
        [
            Value::from(device_id),
            Value::from(**number),
            Value::from(place.first_source_id),
            Value::from(place.last_source_id),
            Value::from(count),
        ]
    });
    Statement::new(sql, values)
}

fn touch_numbered(device_id: &str, numbers: &[(&i64, &Place)], quiet: Duration) -> Statement {
    let places = vec!["?"; numbers.len()].join(", ");
    let condition = format!("source_device = ? AND drive_id IN ({places})");
    let numbers = numbers.iter().map(|(number, _)| Value::from(**number));
    let values = [Value::from(device_id)].into_iter().chain(numbers);
    transitions::receive_readings(&condition, values, quiet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_are_summed_up_by_the_number_of_their_drive() {
        let at = |second: i64| {
            let start: NaiveDateTime = "2026-02-01T14:00:00".parse().unwrap();
            start + TimeDelta::seconds(second)
        };
        let place = |first_source_id, last_source_id, readings| Place {
            first_source_id,
            last_source_id,
            readings,
        };
        let mut arrivals = Arrivals::default();
        for (source_id, second, drive_id) in [(5, 50, Some(1)), (4, 40, Some(1)), (6, 10, Some(2))]
        {
            arrivals.add(source_id, at(second), drive_id);
        }
        let mut expected = Arrivals {
            by_number: BTreeMap::from([(1, place(4, 5, 2)), (2, place(6, 6, 1))]),
            taken: Some((at(10), at(50))),
            unnumbered: None,
        };
        assert_eq!(arrivals, expected);
        arrivals.add(7, at(90), None);
        expected.taken = Some((at(10), at(90)));
        expected.unnumbered = Some((at(90), at(90)));
        assert_eq!(arrivals, expected);
    }
}
