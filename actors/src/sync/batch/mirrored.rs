//! The rows of one mirrored table of a batch. A row takes 32 bytes, and each column that it has another 16.

use std::cmp::Ordering;

use chrono::NaiveDateTime;
use serde_json::Value;

use super::kept_json::KeptField;
use super::texts::{Span, Texts, reserve_gently};
use super::unknown::{Names, UnknownColumns};
use crate::sync::tables::{MAX_COLUMNS, Table};

/// The rows of one table, checked against the registry.
#[derive(Debug)]
pub struct MirroredTable {
    /// The table.
    pub table: &'static Table,
    pub(super) texts: Texts,
    rows: Vec<Row>,
    /// The cells of all rows, without those that are absent.
    cells: Vec<Cell>,
    /// The unknown columns of all rows.
    pub(super) unknown: Vec<KeptField>,
    /// The rows in the order of their ids, without those that a later row of the same id replaces.
    order: Vec<u32>,
}

#[derive(Debug)]
struct Row {
    id: Cell,
    first_cell: u32,
    first_unknown: u32,
    /// One bit per column of the table: whether the row has it.
    present: u32,
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
    /// A text of the batch.
    Text(Span),
}

impl MirroredTable {
    pub(super) fn new(table: &'static Table, texts: Texts) -> Self {
        Self {
            table,
            texts,
            rows: Vec::new(),
            cells: Vec::new(),
            unknown: Vec::new(),
            order: Vec::new(),
        }
    }

    /// How many rows were read, those included that a later one replaces.
    pub(super) fn rows_read(&self) -> usize {
        self.rows.len()
    }

    /// Adds a row, whose unknown columns are those from `first_unknown` on.
    pub(super) fn push_row(&mut self, id: Cell, cells: &[Cell; MAX_COLUMNS], first_unknown: usize) {
        let first_cell = short(self.cells.len());
        let mut present = 0;
        reserve_gently(&mut self.cells, MAX_COLUMNS);
        for (position, cell) in cells.iter().enumerate() {
            if *cell != Cell::Absent {
                present |= 1 << position;
                self.cells.push(*cell);
            }
        }
        super::kept_json::keep_last(&self.texts, &mut self.unknown, first_unknown);
        reserve_gently(&mut self.rows, 1);
        self.rows.push(Row {
            id,
            first_cell,
            first_unknown: short(first_unknown),
            present,
        });
    }

    /// Must be called after the last row. Sorts the rows by their ids; of rows with the same id the last one counts.
    pub(super) fn finish(&mut self) {
        let mut order: Vec<u32> = (0..short(self.rows.len())).collect();
        order.sort_unstable_by(|a, b| self.compare_ids(*a, *b).then(b.cmp(a)));
        order.dedup_by(|later, earlier| self.compare_ids(*later, *earlier) == Ordering::Equal);
        self.order = order;
    }

    fn compare_ids(&self, a: u32, b: u32) -> Ordering {
        match (self.id(a), self.id(b)) {
            (Cell::Integer(a), Cell::Integer(b)) => a.cmp(&b),
            (a, b) => self.text(a).cmp(self.text(b)),
        }
    }

    /// The row that has an id, after [`MirroredTable::finish`].
    pub(super) fn row_with_id(&self, id: &Value) -> Option<usize> {
        let found = self.order.binary_search_by(|row| match self.id(*row) {
            Cell::Integer(own) => id.as_i64().map_or(Ordering::Less, |id| own.cmp(&id)),
            own => self.text(own).cmp(id.as_str().unwrap_or_default()),
        });
        found.ok().map(|position| self.order[position] as usize)
    }

    /// The rows to store, in the order of their ids. Rows that all clients lock in the same order do not deadlock.
    pub fn rows(&self) -> &[u32] {
        &self.order
    }

    /// The device's key of a row.
    pub fn id(&self, row: u32) -> Cell {
        self.rows[row as usize].id
    }

    /// The device's key of a row, if it is a number.
    pub fn integer_id(&self, row: u32) -> Option<i64> {
        match self.id(row) {
            Cell::Integer(id) => Some(id),
            _ => None,
        }
    }

    /// The columns that a row has, as one bit per column of the table.
    pub fn present(&self, row: u32) -> u32 {
        self.rows[row as usize].present
    }

    /// The cell of a row in the column at a position.
    pub fn cell(&self, row: u32, position: usize) -> Cell {
        let Row {
            first_cell,
            present,
            ..
        } = self.rows[row as usize];
        if present & (1 << position) == 0 {
            return Cell::Absent;
        }
        let before = (present & ((1 << position) - 1)).count_ones();
        self.cells[(first_cell + before) as usize]
    }

    /// The cells that a row has, with the positions of their columns, in order.
    pub fn cells(&self, row: u32) -> impl Iterator<Item = (usize, Cell)> {
        let Row {
            first_cell,
            present,
            ..
        } = self.rows[row as usize];
        let positions = (0..MAX_COLUMNS).filter(move |position| present & (1 << position) != 0);
        positions.zip(self.cells[first_cell as usize..].iter().copied())
    }

    /// The columns of a row that the table does not have.
    pub fn unknown_columns(&self, row: u32) -> UnknownColumns<'_> {
        let row = row as usize;
        let next = self.rows.get(row + 1);
        let end = next.map_or(self.unknown.len(), |next| next.first_unknown as usize);
        UnknownColumns {
            texts: &self.texts,
            fields: &self.unknown[self.rows[row].first_unknown as usize..end],
        }
    }

    /// The names of all unknown columns, for a receipt.
    pub fn unknown_names(&self) -> Names {
        let mut names = Names::default();
        names.add(UnknownColumns {
            texts: &self.texts,
            fields: &self.unknown,
        });
        names
    }

    /// The text of a cell; empty if the cell is not a text.
    pub fn text(&self, cell: Cell) -> &str {
        match cell {
            Cell::Text(span) => self.texts.text(span),
            _ => "",
        }
    }

    /// The same, in bytes.
    pub fn text_bytes(&self, cell: Cell) -> &[u8] {
        match cell {
            Cell::Text(span) => self.texts.bytes(span),
            _ => &[],
        }
    }
}

/// A body is far smaller than 4 GiB, and so is the number of anything in it.
fn short(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
