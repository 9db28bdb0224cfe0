//! The usual batch: it continues a drive that goes on. All events and readings of its number need not be read then, which
//! would take longer with each batch of a drive.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use mysql_async::prelude::FromRow;
use mysql_async::{FromRowError, Row, Value};

use super::arrivals::Arrivals;
use super::known::{COLUMNS, Known};
use super::pairing::Drive;
use crate::database::{DatabaseError, Statement, convert, read_columns};

/// A batch with more numbers is none that continues a drive.
const NUMBERS: usize = 8;

/// A drive that a batch may continue.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Candidate {
    row: Known,
    /// How many events have its number.
    events: i64,
}

impl FromRow for Candidate {
    fn from_row_opt(row: Row) -> Result<Self, FromRowError> {
        read_columns(row, |columns| {
            Some(Self {
                row: Known::take(columns)?,
                events: columns.take("events")?,
            })
        })
    }
}

/// The drives that a batch may continue, as they were before it, by number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Candidates(BTreeMap<i64, Vec<Candidate>>);

impl Candidates {
    /// The query for the drives that have a number of the batch; nothing where none can be continued.
    pub(crate) fn query(device_id: &str, numbers: &BTreeSet<i64>) -> Option<Statement> {
        if numbers.is_empty() || numbers.len() > NUMBERS {
            return None;
        }
        let places = vec!["?"; numbers.len()].join(", ");
        let sql = format!(
            "SELECT {COLUMNS}, (SELECT COUNT(*) FROM drive_events AS e FORCE INDEX (ix_drive_events_joined) \
             WHERE e.source_device = drives.source_device AND e.joined_id = drives.drive_id) AS events \
             FROM drives WHERE source_device = ? AND drive_id IN ({places})"
        );
        let values = [Value::from(device_id)].into_iter();
        Some(Statement::new(
            sql,
            values.chain(numbers.iter().map(Value::from)),
        ))
    }

    /// Reads the answer to the query.
    pub(crate) fn read(answer: Vec<Row>) -> Result<Self, DatabaseError> {
        let mut by_number: BTreeMap<i64, Vec<Candidate>> = BTreeMap::new();
        for candidate in convert::<Candidate>(answer)? {
            if let Some(number) = candidate.row.drive.drive_id {
                by_number.entry(number).or_default().push(candidate);
            }
        }
        Ok(Self(by_number))
    }

    /// The drive of a number with its new readings, and the id of its row; nothing where the readings do more than to
    /// continue it. The result is what pairing finds in all events and readings of the number.
    pub(super) fn continued(
        &self,
        number: i64,
        readings: &Arrivals,
        silence: TimeDelta,
    ) -> Option<(i64, Drive)> {
        let [candidate] = self.0.get(&number)?.as_slice() else {
            return None;
        };
        let mut drive = candidate.row.drive;
        let (first, mut last) = drive.source_ids?;
        // All events of the number make this drive, and none ends it.
        let own_events = i64::from(drive.start_source_id.is_some());
        if drive.end.is_some() || candidate.events != own_events {
            return None;
        }
        // The time of its last reading. A later start hides that time.
        let mut end = drive.window_end.filter(|end| *end > drive.start)?;
        for reading in readings.all() {
            if reading.drive_id != Some(number) {
                continue;
            }
            let (id, at) = (reading.source_id, reading.taken_at);
            // The next row, and the clock goes on. Readings of another day may belong to an earlier block.
            if id <= last || at < end || at - end > silence || at.date() != end.date() {
                return None;
            }
            (last, end) = (id, at);
        }
        drive.source_ids = Some((first, last));
        drive.window_end = Some(end);
        Some((candidate.row.id, drive))
    }
}

#[cfg(test)]
mod tests {
    use super::super::DriveState;
    use super::super::arrivals::tests::{arrivals, at};
    use super::*;

    /// It has the event 5 and the readings 10 to 20, until 14:30.
    fn drive() -> Drive {
        Drive {
            drive_id: Some(7),
            start_source_id: Some(5),
            start: at(0),
            end: None,
            source_ids: Some((10, 20)),
            window_end: Some(at(30)),
        }
    }

    fn candidates(drives: &[Drive], events: i64) -> Candidates {
        let candidate = |drive: &Drive| Candidate {
            row: Known {
                id: 100,
                state: DriveState::Open,
                key: drive.key().to_string(),
                drive: *drive,
            },
            events,
        };
        Candidates(BTreeMap::from([(
            7,
            drives.iter().map(candidate).collect(),
        )]))
    }

    fn continued(candidates: &Candidates, readings: &[(i64, i64, Option<i64>)]) -> Option<Drive> {
        let found = candidates.continued(7, &arrivals(readings), TimeDelta::hours(1));
        found.map(|(_, drive)| drive)
    }

    #[test]
    fn readings_that_follow_extend_the_drive() {
        let readings = [(21, 30, Some(7)), (25, 90, Some(7)), (22, -9, None)];
        let longer = Drive {
            source_ids: Some((10, 25)),
            window_end: Some(at(90)),
            ..drive()
        };
        assert_eq!(
            continued(&candidates(&[drive()], 1), &readings),
            Some(longer)
        );
    }

    #[test]
    fn readings_that_show_anything_else_do_not() {
        for reading in [
            (20, 31, Some(7)),
            (21, 29, Some(7)),
            (21, 91, Some(7)),
            (21, 700, Some(7)),
        ] {
            let candidates = candidates(&[drive()], 1);
            assert_eq!(continued(&candidates, &[reading]), None, "{reading:?}");
        }
    }

    #[test]
    fn a_drive_is_not_continued_where_its_number_has_more_than_it() {
        let ended = Drive {
            end: Some(at(30)),
            ..drive()
        };
        let before_its_start = Drive {
            window_end: Some(at(0)),
            ..drive()
        };
        for (drives, events) in [
            (vec![drive()], 2),
            (vec![drive()], 0),
            (vec![drive(), drive()], 1),
            (vec![ended], 2),
            (vec![before_its_start], 1),
            (vec![], 1),
        ] {
            let candidates = candidates(&drives, events);
            assert_eq!(
                continued(&candidates, &[(21, 31, Some(7))]),
                None,
                "{drives:?}"
            );
        }
    }
}
