//! Reports the outcome of an upload. An upload that its client abandons has none.

use std::time::Instant;

use super::error::BackupError;
use crate::report::{Report, Reporter};

/// The start of an upload, and the recipient of its outcome.
#[derive(Clone, Debug)]
pub(super) struct Account {
    reporter: Reporter,
    began: Instant,
}

impl Account {
    /// Starts now.
    pub(super) fn open(reporter: Reporter) -> Self {
        Self {
            reporter,
            began: Instant::now(),
        }
    }

    /// Reports the size in bytes, or why the upload was not stored.
    pub(super) fn close(&self, outcome: Result<u64, &BackupError>) {
        self.reporter.send(Report::Backup {
            outcome: outcome.map_err(ToString::to_string),
            took: self.began.elapsed(),
        });
    }
}
