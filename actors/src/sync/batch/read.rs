//! From the bytes of a request to a [`Batch`], in one pass.
//!
//! A value of the wrong shape is noted with its place and read over, so that one answer can name all problems.
//! Only what is no JSON at all ends the reading; then, too, the place is known.

use std::borrow::Cow;

use bytes::Bytes;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess};
use serde_json::{Map, Value};

use super::cell;
use super::extra::ExtraSheet;
use super::json::{Any, AsScalar, Reading, Scalar};
use super::row::Rows;
use super::sheet::Sheet;
use super::{Batch, Refusal, names_of};
use crate::device_id::{DeviceId, ID_CHARACTERS, IdError, check_text_id};
use crate::problem::{Fault, Problems, Step};
use crate::sync::tables::{TABLES, Table};
use crate::text::line;

/// Reads a batch, or says everything that is wrong with it.
///
/// `extra_tables` are the tables beyond the registry whose rows are kept as they are.
pub fn read(body: &Bytes, extra_tables: &[String]) -> Result<Batch, Refusal> {
    let mut reader = Reader::new(body, extra_tables);
    // Texts that are known to be Unicode need not be looked at one by one. The others are, to tell where the fault is.
    let whole = match std::str::from_utf8(body) {
        Ok(text) => reader.read(serde_json::Deserializer::from_str(text)),
        Err(_) => reader.read(serde_json::Deserializer::from_slice(body)),
    };
    if let Err(error) = whole {
        let fault = Fault {
            kind: "json_invalid",
            msg: format!("JSON decode error: {error}{}", reader.stopped_in),
            input: Value::Object(Map::new()),
        };
        reader.note(fault);
    }
    reader.finish()
}

/// The most unknown tables of a batch that are reported.
const UNKNOWN_TABLES: usize = 50;

pub(super) struct Reader<'b> {
    body: &'b Bytes,
    extra_tables: &'b [String],
    problems: Problems,
    place: Place,
    device_id: Option<DeviceId>,
    batch_id: Option<String>,
    /// What to say of the row in which the JSON broke off.
    stopped_in: String,
    sheets: Vec<Sheet>,
    extra_sheets: Vec<ExtraSheet>,
    /// The table that is being read.
    open_table: Option<String>,
    unknown_tables: Vec<String>,
    unknown_fields: Map<String, Value>,
}

/// Where the reading is.
#[derive(Default)]
struct Place {
    field: Option<&'static str>,
    table: Option<String>,
    row: Option<usize>,
    column: Option<Cow<'static, str>>,
}

impl Place {
    fn loc(&self) -> Vec<Step> {
        let mut loc = vec![Step::from("body")];
        loc.extend(self.field.map(Step::from));
        loc.extend(self.table.as_deref().map(Step::named));
        if let Some(row) = self.row {
            loc.extend(["rows".into(), row.into()]);
        }
        loc.extend(self.column.as_deref().map(Step::named));
        loc
    }
}

impl<'b> Reader<'b> {
    fn new(body: &'b Bytes, extra_tables: &'b [String]) -> Self {
        Self {
            body,
            extra_tables,
            problems: Problems::default(),
            place: Place::default(),
            device_id: None,
            batch_id: None,
            stopped_in: String::new(),
            sheets: Vec::new(),
            extra_sheets: Vec::new(),
            open_table: None,
            unknown_tables: Vec::new(),
            unknown_fields: Map::new(),
        }
    }

    fn read<'de, R: serde_json::de::Read<'de>>(
        &mut self,
        mut json: serde_json::Deserializer<R>,
    ) -> serde_json::Result<()> {
        Any(Envelope(self)).deserialize(&mut json)?;
        json.end()
    }

    pub(super) fn note(&mut self, fault: Fault) {
        self.problems.push(fault.at(self.place.loc()));
    }

    pub(super) fn note_in(&mut self, column: impl Into<Cow<'static, str>>, fault: Fault) {
        self.place.column = Some(column.into());
        self.note(fault);
        self.place.column = None;
    }

    /// Remembers where the JSON broke off: in this column of the row that `row` tells of.
    pub(super) fn stop_in(&mut self, column: Cow<'static, str>, row: String) {
        self.place.column = Some(column);
        self.stopped_in = row;
    }

    fn finish(self) -> Result<Batch, Refusal> {
        match (self.device_id, self.batch_id) {
            (Some(device_id), Some(batch_id)) if self.problems.is_empty() => Ok(Batch {
                device_id,
                batch_id,
                sheets: self.sheets,
                extra_sheets: self.extra_sheets,
                unknown_fields: self.unknown_fields,
            }),
            (device_id, batch_id) => Err(Refusal {
                problems: self.problems.into_vec(),
                device_id,
                batch_id,
                tables: names_of(&self.sheets, &self.extra_sheets)
                    .into_iter()
                    .chain(self.open_table)
                    .collect(),
                unknown_tables: self.unknown_tables,
            }),
        }
    }

    /// Reads `deviceId` or `batchId`.
    fn id<T>(
        &mut self,
        scalar: &Scalar<'_>,
        read: impl FnOnce(&str) -> Result<T, IdError>,
    ) -> Option<T> {
        let read = match scalar {
            Scalar::Text(text) => read(text).map_err(|error| Fault::of_id(error, text)),
            _ => Err(mismatch(
                "string_type",
                "Input should be a valid string",
                scalar,
            )),
        };
        read.map_err(|fault| self.note(fault)).ok()
    }

    fn note_unknown_table(&mut self, name: &str) {
        if self.unknown_tables.len() < UNKNOWN_TABLES {
            self.unknown_tables.push(line(name, ID_CHARACTERS));
        }
        let known = TABLES.iter().map(|table| table.name);
        let allowed: Vec<&str> = known
            .chain(self.extra_tables.iter().map(String::as_str))
            .collect();
        self.note(Fault {
            kind: "unknown_table",
            msg: format!("Table is not known. Allowed tables: {}", allowed.join(", ")),
            input: Value::Null,
        });
    }
}

fn mismatch(kind: &'static str, msg: &str, scalar: &Scalar<'_>) -> Fault {
    Fault {
        kind,
        msg: msg.to_owned(),
        input: scalar.shown(),
    }
}

/// The whole request.
struct Envelope<'r, 'b>(&'r mut Reader<'b>);

impl<'de> Reading<'de> for Envelope<'_, '_> {
    type Value = ();

    fn scalar(self, scalar: Scalar<'de>) {
        self.0.note(mismatch(
            "model_attributes_type",
            "Input should be an object",
            &scalar,
        ));
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let reader = self.0;
        let mut required = vec!["deviceId", "batchId", "tables"];
        while let Some(field) = object.next_key::<Cow<'de, str>>()? {
            required.retain(|name| *name != field);
            match field.as_ref() {
                "deviceId" => {
                    reader.place.field = Some("deviceId");
                    let scalar = object.next_value_seed(Any(AsScalar))?;
                    reader.device_id = reader.id(&scalar, str::parse);
                }
                "batchId" => {
                    reader.place.field = Some("batchId");
                    let scalar = object.next_value_seed(Any(AsScalar))?;
                    reader.batch_id =
                        reader.id(&scalar, |id| check_text_id(id).map(|()| id.to_owned()));
                }
                "tables" => {
                    reader.place.field = Some("tables");
                    object.next_value_seed(Any(Tables(reader)))?;
                }
                unknown => {
                    let value: Value = object.next_value()?;
                    match cell::field_fault(unknown, &value) {
                        None => _ = reader.unknown_fields.insert(unknown.to_owned(), value),
                        Some(fault) => reader.note_in(unknown.to_owned(), fault),
                    }
                }
            }
            reader.place = Place::default();
        }
        for field in required {
            reader.note_in(field, Fault::missing());
        }
        Ok(())
    }
}

/// The object of tables.
struct Tables<'r, 'b>(&'r mut Reader<'b>);

impl<'de> Reading<'de> for Tables<'_, '_> {
    type Value = ();

    fn scalar(self, scalar: Scalar<'de>) {
        self.0.note(mismatch(
            "dict_type",
            "Input should be an object of tables",
            &scalar,
        ));
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let reader = self.0;
        while let Some(name) = object.next_key::<Cow<'de, str>>()? {
            reader.place.table = Some(name.to_string());
            if let Some(table) = Table::named(&name) {
                reader.open_table = Some(name.to_string());
                let mut sheet = Sheet::new(table, reader.body.clone());
                object.next_value_seed(Any(TableOf(reader, &mut sheet)))?;
                sheet.finish();
                reader
                    .sheets
                    .retain(|earlier| earlier.table.name != table.name);
                reader.sheets.push(sheet);
            } else if reader.extra_tables.iter().any(|extra| *extra == name) {
                reader.open_table = Some(name.to_string());
                let mut sheet = ExtraSheet::new(name.to_string());
                object.next_value_seed(Any(TableOf(reader, &mut sheet)))?;
                reader
                    .extra_sheets
                    .retain(|earlier| earlier.table != sheet.table);
                reader.extra_sheets.push(sheet);
            } else {
                reader.note_unknown_table(&name);
                object.next_value::<serde::de::IgnoredAny>()?;
            }
            reader.place.table = None;
            reader.open_table = None;
        }
        Ok(())
    }
}

/// One table: `lastSyncedId`, which only the device needs, and `rows`.
struct TableOf<'r, 'b, 's, S>(&'r mut Reader<'b>, &'s mut S);

impl<'de, S: Rows> Reading<'de> for TableOf<'_, '_, '_, S> {
    type Value = ();

    fn scalar(self, scalar: Scalar<'de>) {
        self.0.note(mismatch(
            "dict_type",
            "Input should be an object with rows",
            &scalar,
        ));
    }

    fn object<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let Self(reader, rows) = self;
        let mut has_rows = false;
        while let Some(field) = object.next_key::<Cow<'de, str>>()? {
            match field.as_ref() {
                "rows" => {
                    has_rows = true;
                    object.next_value_seed(Any(RowList(reader, rows)))?;
                }
                "lastSyncedId" => {
                    let scalar = object.next_value_seed(Any(AsScalar))?;
                    if !matches!(scalar, Scalar::Integer(_) | Scalar::Null) {
                        let fault = mismatch("int_type", "Input should be an integer", &scalar);
                        reader.note_in("lastSyncedId", fault);
                    }
                }
                _ => _ = object.next_value::<serde::de::IgnoredAny>()?,
            }
        }
        if !has_rows {
            reader.note_in("rows", Fault::missing());
        }
        Ok(())
    }
}

struct RowList<'r, 'b, 's, S>(&'r mut Reader<'b>, &'s mut S);

impl<'de, S: Rows> Reading<'de> for RowList<'_, '_, '_, S> {
    type Value = ();

    fn scalar(self, scalar: Scalar<'de>) {
        let fault = mismatch("list_type", "Input should be a list of rows", &scalar);
        self.0.note_in("rows", fault);
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self(reader, rows) = self;
        reader.place.row = Some(0);
        while list.next_element_seed(Any(OneRow(reader, rows)))?.is_some() {
            reader.place.row = reader.place.row.map(|row| row + 1);
        }
        reader.place.row = None;
        Ok(())
    }
}

struct OneRow<'r, 'b, 's, S>(&'r mut Reader<'b>, &'s mut S);

impl<'de, S: Rows> Reading<'de> for OneRow<'_, '_, '_, S> {
    type Value = ();

    fn scalar(self, scalar: Scalar<'de>) {
        self.0
            .note(mismatch("dict_type", "Input should be an object", &scalar));
    }

    fn object<A: MapAccess<'de>>(self, object: A) -> Result<(), A::Error> {
        self.1.read_row(self.0, object)
    }
}
