//! Rows that fail validation while `BAD_ROWS=quarantine`: set aside, so that the other rows are stored.

use bytes::Bytes;
use serde_json::Value;

use super::notes::RowNotes;

/// How many rows of one batch are set aside. A batch with more bad rows is refused as a whole: something is wrong with
/// the device or with the server. Devices send 500 rows at a time, so none is stuck for this.
const ROWS_PER_BATCH: usize = 1000;

/// A row that failed validation.
#[derive(Debug)]
pub struct QuarantinedRow {
    /// Its table.
    pub table: String,
    /// The device's key of the row if readable: a number or a text; else null.
    pub id: Value,
    /// Why it is not stored, in one sentence.
    pub reason: String,
    /// The row as it came.
    pub row: Bytes,
    /// How many rows of the table were accepted before it.
    pub(super) rows_before: usize,
}

impl QuarantinedRow {
    /// A row for a test of something else than reading.
    #[cfg(test)]
    pub(in crate::sync) fn new(table: &str, id: Value, reason: &str, row: Bytes) -> Self {
        Self {
            table: table.to_owned(),
            id,
            reason: reason.to_owned(),
            row,
            rows_before: 0,
        }
    }
}

/// The rows of a batch that are set aside.
#[derive(Debug, Default)]
pub(super) struct Quarantine {
    rows: Vec<QuarantinedRow>,
}

impl Quarantine {
    /// Sets a row aside; false if there are too many.
    pub(super) fn take(
        &mut self,
        table: &str,
        notes: &mut RowNotes,
        row: Bytes,
        rows_before: usize,
    ) -> bool {
        if self.rows.len() == ROWS_PER_BATCH {
            return false;
        }
        self.rows.push(QuarantinedRow {
            table: table.to_owned(),
            id: notes.id.take().unwrap_or_default(),
            reason: notes.summary(),
            row,
            rows_before,
        });
        true
    }

    /// Drops the rows of `table` that a later row with the same key replaces, valid or not. `row_with_id` returns
    /// the position of a valid row among the valid rows.
    pub(super) fn drop_replaced(
        &mut self,
        table: &str,
        row_with_id: impl Fn(&Value) -> Option<usize>,
    ) {
        let mut later_ids = std::collections::HashSet::new();
        let mut kept = Vec::with_capacity(self.rows.len());
        for row in std::mem::take(&mut self.rows).into_iter().rev() {
            let is_replaced = row.table == table
                && !row.id.is_null()
                && (row_with_id(&row.id).is_some_and(|valid| valid >= row.rows_before)
                    || !later_ids.insert(row.id.clone()));
            if !is_replaced {
                kept.push(row);
            }
        }
        kept.reverse();
        self.rows = kept;
    }

    pub(super) fn into_rows(self) -> Vec<QuarantinedRow> {
        self.rows
    }
}
