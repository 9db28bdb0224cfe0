//! The table `reading_blocks`: what is known of a device's readings without reading them.
//!
//! A row sums up the readings of one drive number and day in a block of 256 `source_id`s. It is always what a query over
//! `realtime_data` returns: batches of new rows are added, and blocks with rows that were there before are summed up
//! again. So it depends neither on the order of arrival nor on repetitions. Only readings that retention has removed stay
//! summed up: their drives had them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use mysql_async::Value;

use super::arrivals::Arrivals;
use crate::database::{DatabaseError, Statement, Transaction, convert};

mod runs;

pub(super) use self::runs::{of_numbers, runs};

/// How many `source_id`s a block has.
const BLOCK: i64 = 256;

/// Stands for no number in the table's key.
pub(super) const NO_NUMBER: i64 = i64::MIN;

/// How many rows or values one statement has.
const CHUNK: usize = 500;

/// The columns of [`SummaryRow`], from the table.
const COLUMNS: &str =
    "block, drive_id, day, first_source_id, last_source_id, first_at, last_at, readings";

/// The key of a row: block, number or [`NO_NUMBER`], day.
type Key = (i64, i64, NaiveDate);

/// Key columns, first and last `source_id`, first and last time, number of readings.
type SummaryRow = (
    i64,
    i64,
    NaiveDate,
    i64,
    i64,
    NaiveDateTime,
    NaiveDateTime,
    i64,
);

/// Readings of one key, summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Summary {
    first: i64,
    last: i64,
    earliest: NaiveDateTime,
    latest: NaiveDateTime,
    readings: i64,
}

impl Summary {
    /// Whether its times are so far apart that there may be a silence between them.
    fn spans(&self, silence: TimeDelta) -> bool {
        self.latest - self.earliest > silence
    }

    /// What is stored, with what was there before and has been removed since.
    fn with_removed(self, before: Self) -> Self {
        let mut both = Self {
            first: self.first.min(before.first),
            last: self.last.max(before.last),
            earliest: self.earliest.min(before.earliest),
            latest: self.latest.max(before.latest),
            readings: self.readings,
        };
        if both != self {
            // More than are stored: the rows do not show all of it.
            both.readings += 1;
        }
        both.readings = both.readings.max(before.readings);
        both
    }
}

type Summaries = BTreeMap<Key, Summary>;

/// The block of a row.
pub(super) fn block_of(source_id: i64) -> i64 {
    source_id.div_euclid(BLOCK)
}

/// Adds readings that were just stored, none of which was stored before. Returns their numbers; `None` stands for
/// readings without one.
pub(super) async fn add(
    transaction: &mut Transaction<'_>,
    device_id: &str,
    arrivals: &Arrivals,
) -> Result<BTreeSet<Option<i64>>, DatabaseError> {
    let new = sum_up(arrivals);
    write(
        transaction,
        device_id,
        &new,
        "first_source_id = LEAST(first_source_id, VALUES(first_source_id)), \
         last_source_id = GREATEST(last_source_id, VALUES(last_source_id)), \
         first_at = LEAST(first_at, VALUES(first_at)), last_at = GREATEST(last_at, VALUES(last_at)), \
         readings = readings + VALUES(readings)",
    )
    .await?;
    Ok(numbers(new.keys()))
}

fn sum_up(arrivals: &Arrivals) -> Summaries {
    let mut summaries = Summaries::new();
    for reading in arrivals.all() {
        let (id, at) = (reading.source_id, reading.taken_at);
        let key = (
            block_of(id),
            reading.drive_id.unwrap_or(NO_NUMBER),
            at.date(),
        );
        let summary = summaries.entry(key).or_insert(Summary {
            first: id,
            last: id,
            earliest: at,
            latest: at,
            readings: 0,
        });
        *summary = Summary {
            first: summary.first.min(id),
            last: summary.last.max(id),
            earliest: summary.earliest.min(at),
            latest: summary.latest.max(at),
            readings: summary.readings + 1,
        };
    }
    summaries
}

fn numbers<'a>(keys: impl IntoIterator<Item = &'a Key>) -> BTreeSet<Option<i64>> {
    let numbers = keys.into_iter().map(|(_, number, _)| *number);
    numbers
        .map(|number| (number != NO_NUMBER).then_some(number))
        .collect()
}

/// Sums blocks up again, from their rows. Returns the numbers whose readings have changed, or may have, as [`add`] does.
pub(super) async fn refresh(
    transaction: &mut Transaction<'_>,
    device_id: &str,
    blocks: &BTreeSet<i64>,
    silence: TimeDelta,
) -> Result<BTreeSet<Option<i64>>, DatabaseError> {
    let mut changed_numbers = BTreeSet::new();
    for ranges in ranges_of(blocks).chunks(CHUNK / 4) {
        let queries = [stored, summed_up_from_rows].map(|query| query(device_id, ranges));
        let [before, after] = transaction.answers(queries.each_ref()).await?;
        let (before, mut after) = (summaries(convert(before)?), summaries(convert(after)?));
        keep_removed(&before, &mut after);
        let is_gone = |key: &&Key| !after.contains_key(key);
        let gone: Vec<Key> = before.keys().filter(is_gone).copied().collect();
        for (block, drive_id, day) in &gone {
            let sql = "DELETE FROM reading_blocks \
                       WHERE source_device = ? AND block = ? AND drive_id = ? AND day = ?";
            let values = [
                Value::from(device_id),
                block.into(),
                drive_id.into(),
                (*day).into(),
            ];
            transaction.defer(&Statement::new(sql, values));
        }
        let is_other = |(key, summary): &(&Key, &Summary)| before.get(key) != Some(summary);
        let changed: Summaries = after
            .iter()
            .filter(is_other)
            .map(|(key, summary)| (*key, *summary))
            .collect();
        write(
            transaction,
            device_id,
            &changed,
            "first_source_id = VALUES(first_source_id), last_source_id = VALUES(last_source_id), \
             first_at = VALUES(first_at), last_at = VALUES(last_at), readings = VALUES(readings)",
        )
        .await?;
        // A summary that spans a silence does not show when the readings between its ends were taken.
        let unsure = after.iter().filter(|(_, summary)| summary.spans(silence));
        changed_numbers.extend(numbers(gone.iter().chain(changed.keys())));
        changed_numbers.extend(
            numbers(unsure.map(|(key, _)| key))
                .into_iter()
                .flatten()
                .map(Some),
        );
    }
    Ok(changed_numbers)
}

/// A block that has fewer rows than before has lost them to retention: it stays what it was.
fn keep_removed(before: &Summaries, after: &mut Summaries) {
    let readings = |summaries: &Summaries, block: i64| {
        let of_block = summaries.range(keys_of(block));
        of_block.map(|(_, summary)| summary.readings).sum::<i64>()
    };
    let blocks: BTreeSet<i64> = before.keys().map(|(block, ..)| *block).collect();
    for block in blocks {
        if readings(after, block) >= readings(before, block) {
            continue;
        }
        for (key, summary) in before.range(keys_of(block)) {
            let now = after.entry(*key).or_insert(*summary);
            *now = now.with_removed(*summary);
        }
    }
}

fn keys_of(block: i64) -> RangeInclusive<Key> {
    (block, i64::MIN, NaiveDate::MIN)..=(block, i64::MAX, NaiveDate::MAX)
}

/// Ranges of adjacent blocks.
fn ranges_of(blocks: &BTreeSet<i64>) -> Vec<(i64, i64)> {
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for block in blocks {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *block => *last = *block,
            _ => ranges.push((*block, *block)),
        }
    }
    ranges
}

/// The query for the rows of the table.
fn stored(device_id: &str, ranges: &[(i64, i64)]) -> Statement {
    let any = vec!["block BETWEEN ? AND ?"; ranges.len()].join(" OR ");
    let sql = format!("SELECT {COLUMNS} FROM reading_blocks WHERE source_device = ? AND ({any})");
    let bounds = ranges.iter().flat_map(|(first, last)| [*first, *last]);
    let values = [Value::from(device_id)]
        .into_iter()
        .chain(bounds.map(Value::from));
    Statement::new(sql, values)
}

/// The query for what they should be.
fn summed_up_from_rows(device_id: &str, ranges: &[(i64, i64)]) -> Statement {
    let any = vec!["source_id BETWEEN ? AND ?"; ranges.len()].join(" OR ");
    // DIV rounds towards zero.
    let sql = format!(
        "SELECT source_id DIV {BLOCK} - (source_id < 0 AND source_id % {BLOCK} <> 0) AS the_block, \
         COALESCE(drive_id, {NO_NUMBER}) AS the_drive, DATE(timestamp) AS the_day, \
         MIN(source_id), MAX(source_id), MIN(timestamp), MAX(timestamp), COUNT(*) \
         FROM realtime_data FORCE INDEX (uq_realtime_data_source) \
         WHERE source_device = ? AND ({any}) GROUP BY the_block, the_drive, the_day"
    );
    let bounds = ranges.iter().flat_map(|(first, last)| {
        let last = last
            .saturating_add(1)
            .saturating_mul(BLOCK)
            .saturating_sub(1);
        [first.saturating_mul(BLOCK), last]
    });
    let values = [Value::from(device_id)]
        .into_iter()
        .chain(bounds.map(Value::from));
    Statement::new(sql, values)
}

fn summaries(rows: Vec<SummaryRow>) -> Summaries {
    let summaries = rows.into_iter().map(|row| {
        let (block, drive_id, day, first, last, earliest, latest, readings) = row;
        let summary = Summary {
            first,
            last,
            earliest,
            latest,
            readings,
        };
        ((block, drive_id, day), summary)
    });
    summaries.collect()
}

/// Inserts rows, with an update of those that exist.
async fn write(
    transaction: &mut Transaction<'_>,
    device_id: &str,
    summaries: &Summaries,
    update: &str,
) -> Result<(), DatabaseError> {
    let rows: Vec<_> = summaries.iter().collect();
    for (position, chunk) in rows.chunks(CHUNK).enumerate() {
        if position > 0 {
            transaction.connection().await?;
        }
        let places = vec!["(?, ?, ?, ?, ?, ?, ?, ?, ?)"; chunk.len()].join(", ");
        let sql = format!(
            "INSERT INTO reading_blocks (source_device, {COLUMNS}) VALUES {places} \
             ON DUPLICATE KEY UPDATE {update}"
        );
        let values = chunk.iter().flat_map(|((block, drive_id, day), summary)| {
            [
                Value::from(device_id),
                block.into(),
                drive_id.into(),
                (*day).into(),
                summary.first.into(),
                summary.last.into(),
                summary.earliest.into(),
                summary.latest.into(),
                summary.readings.into(),
            ]
        });
        transaction.defer(&Statement::new(sql, values));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
