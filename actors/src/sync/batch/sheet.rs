//! The rows of one table of a batch, 16 bytes a cell: texts stay where they are in the request's body.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use chrono::NaiveDateTime;
use serde_json::{Map, Value};

use super::cell::Accepted;
use crate::sync::tables::Table;

/// The rows of one table, checked against the registry.
#[derive(Debug)]
pub struct Sheet {
    /// The table they are for.
    pub table: &'static Table,
    /// Names of columns that the table does not have, of all rows.
    pub unknown_columns: BTreeSet<String>,
    body: Bytes,
    /// Texts that stand in the body with escapes, without them.
    unescaped: String,
    ids: Vec<Cell>,
    /// One row after the other, each as wide as the table.
    cells: Vec<Cell>,
    /// By row: the unknown columns.
    extras: BTreeMap<usize, Extra>,
    /// The rows in the order of their ids, without those that a later row of the same id replaces.
    order: Vec<usize>,
}

/// A value, or the lack of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell {
    /// The row does not have the column.
    Absent,
    /// Null.
    Null,
    /// An integer.
    Integer(i64),
    /// A finite double.
    Real(f64),
    /// A point in time.
    Time(NaiveDateTime),
    /// A text in the body.
    Text(Span),
    /// A text that was escaped in the body.
    Unescaped(Span),
}

/// The columns of a row that its table does not have.
#[derive(Debug)]
pub struct Extra {
    /// The columns, as a JSON object.
    pub values: String,
    /// The same object with null for every value. Rows that have the same columns share it.
    pub nulls: Arc<str>,
}

impl Extra {
    /// An object's fields.
    pub fn new(fields: Map<String, Value>) -> Self {
        let nulls: Map<_, _> = fields
            .keys()
            .map(|name| (name.clone(), Value::Null))
            .collect();
        Self {
            values: Value::Object(fields).to_string(),
            nulls: Value::Object(nulls).to_string().into(),
        }
    }
}

/// Where a text stands, in bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    start: u32,
    length: u32,
}

impl Span {
    fn new(start: usize, length: usize) -> Self {
        // A body is far smaller than 4 GiB; a saturated span would only ever yield an empty text.
        let short = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            start: short(start),
            length: short(length),
        }
    }

    fn of(self, text: &[u8]) -> &[u8] {
        let start = self.start as usize;
        text.get(start..start + self.length as usize)
            .unwrap_or_default()
    }
}

impl Sheet {
    pub(super) fn new(table: &'static Table, body: Bytes) -> Self {
        Self {
            table,
            unknown_columns: BTreeSet::new(),
            body,
            unescaped: String::new(),
            ids: Vec::new(),
            cells: Vec::new(),
            extras: BTreeMap::new(),
            order: Vec::new(),
        }
    }

    /// Takes a whole row; `cells` is as wide as the table.
    pub(super) fn push_row(&mut self, id: Cell, cells: &[Cell], extra: Map<String, Value>) {
        if !extra.is_empty() {
            self.keep_extra(extra);
        }
        self.ids.push(id);
        self.cells.extend_from_slice(cells);
    }

    fn keep_extra(&mut self, fields: Map<String, Value>) {
        let names: Vec<String> = fields.keys().cloned().collect();
        let mut extra = Extra::new(fields);
        match self.extras.last_key_value() {
            Some((_, last)) if last.nulls == extra.nulls => extra.nulls = Arc::clone(&last.nulls),
            _ => self.unknown_columns.extend(names),
        }
        self.extras.insert(self.ids.len(), extra);
    }

    /// Stores an accepted value; a text that stands in the body is not copied.
    pub(super) fn keep(&mut self, accepted: Accepted<'_>) -> Cell {
        match accepted {
            Accepted::Absent => Cell::Absent,
            Accepted::Null => Cell::Null,
            Accepted::Integer(value) => Cell::Integer(value),
            Accepted::Real(value) => Cell::Real(value),
            Accepted::Time(value) => Cell::Time(value),
            Accepted::Text(text) => self.keep_text(&text),
        }
    }

    pub(super) fn keep_text(&mut self, text: &str) -> Cell {
        let start = (text.as_ptr() as usize).wrapping_sub(self.body.as_ptr() as usize);
        let span = Span::new(start, text.len());
        if span.of(&self.body).as_ptr() == text.as_ptr() {
            return Cell::Text(span);
        }
        let span = Span::new(self.unescaped.len(), text.len());
        self.unescaped.push_str(text);
        Cell::Unescaped(span)
    }

    /// To be called after the last row: finds the order, and of rows with one id keeps the last.
    pub(super) fn finish(&mut self) {
        let mut order: Vec<usize> = (0..self.ids.len()).collect();
        order.sort_by(|a, b| self.compare_ids(*a, *b).then(b.cmp(a)));
        order.dedup_by(|later, earlier| self.compare_ids(*later, *earlier) == Ordering::Equal);
        self.order = order;
    }

    fn compare_ids(&self, a: usize, b: usize) -> Ordering {
        match (self.ids[a], self.ids[b]) {
            (Cell::Integer(a), Cell::Integer(b)) => a.cmp(&b),
            (a, b) => self.text(a).cmp(self.text(b)),
        }
    }

    /// The rows to store, in the order of their ids: with many clients at work, rows locked in one order are rows
    /// that do not lead into a deadlock.
    pub fn rows(&self) -> &[usize] {
        &self.order
    }

    /// The device's key of a row.
    pub fn id(&self, row: usize) -> Cell {
        self.ids[row]
    }

    /// The device's key of a row, where it is a number.
    pub fn integer_id(&self, row: usize) -> Option<i64> {
        match self.ids[row] {
            Cell::Integer(id) => Some(id),
            _ => None,
        }
    }

    /// The cells of a row, in the order of the table's columns.
    pub fn cells(&self, row: usize) -> &[Cell] {
        let width = self.table.columns.len();
        &self.cells[row * width..(row + 1) * width]
    }

    /// The row's unknown columns.
    pub fn extra(&self, row: usize) -> Option<&Extra> {
        self.extras.get(&row)
    }

    /// The text of a cell; empty for a cell that holds none.
    pub fn text(&self, cell: Cell) -> &str {
        std::str::from_utf8(self.text_bytes(cell)).unwrap_or_default()
    }

    /// The same, in bytes.
    pub fn text_bytes(&self, cell: Cell) -> &[u8] {
        match cell {
            Cell::Text(span) => span.of(&self.body),
            Cell::Unescaped(span) => span.of(self.unescaped.as_bytes()),
            _ => &[],
        }
    }
}
