//! Maps the device's profile ids, which are text, to the MySQL ids of `profiles`.
//!
//! Devices never send their profiles first, and some never send them: a profile that is only referred to gets a stub,
//! which its real row completes on arrival.

use std::collections::{BTreeMap, BTreeSet};

use super::placeholders;
use crate::database::{DatabaseError, Statement, Transaction};
use crate::sync::batch::{Batch, Cell};
use crate::sync::tables::ColumnType;

/// MySQL ids by the device's ids.
pub(super) type ProfileIds = BTreeMap<String, i64>;

/// The number of ids in one statement.
const CHUNK: usize = 500;

/// The ids of all profiles that the batch refers to; missing ones are created as stubs. Must be called after the
/// batch's own `profiles` rows are stored.
pub(super) async fn ids_of_all(
    transaction: &mut Transaction<'_>,
    batch: &Batch,
) -> Result<ProfileIds, DatabaseError> {
    let named: Vec<&str> = named_profiles(batch).into_iter().collect();
    let mut ids = ProfileIds::new();
    for chunk in named.chunks(CHUNK) {
        look_up(transaction, chunk, &mut ids).await?;
        let missing: Vec<&str> = chunk
            .iter()
            .copied()
            .filter(|name| !ids.contains_key(*name))
            .collect();
        if !missing.is_empty() {
            transaction.defer(&stubs(&missing));
            look_up(transaction, &missing, &mut ids).await?;
        }
    }
    Ok(ids)
}

fn named_profiles(batch: &Batch) -> BTreeSet<&str> {
    let mut named = BTreeSet::new();
    for sheet in &batch.sheets {
        for (position, column) in sheet.table.columns.iter().enumerate() {
            if column.kind == ColumnType::Profile {
                let cells = sheet.rows().iter().map(|row| sheet.cells(*row)[position]);
                let texts = cells.filter(|cell| matches!(cell, Cell::Text(_) | Cell::Unescaped(_)));
                named.extend(texts.map(|cell| sheet.text(cell)));
            }
        }
    }
    named
}

async fn look_up(
    transaction: &mut Transaction<'_>,
    names: &[&str],
    ids: &mut ProfileIds,
) -> Result<(), DatabaseError> {
    let query = format!(
        "SELECT source_id, id FROM profiles WHERE source_device = @device AND source_id IN {}",
        placeholders(names.len())
    );
    let query = Statement::new(query, names.iter().copied());
    ids.extend(transaction.rows::<(String, i64)>(&query).await?);
    Ok(())
}

/// A stub that a concurrent transaction created is kept.
fn stubs(names: &[&str]) -> Statement {
    let sql = format!(
        "INSERT INTO profiles (source_device, source_id, synced_at, sync_batch_id, name) VALUES {} \
         ON DUPLICATE KEY UPDATE source_id = VALUES(source_id)",
        vec!["(@device,?,NOW(6),@batch,?)"; names.len()].join(",")
    );
    Statement::new(sql, names.iter().flat_map(|name| [*name, *name]))
}
