//! The commands and settings of the binary.

mod device;
mod diagnose;
mod doctor;
mod seed_db;
mod settings;
