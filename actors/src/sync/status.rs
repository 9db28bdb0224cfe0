//! How complete the data of each device is: rows, gaps, epochs, contacts, and the latest batch and failure of each table.
//!
//! Everything comes from small tables that the batches keep up to date. No large table is read, except for the counts of
//! tables that have few rows per device.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDateTime;
use mysql_async::Conn;
use mysql_async::prelude::FromRow;
use mysql_async::{FromRowError, Row};

use super::id_pages::{Coverage, IdPages, Page};
use super::store::device_state::pages_of_epoch;
use crate::contacts::DeviceContact;
use crate::database::{DatabaseError, read_columns, rows};

/// The number of gaps that are listed per table and epoch.
const GAP_LIMIT: usize = 100;

/// The number of devices in one answer, those with the latest contact first.
pub const DEVICE_LIMIT: usize = 100;

/// The synchronisation status of a device.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceSyncStatus {
    /// The device and its contacts.
    pub contact: DeviceContact,
    /// Its latest epoch.
    pub epoch: i64,
    /// All of its epochs after the first one.
    pub later_epochs: Vec<LaterEpoch>,
    /// False while rows that an earlier version of the server stored are still being counted.
    pub is_complete: bool,
    /// Its latest batch that was stored.
    pub last_batch: Option<BatchRef>,
    /// Its latest batch that was not stored.
    pub last_error: Option<BatchError>,
    /// Its tables, by name and epoch.
    pub tables: Vec<TableSyncStatus>,
}

/// An epoch after the first one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaterEpoch {
    /// Its number.
    pub epoch: i64,
    /// When its first batch was stored, in UTC.
    pub started_at: NaiveDateTime,
    /// Its first batch.
    pub batch_id: String,
    /// `source_id` is the device's id plus this.
    pub id_offset: i64,
}

/// The synchronisation status of a table of a device in one epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct TableSyncStatus {
    /// The table.
    pub table: String,
    /// The epoch.
    pub epoch: i64,
    /// Its rows, and the gaps between their ids as the device counts them.
    pub coverage: Coverage,
    /// Rows in quarantine, in all epochs.
    pub quarantined: u64,
    /// The latest batch with rows of the table that was stored.
    pub last_batch: Option<BatchRef>,
    /// The latest batch with rows of the table that was not stored.
    pub last_error: Option<BatchError>,
}

/// A batch that was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRef {
    /// Its id.
    pub batch_id: String,
    /// When it was stored, in UTC.
    pub at: NaiveDateTime,
}

/// A batch that was not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchError {
    /// Its id.
    pub batch_id: String,
    /// When it failed, in UTC.
    pub at: NaiveDateTime,
    /// Why, in one sentence.
    pub error: String,
}

/// The latest batch and failure, as both `sync_devices` and `sync_tables` have them.
struct Latest {
    batch: Option<BatchRef>,
    error: Option<BatchError>,
}

struct DeviceRow {
    contact: DeviceContact,
    epoch: i64,
    is_counted: bool,
    latest: Latest,
}

impl FromRow for DeviceRow {
    fn from_row_opt(row: Row) -> Result<Self, FromRowError> {
        read_columns(row, |columns| {
            Some(Self {
                contact: DeviceContact::take(columns)?,
                epoch: columns.take("epoch")?,
                is_counted: columns.take("is_counted")?,
                latest: Latest::take(columns)?,
            })
        })
    }
}

struct TableRow {
    table: String,
    latest: Latest,
}

impl FromRow for TableRow {
    fn from_row_opt(row: Row) -> Result<Self, FromRowError> {
        read_columns(row, |columns| {
            Some(Self {
                table: columns.take("table_name")?,
                latest: Latest::take(columns)?,
            })
        })
    }
}

impl Latest {
    const COLUMNS: &str =
        "last_batch_id, last_batch_at, last_error_batch_id, last_error_at, last_error";

    fn take(columns: &mut crate::database::Columns<'_>) -> Option<Self> {
        let batch = (
            columns.take("last_batch_id")?,
            columns.take("last_batch_at")?,
        );
        let error = (
            columns.take("last_error_batch_id")?,
            columns.take("last_error_at")?,
            columns.take("last_error")?,
        );
        Some(Self {
            batch: match batch {
                (Some(batch_id), Some(at)) => Some(BatchRef { batch_id, at }),
                _ => None,
            },
            error: match error {
                (Some(batch_id), Some(at), Some(error)) => Some(BatchError {
                    batch_id,
                    at,
                    error,
                }),
                _ => None,
            },
        })
    }
}

/// The status of one device or of all, those with the latest contact first.
pub async fn read_status(
    connection: &mut Conn,
    device_id: Option<&str>,
) -> Result<Vec<DeviceSyncStatus>, DatabaseError> {
    let query = format!(
        "SELECT {}, epoch, is_counted, {} FROM sync_devices \
         WHERE ? IS NULL OR source_device = ? ORDER BY last_contact_at DESC LIMIT {DEVICE_LIMIT}",
        DeviceContact::COLUMNS,
        Latest::COLUMNS
    );
    let devices: Vec<DeviceRow> = rows(connection, query, (device_id, device_id)).await?;
    let mut statuses = Vec::with_capacity(devices.len());
    for device in devices {
        let later_epochs = later_epochs(connection, &device.contact.device_id).await?;
        let tables = tables(connection, &device, &later_epochs).await?;
        statuses.push(DeviceSyncStatus {
            epoch: device.epoch,
            later_epochs,
            is_complete: device.is_counted,
            last_batch: device.latest.batch,
            last_error: device.latest.error,
            contact: device.contact,
            tables,
        });
    }
    Ok(statuses)
}

async fn later_epochs(
    connection: &mut Conn,
    device_id: &str,
) -> Result<Vec<LaterEpoch>, DatabaseError> {
    let query = "SELECT epoch, started_at, batch_id, id_offset FROM sync_epochs WHERE source_device = ? ORDER BY epoch";
    let epochs = rows(connection, query, (device_id,)).await?;
    let epochs = epochs
        .into_iter()
        .map(|(epoch, started_at, batch_id, id_offset)| LaterEpoch {
            epoch,
            started_at,
            batch_id,
            id_offset,
        });
    Ok(epochs.collect())
}

async fn tables(
    connection: &mut Conn,
    device: &DeviceRow,
    later_epochs: &[LaterEpoch],
) -> Result<Vec<TableSyncStatus>, DatabaseError> {
    let device_id = device.contact.device_id.as_str();
    let query = format!(
        "SELECT table_name, {} FROM sync_tables WHERE source_device = ?",
        Latest::COLUMNS
    );
    let latest: Vec<TableRow> = rows(connection, query, (device_id,)).await?;
    let mut latest: BTreeMap<String, Latest> = latest
        .into_iter()
        .map(|row| (row.table, row.latest))
        .collect();
    let ids = stored_ids(connection, device_id).await?;
    let other = rows_with_text_ids(connection, device_id).await?;
    let quarantined = quarantined(connection, device_id).await?;

    let names: BTreeSet<String> = latest
        .keys()
        .chain(ids.keys())
        .chain(other.keys())
        .chain(quarantined.keys())
        .cloned()
        .collect();
    let mut statuses = Vec::new();
    for table in names {
        let Latest { batch, error } = latest.remove(&table).unwrap_or(Latest {
            batch: None,
            error: None,
        });
        let mut epochs = coverage(ids.get(&table), later_epochs);
        let counted: u64 = epochs.iter().map(|(_, coverage)| coverage.rows).sum();
        // Rows whose ids are text belong to no epoch and have no gaps.
        if let (Some(rows), Some((_, newest))) = (other.get(&table), epochs.last_mut()) {
            newest.rows += rows.saturating_sub(counted);
        }
        epochs.retain(|(epoch, coverage)| *epoch == device.epoch || coverage.rows > 0);
        statuses.extend(epochs.into_iter().map(|(epoch, coverage)| TableSyncStatus {
            table: table.clone(),
            epoch,
            coverage,
            quarantined: quarantined.get(&table).copied().unwrap_or_default(),
            last_batch: batch.clone(),
            last_error: error.clone(),
        }));
    }
    Ok(statuses)
}

/// The coverage of each epoch, from the first on.
fn coverage(ids: Option<&IdPages>, later_epochs: &[LaterEpoch]) -> Vec<(i64, Coverage)> {
    let later: Vec<_> = later_epochs
        .iter()
        .map(|epoch| (epoch, pages_of_epoch(epoch.id_offset)))
        .collect();
    let of_epoch = |is_own: &dyn Fn(i64) -> bool, offset| {
        let coverage = ids.map(|ids| ids.coverage(is_own, offset, GAP_LIMIT));
        coverage.unwrap_or_default()
    };
    let is_of_first = |page| !later.iter().any(|(_, pages)| pages.contains(&page));
    let mut epochs = vec![(0, of_epoch(&is_of_first, 0))];
    epochs.extend(later.iter().map(|(epoch, pages)| {
        let is_own = |page| pages.contains(&page);
        (epoch.epoch, of_epoch(&is_own, epoch.id_offset))
    }));
    epochs
}

async fn stored_ids(
    connection: &mut Conn,
    device_id: &str,
) -> Result<BTreeMap<String, IdPages>, DatabaseError> {
    let query = "SELECT table_name, page, runs FROM stored_ids WHERE source_device = ?";
    let pages: Vec<(String, i64, Vec<u8>)> = rows(connection, query, (device_id,)).await?;
    let mut ids: BTreeMap<String, IdPages> = BTreeMap::new();
    for (table, page, runs) in pages {
        let ids = ids.entry(table).or_default();
        ids.insert_page(page, Page::decode(&runs));
    }
    Ok(ids)
}

/// The number of rows of the tables whose ids may be text. A device has few of them.
async fn rows_with_text_ids(
    connection: &mut Conn,
    device_id: &str,
) -> Result<BTreeMap<String, u64>, DatabaseError> {
    let query = "SELECT 'profiles' AS table_name, COUNT(*) FROM profiles WHERE source_device = ? \
                 UNION ALL SELECT 'vehicle_info', COUNT(*) FROM vehicle_info WHERE source_device = ? \
                 UNION ALL SELECT table_name, COUNT(*) FROM extra_rows WHERE source_device = ? GROUP BY table_name";
    let counts: Vec<(String, u64)> =
        rows(connection, query, (device_id, device_id, device_id)).await?;
    Ok(counts.into_iter().filter(|(_, rows)| *rows > 0).collect())
}

/// The number of quarantined rows by table.
async fn quarantined(
    connection: &mut Conn,
    device_id: &str,
) -> Result<BTreeMap<String, u64>, DatabaseError> {
    let query = "SELECT table_name, COUNT(*) FROM quarantined_rows WHERE source_device = ? GROUP BY table_name";
    let counts: Vec<(String, u64)> = rows(connection, query, (device_id,)).await?;
    Ok(counts.into_iter().collect())
}
