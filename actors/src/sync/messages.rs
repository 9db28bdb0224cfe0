//! What can be asked of the [`SyncActor`](super::SyncActor).

use std::collections::{BTreeMap, BTreeSet};

use actix::Message;
use bytes::Bytes;
use chrono::NaiveDateTime;
use serde_json::Value;

use super::batch::QuarantinedRow;
use super::error::SyncError;
use super::status::DeviceSyncStatus;
use crate::admission::Turn;
use crate::byte_budget::Reservation;
use crate::database::DatabaseError;
use crate::device_id::DeviceId;
use crate::fair_admission::FairTurn;
use crate::report::Counts;

/// Store the rows of a request, all of them or none.
#[derive(Debug, Message)]
#[rtype(result = "Result<Receipt, SyncError>")]
pub struct StoreBatch {
    /// The request's body, as it came.
    pub body: Bytes,
    /// Whose key the request carried.
    pub sender: KeyHolder,
    /// The right to be worked on.
    pub turn: FairTurn,
    /// The memory that the body takes.
    pub memory: Reservation,
}

/// Whose key a request carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyHolder {
    /// The shared key: it may write as any device.
    Owner,
    /// A device's own key: it may write as that device only.
    Device(DeviceId),
}

impl KeyHolder {
    /// Whether the key may write as that device.
    pub fn may_write_as(&self, device_id: &DeviceId) -> bool {
        match self {
            Self::Owner => true,
            Self::Device(own) => own == device_id,
        }
    }
}

/// What became of a batch. It is committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// As the device calls it.
    pub batch_id: String,
    /// Every table that the batch named, with or without rows.
    pub tables: BTreeMap<String, TableReceipt>,
    /// Top-level fields that the server does not know and has kept with the device.
    pub unknown_fields: BTreeSet<String>,
    /// The first rows that failed validation and are set aside.
    pub quarantined: Vec<RefusedRow>,
    /// When it was stored, in UTC.
    pub stored_at: NaiveDateTime,
    /// Whether a drive ended in it.
    pub drive_data_received: bool,
    /// Whether it made a drive ready for its analysis, and the model answers.
    pub auto_analysis_triggered: bool,
}

/// What became of a table's rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableReceipt {
    /// New rows and changed rows.
    pub counts: Counts,
    /// Rows that failed validation and are set aside.
    pub errors: u64,
    /// Columns that the table does not have and that were kept in `extra`.
    pub unknown_columns: BTreeSet<String>,
}

/// A row that failed validation and is set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// Its table.
    pub table: String,
    /// The device's key of the row if readable: a number or a text; else null.
    pub id: Value,
    /// Why it is not stored, in one sentence.
    pub reason: String,
}

impl From<&QuarantinedRow> for RefusedRow {
    fn from(row: &QuarantinedRow) -> Self {
        Self {
            table: row.table.clone(),
            id: row.id.clone(),
            reason: row.reason.clone(),
        }
    }
}

/// Find the device that a key belongs to.
#[derive(Debug, Message)]
#[rtype(result = "Result<Option<DeviceId>, DatabaseError>")]
pub struct IdentifyKey {
    /// SHA-256 of the key, in lower-case hex.
    pub sha256: String,
    /// Held until the answer is there.
    pub turn: Turn,
}

/// Report how complete the data of one device or of all is.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<DeviceSyncStatus>, DatabaseError>")]
pub struct GetSyncStatus {
    /// The device, or all of them.
    pub device_id: Option<DeviceId>,
    /// Held until the reply.
    pub turn: Turn,
}
