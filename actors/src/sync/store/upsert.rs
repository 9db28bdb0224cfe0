//! Multi-row `INSERT … ON DUPLICATE KEY UPDATE`, by (`source_device`, `source_id`).
//!
//! Rows with the same columns share a statement, so that an absent column keeps its stored value or gets its default.
//! Statements are prepared once per connection. MariaDB executes the statement of one row for many rows at once; other servers
//! get statements of several rows, in few sizes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{Datelike as _, NaiveDateTime, Timelike as _};
use mysql_async::Value;

use self::execute::Upsert;
use super::device_state::Epoch;
use super::profiles::ProfileIds;
use super::{PATCH_EXTRA, SET_IN_EXTRA, counts_of_upserts};
use crate::database::{DatabaseError, Transaction};
use crate::report::Counts;
use crate::sync::batch::{Cell, MirroredTable, PassthroughTable, UnknownColumns};
use crate::sync::tables::{ColumnType, Table};

mod execute;

pub use execute::STATEMENT_ROWS;

/// The bytes of one value that is no text, at most. Texts have this in addition.
const VALUE_BYTES: usize = 16;

/// The set of columns of a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shape {
    /// One bit per column of the table.
    columns: u32,
    extra: Extra,
}

/// How the unknown columns of a row are merged into those that are stored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Extra {
    /// The row has none.
    None,
    /// They are a merge patch.
    Patch,
    /// They are set one by one. The stored values are removed with this JSON object of nulls first, for a merge would
    /// mix objects.
    Replace(String),
}

impl Extra {
    fn of(columns: UnknownColumns<'_>) -> Self {
        if columns.is_empty() {
            Self::None
        } else if columns.are_a_merge_patch() {
            Self::Patch
        } else {
            Self::Replace(columns.to_nulls())
        }
    }
}

impl Shape {
    fn of(sheet: &MirroredTable, row: u32) -> Self {
        // References within a table are resolved after all of its rows are stored.
        let present = sheet.present(row) & !references(sheet.table);
        Self {
            columns: present,
            extra: Extra::of(sheet.unknown_columns(row)),
        }
    }

    fn has(&self, position: usize) -> bool {
        self.columns & (1 << position) != 0
    }
}

/// The columns that refer to other rows of the same table, as one bit per column.
fn references(table: &Table) -> u32 {
    let columns = table.columns.iter().enumerate();
    columns
        .filter(|(_, column)| column.kind == ColumnType::SameTable)
        .fold(0, |bits, (position, _)| bits | 1 << position)
}

/// Stores the rows of a mirrored table.
pub(super) async fn upsert_sheet(
    transaction: &mut Transaction<'_>,
    sheet: &MirroredTable,
    epoch: Epoch,
    profiles: &ProfileIds,
) -> Result<Counts, DatabaseError> {
    let mut by_shape: BTreeMap<Shape, Vec<u32>> = BTreeMap::new();
    for row in sheet.rows() {
        by_shape
            .entry(Shape::of(sheet, *row))
            .or_default()
            .push(*row);
    }
    let mut affected = 0;
    for (shape, rows) in by_shape {
        let upsert = Upsert {
            statement: |count| statement(sheet.table, &shape, count),
            row_bytes: |row: &u32| row_bytes(sheet, *row),
            bind: |values: &mut Vec<Value>, row: &u32| {
                bind_row(values, sheet, *row, epoch, &shape, profiles);
            },
            values: sheet.table.columns.len() + 2,
            last: match &shape.extra {
                Extra::Replace(nulls) => &[nulls, nulls],
                Extra::None | Extra::Patch => &[],
            },
        };
        affected += upsert.execute(transaction, &rows).await?;
    }
    Ok(counts_of_upserts(sheet.rows().len() as u64, affected))
}

/// Stores the rows of a passthrough table as JSON.
pub(super) async fn upsert_extra_sheet(
    transaction: &mut Transaction<'_>,
    sheet: &PassthroughTable,
    epoch: Epoch,
) -> Result<Counts, DatabaseError> {
    let rows = sheet.rows();
    let upsert = Upsert {
        statement: extra_statement,
        row_bytes: |row: &u32| sheet.row_bytes(*row),
        bind: |values: &mut Vec<Value>, row: &u32| {
            let id = sheet.id(*row);
            values.extend([
                sheet.table.as_str().into(),
                epoch.text_source_id(id).as_deref().into(),
                sheet.json(*row).into(),
            ]);
        },
        values: 3,
        last: &[],
    };
    let affected = upsert.execute(transaction, rows).await?;
    Ok(counts_of_upserts(rows.len() as u64, affected))
}

fn extra_statement(rows: usize) -> String {
    let one = "(@device,?,?,NOW(6),@batch,?)";
    format!(
        "INSERT INTO extra_rows (source_device, table_name, source_id, synced_at, sync_batch_id, row_json) VALUES {} \
         ON DUPLICATE KEY UPDATE synced_at = VALUES(synced_at), sync_batch_id = VALUES(sync_batch_id), \
         row_json = VALUES(row_json)",
        vec![one; rows].join(",")
    )
}

fn statement(table: &Table, shape: &Shape, rows: usize) -> String {
    let present = || {
        let columns = table.columns.iter().enumerate();
        columns
            .filter(|(position, _)| shape.has(*position))
            .map(|(_, column)| column.name)
    };
    let mut names = String::from("source_device, source_id, synced_at, sync_batch_id");
    let mut row = String::from("(@device,?,NOW(6),@batch");
    let mut updates =
        String::from("synced_at = VALUES(synced_at), sync_batch_id = VALUES(sync_batch_id)");
    for name in present() {
        let _ = write!(names, ", `{name}`");
        row.push_str(",?");
        let _ = write!(updates, ", `{name}` = VALUES(`{name}`)");
    }
    let extra = match shape.extra {
        Extra::None => None,
        Extra::Patch => Some(PATCH_EXTRA),
        Extra::Replace(_) => Some(SET_IN_EXTRA),
    };
    if let Some(extra) = extra {
        names.push_str(", extra");
        row.push_str(",?");
        let _ = write!(updates, ", extra = {extra}");
    }
    row.push(')');
    let rows = vec![row.as_str(); rows].join(",");
    format!(
        "INSERT INTO `{}` ({names}) VALUES {rows} ON DUPLICATE KEY UPDATE {updates}",
        table.name
    )
}

fn bind_row(
    values: &mut Vec<Value>,
    sheet: &MirroredTable,
    row: u32,
    epoch: Epoch,
    shape: &Shape,
    profiles: &ProfileIds,
) {
    values.push(bind_source_id(sheet, sheet.id(row), epoch));
    for (position, cell) in sheet.cells(row) {
        if !shape.has(position) {
            continue;
        }
        let is_profile = sheet.table.columns[position].kind == ColumnType::Profile;
        values.push(match cell {
            Cell::Text(_) if is_profile => profiles
                .get(sheet.text(cell))
                .map_or(Value::NULL, |id| Value::Int(*id)),
            cell => bind(sheet, cell),
        });
    }
    if shape.extra != Extra::None {
        values.push(Value::from(sheet.unknown_columns(row).to_json()));
    }
}

/// The `source_id` of a row that the device calls `id`. Null, which no row has, if the id leaves the epoch.
pub(super) fn bind_source_id(sheet: &MirroredTable, id: Cell, epoch: Epoch) -> Value {
    match id {
        Cell::Integer(id) => Value::from(epoch.source_id(id)),
        id => bind(sheet, id),
    }
}

/// The bytes of the values of a row in a statement, at most.
fn row_bytes(sheet: &MirroredTable, row: u32) -> usize {
    let cells = sheet.cells(row);
    let cells = cells.map(|(_, cell)| VALUE_BYTES + sheet.text_bytes(cell).len());
    VALUE_BYTES + cells.sum::<usize>() + sheet.unknown_columns(row).bytes()
}

fn bind(sheet: &MirroredTable, cell: Cell) -> Value {
    match cell {
        Cell::Absent | Cell::Null => Value::NULL,
        Cell::Integer(value) => Value::Int(value),
        Cell::Real(value) => Value::Double(value),
        Cell::Time(time) => bind_time(time),
        Cell::Text(_) => Value::from(sheet.text_bytes(cell)),
    }
}

/// Every part fits: years are validated when a time is parsed.
fn bind_time(time: NaiveDateTime) -> Value {
    let small = |number: u32| u8::try_from(number).unwrap_or_default();
    Value::Date(
        u16::try_from(time.year()).unwrap_or_default(),
        small(time.month()),
        small(time.day()),
        small(time.hour()),
        small(time.minute()),
        small(time.second()),
        time.nanosecond() / 1_000,
    )
}

#[cfg(test)]
pub(super) mod cost;
#[cfg(test)]
mod tests;
