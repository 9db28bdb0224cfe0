//! A batch into the database, whole or not at all: what runs inside the one transaction.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::NaiveDateTime;
use mysql_async::{Params, Value};

use self::profiles::ProfileIds;
use super::batch::{Batch, Sheet};
use crate::clock;
use crate::database::{DatabaseError, Statement, Transaction};

mod drives;
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

impl std::iter::Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, one| Self {
            inserted: sum.inserted + one.inserted,
            updated: sum.updated + one.updated,
        })
    }
}

/// What became of a batch.
#[derive(Debug)]
pub(super) struct Stored {
    /// By table.
    pub counts: BTreeMap<String, Counts>,
    pub completed_at: NaiveDateTime,
    /// What became of the drives that it tells of.
    pub drives: DriveNews,
}

/// What a batch means for the drives of its device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct DriveNews {
    /// How many are to be analysed at once.
    pub ready: usize,
    /// Whether any has changed, or may have.
    pub has_any: bool,
    /// Whether an end came with nothing that tells where its drive began.
    pub has_end_without_start: bool,
}

/// Stores all of `batch`.
pub(super) async fn store(
    transaction: &mut Transaction<'_>,
    batch: &Batch,
    started_at: NaiveDateTime,
    quiet: Duration,
) -> Result<Stored, DatabaseError> {
    // Said once a batch instead of once a row.
    let names = [&batch.device_id, &batch.batch_id];
    transaction.put_off(&Statement::new("SET @device = ?, @batch = ?", names));
    let mut counts = BTreeMap::new();
    // Sorted by the order of storing, which is the same for all: fewer deadlocks.
    let mut sheets: Vec<&Sheet> = batch.sheets.iter().collect();
    sheets.sort_by_key(|sheet| sheet.table.rank());
    let (profiles, others): (Vec<&Sheet>, Vec<&Sheet>) = sheets
        .into_iter()
        .partition(|sheet| sheet.table.name == "profiles");
    for sheet in profiles {
        let connection = transaction.connection().await?;
        let table = upsert::upsert_sheet(connection, sheet, &ProfileIds::new()).await?;
        counts.insert(sheet.table.name.to_owned(), table);
    }
    let profile_ids = profiles::ids_of_all(transaction, batch).await?;
    let connection = transaction.connection().await?;
    for sheet in others {
        let table = upsert::upsert_sheet(connection, sheet, &profile_ids).await?;
        duplicates::resolve(connection, sheet).await?;
        counts.insert(sheet.table.name.to_owned(), table);
    }
    for sheet in &batch.extra_sheets {
        counts.insert(
            sheet.table.clone(),
            upsert::upsert_extra_sheet(connection, sheet).await?,
        );
    }
    let completed_at = clock::now();
    if batch.rows() > 0 {
        let entry = history::Entry {
            batch_id: &batch.batch_id,
            device_id: &batch.device_id,
            tables: &batch.tables(),
            started_at,
            completed_at,
            outcome: history::Outcome::Success(counts.values().copied().sum()),
        };
        transaction.put_off(&history::record(&entry));
    }
    // From here on, it has the device to itself.
    transaction.put_off(&history::see_device(batch, completed_at));
    let drives = drives::follow(transaction, batch, &counts, quiet).await?;
    Ok(Stored {
        counts,
        completed_at,
        drives,
    })
}

/// Sets fields of the JSON object in `extra` and leaves its others as they are. What is set goes out first, for merging
/// would mix objects, and takes null for no field at all: the `?` is for the fields as an object of nulls.
const SET_IN_EXTRA: &str =
    "JSON_MERGE_PRESERVE(JSON_MERGE_PATCH(COALESCE(extra, '{}'), ?), VALUES(extra))";

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
