//! The readings of a number, as the rows of its blocks show them.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use mysql_async::{Row, Value};

use super::{COLUMNS, Summary, summaries};
use crate::database::{DatabaseError, Statement, Transaction, convert};
use crate::drives::pairing::ReadingRun;

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
/// one before.
pub(in crate::drives) async fn runs(
    transaction: &mut Transaction<'_>,
    device_id: &str,
    answer: Vec<Row>,
    silence: TimeDelta,
) -> Result<BTreeMap<i64, Vec<ReadingRun>>, DatabaseError> {
    let mut runs: BTreeMap<i64, Vec<ReadingRun>> = BTreeMap::new();
    for ((_, number, day), summary) in summaries(convert(answer)?) {
        let of_number = runs.entry(number).or_default();
        if summary.spans(silence) {
            let rows = rows_of(transaction, device_id, number, day, &summary).await?;
            // Without its rows, nothing shows where it is divided.
            if i64::try_from(rows.len()) == Ok(summary.readings) {
                of_number.extend(split(&rows, silence));
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
