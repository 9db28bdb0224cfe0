use std::collections::HashMap;

use chrono::{NaiveDateTime, TimeDelta};

/// So many failures in a row are no accident.
const FAILURES_IN_A_ROW: u32 = 3;

/// A device that has not failed again for so long has gone, or has other worries.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::days(7);

/// How many tables that fail are kept in mind: a device is what a client calls itself.
const REMEMBERED: usize = 256;

/// A table that a device does not get stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailingTable {
    /// The device.
    pub device_id: String,
    /// The table.
    pub table: String,
    /// How many batches have failed since the last that was stored.
    pub failures: u32,
}

/// Tables whose latest batch failed, by device.
#[derive(Debug, Default)]
pub(super) struct FailingTables(HashMap<(String, String), Run>);

#[derive(Debug)]
struct Run {
    failures: u32,
    latest: NaiveDateTime,
}

impl FailingTables {
    pub(super) fn succeed(&mut self, device: &str, table: &str) {
        self.0.remove(&(device.to_owned(), table.to_owned()));
    }

    pub(super) fn fail(&mut self, device: &str, table: &str, now: NaiveDateTime) {
        let run = self
            .0
            .entry((device.to_owned(), table.to_owned()))
            .or_insert(Run {
                failures: 0,
                latest: now,
            });
        run.failures = run.failures.saturating_add(1);
        run.latest = now;
        if self.0.len() > REMEMBERED {
            self.forget_oldest();
        }
    }

    /// In the order of their names.
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
            })
            .collect();
        list.sort_by(|left, right| {
            (&left.device_id, &left.table).cmp(&(&right.device_id, &right.table))
        });
        list
    }

    fn forget_oldest(&mut self) {
        let oldest = self.0.iter().min_by_key(|(_, run)| run.latest);
        if let Some(key) = oldest.map(|(key, _)| key.clone()) {
            self.0.remove(&key);
        }
    }
}
