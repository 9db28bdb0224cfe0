//! What is known of a device across its batches: its epoch, its stored ids and its contacts. Read with the first statements
//! of a transaction, under the lock on the device, and written with the last ones: neither takes a round trip of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::{NaiveDateTime, TimeDelta};
use mysql_async::{Row, Value};

use super::placeholders;
use crate::contacts::Contacts;
use crate::database::{DatabaseError, Statement, Transaction, convert};
use crate::sync::batch::{Batch, Cell, MirroredTable, PassthroughTable};
use crate::sync::id_pages::{IdPages, Page};

/// The number of pages in one statement.
const CHUNK: usize = 500;

/// A reading that is further in the future comes from a wrong clock and does not count as the newest one.
const FUTURE: TimeDelta = TimeDelta::days(1);

/// The offset between the device's integer ids and `source_id`, as of an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Epoch {
    pub number: i64,
    pub id_offset: i64,
}

impl Epoch {
    /// The `source_id` of a row of an integer table.
    pub(super) fn source_id(self, id: i64) -> i64 {
        id.saturating_add(self.id_offset)
    }

    /// The `source_id` of a row of a passthrough table, whose keys are text.
    pub(super) fn text_source_id(self, id: &str) -> Option<String> {
        let id = canonical_integer(id)?;
        (self.id_offset != 0).then(|| self.source_id(id).to_string())
    }
}

/// The state of a device at the beginning of a batch.
pub(super) struct DeviceState {
    /// The epoch that the batch is stored in.
    pub epoch: Epoch,
    /// The latest epoch of the device.
    pub latest: Epoch,
    pub newest_reading_at: Option<NaiveDateTime>,
    pub now: NaiveDateTime,
    /// The stored ids around those of the batch, by table.
    stored: BTreeMap<String, IdPages>,
    is_counted: bool,
    is_known: bool,
    contacts: Contacts,
}

type StateRow = (
    NaiveDateTime,
    Option<i64>,
    Option<i64>,
    Option<NaiveDateTime>,
    Option<i64>,
    Option<i64>,
    Option<f64>,
    Option<f64>,
);

/// The query for everything but the stored ids. The device has its row in `devices` by now.
pub(super) fn query() -> Statement {
    let sql = "SELECT NOW(6), s.epoch, s.id_offset, s.newest_reading_at, s.is_counted, \
               TIMESTAMPDIFF(MICROSECOND, s.last_contact_at, NOW(6)), s.pause_seconds, s.pause_seconds_square \
               FROM devices AS d LEFT JOIN sync_devices AS s ON s.source_device = d.device_id WHERE d.device_id = @device";
    Statement::new(sql, [Value::NULL; 0])
}

/// Sets what [`ids_query`] needs before the epoch of the device is known here.
pub(super) fn set_page_offset() -> Statement {
    let sql = "SET @page_offset = COALESCE((SELECT id_offset FROM sync_devices WHERE source_device = @device), 0) DIV 4096";
    Statement::new(sql, [Value::NULL; 0])
}

/// The query for the stored ids around those of the batch. `None` if it has no integer ids, or too many pages of them for
/// one statement.
pub(super) fn ids_query(batch: &Batch) -> Option<Statement> {
    let ids = ids_by_table(batch, Epoch::default());
    let pages: Vec<(&str, i64)> = pages_of(&ids);
    (!pages.is_empty() && pages.len() <= CHUNK).then(|| stored_query(&pages, "@page_offset"))
}

fn stored_query(pages: &[(&str, i64)], offset: &str) -> Statement {
    let mut by_table: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for (table, page) in pages {
        by_table.entry(table).or_default().push(*page);
    }
    let mut conditions = Vec::new();
    let mut values = Vec::new();
    for (table, pages) in by_table {
        let places = vec![format!("? + {offset}"); pages.len()].join(", ");
        conditions.push(format!("(table_name = ? AND page IN ({places}))"));
        values.push(Value::from(table));
        values.extend(pages.into_iter().map(Value::from));
    }
    let sql = format!(
        "SELECT table_name, page, runs FROM stored_ids WHERE source_device = @device AND ({})",
        conditions.join(" OR ")
    );
    Statement::new(sql, values)
}

/// The integer ids of the batch as `source_id`s, by table.
fn ids_by_table(batch: &Batch, epoch: Epoch) -> BTreeMap<&str, IdPages> {
    let mirrored = batch.mirrored.iter().map(|sheet| {
        let rows = sheet.rows().iter();
        let ids = rows.filter_map(|row| Some(epoch.source_id(sheet.integer_id(*row)?)));
        (sheet.table.name, IdPages::of_sorted(ids))
    });
    let extra = batch.passthrough.iter().map(|sheet| {
        let ids = integer_ids(sheet).into_iter().map(|id| epoch.source_id(id));
        (sheet.table.as_str(), IdPages::of_sorted(ids))
    });
    mirrored
        .chain(extra)
        .filter(|(_, ids)| ids.pages().next().is_some())
        .collect()
}

fn integer_ids(sheet: &PassthroughTable) -> BTreeSet<i64> {
    let ids = sheet.rows().iter().map(|row| sheet.id(*row));
    ids.filter_map(canonical_integer).collect()
}

/// The number that a text is the usual form of.
fn canonical_integer(text: &str) -> Option<i64> {
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

fn pages_of<'a>(ids: &BTreeMap<&'a str, IdPages>) -> Vec<(&'a str, i64)> {
    let tables = ids.iter();
    tables
        .flat_map(|(table, ids)| ids.pages().map(|(page, _)| (*table, page)))
        .collect()
}

impl DeviceState {
    /// Reads the answer to [`query`].
    pub(super) fn read(answer: Vec<Row>) -> Result<Self, DatabaseError> {
        let rows: Vec<StateRow> = convert(answer)?;
        let row = rows.into_iter().next().ok_or(DatabaseError::Closed)?;
        let (now, epoch, id_offset, newest_reading_at, is_counted, pause, sum, square) = row;
        let latest = Epoch {
            number: epoch.unwrap_or_default(),
            id_offset: id_offset.unwrap_or_default(),
        };
        Ok(Self {
            epoch: latest,
            latest,
            newest_reading_at,
            now,
            stored: BTreeMap::new(),
            is_counted: is_counted == Some(1),
            is_known: epoch.is_some(),
            contacts: Contacts {
                pause_seconds: sum.unwrap_or_default(),
                pause_seconds_square: square.unwrap_or_default(),
            }
            .after(pause.and_then(|pause| u64::try_from(pause).ok())),
        })
    }

    /// Reads the answer to [`ids_query`], or asks for the ids where that query was not sent.
    pub(super) async fn read_ids(
        &mut self,
        transaction: &mut Transaction<'_>,
        batch: &Batch,
        answer: Option<Vec<Row>>,
    ) -> Result<(), DatabaseError> {
        if let Some(answer) = answer {
            self.keep_ids(convert(answer)?);
            return Ok(());
        }
        let ids = ids_by_table(batch, self.epoch);
        for chunk in pages_of(&ids).chunks(CHUNK) {
            self.keep_ids(transaction.rows(&stored_query(chunk, "0")).await?);
        }
        Ok(())
    }

    fn keep_ids(&mut self, rows: Vec<(String, i64, Vec<u8>)>) {
        for (table, page, runs) in rows {
            let stored = self.stored.entry(table).or_default();
            stored.insert_page(page, Page::decode(&runs));
        }
    }

    /// The batch is stored in another epoch, whose stored ids are still to be read.
    pub(super) fn switch_to(&mut self, epoch: Epoch) {
        self.epoch = epoch;
        self.stored.clear();
    }

    /// True if a row with that `source_id` is known to be stored.
    pub(super) fn has(&self, table: &str, source_id: i64) -> bool {
        let stored = self.stored.get(table);
        stored.is_some_and(|stored| stored.contains(source_id))
    }

    /// A device that has no state has no rows either, unless they were stored before this state existed.
    pub(super) async fn count_if_new(
        &mut self,
        transaction: &mut Transaction<'_>,
    ) -> Result<(), DatabaseError> {
        if self.is_known {
            return Ok(());
        }
        let tables = [
            "realtime_data",
            "statistics",
            "ai_recommendations",
            "connection_log",
            "alert_log",
        ];
        let exists = tables
            .iter()
            .chain(&["calibration_sessions", "extra_rows"])
            .map(|table| format!("EXISTS (SELECT 1 FROM {table} WHERE source_device = @device)"));
        let sql = format!("SELECT {}", exists.collect::<Vec<_>>().join(" OR "));
        let has_rows: Vec<i64> = transaction
            .rows(&Statement::new(sql, [Value::NULL; 0]))
            .await?;
        self.is_counted = has_rows == [0];
        Ok(())
    }

    /// Writes the state as it is after the batch. All of it is deferred.
    pub(super) fn record(
        &self,
        transaction: &mut Transaction<'_>,
        batch: &Batch,
        completed_at: NaiveDateTime,
    ) {
        for (table, ids) in ids_by_table(batch, self.epoch) {
            let none = IdPages::default();
            let changed = self.stored.get(table).unwrap_or(&none).changed_by(&ids);
            for statement in store_pages(table, &changed) {
                transaction.defer(&statement);
            }
        }
        transaction.defer(&self.update_device(batch, completed_at));
        let tables = batch.tables();
        if !tables.is_empty() && batch.rows() > 0 {
            let sql = format!(
                "INSERT INTO sync_tables (source_device, table_name, last_batch_id, last_batch_at) VALUES {} \
                 ON DUPLICATE KEY UPDATE last_batch_id = VALUES(last_batch_id), last_batch_at = VALUES(last_batch_at)",
                vec!["(@device, ?, @batch, ?)"; tables.len()].join(", ")
            );
            let values = tables
                .iter()
                .flat_map(|table| [Value::from(table), Value::from(completed_at)]);
            transaction.defer(&Statement::new(sql, values));
        }
    }

    fn update_device(&self, batch: &Batch, completed_at: NaiveDateTime) -> Statement {
        let newest = batch
            .mirrored_table("realtime_data")
            .and_then(|sheet| newest_time(sheet, self.now + FUTURE));
        let last_batch = if batch.rows() > 0 {
            "last_batch_id = VALUES(last_batch_id), last_batch_at = VALUES(last_batch_at), "
        } else {
            ""
        };
        let sql = format!(
            "INSERT INTO sync_devices (source_device, epoch, id_offset, newest_reading_at, is_counted, last_contact_at, \
             pause_seconds, pause_seconds_square, last_batch_id, last_batch_at) \
             VALUES (@device, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE {last_batch}\
             epoch = VALUES(epoch), id_offset = VALUES(id_offset), newest_reading_at = VALUES(newest_reading_at), \
             last_contact_at = VALUES(last_contact_at), pause_seconds = VALUES(pause_seconds), \
             pause_seconds_square = VALUES(pause_seconds_square)"
        );
        let has_rows = batch.rows() > 0;
        let values = [
            Value::from(self.latest.number),
            Value::from(self.latest.id_offset),
            Value::from(self.newest_reading_at.max(newest)),
            Value::from(self.is_counted),
            Value::from(completed_at),
            Value::from(self.contacts.pause_seconds),
            Value::from(self.contacts.pause_seconds_square),
            Value::from(has_rows.then_some(batch.batch_id.as_str())),
            Value::from(has_rows.then_some(completed_at)),
        ];
        Statement::new(sql, values)
    }
}

/// Replaces pages of stored ids.
pub(in crate::sync) fn store_pages(table: &str, pages: &IdPages) -> Vec<Statement> {
    let rows: Vec<(i64, &Page)> = pages.pages().collect();
    let statements = rows.chunks(CHUNK).map(|chunk| {
        let sql = format!(
            "INSERT INTO stored_ids (source_device, table_name, page, runs) VALUES {} \
             ON DUPLICATE KEY UPDATE runs = VALUES(runs)",
            vec!["(@device, ?, ?, UNHEX(?))"; chunk.len()].join(", ")
        );
        let values = chunk.iter().flat_map(|(page, ids)| {
            let mut hex = String::new();
            for byte in ids.encode() {
                let _ = write!(hex, "{byte:02x}");
            }
            [Value::from(table), Value::from(*page), Value::from(hex)]
        });
        Statement::new(sql, values)
    });
    statements.collect()
}

/// The pages of these ids of a table that are stored.
pub(in crate::sync) fn stored_pages_query(table: &str, ids: &IdPages) -> Statement {
    let pages: Vec<i64> = ids.pages().map(|(page, _)| page).collect();
    let sql = format!(
        "SELECT page, runs FROM stored_ids WHERE source_device = @device AND table_name = ? AND page IN {}",
        placeholders(pages.len().max(1))
    );
    let values = std::iter::once(Value::from(table)).chain(pages.into_iter().map(Value::from));
    Statement::new(sql, values)
}

fn newest_time(sheet: &MirroredTable, limit: NaiveDateTime) -> Option<NaiveDateTime> {
    let position = sheet.table.position("timestamp")?;
    let cells = sheet.rows().iter().map(|row| sheet.cell(*row, position));
    cells
        .filter_map(|cell| match cell {
            Cell::Time(time) if time <= limit => Some(time),
            _ => None,
        })
        .max()
}
