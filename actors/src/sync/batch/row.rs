//! One row of a mirrored table: every value to its column, what has no column to `extra`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::cell::{self, accept};
use super::json::{Any, AsScalar, Scalar};
use super::read::Reader;
use super::sheet::{Cell, Sheet};
use crate::problem::Fault;
use crate::sync::tables::{Key, Presence, Table};

/// What takes the rows of a table.
pub(super) trait Rows {
    fn read_row<'de, A: MapAccess<'de>>(
        &mut self,
        reader: &mut Reader<'_>,
        row: A,
    ) -> Result<(), A::Error>;
}

impl Rows for Sheet {
    fn read_row<'de, A: MapAccess<'de>>(
        &mut self,
        reader: &mut Reader<'_>,
        mut row: A,
    ) -> Result<(), A::Error> {
        let table = self.table;
        let mut draft = Draft::new(table);
        let mut expected = 0;
        while let Some(field) = row.next_key_seed(FieldName { table, expected })? {
            if let Field::Column(position) = field {
                expected = position + 1;
            }
            if let Err(error) = draft.read_field(self, &field, &mut row) {
                reader.stop_in(field.name(table), draft.called(self));
                return Err(error);
            }
        }
        draft.complete(self);
        draft.hand_over(self, reader);
        Ok(())
    }
}

/// A row under construction.
struct Draft {
    table: &'static Table,
    id: Option<Cell>,
    cells: Vec<Cell>,
    extra: Map<String, Value>,
    faults: Vec<(Cow<'static, str>, Fault)>,
}

impl Draft {
    fn new(table: &'static Table) -> Self {
        Self {
            table,
            id: None,
            cells: vec![Cell::Absent; table.columns.len()],
            extra: Map::new(),
            faults: Vec::new(),
        }
    }

    fn fault(&mut self, column: impl Into<Cow<'static, str>>, fault: Fault) {
        self.faults.push((column.into(), fault));
    }

    fn read_field<'de, A: MapAccess<'de>>(
        &mut self,
        sheet: &mut Sheet,
        field: &Field,
        row: &mut A,
    ) -> Result<(), A::Error> {
        match field {
            Field::Column(position) => {
                let column = &self.table.columns[*position];
                match accept(column, row.next_value_seed(Any(AsScalar))?) {
                    Ok(accepted) => self.cells[*position] = sheet.keep(accepted),
                    Err(fault) => self.fault(column.name, fault),
                }
            }
            Field::Key(name) => {
                let scalar = row.next_value_seed(Any(AsScalar))?;
                self.take_key(sheet, name, scalar);
            }
            Field::Unknown(name) => {
                let value: Value = row.next_value()?;
                match cell::field_fault(name, &value) {
                    None => _ = self.extra.insert(name.clone(), value),
                    Some(fault) => self.fault(name.clone(), fault),
                }
            }
        }
        Ok(())
    }

    /// Which row it is, as far as that is known, to be put behind a sentence.
    fn called(&self, sheet: &Sheet) -> String {
        match self.id {
            Some(Cell::Integer(id)) => format!(" (row with id {id})"),
            Some(text) => format!(" (row with id {:?})", sheet.text(text)),
            None => String::new(),
        }
    }

    fn take_key(&mut self, sheet: &mut Sheet, name: &'static str, scalar: Scalar<'_>) {
        let shown = scalar.shown();
        let key = match self.table.key {
            Key::Integer(_) => cell::integer_id(scalar).map(Cell::Integer),
            Key::Text | Key::TextIn(_) => cell::text_id(&scalar).map(|text| sheet.keep_text(&text)),
        };
        match (key, self.id) {
            (Err(fault), _) => self.fault(name, fault),
            (Ok(key), Some(other)) if matches!(key, Cell::Integer(_)) && key != other => {
                let msg = "The row names two different keys".to_owned();
                self.fault(
                    name,
                    Fault {
                        kind: "value_error",
                        msg,
                        input: shown,
                    },
                );
            }
            (Ok(key), _) => self.id = Some(key),
        }
    }

    /// Sees that the key and all that must not be missing are there.
    fn complete(&mut self, sheet: &mut Sheet) {
        if let Key::TextIn(column) = self.table.key
            && let Some(position) = self.table.position(column)
        {
            match (self.id, self.cells[position]) {
                (None, Cell::Text(_) | Cell::Unescaped(_)) => self.take_key_from(sheet, position),
                (Some(id), Cell::Absent) => self.cells[position] = id,
                _ => {}
            }
        }
        let has_faulty_key = |name: &str| {
            self.table.is_key(name)
                || matches!(self.table.key, Key::TextIn(column) if column == name)
        };
        if self.id.is_none() && !self.faults.iter().any(|(column, _)| has_faulty_key(column)) {
            self.fault("id", Fault::missing());
        }
        for (column, cell) in self.table.columns.iter().zip(&self.cells) {
            let lacking = column.presence == Presence::Required && *cell == Cell::Absent;
            if lacking && !self.faults.iter().any(|(name, _)| name == column.name) {
                self.faults.push((column.name.into(), Fault::missing()));
            }
        }
    }

    fn take_key_from(&mut self, sheet: &mut Sheet, position: usize) {
        let text = sheet.text(self.cells[position]).to_owned();
        self.take_key(
            sheet,
            self.table.columns[position].name,
            Scalar::Text(Cow::Owned(text)),
        );
    }

    fn hand_over(self, sheet: &mut Sheet, reader: &mut Reader<'_>) {
        if let (Some(id), true) = (self.id, self.faults.is_empty()) {
            sheet.push_row(id, &self.cells, self.extra);
            return;
        }
        let called = self.called(sheet);
        for (column, mut fault) in self.faults {
            fault.msg.push_str(&called);
            reader.note_in(column, fault);
        }
    }
}

/// What the name of a field means for a table.
enum Field {
    Key(&'static str),
    Column(usize),
    Unknown(String),
}

impl Field {
    fn name(self, table: &'static Table) -> Cow<'static, str> {
        match self {
            Self::Key(name) => name.into(),
            Self::Column(position) => table.columns[position].name.into(),
            Self::Unknown(name) => name.into(),
        }
    }
}

/// Reads a field's name without keeping it. Rows of one device name their columns in one order, so the column
/// after the last one is looked at first.
struct FieldName {
    table: &'static Table,
    expected: usize,
}

impl FieldName {
    fn meaning(&self, name: &str) -> Field {
        let columns = self.table.columns;
        if columns
            .get(self.expected)
            .is_some_and(|column| column.name == name)
        {
            return Field::Column(self.expected);
        }
        if let Some(position) = self.table.position(name) {
            return Field::Column(position);
        }
        match self.table.key {
            Key::Integer(names) => names.iter().find(|key| **key == name).copied(),
            Key::Text | Key::TextIn(_) => (name == "id").then_some("id"),
        }
        .map_or_else(|| Field::Unknown(name.to_owned()), Field::Key)
    }
}

impl<'de> DeserializeSeed<'de> for FieldName {
    type Value = Field;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Field, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for FieldName {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a column")
    }

    fn visit_str<E>(self, name: &str) -> Result<Field, E> {
        Ok(self.meaning(name))
    }
}
