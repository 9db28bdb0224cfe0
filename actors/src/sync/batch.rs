//! A batch as the device sent it, checked against the registry and ready to be stored. No I/O happens here.

use crate::device_id::DeviceId;
use crate::drives::DriveEventKind;
use crate::problem::Problem;

mod cell;
mod json;
mod kept_json;
mod mirrored;
mod notes;
mod passthrough;
mod quarantine;
mod read;
mod row;
mod source;
mod table;
#[cfg(test)]
mod tests;
mod texts;
mod unknown;

pub use mirrored::{Cell, MirroredTable};
pub use notes::{RowLimits, SizeLimit};
pub use passthrough::{PassthroughTable, canonical_integer};
pub use quarantine::QuarantinedRow;
pub use read::{BadRows, ReadOptions, UnknownBadRows, read};
pub use unknown::{Names, UnknownColumns, UnknownFields};

/// Rows of several tables, from one device.
#[derive(Debug)]
pub struct Batch {
    /// The device that sent it.
    pub device_id: DeviceId,
    /// The device's name for it; not unique.
    pub batch_id: String,
    /// The mirrored tables in it, each once.
    pub mirrored: Vec<MirroredTable>,
    /// The passthrough tables in it, each once.
    pub passthrough: Vec<PassthroughTable>,
    /// Top-level fields that the server does not know.
    pub unknown_fields: UnknownFields,
    /// Rows that failed validation and are set aside.
    pub quarantined: Vec<QuarantinedRow>,
}

impl Batch {
    /// The number of rows to store; rows that a later row replaces do not count.
    pub fn rows(&self) -> usize {
        let mirrored = self.mirrored.iter().map(|table| table.rows().len());
        let passthrough = self.passthrough.iter().map(|table| table.rows().len());
        mirrored.chain(passthrough).sum()
    }

    /// The names of its tables.
    pub fn tables(&self) -> Vec<String> {
        let mirrored = self.mirrored.iter().map(|table| table.table.name);
        let passthrough = self.passthrough.iter().map(|table| table.table.as_str());
        mirrored.chain(passthrough).map(str::to_owned).collect()
    }

    /// Whether a drive ended in this batch.
    pub fn ends_a_drive(&self) -> bool {
        let mut events = self.drive_events();
        events.any(|(_, kind)| kind == DriveEventKind::End)
    }

    /// Key and kind of every `drive_start` and `drive_end` in it.
    pub fn drive_events(&self) -> impl Iterator<Item = (i64, DriveEventKind)> {
        let log = self.mirrored_table("connection_log");
        log.into_iter().flat_map(|log| {
            let event_type = log.table.position("event_type");
            log.rows().iter().filter_map(move |row| {
                let kind = DriveEventKind::of(log.text(log.cell(*row, event_type?)))?;
                Some((log.integer_id(*row)?, kind))
            })
        })
    }

    /// Whether any row has an integer id of at least `limit`, or a negative one.
    pub fn has_ids_beyond(&self, limit: i64) -> bool {
        let mirrored = self.mirrored.iter().flat_map(|table| {
            let rows = table.rows().iter();
            rows.filter_map(|row| table.integer_id(*row).map(i128::from))
        });
        let passthrough = self.passthrough.iter().flat_map(|table| {
            let rows = table.rows().iter();
            rows.filter_map(|row| canonical_integer(table.id(*row)))
        });
        mirrored
            .chain(passthrough)
            .any(|id| !(0..limit.into()).contains(&id))
    }

    /// The rows of a mirrored table, if the batch has it.
    pub fn mirrored_table(&self, name: &str) -> Option<&MirroredTable> {
        self.mirrored.iter().find(|table| table.table.name == name)
    }
}

/// Why a batch is refused.
#[derive(Debug)]
pub struct Refusal {
    /// Every problem with it, up to a limit.
    pub problems: Vec<Problem>,
    /// The device that sent it, if readable.
    pub device_id: Option<DeviceId>,
    /// The device's name for it, if readable.
    pub batch_id: Option<String>,
    /// The tables in the read part of it that the server stores.
    pub tables: Vec<String>,
    /// The other tables in the read part of it; names are shortened, and there are at most 50.
    pub unknown_tables: Vec<String>,
}
