//! Backups.
mod blocking;
pub mod checks;
mod durable;
mod error;
pub mod folder;
pub mod names;
pub mod rotation;
pub mod sha256;
pub mod staging;
mod upload;
