//! What is known of a device across its batches: its epoch, its stored ids and its contacts. Read with the first statements
//! of a transaction, under the lock on the device, and written with the last ones: neither takes a round trip of its own.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::Range;
use std::time::Instant;

use chrono::{NaiveDateTime, TimeDelta};
use mysql_async::Value;

use super::clock::DatabaseClock;
use super::state_query::{StateRow, state_query, stored_query};
use super::{drives, placeholders};
use crate::contacts::Contacts;
use crate::database::{DatabaseError, Statement, Transaction, convert};
use crate::drives::Candidates;
use crate::sync::batch::{Batch, Cell, MirroredTable, PassthroughTable, canonical_integer};
use crate::sync::id_pages::{IdPages, PAGE_IDS, Page, page_of};

/// The number of pages in one statement.
const CHUNK: usize = 500;

/// A reading that is further in the future comes from a wrong clock and does not count as the newest one.
const FUTURE: TimeDelta = TimeDelta::days(1);

/// The number of ids of an epoch after the first one, and the distance between the offsets of two. A multiple of the size of
/// a page, and readable: `source_id` 2000000000017 is the id 17 of epoch 2.
pub(in crate::sync) const EPOCH_IDS: i64 = 1_000_000_000_000;

/// The pages of an epoch after the first one.
pub(in crate::sync) fn pages_of_epoch(id_offset: i64) -> Range<i64> {
    page_of(id_offset)..page_of(id_offset) + EPOCH_IDS / PAGE_IDS
}

/// The offset between the device's integer ids and `source_id`, as of an epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Epoch {
    pub number: i64,
    pub id_offset: i64,
}

impl Epoch {
    /// The `source_id` of a row of an integer table; `None` if the id leaves the epoch.
    pub(super) fn source_id(self, id: i64) -> Option<i64> {
        match self.number {
            0 => Some(id),
            _ if (0..EPOCH_IDS).contains(&id) => id.checked_add(self.id_offset),
            _ => None,
        }
    }

    /// The `source_id` of a row of a passthrough table, whose keys are text; `None` if it is a number that leaves the epoch.
    pub(super) fn text_source_id(self, id: &str) -> Option<Cow<'_, str>> {
        match canonical_integer(id) {
            Some(id) if self.number > 0 => {
                let id = i64::try_from(id).ok()?;
                Some(self.source_id(id)?.to_string().into())
            }
            _ => Some(id.into()),
        }
    }
}

/// The state of a device at the beginning of a batch.
pub(super) struct DeviceState {
    /// The epoch that the batch is stored in.
    pub epoch: Epoch,
    /// The latest epoch of the device.
    pub latest: Epoch,
    pub newest_reading_at: Option<NaiveDateTime>,
    pub clock: DatabaseClock,
    /// The stored ids around those of the batch, by table.
    stored: BTreeMap<String, IdPages>,
    is_counted: bool,
    is_known: bool,
    /// Whether any row of the device is quarantined.
    pub has_quarantined_rows: bool,
    /// The ids of the profiles that were asked for.
    pub profiles: Vec<Option<i64>>,
    /// The drives that the batch may continue.
    pub candidates: Candidates,
    contacts: Contacts,
}

/// The integer ids of the batch as `source_id`s, by table.
fn ids_by_table(batch: &Batch, epoch: Epoch) -> BTreeMap<&str, IdPages> {
    let mirrored = batch.mirrored.iter().map(|sheet| {
        let rows = sheet.rows().iter();
        let ids = rows.filter_map(|row| epoch.source_id(sheet.integer_id(*row)?));
        (sheet.table.name, IdPages::of_sorted(ids))
    });
    let extra = batch.passthrough.iter().map(|sheet| {
        let ids = integer_ids(sheet).into_iter();
        let ids = ids.filter_map(|id| epoch.source_id(id));
        (sheet.table.as_str(), IdPages::of_sorted(ids))
    });
    mirrored
        .chain(extra)
        .filter(|(_, ids)| ids.pages().next().is_some())
        .collect()
}

fn integer_ids(sheet: &PassthroughTable) -> BTreeSet<i64> {
    let ids = sheet.rows().iter().map(|row| sheet.id(*row));
    ids.filter_map(|id| canonical_integer(id)?.try_into().ok())
        .collect()
}

fn pages_of<'a>(ids: &BTreeMap<&'a str, IdPages>) -> Vec<(&'a str, i64)> {
    let tables = ids.iter();
    tables
        .flat_map(|(table, ids)| ids.pages().map(|(page, _)| (*table, page)))
        .collect()
}

impl DeviceState {
    /// Asks for the state, with the stored ids around those of the batch, the ids of profiles, and the drives that the batch
    /// may continue.
    pub(super) async fn read(
        transaction: &mut Transaction<'_>,
        batch: &Batch,
        profiles: &[&str],
    ) -> Result<Self, DatabaseError> {
        let ids = ids_by_table(batch, Epoch::default());
        let pages = pages_of(&ids);
        let lacks_ids = pages.len() > CHUNK;
        let query = state_query(if lacks_ids { &[] } else { &pages }, profiles);
        let clock = DatabaseClock::asked_at(Instant::now());
        let (rows, candidates) = if let Some(of_drives) = drives::candidates_query(batch) {
            let [rows, candidates] = transaction.answers([&query, &of_drives]).await?;
            (rows, Candidates::read(candidates)?)
        } else {
            let [rows] = transaction.answers([&query]).await?;
            (rows, Candidates::default())
        };
        let mut rows: Vec<StateRow> = convert(rows)?;
        let pages: Vec<_> = rows.iter_mut().filter_map(|row| row.page.take()).collect();
        let row = rows.into_iter().next().ok_or(DatabaseError::Closed)?;
        let latest = Epoch {
            number: row.epoch.unwrap_or_default(),
            id_offset: row.id_offset.unwrap_or_default(),
        };
        let pause = row.pause_microseconds;
        let mut state = Self {
            epoch: latest,
            latest,
            newest_reading_at: row.newest_reading_at,
            clock: clock.answered(row.now),
            stored: BTreeMap::new(),
            is_counted: row.is_counted == Some(true),
            is_known: row.epoch.is_some(),
            has_quarantined_rows: row.has_quarantined_rows,
            profiles: row.profiles,
            candidates,
            contacts: Contacts {
                pause_seconds: row.pause_seconds.unwrap_or_default(),
                pause_seconds_square: row.pause_seconds_square.unwrap_or_default(),
            }
            .after(pause.and_then(|pause| u64::try_from(pause).ok())),
        };
        state.keep_ids(pages);
        if lacks_ids {
            state.read_ids(transaction, batch).await?;
        }
        Ok(state)
    }

    /// Asks for the stored ids around those of the batch, in the epoch of the batch.
    async fn read_ids(
        &mut self,
        transaction: &mut Transaction<'_>,
        batch: &Batch,
    ) -> Result<(), DatabaseError> {
        let ids = ids_by_table(batch, self.epoch);
        for chunk in pages_of(&ids).chunks(CHUNK) {
            self.keep_ids(transaction.rows(&stored_query(chunk)).await?);
        }
        Ok(())
    }

    fn keep_ids(&mut self, rows: Vec<(String, i64, Vec<u8>)>) {
        for (table, page, runs) in rows {
            let stored = self.stored.entry(table).or_default();
            stored.insert_page(page, Page::decode(&runs));
        }
    }

    /// The batch is stored in a new epoch, which has no rows.
    pub(super) fn start(&mut self, epoch: Epoch) {
        self.latest = epoch;
        self.epoch = epoch;
        self.stored.clear();
    }

    /// The batch is stored in an earlier epoch.
    pub(super) async fn return_to(
        &mut self,
        epoch: Epoch,
        transaction: &mut Transaction<'_>,
        batch: &Batch,
    ) -> Result<(), DatabaseError> {
        self.epoch = epoch;
        self.stored.clear();
        self.read_ids(transaction, batch).await
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
        // In one order, since failures are recorded without the lock on the device.
        let tables: BTreeSet<String> = batch.tables().into_iter().collect();
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
            .and_then(|sheet| newest_time(sheet, self.clock.now() + FUTURE));
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
