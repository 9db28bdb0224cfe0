//! References between rows of one table (`is_duplicate_of`), resolved after all rows are stored.

use std::collections::BTreeMap;

use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Value};

use super::device_state::Epoch;
use super::{placeholders, positional, upsert};
use crate::database::{DatabaseError, rows};
use crate::sync::batch::{Cell, MirroredTable};
use crate::sync::tables::{Column, ColumnType};

/// The number of ids in one statement.
const CHUNK: usize = 500;

/// Resolves the references of a stored sheet. One without a target becomes null, and `extra` keeps its value.
pub(super) async fn resolve(
    connection: &mut Conn,
    sheet: &MirroredTable,
    epoch: Epoch,
) -> Result<(), DatabaseError> {
    let columns = sheet.table.columns.iter().enumerate();
    for (position, column) in columns.filter(|(_, column)| column.kind == ColumnType::SameTable) {
        let given: Vec<u32> = sheet
            .rows()
            .iter()
            .copied()
            .filter(|row| sheet.cell(*row, position) != Cell::Absent)
            .collect();
        for rows in given.chunks(CHUNK) {
            let ids = ids_of_targets(connection, sheet, epoch, position, rows).await?;
            for row in rows {
                fill_in(
                    connection,
                    sheet,
                    epoch,
                    column,
                    *row,
                    sheet.cell(*row, position),
                    &ids,
                )
                .await?;
            }
        }
    }
    Ok(())
}

/// MySQL ids by the device's ids.
async fn ids_of_targets(
    connection: &mut Conn,
    sheet: &MirroredTable,
    epoch: Epoch,
    position: usize,
    referring: &[u32],
) -> Result<BTreeMap<i64, i64>, DatabaseError> {
    let targets: Vec<Value> = referring
        .iter()
        .map(|row| sheet.cell(*row, position))
        .filter(|cell| *cell != Cell::Null)
        .map(|cell| upsert::bind_source_id(sheet, cell, epoch))
        .collect();
    if targets.is_empty() {
        return Ok(BTreeMap::new());
    }
    let query = format!(
        "SELECT source_id, id FROM `{}` WHERE source_device = @device AND source_id IN {}",
        sheet.table.name,
        placeholders(targets.len())
    );
    let found: Vec<(i64, i64)> = rows(connection, query, positional(targets)).await?;
    Ok(found.into_iter().collect())
}

async fn fill_in(
    connection: &mut Conn,
    sheet: &MirroredTable,
    epoch: Epoch,
    column: &Column,
    row: u32,
    target: Cell,
    ids: &BTreeMap<i64, i64>,
) -> Result<(), DatabaseError> {
    let Column { name, .. } = column;
    let id = match target {
        Cell::Integer(target) => epoch.source_id(target).and_then(|id| ids.get(&id).copied()),
        _ => None,
    };
    let (extra, kept) = match (target, id) {
        (Cell::Integer(target), None) => (
            "JSON_MERGE_PATCH(COALESCE(extra, '{}'), ?)".to_owned(),
            Some(Value::from(
                serde_json::json!({ *name: target }).to_string(),
            )),
        ),
        _ => (format!("JSON_REMOVE(extra, '$.{name}')"), None),
    };
    let statement = format!(
        "UPDATE `{}` SET `{name}` = ?, extra = {extra} WHERE source_device = @device AND source_id = ?",
        sheet.table.name
    );
    let own_id = upsert::bind_source_id(sheet, sheet.id(row), epoch);
    let values = [Some(Value::from(id)), kept, Some(own_id)]
        .into_iter()
        .flatten();
    connection.exec_drop(statement, positional(values)).await?;
    Ok(())
}
