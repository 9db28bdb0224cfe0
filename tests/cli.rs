//! The commands and settings of the binary.

mod device;
mod diagnose;
mod diagnose_stored;
mod doctor;
mod output;
mod seed_db;
mod settings;
