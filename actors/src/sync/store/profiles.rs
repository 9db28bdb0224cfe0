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

/// How many profiles are looked up together with the state of the device. Most batches refer to one.
const FIRST: usize = 8;

/// The profiles that are looked up before anything is stored: those that the batch does not bring itself.
pub(super) fn first<'a>(batch: &Batch, named: &'a [&'a str]) -> &'a [&'a str] {
    if batch.mirrored_table("profiles").is_some() {
        &[]
    } else {
        &named[..named.len().min(FIRST)]
    }
}

/// The ids of all profiles that the batch refers to; missing ones are created as stubs. Must be called after the
/// batch's own `profiles` rows are stored. `first` are the ids of the [`first`] ones.
pub(super) async fn ids_of_all(
    transaction: &mut Transaction<'_>,
    named: &[&str],
    first: &[Option<i64>],
) -> Result<ProfileIds, DatabaseError> {
    let found = named.iter().zip(first);
    let mut ids: ProfileIds = found
        .filter_map(|(name, id)| Some(((*name).to_owned(), (*id)?)))
        .collect();
    for chunk in named.get(first.len()..).unwrap_or_default().chunks(CHUNK) {
        ids.extend(transaction.rows(&query(chunk)).await?);
    }
    let is_missing = |name: &&str| !ids.contains_key(*name);
    let missing: Vec<&str> = named.iter().copied().filter(is_missing).collect();
    for chunk in missing.chunks(CHUNK) {
        transaction.defer(&stubs(chunk));
        ids.extend(transaction.rows(&query(chunk)).await?);
    }
    Ok(ids)
}

/// The profiles that the batch refers to, in the order in which all batches lock them.
pub(super) fn named_in(batch: &Batch) -> Vec<&str> {
    let mut named = BTreeSet::new();
    for sheet in &batch.mirrored {
        for (position, column) in sheet.table.columns.iter().enumerate() {
            if column.kind == ColumnType::Profile {
                let cells = sheet.rows().iter().map(|row| sheet.cell(*row, position));
                let texts = cells.filter(|cell| matches!(cell, Cell::Text(_)));
                named.extend(texts.map(|cell| sheet.text(cell)));
            }
        }
    }
    named.into_iter().collect()
}

fn query(names: &[&str]) -> Statement {
    let query = format!(
        "SELECT source_id, id FROM profiles WHERE source_device = @device AND source_id IN {}",
        placeholders(names.len())
    );
    Statement::new(query, names.iter().copied())
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
