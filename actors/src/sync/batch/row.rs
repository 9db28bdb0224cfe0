//! Reads one row of a mirrored table: every value into the cell of its column, the other columns as JSON.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::cell::{self, accept};
use super::json::{AnyJson, AsScalar, Scalar};
use super::kept_json;
use super::mirrored::{Cell, MirroredTable};
use super::notes::RowNotes;
use super::texts::reserve_gently;
use super::unknown::UnknownColumns;
use crate::problem::Fault;
use crate::sync::tables::{Key, MAX_COLUMNS, Presence, Table};

/// A table that takes rows.
pub(super) trait Rows {
    /// Reads one row. It is added unless faults are noted.
    fn read_row<'de, A: MapAccess<'de>>(
        &mut self,
        notes: &mut RowNotes,
        row: A,
    ) -> Result<(), A::Error>;

    /// How many rows were added, those included that a later one replaces.
    fn rows_read(&self) -> usize;
}

impl Rows for MirroredTable {
    fn read_row<'de, A: MapAccess<'de>>(
        &mut self,
        notes: &mut RowNotes,
        mut row: A,
    ) -> Result<(), A::Error> {
        let table = self.table;
        let mut draft = Draft::new(self, notes);
        let mut expected = 0;
        while let Some(field) = row.next_key_seed(FieldName { table, expected })? {
            if let Field::Column(position) = field {
                expected = position + 1;
            }
            if let Err(error) = draft.read_field(&field, &mut row) {
                draft.stop_in(field.name(table));
                return Err(error);
            }
        }
        draft.finish();
        Ok(())
    }

    fn rows_read(&self) -> usize {
        Self::rows_read(self)
    }
}

/// A row under construction.
struct Draft<'t, 'n> {
    rows: &'t mut MirroredTable,
    notes: &'n mut RowNotes,
    id: Option<Cell>,
    cells: [Cell; MAX_COLUMNS],
    first_unknown: usize,
}

impl<'t, 'n> Draft<'t, 'n> {
    fn new(rows: &'t mut MirroredTable, notes: &'n mut RowNotes) -> Self {
        Self {
            first_unknown: rows.unknown.len(),
            rows,
            notes,
            id: None,
            cells: [Cell::Absent; MAX_COLUMNS],
        }
    }

    fn read_field<'de, A: MapAccess<'de>>(
        &mut self,
        field: &Field<'de>,
        row: &mut A,
    ) -> Result<(), A::Error> {
        match field {
            Field::Column(position) => {
                let column = &self.rows.table.columns[*position];
                match accept(
                    column,
                    row.next_value_seed(AnyJson(AsScalar))?,
                    &mut self.rows.texts,
                ) {
                    Ok(cell) => self.cells[*position] = cell,
                    Err(fault) => self.notes.fault(column.name, fault),
                }
            }
            Field::Key(name) => {
                let scalar = row.next_value_seed(AnyJson(AsScalar))?;
                self.take_key(name, &scalar);
            }
            Field::Unknown(name) => {
                let MirroredTable { texts, unknown, .. } = &mut *self.rows;
                let earlier = &unknown[self.first_unknown..];
                match kept_json::read_field(texts, earlier, name, row)? {
                    Ok(field) => {
                        reserve_gently(unknown, 1);
                        unknown.push(field);
                    }
                    Err(fault) => self.notes.fault(name.clone().into_owned(), fault),
                }
            }
        }
        Ok(())
    }

    fn take_key(&mut self, name: &'static str, scalar: &Scalar<'_>) {
        let texts = &mut self.rows.texts;
        let key = match self.rows.table.key {
            Key::Integer(_) => cell::integer_id(scalar, texts).map(Cell::Integer),
            Key::Text | Key::TextIn(_) => {
                cell::text_id(scalar, texts).map(|text| Cell::Text(texts.keep(&text)))
            }
        };
        match (key, self.id) {
            (Err(fault), _) => self.notes.fault(name, fault),
            (Ok(key), Some(other)) if !self.is_same_key(key, other) => {
                let msg = "The row has two different keys";
                self.notes
                    .fault(name, Fault::new("value_error", msg, &scalar.shown()));
            }
            (Ok(key), _) => self.id = Some(key),
        }
    }

    fn is_same_key(&self, a: Cell, b: Cell) -> bool {
        a == b || matches!(a, Cell::Text(_)) && self.rows.text(a) == self.rows.text(b)
    }

    /// Adds the row if it has its key and all required columns, and nothing else is wrong with it.
    fn finish(mut self) {
        self.complete();
        self.notes.check_size(self.bytes());
        if let Some(Cell::Integer(id)) = self.id {
            self.notes.check_id(id.into());
        }
        if let (Some(id), true) = (self.id, self.notes.is_empty()) {
            self.rows.push_row(id, &self.cells, self.first_unknown);
        } else {
            self.rows.unknown.truncate(self.first_unknown);
            self.notes.id = self.shown_id();
        }
    }

    fn complete(&mut self) {
        let table = self.rows.table;
        if let Key::TextIn(column) = table.key
            && let Some(position) = table.position(column)
        {
            match (self.id, self.cells[position]) {
                (None, text @ Cell::Text(_)) => self.id = Some(text),
                (Some(id), Cell::Absent) => self.cells[position] = id,
                _ => {}
            }
        }
        let is_key = |name: &str| {
            table.is_key(name) || matches!(table.key, Key::TextIn(column) if column == name)
        };
        if self.id.is_none() && !self.notes.has_fault_in(is_key) {
            self.notes.fault("id", Fault::missing());
        }
        for (column, cell) in table.columns.iter().zip(&self.cells) {
            let is_missing = column.presence == Presence::Required && *cell == Cell::Absent;
            if is_missing && !self.notes.has_fault_in(|name| name == column.name) {
                self.notes.fault(column.name, Fault::missing());
            }
        }
    }

    /// The bytes of texts and unknown columns.
    fn bytes(&self) -> usize {
        let rows = &self.rows;
        let cells = self.cells.iter().map(|cell| rows.text_bytes(*cell).len());
        let unknown = UnknownColumns {
            texts: &rows.texts,
            fields: &rows.unknown[self.first_unknown..],
        };
        cells.sum::<usize>() + unknown.bytes()
    }

    /// Notes in which column the JSON broke off.
    fn stop_in(self, column: &str) {
        self.notes.id = self.shown_id();
        self.notes.stopped_in = Some(column.to_owned());
    }

    fn shown_id(&self) -> Option<Value> {
        match self.id? {
            Cell::Integer(id) => Some(Value::from(id)),
            text => Some(Value::from(self.rows.text(text))),
        }
    }
}

/// What the name of a field means for a table.
enum Field<'de> {
    Key(&'static str),
    Column(usize),
    Unknown(Cow<'de, str>),
}

impl Field<'_> {
    fn name(&self, table: &'static Table) -> &str {
        match self {
            Self::Key(name) => name,
            Self::Column(position) => table.columns[*position].name,
            Self::Unknown(name) => name,
        }
    }
}

/// Reads the name of a field. The rows of a device have their columns in the same order, so the column after the
/// last one is tried first.
struct FieldName {
    table: &'static Table,
    expected: usize,
}

impl FieldName {
    fn known(&self, name: &str) -> Option<Field<'static>> {
        let columns = self.table.columns;
        if columns
            .get(self.expected)
            .is_some_and(|column| column.name == name)
        {
            return Some(Field::Column(self.expected));
        }
        if let Some(position) = self.table.position(name) {
            return Some(Field::Column(position));
        }
        let key = match self.table.key {
            Key::Integer(names) => names.iter().find(|key| **key == name).copied(),
            Key::Text | Key::TextIn(_) => (name == "id").then_some("id"),
        };
        key.map(Field::Key)
    }
}

impl<'de> DeserializeSeed<'de> for FieldName {
    type Value = Field<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de> Visitor<'de> for FieldName {
    type Value = Field<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a column")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        let known = self.known(name);
        Ok(known.unwrap_or_else(|| Field::Unknown(Cow::Owned(name.to_owned()))))
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(self
            .known(name)
            .unwrap_or(Field::Unknown(Cow::Borrowed(name))))
    }
}
