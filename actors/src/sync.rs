//! Takes the batches of the devices and stores them, whole or not at all.

pub mod batch;
pub mod devices;
pub mod store;
pub mod tables;
pub mod timestamp;

mod actor;
mod error;
mod import;
mod messages;
mod readiness;

pub use actor::{SyncActor, SyncSettings};
pub use error::SyncError;
pub use import::import_batch;
pub use messages::{IdentifyKey, KeyHolder, Receipt, StoreBatch, TableReceipt};
