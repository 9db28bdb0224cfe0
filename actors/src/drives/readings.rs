//! Which readings belong to a drive, as one stream in the order of the device's rows.
//!
//! A reading with a number belongs to the drive of this number that has its row. A reading without one belongs to the
//! drive at its time: from the start until the logged end, or else until the last reading with the number of the drive,
//! or else until the first silence. Where windows overlap, the drive that began last has it. So no reading belongs to two
//! drives.

use std::collections::BTreeSet;

use chrono::{NaiveDateTime, TimeDelta};
use mysql_async::{Conn, Value};

use super::blocks::NO_NUMBER;
use super::known;
use crate::database::{DatabaseError, Statement};

/// How many blocks are read at a time.
const PAGE: usize = 1_000;

/// More ranges of rows are taken as one.
const RANGES: usize = 64;

/// The rows of a block are of one day.
const DAY: TimeDelta = TimeDelta::days(1);

/// The readings of a drive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriveReadings {
    /// The device.
    pub device_id: String,
    /// The device's number of the drive, where it has one.
    pub drive_id: Option<i64>,
    /// The lowest and the highest `source_id` of the readings with this number.
    pub source_ids: Option<(i64, i64)>,
    /// When it began.
    pub start: NaiveDateTime,
    /// When it ended, where that is logged.
    pub end: Option<NaiveDateTime>,
    /// Until when readings without a number belong to it; inclusive.
    pub window_end: NaiveDateTime,
    /// From here on, they belong to the next drive.
    pub cut_at: Option<NaiveDateTime>,
    /// Ranges of `source_id` that hold all of its readings, in order.
    pub rows: Vec<(i64, i64)>,
}

/// A drive as its row describes it, before its readings are looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DriveWindow {
    pub device_id: String,
    pub key: String,
    pub drive_id: Option<i64>,
    pub source_ids: Option<(i64, i64)>,
    pub start: NaiveDateTime,
    pub end: Option<NaiveDateTime>,
    pub window_end: Option<NaiveDateTime>,
}

/// The readings of a drive, to be put between `SELECT …` and `ORDER BY …`.
#[derive(Clone, Debug)]
pub struct Part {
    /// From `FROM` to the last condition.
    pub from_where: String,
    /// The values of its placeholders.
    pub values: Vec<Value>,
    /// The order of the device's rows.
    pub order_by: &'static str,
}

/// Readings without a number: keys, times, how many.
pub(super) type BlockRow = (i64, i64, NaiveDateTime, NaiveDateTime, i64);

/// Whether a block, or an interval, lies within the window wholly, in part or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overlap {
    Whole,
    Partial,
    None,
}

impl DriveWindow {
    /// Looks up where the readings are. Reads blocks, and readings only where a block may hide a silence.
    pub(super) async fn find(
        self,
        connection: &mut Conn,
        silence: TimeDelta,
    ) -> Result<DriveReadings, DatabaseError> {
        let next = known::next_start(&self.device_id, self.start, &self.key);
        let cut_at: Option<NaiveDateTime> = next.fetch_first(connection).await?;
        let window_end = match self.window_end {
            Some(end) => end,
            None => self.first_silence(connection, cut_at, silence).await?,
        };
        let mut readings = DriveReadings {
            device_id: self.device_id,
            drive_id: self.drive_id,
            source_ids: self.source_ids,
            start: self.start,
            end: self.end,
            window_end,
            cut_at,
            rows: Vec::new(),
        };
        let blocks = readings.unnumbered_blocks(connection).await?;
        let blocks = blocks.iter().map(|(first, last, ..)| (*first, *last));
        readings.rows = ranges(blocks.chain(readings.source_ids));
        Ok(readings)
    }

    /// The last reading without a number before the first silence since the start.
    async fn first_silence(
        &self,
        connection: &mut Conn,
        cut_at: Option<NaiveDateTime>,
        silence: TimeDelta,
    ) -> Result<NaiveDateTime, DatabaseError> {
        let mut end = self.start;
        let mut pending = BTreeSet::new();
        for page in 0.. {
            let sql = format!(
                "SELECT first_source_id, last_source_id, first_at, last_at, readings \
                 FROM reading_blocks FORCE INDEX (ix_reading_blocks_drive) \
                 WHERE source_device = ? AND drive_id = {NO_NUMBER} AND first_at >= ? AND last_at >= ? \
                 AND first_at < COALESCE(?, '9999-12-31') ORDER BY first_at, block LIMIT {PAGE} OFFSET {}",
                page * PAGE
            );
            let values = [
                Value::from(&self.device_id),
                (self.start - DAY).into(),
                self.start.into(),
                cut_at.into(),
            ];
            let blocks: Vec<BlockRow> = Statement::new(sql, values).fetch_all(connection).await?;
            let loaded_until = match blocks.last() {
                Some((_, _, first_at, ..)) if blocks.len() == PAGE => *first_at,
                _ => NaiveDateTime::MAX,
            };
            for block in blocks {
                let (_, _, first_at, last_at, _) = block;
                if last_at - first_at <= silence {
                    pending.insert((first_at, last_at));
                } else if first_at <= end + silence {
                    pending.extend(self.intervals_within(connection, &block, silence).await?);
                }
            }
            while let Some((from, to)) = pending.first().copied()
                && from <= loaded_until
            {
                if from - end > silence {
                    return Ok(end);
                }
                end = end.max(to);
                pending.pop_first();
            }
            if loaded_until == NaiveDateTime::MAX {
                return Ok(end);
            }
        }
        Ok(end)
    }

    /// The readings of a block, as intervals without a silence.
    async fn intervals_within(
        &self,
        connection: &mut Conn,
        (first, last, first_at, last_at, _): &BlockRow,
        silence: TimeDelta,
    ) -> Result<Vec<(NaiveDateTime, NaiveDateTime)>, DatabaseError> {
        let sql = "SELECT timestamp FROM realtime_data FORCE INDEX (uq_realtime_data_source) \
                   WHERE source_device = ? AND source_id BETWEEN ? AND ? AND drive_id IS NULL \
                   AND timestamp BETWEEN ? AND ? ORDER BY timestamp";
        let values = [
            Value::from(&self.device_id),
            first.into(),
            last.into(),
            (*first_at).max(self.start).into(),
            (*last_at).into(),
        ];
        let times: Vec<NaiveDateTime> = Statement::new(sql, values).fetch_all(connection).await?;
        let runs = times.chunk_by(|one, next| *next - *one <= silence);
        let intervals = runs.filter_map(|run| Some((*run.first()?, *run.last()?)));
        Ok(intervals.collect())
    }
}

impl DriveReadings {
    /// The readings in the order of the device's rows, whatever its clock did.
    pub fn part(&self) -> Part {
        let mut values = vec![Value::from(&self.device_id)];
        let any_range = vec!["source_id BETWEEN ? AND ?"; self.rows.len()].join(" OR ");
        let any_range = if any_range.is_empty() {
            "FALSE".to_owned()
        } else {
            any_range
        };
        values.extend(
            self.rows
                .iter()
                .flat_map(|(first, last)| [first, last])
                .map(Value::from),
        );
        let mut own = String::new();
        if let Some((number, (first, last))) = self.drive_id.zip(self.source_ids) {
            own.push_str("drive_id = ? AND source_id BETWEEN ? AND ? OR ");
            values.extend([number, first, last].map(Value::from));
        }
        values.extend(self.window_values());
        let from_where = format!(
            "FROM realtime_data FORCE INDEX (uq_realtime_data_source) \
             WHERE source_device = ? AND ({any_range}) AND ({own}drive_id IS NULL AND {WINDOW})"
        );
        Part {
            from_where,
            values,
            order_by: "source_id",
        }
    }

    pub(super) fn window_values(&self) -> [Value; 3] {
        [
            self.start.into(),
            self.window_end.into(),
            self.cut_at.into(),
        ]
    }

    /// The blocks of readings without a number that overlap the window.
    pub(super) async fn unnumbered_blocks(
        &self,
        connection: &mut Conn,
    ) -> Result<Vec<BlockRow>, DatabaseError> {
        let sql = format!(
            "SELECT first_source_id, last_source_id, first_at, last_at, readings \
             FROM reading_blocks FORCE INDEX (ix_reading_blocks_drive) \
             WHERE source_device = ? AND drive_id = {NO_NUMBER} AND first_at BETWEEN ? AND ? AND last_at >= ?"
        );
        let values = [
            Value::from(&self.device_id),
            (self.start - DAY).into(),
            self.window_end.into(),
            self.start.into(),
        ];
        let mut blocks: Vec<BlockRow> = Statement::new(sql, values).fetch_all(connection).await?;
        blocks.retain(|(_, _, first_at, last_at, _)| {
            self.overlap(*first_at, *last_at) != Overlap::None
        });
        Ok(blocks)
    }

    pub(super) fn overlap(&self, first_at: NaiveDateTime, last_at: NaiveDateTime) -> Overlap {
        let ends_by = |time: NaiveDateTime| {
            time <= self.window_end && self.cut_at.is_none_or(|cut_at| time < cut_at)
        };
        if last_at < self.start || !ends_by(first_at) {
            Overlap::None
        } else if first_at >= self.start && ends_by(last_at) {
            Overlap::Whole
        } else {
            Overlap::Partial
        }
    }
}

/// The times of readings without a number.
pub(super) const WINDOW: &str =
    "timestamp >= ? AND timestamp <= ? AND timestamp < COALESCE(?, '9999-12-31 23:59:59.999999')";

/// Joins ranges that overlap or touch; a few at most.
fn ranges(ranges: impl Iterator<Item = (i64, i64)>) -> Vec<(i64, i64)> {
    let mut sorted: Vec<_> = ranges.collect();
    sorted.sort_unstable();
    let mut joined: Vec<(i64, i64)> = Vec::new();
    for (first, last) in sorted {
        match joined.last_mut() {
            Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
            _ => joined.push((first, last)),
        }
    }
    if joined.len() > RANGES {
        let all = joined.first().zip(joined.last());
        joined = all
            .map(|((first, _), (_, last))| (*first, *last))
            .into_iter()
            .collect();
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> NaiveDateTime {
        "2026-02-01T14:00:00".parse::<NaiveDateTime>().unwrap() + TimeDelta::minutes(minute)
    }

    fn readings(source_ids: Option<(i64, i64)>) -> DriveReadings {
        DriveReadings {
            device_id: "chi-eclipse-01".to_owned(),
            drive_id: source_ids.map(|_| 7),
            source_ids,
            start: at(0),
            end: None,
            window_end: at(30),
            cut_at: Some(at(20)),
            rows: source_ids.into_iter().collect(),
        }
    }

    #[test]
    fn every_placeholder_has_a_value() {
        for source_ids in [None, Some((1, 9))] {
            let part = readings(source_ids).part();
            let places = part.from_where.matches('?').count();
            assert_eq!(places, part.values.len(), "{}", part.from_where);
        }
    }

    #[test]
    fn ranges_that_touch_are_joined_and_many_are_one() {
        let joined = ranges([(5, 9), (1, 4), (20, 30), (22, 25)].into_iter());
        assert_eq!(joined, [(1, 9), (20, 30)]);
        let many = (0..100).map(|number| (10 * number, 10 * number + 1));
        assert_eq!(ranges(many), [(0, 991)]);
        let few = (0..64).map(|number| (10 * number, 10 * number + 1));
        assert_eq!(ranges(few).len(), 64);
    }

    #[test]
    fn a_window_ends_at_its_end_and_before_its_cut() {
        let readings = readings(None);
        for (from, to, overlap) in [
            (0, 19, Overlap::Whole),
            (0, 20, Overlap::Partial),
            (-1, 0, Overlap::Partial),
            (20, 30, Overlap::None),
            (-9, -1, Overlap::None),
        ] {
            assert_eq!(
                readings.overlap(at(from), at(to)),
                overlap,
                "{from} to {to}"
            );
        }
    }
}
