//! The readings of a number, as the rows of its blocks show them.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use mysql_async::{Row, Value};

use super::{COLUMNS, Summary, summaries};
use crate::database::{DatabaseError, Statement, Transaction, convert};
use crate::drives::known::ByKey;
use crate::drives::pairing::{Drive, ReadingRun};

/// The query for the readings of these numbers.
pub(in crate::drives) fn of_numbers(device_id: &str, numbers: &[i64]) -> Statement {
    let places = vec!["?"; numbers.len()].join(", ");
    let sql = format!(
        "SELECT {COLUMNS} FROM reading_blocks FORCE INDEX (ix_reading_blocks_drive) \
         WHERE source_device = ? AND drive_id IN ({places})"
    );
    let values = [Value::from(device_id)].into_iter();
    Statement::new(sql, values.chain(numbers.iter().map(Value::from)))
}

/// The readings of each number in the answer to [`of_numbers`]. Within a run no reading is more than `silence` after the
/// one before. Where retention has removed rows, the drives that are known show how they were divided.
pub(in crate::drives) async fn runs(
    transaction: &mut Transaction<'_>,
    device_id: &str,
    answer: Vec<Row>,
    silence: TimeDelta,
    known: &ByKey,
) -> Result<BTreeMap<i64, Vec<ReadingRun>>, DatabaseError> {
    let mut runs: BTreeMap<i64, Vec<ReadingRun>> = BTreeMap::new();
    for ((_, number, day), summary) in summaries(convert(answer)?) {
        let of_number = runs.entry(number).or_default();
        if summary.spans(silence) {
            let rows = rows_of(transaction, device_id, number, day, &summary).await?;
            let stored = split(&rows, silence);
            if i64::try_from(rows.len()) == Ok(summary.readings) {
                of_number.extend(stored);
                continue;
            }
            let drives = known.values().map(|row| &row.drive);
            let drives = drives.filter(|drive| drive.drive_id == Some(number));
            let removed: Vec<_> = drives
                .filter_map(|drive| part_of(drive, &summary))
                .collect();
            if !removed.is_empty() {
                of_number.extend(removed.into_iter().chain(stored));
                continue;
            }
        }
        of_number.push(ReadingRun {
            first: summary.first,
            last: summary.last,
            earliest: summary.earliest,
            latest: summary.latest,
        });
    }
    Ok(runs)
}

/// Keys and times of the readings that are summed up, in the order of their keys. At most 256.
async fn rows_of(
    transaction: &mut Transaction<'_>,
    device_id: &str,
    number: i64,
    day: NaiveDate,
    summary: &Summary,
) -> Result<Vec<(i64, NaiveDateTime)>, DatabaseError> {
    let sql = "SELECT source_id, timestamp FROM realtime_data FORCE INDEX (uq_realtime_data_source) \
               WHERE source_device = ? AND source_id BETWEEN ? AND ? AND drive_id = ? AND DATE(timestamp) = ? \
               ORDER BY source_id";
    let values = [
        Value::from(device_id),
        summary.first.into(),
        summary.last.into(),
        number.into(),
        day.into(),
    ];
    transaction.rows(&Statement::new(sql, values)).await
}

/// The readings of a known drive that are summed up, whether they are still stored or not.
pub(super) fn part_of(drive: &Drive, summary: &Summary) -> Option<ReadingRun> {
    let (first, last) = drive.source_ids?;
    let (first, last) = (first.max(summary.first), last.min(summary.last));
    let ends_by = drive.window_end.unwrap_or(drive.start);
    let (earliest, latest) = if ends_by < summary.earliest || drive.start > summary.latest {
        // Its log has another clock. Which end it is at is all that is known.
        let time = if last == summary.last {
            summary.latest
        } else {
            summary.earliest
        };
        (time, time)
    } else {
        (
            drive.start.max(summary.earliest),
            ends_by.min(summary.latest),
        )
    };
    (first <= last).then_some(ReadingRun {
        first,
        last,
        earliest,
        latest,
    })
}

/// Divides readings, in the order of their keys, where the clock shows more than a silence.
pub(super) fn split(rows: &[(i64, NaiveDateTime)], silence: TimeDelta) -> Vec<ReadingRun> {
    let is_close =
        |one: &(i64, NaiveDateTime), next: &(i64, NaiveDateTime)| (next.1 - one.1).abs() <= silence;
    let runs = rows.chunk_by(is_close).filter_map(|run| {
        let times = run.iter().map(|(_, at)| *at);
        Some(ReadingRun {
            first: run.first()?.0,
            last: run.last()?.0,
            earliest: times.clone().min()?,
            latest: times.max()?,
        })
    });
    runs.collect()
}
