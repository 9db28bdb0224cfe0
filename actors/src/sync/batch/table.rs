//! Reads one table of a batch: `lastSyncedId`, which only the device needs, and `rows`.

use serde::de::{DeserializeSeed as _, Error as _, MapAccess, SeqAccess};
use serde_json::value::RawValue;

use super::json::{AnyJson, AsScalar, FromJson, Scalar};
use super::kept_json::{self, Name};
use super::notes::{Notes, RowLimits, RowNotes};
use super::quarantine::Quarantine;
use super::row::Rows;
use super::source::Source;
use crate::problem::Fault;

/// What to do with rows that fail validation.
pub(super) enum OnBadRow<'r> {
    /// Note their faults, so that the batch is refused.
    Note,
    /// Set them aside.
    Quarantine(&'r mut Quarantine, &'r Source),
}

/// Reads one table into `rows`.
pub(super) struct ReadTable<'r, 'q, S> {
    pub notes: &'r mut Notes,
    pub rows: &'r mut S,
    pub on_bad_row: &'r mut OnBadRow<'q>,
    pub row_limits: RowLimits,
}

impl<'de, S: Rows> FromJson<'de> for ReadTable<'_, '_, S> {
    type Value = ();

    fn scalar(self, scalar: Scalar<'de>) {
        self.notes
            .note(scalar.is_not("dict_type", "Input should be an object with rows"));
    }

    fn object<A: MapAccess<'de>>(mut self, mut object: A) -> Result<(), A::Error> {
        let mut has_rows = false;
        while let Some(field) = object.next_key_seed(Name)? {
            match field.as_ref() {
                "rows" => {
                    has_rows = true;
                    object.next_value_seed(AnyJson(ReadRows(&mut self)))?;
                }
                "lastSyncedId" => {
                    let scalar = object.next_value_seed(AnyJson(AsScalar))?;
                    if matches!(scalar, Scalar::List | Scalar::Object) {
                        let msg = "Input should be a number, a string, true, false or null";
                        let fault = scalar.is_not("scalar_type", msg);
                        self.notes.note_in("lastSyncedId", fault);
                    }
                }
                _ => kept_json::skip(&mut object)?,
            }
        }
        if !has_rows {
            self.notes.note_in("rows", Fault::missing());
        }
        Ok(())
    }
}

struct ReadRows<'t, 'r, 'q, S>(&'t mut ReadTable<'r, 'q, S>);

impl<'de, S: Rows> FromJson<'de> for ReadRows<'_, '_, '_, S> {
    type Value = ();

    fn scalar(self, scalar: Scalar<'de>) {
        let fault = scalar.is_not("list_type", "Input should be a list of rows");
        self.0.notes.note_in("rows", fault);
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let ReadTable {
            notes,
            rows,
            on_bad_row,
            row_limits,
        } = self.0;
        let mut row_notes = RowNotes::within(*row_limits);
        notes.place.row = Some(0);
        loop {
            row_notes.clear();
            let rows_before = rows.rows_read();
            let more = match on_bad_row {
                OnBadRow::Note => {
                    let row = ReadRow(*rows, &mut row_notes);
                    list.next_element_seed(AnyJson(row))
                        .map(|row| row.is_some())
                }
                OnBadRow::Quarantine(quarantine, source) => {
                    let raw = list.next_element::<&RawValue>()?;
                    let Some(raw) = raw.map(RawValue::get) else {
                        break;
                    };
                    let row = ReadRow(*rows, &mut row_notes);
                    let mut json = serde_json::Deserializer::from_str(raw);
                    // The whole body was read before: the row is valid JSON.
                    let read = AnyJson(row).deserialize(&mut json);
                    read.map_err(A::Error::custom)?;
                    if !row_notes.is_empty() {
                        let table = notes.place.table.as_deref().unwrap_or_default();
                        let row = source.as_received(raw);
                        if quarantine.take(table, &mut row_notes, row, rows_before) {
                            row_notes.clear();
                        }
                    }
                    Ok(true)
                }
            };
            match more {
                Ok(true) => notes.note_row(&mut row_notes),
                Ok(false) => break,
                Err(error) => {
                    notes.stop_in_row(&mut row_notes);
                    return Err(error);
                }
            }
            notes.place.row = notes.place.row.map(|row| row + 1);
        }
        notes.place.row = None;
        Ok(())
    }
}

struct ReadRow<'r, S>(&'r mut S, &'r mut RowNotes);

impl<'de, S: Rows> FromJson<'de> for ReadRow<'_, S> {
    type Value = ();

    fn scalar(self, scalar: Scalar<'de>) {
        let fault = scalar.is_not("dict_type", "Input should be an object");
        self.1.fault_of_row(fault);
    }

    fn object<A: MapAccess<'de>>(self, object: A) -> Result<(), A::Error> {
        self.0.read_row(self.1, object)
    }
}
