//! The table `drive_events`: the drive events of a device's log as drives were last found in them.
//!
//! `connection_log` shows what an event is, `drive_events` what it was. An event that has got a number, another type or
//! another time since, or is none any more, is therefore noticed whatever the batch says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};

use chrono::NaiveDateTime;
use mysql_async::{Row, Value};

use super::pairing::{Drive, DriveEvent, DriveEventKind, number_of, unnumbered};
use crate::database::{DatabaseError, Statement, Transaction, convert};

/// How many rows or values one statement has.
const CHUNK: usize = 500;

/// Events whose neighbours are looked up one by one; more are looked up together.
const SINGLE_LOOKUPS: usize = 64;

const IS_DRIVE_EVENT: &str = "event_type IN ('drive_start', 'drive_end')";

/// `source_id`, time, type, number; the number that it joined.
type LogRow = (i64, NaiveDateTime, String, Option<i64>, Option<i64>);

/// An event, and the number of its drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Logged {
    event: DriveEvent,
    joined_id: Option<i64>,
}

type Events = BTreeMap<i64, Logged>;

/// What a batch changes about the drive events of its device.
#[derive(Clone, Debug, Default)]
pub(super) struct LogChanges {
    /// The numbers whose events have changed.
    pub numbers: BTreeSet<i64>,
    /// The starts that make or made a drive without a number.
    pub starts: BTreeSet<i64>,
    /// The drives without a number among those.
    pub unnumbered: Vec<Drive>,
    /// The changed ends that end no start beside them, with their number.
    ends_without_start: Vec<Option<i64>>,
}

impl LogChanges {
    /// Whether an end has changed that belongs to none of the drives.
    pub(super) fn has_end_without_start(&self, drives: &[Drive]) -> bool {
        let started: BTreeSet<_> = drives
            .iter()
            .filter(|drive| drive.start_source_id.is_some())
            .filter_map(|drive| drive.drive_id)
            .collect();
        self.ends_without_start
            .iter()
            .any(|number| number.is_none_or(|number| !started.contains(&number)))
    }
}

/// Brings the table up to date with rows of the log that were just stored.
pub(super) async fn refresh(
    transaction: &mut Transaction<'_>,
    device_id: &str,
    source_ids: &[i64],
) -> Result<LogChanges, DatabaseError> {
    let mut before = Events::new();
    let mut changed = BTreeSet::new();
    for chunk in source_ids.chunks(CHUNK) {
        let queries = [
            in_log(device_id, chunk),
            by_keys(device_id, "source_id", chunk),
        ];
        let [stored, known] = transaction.answers(queries.each_ref()).await?;
        let (stored, known) = (events(convert(stored)?), events(convert(known)?));
        let is_other = |source_id: &&i64| {
            stored.get(source_id).map(|event| event.event)
                != known.get(source_id).map(|event| event.event)
        };
        let others: Vec<i64> = chunk.iter().filter(is_other).copied().collect();
        let gone = others.iter().filter(|id| !stored.contains_key(id));
        for source_id in gone {
            let sql = "DELETE FROM drive_events WHERE source_device = ? AND source_id = ?";
            let values = [Value::from(device_id), source_id.into()];
            transaction.defer(&Statement::new(sql, values));
        }
        let now = others.iter().filter_map(|id| stored.get(id));
        write(transaction, device_id, &now.copied().collect::<Vec<_>>());
        changed.extend(others);
        before.extend(known);
    }
    if changed.is_empty() {
        return Ok(LogChanges::default());
    }
    let around = around(transaction, device_id, &changed).await?;
    Ok(join(transaction, device_id, &before, &changed, &around))
}

/// The query for the drive events among these rows of the log.
fn in_log(device_id: &str, source_ids: &[i64]) -> Statement {
    let places = vec!["?"; source_ids.len()].join(", ");
    let sql = format!(
        "SELECT source_id, timestamp, event_type, drive_id, NULL FROM connection_log \
         WHERE source_device = ? AND source_id IN ({places}) AND {IS_DRIVE_EVENT}"
    );
    with_keys(sql, device_id, source_ids)
}

/// The query for the events whose `column` has one of the values.
fn by_keys(device_id: &str, column: &str, keys: &[i64]) -> Statement {
    let places = vec!["?"; keys.len()].join(", ");
    let sql = format!(
        "SELECT source_id, timestamp, event_type, drive_id, joined_id FROM drive_events \
         WHERE source_device = ? AND {column} IN ({places})"
    );
    with_keys(sql, device_id, keys)
}

fn with_keys(sql: String, device_id: &str, keys: &[i64]) -> Statement {
    let values = [Value::from(device_id)].into_iter();
    Statement::new(sql, values.chain(keys.iter().map(Value::from)))
}

fn events(rows: Vec<LogRow>) -> Events {
    rows.into_iter().filter_map(read).collect()
}

fn read((source_id, at, event_type, drive_id, joined_id): LogRow) -> Option<(i64, Logged)> {
    let event = DriveEvent {
        source_id,
        at,
        kind: DriveEventKind::of(&event_type)?,
        drive_id,
    };
    Some((source_id, Logged { event, joined_id }))
}

fn write(transaction: &mut Transaction<'_>, device_id: &str, events: &[Logged]) {
    for chunk in events.chunks(CHUNK) {
        let places = vec!["(?, ?, ?, ?, ?, ?)"; chunk.len()].join(", ");
        let sql = format!(
            "INSERT INTO drive_events (source_device, source_id, timestamp, event_type, drive_id, joined_id) \
             VALUES {places} ON DUPLICATE KEY UPDATE timestamp = VALUES(timestamp), \
             event_type = VALUES(event_type), drive_id = VALUES(drive_id), joined_id = VALUES(joined_id)"
        );
        let values = chunk.iter().flat_map(|Logged { event, joined_id }| {
            [
                Value::from(device_id),
                event.source_id.into(),
                event.at.into(),
                event.kind.as_str().into(),
                event.drive_id.into(),
                (*joined_id).into(),
            ]
        });
        transaction.defer(&Statement::new(sql, values));
    }
}

/// The changed events with at least two events before and after each.
async fn around(
    transaction: &mut Transaction<'_>,
    device_id: &str,
    changed: &BTreeSet<i64>,
) -> Result<Events, DatabaseError> {
    let changed: Vec<i64> = changed.iter().copied().collect();
    let together = if changed.len() <= SINGLE_LOOKUPS {
        1
    } else {
        CHUNK
    };
    let columns = "SELECT source_id, timestamp, event_type, drive_id, joined_id FROM drive_events \
                   WHERE source_device = ? AND source_id";
    let one = format!(
        "({columns} < ? ORDER BY source_id DESC LIMIT 2) UNION ALL ({columns} BETWEEN ? AND ?) \
         UNION ALL ({columns} > ? ORDER BY source_id LIMIT 2)"
    );
    let mut found = Events::new();
    let groups: Vec<(i64, i64)> = changed
        .chunks(together)
        .filter_map(|group| Some((*group.first()?, *group.last()?)))
        .collect();
    for chunk in groups.chunks(SINGLE_LOOKUPS) {
        let sql = vec![one.as_str(); chunk.len()].join(" UNION ALL ");
        let values = chunk.iter().flat_map(|(first, last)| {
            [
                Value::from(device_id),
                first.into(),
                device_id.into(),
                first.into(),
                last.into(),
                device_id.into(),
                last.into(),
            ]
        });
        let rows: Vec<LogRow> = transaction.rows(&Statement::new(sql, values)).await?;
        found.extend(events(rows));
    }
    Ok(found)
}

/// Joins the changed events and their neighbours again. `before` are the changed events as they were, `around` all
/// events as they are now, with two more on either side of each changed one.
fn join(
    transaction: &mut Transaction<'_>,
    device_id: &str,
    before: &Events,
    changed: &BTreeSet<i64>,
    around: &Events,
) -> LogChanges {
    let mut affected = changed.clone();
    for source_id in changed {
        let previous = around.range(..source_id).next_back();
        let next = around.range((Excluded(*source_id), Unbounded)).next();
        affected.extend(previous.into_iter().chain(next).map(|(id, _)| *id));
    }
    let mut news = LogChanges::default();
    let mut rejoined = Vec::new();
    for source_id in &affected {
        if let Some(old) = before.get(source_id).or_else(|| around.get(source_id)) {
            news.remember(old);
        }
        let Some(now) = around.get(source_id) else {
            continue;
        };
        let previous = around.range(..source_id).next_back();
        let previous = previous.map(|(_, previous)| &previous.event);
        let next = around.range((Excluded(*source_id), Unbounded)).next();
        let next = next.map(|(_, next)| &next.event);
        let joined_id = number_of(previous, &now.event, next);
        let joined = Logged {
            event: now.event,
            joined_id,
        };
        if joined.joined_id != now.joined_id {
            rejoined.push(joined);
        }
        news.remember(&joined);
        match joined.event.kind {
            DriveEventKind::Start if joined_id.is_none() => {
                news.unnumbered.push(unnumbered(&joined.event, next));
            }
            DriveEventKind::End
                if changed.contains(source_id)
                    && previous.is_none_or(|previous| {
                        previous.kind == DriveEventKind::End
                            || joined_id.is_some() && previous.drive_id != joined_id
                    }) =>
            {
                news.ends_without_start.push(joined_id);
            }
            _ => {}
        }
    }
    write(transaction, device_id, &rejoined);
    news
}

impl LogChanges {
    fn remember(&mut self, logged: &Logged) {
        match logged.joined_id {
            Some(number) => {
                self.numbers.insert(number);
            }
            None if logged.event.kind == DriveEventKind::Start => {
                self.starts.insert(logged.event.source_id);
            }
            None => {}
        }
    }
}

/// The query for the events of these numbers.
pub(super) fn of_numbers(device_id: &str, numbers: &[i64]) -> Statement {
    by_keys(device_id, "joined_id", numbers)
}

/// The events of each number in the answer to [`of_numbers`].
pub(super) fn by_number(answer: Vec<Row>) -> Result<BTreeMap<i64, Vec<DriveEvent>>, DatabaseError> {
    let mut by_number: BTreeMap<i64, Vec<DriveEvent>> = BTreeMap::new();
    for Logged { event, joined_id } in events(convert(answer)?).into_values() {
        if let Some(number) = joined_id {
            by_number.entry(number).or_default().push(event);
        }
    }
    Ok(by_number)
}
