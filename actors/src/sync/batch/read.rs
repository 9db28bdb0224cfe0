//! Reads a [`Batch`] from the body of a request, in one pass.
//!
//! A value of a wrong shape is noted with its location and skipped, so that one answer names all problems. Only a syntax
//! error ends the reading; then, too, the location is known.

use std::str::FromStr;

use bytes::Bytes;
use serde::de::{DeserializeSeed as _, MapAccess};
use serde_json::Value;

use super::json::{AnyJson, AsScalar, FromJson, Scalar};
use super::kept_json::{self, Name};
use super::mirrored::MirroredTable;
use super::notes::{Notes, Place, RowLimits};
use super::passthrough::PassthroughTable;
use super::quarantine::Quarantine;
use super::source::Source;
use super::table::{OnBadRow, ReadTable};
use super::unknown::UnknownFields;
use super::{Batch, Refusal};
use crate::device_id::{DeviceId, IdError, check_text_id};
use crate::problem::Fault;
use crate::sync::tables::{TABLES, Table};

/// How batches are read.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The tables beyond the registry whose rows are stored as JSON.
    pub extra_tables: Vec<String>,
    /// What happens to rows that fail validation.
    pub bad_rows: BadRows,
}

/// What happens to rows that fail validation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BadRows {
    /// The batch is refused.
    #[default]
    Refuse,
    /// They are set aside, and the other rows are stored.
    Quarantine,
}

impl FromStr for BadRows {
    type Err = UnknownBadRows;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "refuse" => Ok(Self::Refuse),
            "quarantine" => Ok(Self::Quarantine),
            _ => Err(UnknownBadRows),
        }
    }
}

/// The text is neither of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be refuse or quarantine")]
pub struct UnknownBadRows;

/// Reads a batch, or returns every problem with it.
pub fn read(
    body: &Bytes,
    options: &ReadOptions,
    row_limits: impl Into<RowLimits>,
) -> Result<Batch, Refusal> {
    let row_limits = row_limits.into();
    let mut source = Source::new(body);
    let read_once = |source: &Source, bad_rows| read_once(source, options, bad_rows, row_limits);
    let mut read = read_once(&source, BadRows::Refuse);
    if let Err(Unread { is_json: false, .. }) = read
        && let Some(replaced) = Source::without_non_finite(body)
    {
        source = replaced;
        read = read_once(&source, BadRows::Refuse);
    }
    // To set rows aside, each row must be parsed twice. So this happens only once a bad row is found.
    if let Err(Unread { is_json: true, .. }) = read
        && options.bad_rows == BadRows::Quarantine
    {
        read = read_once(&source, BadRows::Quarantine);
    }
    read.map_err(|unread| *unread.refusal)
}

/// Why a body is not a batch.
struct Unread {
    refusal: Box<Refusal>,
    is_json: bool,
}

fn read_once(
    source: &Source,
    options: &ReadOptions,
    bad_rows: BadRows,
    row_limits: RowLimits,
) -> Result<Batch, Unread> {
    let mut reader = Reader {
        row_limits,
        source,
        extra_tables: &options.extra_tables,
        notes: Notes::default(),
        device_id: None,
        batch_id: None,
        mirrored: Vec::new(),
        passthrough: Vec::new(),
        unknown_fields: UnknownFields::new(source.texts()),
        quarantine: (bad_rows == BadRows::Quarantine).then(Quarantine::default),
    };
    // Texts of a body that is known to be Unicode need no check one by one. The others do, for the location.
    let json = match std::str::from_utf8(source.body()) {
        Ok(text) => reader.read(serde_json::Deserializer::from_str(text)),
        Err(_) => reader.read(serde_json::Deserializer::from_slice(source.body())),
    };
    if let Err(error) = &json {
        reader.notes.note_syntax_error(error);
    }
    reader.finish().map_err(|refusal| Unread {
        refusal: Box::new(refusal),
        is_json: json.is_ok(),
    })
}

struct Reader<'r> {
    source: &'r Source,
    extra_tables: &'r [String],
    notes: Notes,
    device_id: Option<DeviceId>,
    batch_id: Option<String>,
    mirrored: Vec<MirroredTable>,
    passthrough: Vec<PassthroughTable>,
    unknown_fields: UnknownFields,
    quarantine: Option<Quarantine>,
    row_limits: RowLimits,
}

impl Reader<'_> {
    fn read<'de, R: serde_json::de::Read<'de>>(
        &mut self,
        mut json: serde_json::Deserializer<R>,
    ) -> serde_json::Result<()> {
        AnyJson(Envelope(self)).deserialize(&mut json)?;
        json.end()
    }

    fn finish(mut self) -> Result<Batch, Refusal> {
        self.unknown_fields.finish();
        if let Some((name, fault)) = self.unknown_fields.too_long(self.row_limits.size) {
            self.notes.note_in(&name, fault);
        }
        let mut quarantine = self.quarantine.unwrap_or_default();
        for table in &mut self.mirrored {
            table.finish();
            quarantine.drop_replaced(table.table.name, |id| table.row_with_id(id));
        }
        for table in &mut self.passthrough {
            table.finish();
            quarantine.drop_replaced(&table.table, |id| table.row_with_id(id.as_str()?));
        }
        let is_valid = self.notes.is_empty();
        match (self.device_id, self.batch_id) {
            (Some(device_id), Some(batch_id)) if is_valid => Ok(Batch {
                device_id,
                batch_id,
                mirrored: self.mirrored,
                passthrough: self.passthrough,
                unknown_fields: self.unknown_fields,
                quarantined: quarantine.into_rows(),
            }),
            (device_id, batch_id) => {
                let (problems, tables, unknown_tables) = self.notes.finish();
                Err(Refusal {
                    problems,
                    device_id,
                    batch_id,
                    tables,
                    unknown_tables,
                })
            }
        }
    }

    /// Reads `deviceId` or `batchId`.
    fn read_id<T>(
        &mut self,
        scalar: &Scalar<'_>,
        parse: impl FnOnce(&str) -> Result<T, IdError>,
    ) -> Option<T> {
        let read = match scalar {
            Scalar::Text(text) => parse(text).map_err(|error| Fault::of_id(error, text)),
            _ => Err(scalar.is_not("string_type", "Input should be a valid string")),
        };
        read.map_err(|fault| self.notes.note(fault)).ok()
    }

    /// Reads one table. A table that is named twice has the rows of both.
    fn read_table<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        tables: &mut A,
    ) -> Result<(), A::Error> {
        let notes = &mut self.notes;
        let is_extra = self.extra_tables.iter().any(|extra| extra == name);
        notes.enter_table(name, is_extra || Table::named(name).is_some());
        let mut on_bad_row = match &mut self.quarantine {
            None => OnBadRow::Note,
            Some(quarantine) => OnBadRow::Quarantine(quarantine, self.source),
        };
        if let Some(table) = Table::named(name) {
            let position = self
                .mirrored
                .iter()
                .position(|read| read.table.name == name);
            let position = position.unwrap_or_else(|| {
                let table = MirroredTable::new(table, self.source.texts());
                self.mirrored.push(table);
                self.mirrored.len() - 1
            });
            tables.next_value_seed(AnyJson(ReadTable {
                notes,
                rows: &mut self.mirrored[position],
                on_bad_row: &mut on_bad_row,
                row_limits: self.row_limits,
            }))?;
        } else if is_extra {
            let position = self.passthrough.iter().position(|read| read.table == name);
            let position = position.unwrap_or_else(|| {
                let table = PassthroughTable::new(name.to_owned(), self.source.texts());
                self.passthrough.push(table);
                self.passthrough.len() - 1
            });
            tables.next_value_seed(AnyJson(ReadTable {
                notes,
                rows: &mut self.passthrough[position],
                on_bad_row: &mut on_bad_row,
                row_limits: self.row_limits,
            }))?;
        } else {
            notes.note(unknown_table(self.extra_tables));
            kept_json::skip(tables)?;
        }
        self.notes.place.table = None;
        Ok(())
    }
}

fn unknown_table(extra_tables: &[String]) -> Fault {
    let known = TABLES.iter().map(|table| table.name);
    let extra = extra_tables.iter().map(String::as_str);
    let allowed: Vec<&str> = known.chain(extra).collect();
    let msg = format!(
        "Table is not known. Allowed tables: {}. The server's setting EXTRA_TABLES allows further ones",
        allowed.join(", ")
    );
    Fault::new("unknown_table", msg, &Value::Null)
}

/// The whole request. Of a field that is given twice the last one counts; `tables` given twice has the tables of both.
struct Envelope<'r, 's>(&'r mut Reader<'s>);

impl<'de> FromJson<'de> for Envelope<'_, '_> {
    type Value = ();

    fn scalar(self, scalar: Scalar<'de>) {
        let fault = scalar.is_not("model_attributes_type", "Input should be an object");
        self.0.notes.note(fault);
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let reader = self.0;
        let mut missing = vec!["deviceId", "batchId", "tables"];
        while let Some(field) = object.next_key_seed(Name)? {
            missing.retain(|name| *name != field);
            match field.as_ref() {
                "deviceId" => {
                    reader.notes.place.field = Some("deviceId");
                    let scalar = object.next_value_seed(AnyJson(AsScalar))?;
                    reader.device_id = reader.read_id(&scalar, str::parse);
                }
                "batchId" => {
                    reader.notes.place.field = Some("batchId");
                    let scalar = object.next_value_seed(AnyJson(AsScalar))?;
                    let parse = |id: &str| check_text_id(id).map(|()| id.to_owned());
                    reader.batch_id = reader.read_id(&scalar, parse);
                }
                "tables" => {
                    reader.notes.place.field = Some("tables");
                    object.next_value_seed(AnyJson(Tables(reader)))?;
                }
                unknown => {
                    if let Err(fault) = reader.unknown_fields.read(unknown, &mut object)? {
                        reader.notes.note_in(unknown, fault);
                    }
                }
            }
            reader.notes.place = Place::default();
        }
        for field in missing {
            reader.notes.note_in(field, Fault::missing());
        }
        Ok(())
    }
}

/// The object of tables.
struct Tables<'r, 's>(&'r mut Reader<'s>);

impl<'de> FromJson<'de> for Tables<'_, '_> {
    type Value = ();

    fn scalar(self, scalar: Scalar<'de>) {
        let fault = scalar.is_not("dict_type", "Input should be an object of tables");
        self.0.notes.note(fault);
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        while let Some(name) = object.next_key_seed(Name)? {
            self.0.read_table(&name, &mut object)?;
        }
        Ok(())
    }
}
