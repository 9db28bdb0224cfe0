//! Multi-row `INSERT … ON DUPLICATE KEY UPDATE`, by (`source_device`, `source_id`).
//!
//! Rows with the same columns share a statement, so that an absent column keeps its stored value or gets its default.
//! Statements come in few sizes and are prepared once per connection.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{Datelike as _, NaiveDateTime, Timelike as _};
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Value};

use super::profiles::ProfileIds;
use super::{SET_IN_EXTRA, counts_of_upserts, positional};
use crate::database::DatabaseError;
use crate::report::Counts;
use crate::sync::batch::{Cell, ExtraSheet, Sheet};
use crate::sync::tables::{ColumnType, Table};

/// The maximum number of rows in one statement; larger statements are slower.
pub const STATEMENT_ROWS: usize = 500;

/// The set of columns of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shape<'a> {
    /// One bit per column of the table.
    columns: u32,
    /// The unknown columns, as a JSON object of nulls.
    extra: Option<&'a str>,
}

impl<'a> Shape<'a> {
    fn of(sheet: &'a Sheet, row: usize) -> Self {
        let columns = sheet.table.columns.iter().zip(sheet.cells(row)).enumerate();
        let present = columns
            // References within a table are resolved after all of its rows are stored.
            .filter(|(_, (column, cell))| {
                **cell != Cell::Absent && column.kind != ColumnType::SameTable
            })
            .fold(0, |bits, (position, _)| bits | 1 << position);
        Self {
            columns: present,
            extra: sheet.extra(row).map(|extra| &*extra.nulls),
        }
    }

    fn has(self, position: usize) -> bool {
        self.columns & (1 << position) != 0
    }
}

/// Stores the rows of a mirrored table.
pub(super) async fn upsert_sheet(
    connection: &mut Conn,
    sheet: &Sheet,
    profiles: &ProfileIds,
) -> Result<Counts, DatabaseError> {
    let mut by_shape: BTreeMap<Shape<'_>, Vec<usize>> = BTreeMap::new();
    for row in sheet.rows() {
        by_shape
            .entry(Shape::of(sheet, *row))
            .or_default()
            .push(*row);
    }
    let mut affected = 0;
    for (shape, rows) in by_shape {
        for chunk in chunks(&rows) {
            let mut values = Vec::with_capacity(chunk.len() * (sheet.table.columns.len() + 2));
            for row in chunk {
                bind_row(&mut values, sheet, *row, shape, profiles);
            }
            values.extend(shape.extra.map(Value::from));
            let statement = statement(sheet.table, shape, chunk.len());
            connection.exec_drop(statement, positional(values)).await?;
            affected += connection.affected_rows();
        }
    }
    Ok(counts_of_upserts(sheet.rows().len() as u64, affected))
}

/// Stores the rows of a passthrough table as JSON.
pub(super) async fn upsert_extra_sheet(
    connection: &mut Conn,
    sheet: &ExtraSheet,
) -> Result<Counts, DatabaseError> {
    let rows: Vec<_> = sheet.rows.iter().collect();
    let mut affected = 0;
    for chunk in chunks(&rows) {
        let one = "(@device,?,?,NOW(6),@batch,?)";
        let statement = format!(
            "INSERT INTO extra_rows (source_device, table_name, source_id, synced_at, sync_batch_id, row_json) \
             VALUES {} ON DUPLICATE KEY UPDATE synced_at = VALUES(synced_at), \
             sync_batch_id = VALUES(sync_batch_id), row_json = VALUES(row_json)",
            vec![one; chunk.len()].join(",")
        );
        let values = chunk.iter().flat_map(|(id, row)| {
            [sheet.table.as_str(), id.as_str(), row.as_str()].map(Value::from)
        });
        connection.exec_drop(statement, positional(values)).await?;
        affected += connection.affected_rows();
    }
    Ok(counts_of_upserts(rows.len() as u64, affected))
}

/// Splits rows into statements of 500, then of falling powers of two, so that there are few different statements.
fn chunks<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = match rows.len() {
            0 => return None,
            STATEMENT_ROWS.. => STATEMENT_ROWS,
            fewer => 1 << fewer.ilog2(),
        };
        let (chunk, rest) = rows.split_at(size);
        rows = rest;
        Some(chunk)
    })
}

fn statement(table: &Table, shape: Shape<'_>, rows: usize) -> String {
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
    if shape.extra.is_some() {
        names.push_str(", extra");
        row.push_str(",?");
        let _ = write!(updates, ", extra = {SET_IN_EXTRA}");
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
    sheet: &Sheet,
    row: usize,
    shape: Shape<'_>,
    profiles: &ProfileIds,
) {
    values.push(bind(sheet, sheet.id(row)));
    for (position, cell) in sheet.cells(row).iter().enumerate() {
        if !shape.has(position) {
            continue;
        }
        let is_profile = sheet.table.columns[position].kind == ColumnType::Profile;
        values.push(match cell {
            Cell::Text(_) | Cell::Unescaped(_) if is_profile => profiles
                .get(sheet.text(*cell))
                .map_or(Value::NULL, |id| Value::Int(*id)),
            cell => bind(sheet, *cell),
        });
    }
    values.extend(sheet.extra(row).map(|extra| Value::from(&extra.values)));
}

pub(super) fn bind(sheet: &Sheet, cell: Cell) -> Value {
    match cell {
        Cell::Absent | Cell::Null => Value::NULL,
        Cell::Integer(value) => Value::Int(value),
        Cell::Real(value) => Value::Double(value),
        Cell::Time(time) => bind_time(time),
        Cell::Text(_) | Cell::Unescaped(_) => Value::from(sheet.text_bytes(cell)),
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
mod tests {
    use super::*;

    #[test]
    fn rows_are_split_into_few_sizes_and_none_is_lost() {
        let rows: Vec<usize> = (0..1_777).collect();
        let sizes: Vec<usize> = chunks(&rows).map(<[usize]>::len).collect();
        assert_eq!(sizes, [500, 500, 500, 256, 16, 4, 1]);
        assert_eq!(chunks(&rows).flatten().copied().collect::<Vec<_>>(), rows);
    }

    #[test]
    fn a_statement_names_only_the_columns_that_the_rows_have() {
        let table = Table::named("calibration_sessions").unwrap();
        let notes = table.position("notes").unwrap();
        assert_eq!(
            statement(
                table,
                Shape {
                    columns: 1 << notes,
                    extra: None
                },
                2
            ),
            "INSERT INTO `calibration_sessions` (source_device, source_id, synced_at, sync_batch_id, `notes`) \
             VALUES (@device,?,NOW(6),@batch,?),(@device,?,NOW(6),@batch,?) ON DUPLICATE KEY UPDATE \
             synced_at = VALUES(synced_at), sync_batch_id = VALUES(sync_batch_id), `notes` = VALUES(`notes`)"
        );
    }

    #[test]
    fn counts_distinguish_new_rows_from_changed_ones() {
        assert_eq!(
            counts_of_upserts(5, 5),
            Counts {
                inserted: 5,
                updated: 0
            }
        );
        assert_eq!(
            counts_of_upserts(5, 8),
            Counts {
                inserted: 2,
                updated: 3
            }
        );
        assert_eq!(
            counts_of_upserts(5, 10),
            Counts {
                inserted: 0,
                updated: 5
            }
        );
    }
}
