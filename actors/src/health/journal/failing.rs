use std::collections::HashMap;

use chrono::{NaiveDateTime, TimeDelta};

use super::track::shortened;
use crate::report::BatchFailure;

/// Failures in a row from which a table counts as failing.
const FAILURES_IN_A_ROW: u32 = 3;

/// A device without a new failure for this long is no longer reported.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::days(7);

/// The most entries kept: device ids are chosen by clients.
const MAX_ENTRIES: usize = 256;

/// A table of a device whose batches are not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailingTable {
    /// The device.
    pub device_id: String,
    /// The table.
    pub table: String,
    /// Failed batches since the last stored one.
    pub failures: u32,
    /// Whether the server does not know the table.
    pub is_unknown: bool,
    /// Whether the server failed last, not the batch.
    pub is_of_server: bool,
    /// The last failure, in one sentence.
    pub error: String,
}

/// Tables whose last batch failed, by device.
#[derive(Debug, Default)]
pub(super) struct FailingTables(HashMap<(String, String), Run>);

#[derive(Debug)]
struct Run {
    failures: u32,
    is_unknown: bool,
    is_of_server: bool,
    error: String,
    latest: NaiveDateTime,
}

impl FailingTables {
    pub(super) fn succeed(&mut self, device: &str, table: &str) {
        self.0.remove(&(device.to_owned(), table.to_owned()));
    }

    /// Enters the failure of a batch with rows of these tables.
    pub(super) fn fail(
        &mut self,
        device: &str,
        failure: &BatchFailure,
        is_of_server: bool,
        now: NaiveDateTime,
    ) {
        let known = failure.tables.iter().map(|table| (table, false));
        let unknown = failure.unknown_tables.iter().map(|table| (table, true));
        for (table, is_unknown) in known.chain(unknown) {
            let run = self.0.entry((device.to_owned(), table.clone()));
            let run = run.or_insert(Run {
                failures: 0,
                is_unknown,
                is_of_server,
                error: String::new(),
                latest: now,
            });
            run.is_unknown = is_unknown;
            run.is_of_server = is_of_server;
            run.error = shortened(&failure.error);
            run.failures = run.failures.saturating_add(1);
            run.latest = now;
            if self.0.len() > MAX_ENTRIES {
                self.remove_oldest();
            }
        }
    }

    /// Sorted by device and table.
    pub(super) fn list(&self, now: NaiveDateTime) -> Vec<FailingTable> {
        let mut list: Vec<_> = self
            .0
            .iter()
            .filter(|(_, run)| run.failures >= FAILURES_IN_A_ROW)
            .filter(|(_, run)| run.latest > now - FORGOTTEN_AFTER)
            .map(|((device_id, table), run)| FailingTable {
                device_id: device_id.clone(),
                table: table.clone(),
                failures: run.failures,
                is_unknown: run.is_unknown,
                is_of_server: run.is_of_server,
                error: run.error.clone(),
            })
            .collect();
        list.sort_by(|left, right| {
            (&left.device_id, &left.table).cmp(&(&right.device_id, &right.table))
        });
        list
    }

    fn remove_oldest(&mut self) {
        let oldest = self.0.iter().min_by_key(|(_, run)| run.latest);
        if let Some(key) = oldest.map(|(key, _)| key.clone()) {
            self.0.remove(&key);
        }
    }
}
