//! The rows of one mirrored table of a batch. A row takes 24 bytes, and each column that it has another 16.

use std::cmp::Ordering;

use chrono::NaiveDateTime;
use serde_json::Value;

use super::kept_json::KeptField;
use super::texts::{Span, Texts, reserve_gently};
use super::unknown::{Names, UnknownColumns};
use crate::sync::tables::{Key, MAX_COLUMNS, Table};

/// The rows of one table, checked against the registry.
#[derive(Debug)]
pub struct MirroredTable {
    /// The table.
    pub table: &'static Table,
    pub(super) texts: Texts,
    /// The column that holds the key, if it is one of the table's columns, as its bit.
    key_column: u32,
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
    id: Id,
    first_cell: u32,
    first_unknown: u32,
    /// One bit per column of the table: whether the row has it. And [`KEY_IS_CELL`].
    present: u32,
}

/// The row has the column that holds its key, and it is the key: no cell is kept for it.
const KEY_IS_CELL: u32 = 1 << 31;

/// The key of a row in 8 bytes. Whether it is an integer or a text depends on the table.
#[derive(Clone, Copy, Debug)]
struct Id(i64);

impl Id {
    /// `None` if the cell is neither.
    fn new(cell: Cell) -> Option<Self> {
        match cell {
            Cell::Integer(id) => Some(Self(id)),
            Cell::Text(span) => Some(Self(span.to_bits())),
            _ => None,
        }
    }
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
        let key_column = match table.key {
            Key::TextIn(column) => table.position(column),
            Key::Integer(_) | Key::Text => None,
        };
        Self {
            table,
            texts,
            key_column: key_column.map_or(0, |position| 1 << position),
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
        let Some(row_id) = Id::new(id) else { return };
        let first_cell = short(self.cells.len());
        let mut present = 0;
        reserve_gently(&mut self.cells, MAX_COLUMNS);
        for (position, cell) in cells.iter().enumerate() {
            let column = 1 << position;
            if column == self.key_column && *cell == id {
                present |= column | KEY_IS_CELL;
            } else if *cell != Cell::Absent {
                present |= column;
                self.cells.push(*cell);
            }
        }
        super::kept_json::keep_last(&self.texts, &mut self.unknown, first_unknown);
        reserve_gently(&mut self.rows, 1);
        self.rows.push(Row {
            id: row_id,
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
        let Id(id) = self.rows[row as usize].id;
        match self.table.key {
            Key::Integer(_) => Cell::Integer(id),
            Key::Text | Key::TextIn(_) => Cell::Text(Span::from_bits(id)),
        }
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
        self.rows[row as usize].present & !KEY_IS_CELL
    }

    /// The cell of a row in the column at a position.
    pub fn cell(&self, row: u32, position: usize) -> Cell {
        let Row {
            first_cell,
            present,
            ..
        } = self.rows[row as usize];
        let column = 1 << position;
        if present & column == 0 {
            return Cell::Absent;
        }
        let kept = self.kept(present);
        if kept & column == 0 {
            return self.id(row);
        }
        let before = (kept & (column - 1)).count_ones();
        self.cells[(first_cell + before) as usize]
    }

    /// The columns for which a cell is kept.
    fn kept(&self, present: u32) -> u32 {
        if present & KEY_IS_CELL == 0 {
            present
        } else {
            present & !KEY_IS_CELL & !self.key_column
        }
    }

    /// The cells that a row has, with the positions of their columns, in order.
    pub fn cells(&self, row: u32) -> impl Iterator<Item = (usize, Cell)> {
        let Row {
            first_cell,
            present,
            ..
        } = self.rows[row as usize];
        let kept = self.kept(present);
        let mut cells = self.cells[first_cell as usize..].iter();
        let positions = (0..MAX_COLUMNS).filter(move |position| present & (1 << position) != 0);
        positions.map_while(move |position| {
            if kept & (1 << position) == 0 {
                Some((position, self.id(row)))
            } else {
                cells.next().map(|cell| (position, *cell))
            }
        })
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
