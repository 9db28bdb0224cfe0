//! Receives the batches of devices and stores each of them completely or not at all.

use std::time::Duration;

pub mod batch;
pub mod devices;
pub mod status;
pub mod store;
pub mod tables;
pub mod timestamp;

mod actor;
mod backfill;
mod batch_service;
#[cfg(test)]
mod cost;
mod error;
mod id_pages;
mod import;
mod messages;
mod readiness;
mod reading_retention;
mod retention;

pub use actor::{SyncActor, SyncSettings};
pub use batch::{BadRows, ReadOptions, UnknownBadRows};
pub use error::SyncError;
pub use id_pages::{Coverage, Gap};
pub use import::import_batch;
pub use messages::{
    GetSyncStatus, IdentifyKey, KeyHolder, Receipt, RefusedRow, StoreBatch, TableReceipt,
};

/// Time limit of a single small statement.
const STATEMENT_LIMIT: Duration = Duration::from_secs(5);
