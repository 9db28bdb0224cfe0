//! A batch as the device sent it, checked against the registry and ready to be stored. No I/O happens here.

use serde_json::{Map, Value};

use crate::device_id::DeviceId;
use crate::drives::DriveEventKind;
use crate::problem::Problem;

mod cell;
mod extra;
mod json;
mod read;
mod row;
mod sheet;
#[cfg(test)]
mod tests;

pub use extra::ExtraSheet;
pub use read::read;
pub use sheet::{Cell, Extra, Sheet};

/// Rows of several tables, from one device.
#[derive(Debug)]
pub struct Batch {
    /// Who sent it.
    pub device_id: DeviceId,
    /// What the device calls it; not unique.
    pub batch_id: String,
    /// The mirrored tables in it, each once.
    pub sheets: Vec<Sheet>,
    /// The tables in it that are kept as they are, each once.
    pub extra_sheets: Vec<ExtraSheet>,
    /// Top-level fields that the server does not know.
    pub unknown_fields: Map<String, Value>,
}

impl Batch {
    /// How many rows it has, those that a later row replaces not counted.
    pub fn rows(&self) -> usize {
        let mirrored = self
            .sheets
            .iter()
            .map(|sheet| sheet.rows().len())
            .sum::<usize>();
        mirrored
            + self
                .extra_sheets
                .iter()
                .map(|sheet| sheet.rows.len())
                .sum::<usize>()
    }

    /// The names of its tables.
    pub fn tables(&self) -> Vec<String> {
        names_of(&self.sheets, &self.extra_sheets)
    }

    /// True where a drive ended in this batch.
    pub fn ends_a_drive(&self) -> bool {
        let mut events = self.drive_events();
        events.any(|(_, kind)| kind == DriveEventKind::End)
    }

    /// Key and kind of every `drive_start` and `drive_end` in it.
    pub fn drive_events(&self) -> impl Iterator<Item = (i64, DriveEventKind)> {
        self.sheet("connection_log").into_iter().flat_map(|sheet| {
            let event_type = sheet.table.position("event_type");
            sheet.rows().iter().filter_map(move |row| {
                let kind = DriveEventKind::of(sheet.text(sheet.cells(*row)[event_type?]))?;
                Some((sheet.integer_id(*row)?, kind))
            })
        })
    }

    /// The rows of a mirrored table, where it has some.
    pub fn sheet(&self, table: &str) -> Option<&Sheet> {
        self.sheets.iter().find(|sheet| sheet.table.name == table)
    }
}

fn names_of(sheets: &[Sheet], extra_sheets: &[ExtraSheet]) -> Vec<String> {
    let mirrored = sheets.iter().map(|sheet| sheet.table.name.to_owned());
    mirrored
        .chain(extra_sheets.iter().map(|sheet| sheet.table.clone()))
        .collect()
}

/// Why a batch is not accepted.
#[derive(Debug)]
pub struct Refusal {
    /// Everything that is wrong with it, within reason.
    pub problems: Vec<Problem>,
    /// Who sent it, where that could be read.
    pub device_id: Option<DeviceId>,
    /// What it is called, where that could be read.
    pub batch_id: Option<String>,
    /// The tables in it that the server stores, as far as it was read.
    pub tables: Vec<String>,
    /// The other tables in it, as far as it was read; names are shortened, and there are at most 50.
    pub unknown_tables: Vec<String>,
}
