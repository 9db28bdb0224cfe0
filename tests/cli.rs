//! The commands and settings of the binary.

mod backups;
mod device;
mod diagnose;
mod diagnose_stored;
mod doctor;
mod output;
mod owner;
mod seed_db;
mod settings;
