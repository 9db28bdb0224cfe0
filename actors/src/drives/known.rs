//! The drives of a device as the table has them, and which of them is which drive that was found.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{NaiveDateTime, TimeDelta};
use mysql_async::prelude::FromRow;
use mysql_async::{FromRowError, Row, Value};

use super::DriveState;
use super::pairing::Drive;
use crate::database::{Columns, DatabaseError, Statement, Transaction, read_columns};

/// The `start_source_id` of a drive without a `drive_start`.
pub(super) const NO_START: i64 = -1;

/// How many values one statement has.
const CHUNK: usize = 500;

/// The columns of a row, as [`Known::take`] reads them.
pub(super) const COLUMNS: &str = "id, state, drive_key, drive_id, start_source_id, drive_start, drive_end, first_source_id, \
                       last_source_id, window_end";

/// A row of `drives`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    pub id: i64,
    pub state: DriveState,
    pub key: String,
    pub drive: Drive,
}

impl FromRow for Known {
    fn from_row_opt(row: Row) -> Result<Self, FromRowError> {
        read_columns(row, Self::take)
    }
}

impl Known {
    pub(super) fn take(columns: &mut Columns<'_>) -> Option<Self> {
        let start_source_id: i64 = columns.take("start_source_id")?;
        let first: Option<i64> = columns.take("first_source_id")?;
        let last: Option<i64> = columns.take("last_source_id")?;
        Some(Self {
            id: columns.take("id")?,
            state: columns.take("state")?,
            key: columns.take("drive_key")?,
            drive: Drive {
                drive_id: columns.take("drive_id")?,
                start_source_id: (start_source_id != NO_START).then_some(start_source_id),
                start: columns.take("drive_start")?,
                end: columns.take("drive_end")?,
                source_ids: first.zip(last),
                window_end: columns.take("window_end")?,
            },
        })
    }
}

/// Rows by their keys.
pub(super) type ByKey = BTreeMap<String, Known>;

/// The query for the rows with one of these numbers. It locks them: their states must not change before they are written.
pub(super) fn of_numbers(device_id: &str, numbers: &[i64]) -> Statement {
    locking(
        device_id,
        "drive_id",
        numbers.iter().map(Value::from).collect(),
    )
}

/// Adds the rows with one of these keys, and locks them.
pub(super) async fn add_keys(
    known: &mut ByKey,
    transaction: &mut Transaction<'_>,
    device_id: &str,
    keys: &[String],
) -> Result<(), DatabaseError> {
    let unknown = keys.iter().filter(|key| !known.contains_key(*key));
    let unknown: Vec<Value> = unknown.map(Value::from).collect();
    for chunk in unknown.chunks(CHUNK) {
        let query = locking(device_id, "drive_key", chunk.to_vec());
        known.extend(by_key(transaction.rows(&query).await?));
    }
    Ok(())
}

fn locking(device_id: &str, column: &str, values: Vec<Value>) -> Statement {
    let places = vec!["?"; values.len()].join(", ");
    let sql = format!(
        "SELECT {COLUMNS} FROM drives WHERE source_device = ? AND {column} IN ({places}) FOR UPDATE"
    );
    Statement::new(sql, [Value::from(device_id)].into_iter().chain(values))
}

/// Rows by their keys.
pub(super) fn by_key(rows: Vec<Known>) -> ByKey {
    let rows = rows.into_iter();
    rows.map(|row| (row.key.clone(), row)).collect()
}

/// Which row each drive has, in the order of `drives`, and the rows that have none: that of its key, or else that of
/// its number whose start is the nearest.
///
/// A key that is to be written is always the key of the row that gets it, or of no row: `known` has all rows with a key
/// of `drives`.
pub(super) fn assign(drives: &[Drive], mut known: ByKey) -> (Vec<Option<Known>>, Vec<Known>) {
    let mut rows: Vec<Option<Known>> = drives
        .iter()
        .map(|drive| known.remove(&drive.key().to_string()))
        .collect();
    let mut spare: BTreeMap<i64, BTreeMap<(NaiveDateTime, i64), Known>> = BTreeMap::new();
    let mut left = Vec::new();
    for row in known.into_values() {
        match row.drive.drive_id {
            Some(number) => {
                let of_number = spare.entry(number).or_default();
                of_number.insert((row.drive.start, row.id), row);
            }
            None => left.push(row),
        }
    }
    for (drive, row) in drives.iter().zip(&mut rows) {
        let of_number = drive.drive_id.and_then(|number| spare.get_mut(&number));
        if let (None, Some(of_number)) = (&row, of_number) {
            *row = take_nearest(of_number, drive.start);
        }
    }
    left.extend(spare.into_values().flat_map(BTreeMap::into_values));
    (rows, left)
}

fn take_nearest(
    rows: &mut BTreeMap<(NaiveDateTime, i64), Known>,
    start: NaiveDateTime,
) -> Option<Known> {
    let from = (start, i64::MIN);
    let before = rows.range(..from).next_back();
    let after = rows.range(from..).next();
    let around = before.into_iter().chain(after).map(|(key, _)| *key);
    let nearest = around.min_by_key(|(other, _)| (*other - start).abs())?;
    rows.remove(&nearest)
}

/// The rows that are open. Not locked: only batches of this device close them early.
pub(super) async fn open(
    transaction: &mut Transaction<'_>,
    device_id: &str,
) -> Result<Vec<Known>, DatabaseError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM drives FORCE INDEX (ix_drives_state) WHERE state = ? AND source_device = ?"
    );
    let values = [DriveState::Open.into(), Value::from(device_id)];
    transaction.rows(&Statement::new(sql, values)).await
}

/// The newest drives of a device, by each of the orders that [`Drive::is_before`] knows.
pub(super) async fn newest(
    transaction: &mut Transaction<'_>,
    device_id: &str,
) -> Result<Vec<Known>, DatabaseError> {
    let orders = ["start_source_id", "first_source_id", "drive_start"];
    let newest = orders.map(|order| {
        format!(
            "(SELECT {COLUMNS} FROM drives WHERE source_device = ? ORDER BY {order} DESC LIMIT 1)"
        )
    });
    let values = orders.map(|_| Value::from(device_id));
    let sql = newest.join(" UNION ALL ");
    transaction.rows(&Statement::new(sql, values)).await
}

/// When a drive has readings without a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub id: i64,
    pub start: NaiveDateTime,
    /// Nothing: until the first silence.
    pub end: Option<NaiveDateTime>,
    /// The last reading that is known.
    pub last_reading: Option<NaiveDateTime>,
}

impl Window {
    /// The last time within the window among sorted intervals; `cut_at` is when the next window begins.
    pub(super) fn last_within(
        &self,
        intervals: &[(NaiveDateTime, NaiveDateTime)],
        cut_at: Option<NaiveDateTime>,
        silence: TimeDelta,
    ) -> Option<NaiveDateTime> {
        let last_reading = self
            .last_reading
            .map_or(self.start, |last| last.max(self.start));
        let until = self.end.unwrap_or(last_reading + silence);
        let next = intervals.partition_point(|(_, last)| *last < self.start);
        let (first, last) = intervals.get(next)?;
        let begins_within = *first <= until && cut_at.is_none_or(|cut_at| *first < cut_at);
        begins_within.then(|| cut_at.map_or(*last, |cut_at| cut_at.min(*last)))
    }
}

/// The windows that begin in an interval, in order.
pub(super) async fn windows(
    transaction: &mut Transaction<'_>,
    device_id: &str,
    from: NaiveDateTime,
    to: NaiveDateTime,
) -> Result<Vec<Window>, DatabaseError> {
    type Columns = (
        i64,
        NaiveDateTime,
        Option<NaiveDateTime>,
        Option<NaiveDateTime>,
    );
    let sql = "SELECT id, drive_start, window_end, last_reading FROM drives FORCE INDEX (ix_drives_start) \
               WHERE source_device = ? AND drive_start BETWEEN ? AND ? ORDER BY drive_start, drive_key";
    let values = [Value::from(device_id), from.into(), to.into()];
    let rows: Vec<Columns> = transaction.rows(&Statement::new(sql, values)).await?;
    let windows = rows
        .into_iter()
        .map(|(id, start, end, last_reading)| Window {
            id,
            start,
            end,
            last_reading,
        });
    Ok(windows.collect())
}

/// When the next drive of the device begins.
pub(super) fn next_start(device_id: &str, start: NaiveDateTime, key: &str) -> Statement {
    let sql = "SELECT drive_start FROM drives FORCE INDEX (ix_drives_start) WHERE source_device = ? \
               AND drive_start >= ? AND (drive_start > ? OR drive_key > ?) ORDER BY drive_start LIMIT 1";
    let values = [
        Value::from(device_id),
        start.into(),
        start.into(),
        key.into(),
    ];
    Statement::new(sql, values)
}

/// The keys of drives that begin with these events.
pub(super) fn keys_of_starts(starts: &BTreeSet<i64>) -> impl Iterator<Item = String> {
    let keys = starts
        .iter()
        .map(|start| super::pairing::DriveKey::Start(*start));
    keys.map(|key| key.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> NaiveDateTime {
        let start: NaiveDateTime = "2026-02-01T14:00:00".parse().unwrap();
        start + chrono::TimeDelta::minutes(minute)
    }

    #[test]
    fn readings_without_a_number_are_within_a_window_until_its_end_or_a_silence_or_the_next() {
        let window = |end: Option<i64>, last: Option<i64>| Window {
            id: 1,
            start: at(0),
            end: end.map(at),
            last_reading: last.map(at),
        };
        let hour = TimeDelta::hours(1);
        for (window, cut_at, interval, expected) in [
            (window(Some(25), None), None, (10, 20), Some(20)),
            (window(Some(25), None), None, (26, 40), None),
            (window(Some(25), None), None, (-9, 0), Some(0)),
            (window(Some(25), None), Some(20), (20, 22), None),
            (window(None, None), None, (60, 90), Some(90)),
            (window(None, None), None, (61, 90), None),
            (window(None, Some(50)), None, (61, 90), Some(90)),
            (window(None, None), Some(40), (-9, 90), Some(40)),
        ] {
            let intervals = [(at(-500), at(-100)), (at(interval.0), at(interval.1))];
            let last = window.last_within(&intervals, cut_at.map(at), hour);
            assert_eq!(last, expected.map(at), "{window:?} {interval:?}");
        }
    }

    fn drive(start_source_id: i64, number: Option<i64>, minute: i64) -> Drive {
        Drive {
            drive_id: number,
            start_source_id: Some(start_source_id),
            start: at(minute),
            end: None,
            source_ids: None,
            window_end: None,
        }
    }

    fn known(drives: &[Drive]) -> BTreeMap<String, Known> {
        let rows = drives.iter().zip(100..).map(|(drive, id)| {
            let key = drive.key().to_string();
            let row = Known {
                id,
                state: DriveState::Open,
                key: key.clone(),
                drive: *drive,
            };
            (key, row)
        });
        rows.collect()
    }

    fn assigned(drives: &[Drive], rows: &[Drive]) -> (Vec<Option<i64>>, Vec<i64>) {
        let (rows, left) = assign(drives, known(rows));
        let ids = rows.into_iter().map(|row| row.map(|row| row.id));
        (ids.collect(), left.into_iter().map(|row| row.id).collect())
    }

    #[test]
    fn a_drive_has_the_row_of_its_key_or_else_the_nearest_of_its_number() {
        let rows = [
            drive(1, None, 0),
            drive(5, Some(7), 0),
            drive(9, Some(7), 9000),
        ];
        let found = [
            drive(1, Some(8), 0),
            drive(3, Some(7), 10),
            drive(11, None, 0),
        ];
        let expected = (vec![Some(100), Some(101), None], vec![102]);
        assert_eq!(assigned(&found, &rows), expected);
    }

    #[test]
    fn a_row_whose_key_another_drive_has_is_not_given_away() {
        let rows = [drive(1, Some(7), 0), drive(5, Some(7), 9000)];
        let found = [drive(3, Some(7), 9000), drive(5, Some(7), 9001)];
        let expected = (vec![Some(100), Some(101)], vec![]);
        assert_eq!(assigned(&found, &rows), expected);
    }
}
