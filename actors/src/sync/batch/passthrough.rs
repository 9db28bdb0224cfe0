//! Rows of tables that the registry does not know, kept whole as JSON.

use serde::de::{DeserializeSeed as _, MapAccess};
use serde_json::Value;

use super::cell;
use super::json::{AnyJson, AsScalar};
use super::kept_json::{self, KeptField, Name};
use super::notes::RowNotes;
use super::row::Rows;
use super::texts::{Span, Texts, reserve_gently};
use super::unknown::UnknownColumns;
use crate::problem::Fault;

/// The rows of one table that `EXTRA_TABLES` names.
#[derive(Debug)]
pub struct PassthroughTable {
    /// The table's name on the device.
    pub table: String,
    texts: Texts,
    rows: Vec<Row>,
    /// The fields of all rows.
    fields: Vec<KeptField>,
    /// The rows in the order of their ids, without those that a later row of the same id replaces.
    order: Vec<u32>,
}

/// The number that a text is the usual form of. It can be larger than a `BIGINT`, as the column is a text.
pub fn canonical_integer(text: &str) -> Option<i128> {
    let number: i128 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[derive(Debug)]
struct Row {
    id: Span,
    first_field: u32,
}

impl PassthroughTable {
    pub(super) fn new(table: String, texts: Texts) -> Self {
        Self {
            table,
            texts,
            rows: Vec::new(),
            fields: Vec::new(),
            order: Vec::new(),
        }
    }

    /// Must be called after the last row. Sorts the rows by their ids; of rows with the same id the last one counts.
    pub(super) fn finish(&mut self) {
        let rows = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        let mut order: Vec<u32> = (0..rows).collect();
        order.sort_unstable_by(|a, b| self.id(*a).cmp(self.id(*b)).then(b.cmp(a)));
        order.dedup_by(|later, earlier| self.id(*later) == self.id(*earlier));
        self.order = order;
    }

    /// The row that has an id, after [`PassthroughTable::finish`].
    pub(super) fn row_with_id(&self, id: &str) -> Option<usize> {
        let found = self.order.binary_search_by(|row| self.id(*row).cmp(id));
        found.ok().map(|position| self.order[position] as usize)
    }

    /// The rows to store, in the order of their ids.
    pub fn rows(&self) -> &[u32] {
        &self.order
    }

    /// The device's key of a row.
    pub fn id(&self, row: u32) -> &str {
        self.texts.text(self.rows[row as usize].id)
    }

    /// A row, as a JSON object.
    pub fn json(&self, row: u32) -> String {
        self.fields(row).to_json()
    }

    /// The bytes of a row as a JSON object, about.
    pub fn row_bytes(&self, row: u32) -> usize {
        self.fields(row).bytes()
    }

    fn fields(&self, row: u32) -> UnknownColumns<'_> {
        let row = row as usize;
        let next = self.rows.get(row + 1);
        let end = next.map_or(self.fields.len(), |next| next.first_field as usize);
        UnknownColumns {
            texts: &self.texts,
            fields: &self.fields[self.rows[row].first_field as usize..end],
        }
    }

    /// The value of the field `id`, which must be the same wherever the row has it.
    fn read_id(&mut self, value: Span, earlier: Option<Span>) -> Result<Span, Fault> {
        let value = self.texts.text(value).to_owned();
        let mut json = serde_json::Deserializer::from_str(&value);
        let scalar = AnyJson(AsScalar).deserialize(&mut json).map_err(|error| {
            let msg = format!("JSON decode error: {error}");
            Fault::new("json_invalid", msg, &Value::Null)
        })?;
        let id = cell::text_id(&scalar, &self.texts)?;
        let id = self.texts.keep(&id);
        match earlier {
            Some(earlier) if self.texts.bytes(earlier) != self.texts.bytes(id) => {
                let msg = "The row has two different keys";
                Err(Fault::new("value_error", msg, &scalar.shown()))
            }
            _ => Ok(id),
        }
    }
}

impl Rows for PassthroughTable {
    fn read_row<'de, A: MapAccess<'de>>(
        &mut self,
        notes: &mut RowNotes,
        mut row: A,
    ) -> Result<(), A::Error> {
        let first_field = self.fields.len();
        let mut id = None;
        while let Some(name) = row.next_key_seed(Name)? {
            let is_id = name == "id";
            let read = {
                let earlier = &self.fields[first_field..];
                kept_json::read_field(&mut self.texts, earlier, &name, &mut row)
            };
            let read = read.inspect_err(|_| notes.stopped_in = Some(name.to_string()))?;
            match read {
                Ok(field) => {
                    reserve_gently(&mut self.fields, 1);
                    self.fields.push(field);
                    if is_id {
                        match self.read_id(field.value, id) {
                            Ok(read) => id = Some(read),
                            Err(fault) => notes.fault("id", fault),
                        }
                    }
                }
                Err(fault) => notes.fault(name.into_owned(), fault),
            }
        }
        if id.is_none() && notes.is_empty() {
            notes.fault("id", Fault::missing());
        }
        let fields = UnknownColumns {
            texts: &self.texts,
            fields: &self.fields[first_field..],
        };
        notes.check_size(fields.bytes());
        if let Some(id) = id.and_then(|id| canonical_integer(self.texts.text(id))) {
            notes.check_id(id);
        }
        match id {
            Some(id) if notes.is_empty() => {
                kept_json::keep_last(&self.texts, &mut self.fields, first_field);
                reserve_gently(&mut self.rows, 1);
                self.rows.push(Row {
                    id,
                    first_field: u32::try_from(first_field).unwrap_or(u32::MAX),
                });
            }
            id => {
                notes.id = id.map(|id| Value::from(self.texts.text(id)));
                self.fields.truncate(first_field);
            }
        }
        Ok(())
    }

    fn rows_read(&self) -> usize {
        self.rows.len()
    }
}
