//! The commands and settings of the binary.

mod device;
mod doctor;
mod seed_db;
mod settings;
