//! A batch into the database, whole or not at all: what runs inside the one transaction.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Params, Value};

use super::batch::Batch;
use crate::database::DatabaseError;

mod duplicates;
pub(super) mod history;
mod profiles;
mod upsert;

pub use upsert::STATEMENT_ROWS;

/// How many rows of a table were new and how many were there before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows that were new.
    pub inserted: u64,
    /// Rows that were there and are now as in the batch.
    pub updated: u64,
}

impl Counts {
    /// From the affected rows of upserts: a new row counts once there, a changed one twice. As every upsert sets
    /// `synced_at`, a row that was there is always changed.
    fn of_upserts(rows: u64, affected: u64) -> Self {
        let updated = affected.saturating_sub(rows).min(rows);
        Self {
            inserted: rows - updated,
            updated,
        }
    }
}

/// What is written when, and by whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stamp {
    pub started_at: NaiveDateTime,
    pub completed_at: NaiveDateTime,
}

/// Stores all of `batch` on a connection that is in a transaction; returns the counts of each table.
pub(super) async fn store(
    connection: &mut Conn,
    batch: &Batch,
    stamp: Stamp,
) -> Result<BTreeMap<String, Counts>, DatabaseError> {
    // Said once a batch instead of once a row.
    connection
        .exec_drop(
            "SET @device = ?, @batch = ?",
            (&batch.device_id, &batch.batch_id),
        )
        .await?;
    let mut counts = BTreeMap::new();
    let mut sheets: Vec<_> = batch.sheets.iter().collect();
    sheets.sort_by_key(|sheet| sheet.table.rank());
    let mut profiles = None;
    for sheet in sheets {
        if profiles.is_none() && sheet.table.name != "profiles" {
            profiles = Some(profiles::ids_of_all(connection, batch).await?);
        }
        let ids = profiles.as_ref().unwrap_or(&profiles::NONE);
        let table = upsert::upsert_sheet(connection, sheet, ids).await?;
        duplicates::resolve(connection, sheet).await?;
        counts.insert(sheet.table.name.to_owned(), table);
    }
    for sheet in &batch.extra_sheets {
        counts.insert(
            sheet.table.clone(),
            upsert::upsert_extra_sheet(connection, sheet).await?,
        );
    }
    if batch.rows() > 0 {
        history::record_success(connection, batch, &counts, stamp).await?;
    }
    history::see_device(connection, batch, stamp).await?;
    Ok(counts)
}

/// `(?,?,?)` for a list of values.
fn placeholders(count: usize) -> String {
    let mut text = String::with_capacity(2 * count + 2);
    text.push('(');
    for position in 0..count {
        text.push_str(if position == 0 { "?" } else { ",?" });
    }
    text.push(')');
    text
}

fn positional(values: impl IntoIterator<Item = Value>) -> Params {
    Params::Positional(values.into_iter().collect())
}
