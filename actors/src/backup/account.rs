//! Tells how an upload ended. One that its client gives up has nothing to tell.

use std::time::Instant;

use super::error::BackupError;
use crate::report::{Report, Reporter};

/// An upload's beginning, and who wants to know of its end.
#[derive(Clone, Debug)]
pub(super) struct Account {
    reporter: Reporter,
    began: Instant,
}

impl Account {
    /// The upload begins now.
    pub(super) fn open(reporter: Reporter) -> Self {
        Self {
            reporter,
            began: Instant::now(),
        }
    }

    /// Tells of an upload's end: its size in bytes, or why it is not stored.
    pub(super) fn close(&self, outcome: Result<u64, &BackupError>) {
        self.reporter.tell(Report::Backup {
            outcome: outcome.map_err(ToString::to_string),
            took: self.began.elapsed(),
        });
    }
}
