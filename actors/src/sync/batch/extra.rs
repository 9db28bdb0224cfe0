//! Rows of tables that the registry does not know, kept whole as JSON.

use std::collections::BTreeMap;

use serde::de::MapAccess;
use serde_json::{Map, Value};

use super::cell;
use super::json::Scalar;
use super::read::Reader;
use super::row::Rows;
use crate::problem::Fault;

/// The rows of one table named in `EXTRA_TABLES`.
#[derive(Debug)]
pub struct ExtraSheet {
    /// The table's name on the device.
    pub table: String,
    /// By the device's key: the row, as JSON. The last row of a key is the one that counts.
    pub rows: BTreeMap<String, String>,
}

impl ExtraSheet {
    pub(super) fn new(table: String) -> Self {
        Self {
            table,
            rows: BTreeMap::new(),
        }
    }
}

impl Rows for ExtraSheet {
    fn read_row<'de, A: MapAccess<'de>>(
        &mut self,
        reader: &mut Reader<'_>,
        mut row: A,
    ) -> Result<(), A::Error> {
        let mut fields = Map::new();
        while let Some((name, value)) = row.next_entry::<String, Value>()? {
            fields.insert(name, value);
        }
        let row = Value::Object(fields);
        let id = row.get("id").map(|id| cell::text_id(&scalar(id)));
        match (id, cell::json_fault(&row)) {
            (Some(Ok(id)), None) => _ = self.rows.insert(id.into_owned(), row.to_string()),
            (Some(Err(fault)), _) => reader.note_in("id", fault),
            (_, Some(fault)) => reader.note(fault),
            (None, None) => reader.note_in("id", Fault::missing()),
        }
        Ok(())
    }
}

fn scalar(value: &Value) -> Scalar<'_> {
    match value {
        Value::Null => Scalar::Null,
        Value::Bool(value) => Scalar::Bool(*value),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(integer), ..) => Scalar::Integer(integer),
            (None, Some(large), _) => Scalar::LargeInteger(large),
            (None, None, real) => Scalar::Real(real.unwrap_or(f64::NAN)),
        },
        Value::String(text) => Scalar::Text(text.as_str().into()),
        Value::Array(_) => Scalar::List,
        Value::Object(_) => Scalar::Object,
    }
}
