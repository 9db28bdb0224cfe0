//! Stores a batch within one transaction.

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::NaiveDateTime;
use mysql_async::{Params, Value};

use self::device_state::DeviceState;
use self::profiles::ProfileIds;
use super::batch::{Batch, MirroredTable};
use crate::database::{DatabaseError, Statement, Transaction};
use crate::drives::DriveTiming;
use crate::report::Counts;

mod clock;
pub(super) mod device_state;
mod drives;
mod duplicates;
mod epochs;
pub(super) mod failures;
pub(super) mod history;
mod profiles;
mod quarantine;
mod state_query;
mod upsert;

pub use upsert::STATEMENT_ROWS;
#[cfg(test)]
pub(super) use upsert::cost::render;

/// The counts of `rows` upserts from the number of affected rows: an inserted row is one affected row, an updated one is two.
/// Every upsert sets `synced_at`, so an existing row always changes.
fn counts_of_upserts(rows: u64, affected: u64) -> Counts {
    let updated = affected.saturating_sub(rows).min(rows);
    Counts {
        inserted: rows - updated,
        updated,
    }
}

/// The result of a stored batch.
#[derive(Debug)]
pub(super) struct Stored {
    /// By table.
    pub counts: BTreeMap<String, Counts>,
    pub completed_at: NaiveDateTime,
    pub drives: DriveChanges,
    /// The epoch that the batch started.
    pub new_epoch: Option<i64>,
}

/// How a batch changed the drives of its device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct DriveChanges {
    /// How many drives are ready for their analysis.
    pub ready: usize,
    /// Whether any drive changed or may have changed.
    pub has_any: bool,
    /// Whether a `drive_end` has no `drive_start`.
    pub has_end_without_start: bool,
}

/// Stores all of `batch`, whose processing began at `begun`.
///
/// The first statement locks the device. Batches of one device are stored one after the other, so they never wait for each
/// other's rows in different orders, whatever tables, columns and ids they have.
pub(super) async fn store(
    transaction: &mut Transaction<'_>,
    batch: &Batch,
    begun: Instant,
    timing: DriveTiming,
) -> Result<Stored, DatabaseError> {
    // Set once a batch instead of bound once a row.
    let names = [batch.device_id.as_str(), &batch.batch_id];
    transaction.defer(&Statement::new("SET @device = ?, @batch = ?", names));
    transaction.defer(&history::see_device(batch));
    let named_profiles = profiles::named_in(batch);
    let first_profiles = profiles::first(batch, &named_profiles);
    let mut state = DeviceState::read(transaction, batch, first_profiles).await?;
    let clock = state.clock;
    state.count_if_new(transaction).await?;
    let new_epoch = epochs::find_epoch(transaction, batch, &mut state).await?;
    let epoch = state.epoch;

    let mut counts = BTreeMap::new();
    // In one order for all batches: rows of different devices can still share a gap of an index.
    let mut sheets: Vec<&MirroredTable> = batch.mirrored.iter().collect();
    sheets.sort_by_key(|sheet| sheet.table.rank());
    let (profiles, others): (Vec<&MirroredTable>, Vec<&MirroredTable>) = sheets
        .into_iter()
        .partition(|sheet| sheet.table.name == "profiles");
    for sheet in profiles {
        let none = ProfileIds::new();
        let table = upsert::upsert_sheet(transaction, sheet, epoch, &none).await?;
        counts.insert(sheet.table.name.to_owned(), table);
    }
    let profile_ids = profiles::ids_of_all(transaction, &named_profiles, &state.profiles).await?;
    for sheet in others {
        let table = upsert::upsert_sheet(transaction, sheet, epoch, &profile_ids).await?;
        duplicates::resolve(transaction.connection().await?, sheet, epoch).await?;
        counts.insert(sheet.table.name.to_owned(), table);
    }
    for sheet in &batch.passthrough {
        counts.insert(
            sheet.table.clone(),
            upsert::upsert_extra_sheet(transaction, sheet, epoch).await?,
        );
    }
    history::keep_fields(transaction, batch).await?;
    if state.has_quarantined_rows {
        quarantine::remove_stored(transaction, batch);
    }
    quarantine::add(transaction, batch, epoch).await?;
    let completed_at = clock.now();
    if batch.rows() > 0 || !batch.quarantined.is_empty() {
        let entry = history::Entry {
            batch_id: &batch.batch_id,
            device_id: &batch.device_id,
            tables: &batch.tables(),
            started_at: clock.at(begun),
            completed_at,
            outcome: history::Outcome::Success(counts.values().copied().sum()),
        };
        transaction.defer(&history::record(&entry));
    }
    state.record(transaction, batch, completed_at);
    let drives = drives::follow(transaction, batch, &state, &counts, timing).await?;
    Ok(Stored {
        counts,
        completed_at,
        drives,
        new_epoch,
    })
}

/// Sets fields of the JSON object in `extra` and keeps its other fields. The fields are removed first (the `?` is an
/// object with null for each of them), because a merge would combine nested objects and drop nulls. They are removed twice:
/// MariaDB leaves the field behind the first one that it removes.
const SET_IN_EXTRA: &str =
    "JSON_MERGE_PRESERVE(JSON_MERGE_PATCH(COALESCE(extra, '{}'), ?, ?), VALUES(extra))";

/// The same for fields that are a merge patch.
const PATCH_EXTRA: &str = "JSON_MERGE_PATCH(COALESCE(extra, '{}'), VALUES(extra))";

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
