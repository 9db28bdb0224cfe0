//! A bounded, in-memory record of what the other actors reported. Does no I/O.

use std::collections::BTreeMap;

use chrono::{NaiveDateTime, TimeDelta};

use crate::drives::StuckDrive;
use crate::report::{BatchOutcome, ClockJump, Damage, Report};

mod failing;
mod growth;
mod track;

pub use failing::FailingTable;
use failing::FailingTables;
use growth::DriveQueue;
pub use growth::Growth;
use track::Track;
pub use track::{LastError, Record};

/// How long a note is shown.
const NOTE_AGE: TimeDelta = TimeDelta::days(7);

/// Reports, aggregated.
#[derive(Debug, Default)]
pub struct Journal {
    batches: Track,
    analyses: Track,
    backups: Track,
    failing: FailingTables,
    drives: DriveQueue,
    /// By device and type.
    damaged_backups: BTreeMap<String, Damage>,
    schema: Option<Result<Vec<String>, String>>,
    queue_blocked: Option<String>,
    stuck_drives: Vec<StuckDrive>,
    /// The latest epoch and its start, by device.
    epochs: BTreeMap<String, (i64, NaiveDateTime)>,
    /// The latest, and when it was found.
    clock_jump: Option<(ClockJump, NaiveDateTime)>,
}

impl Journal {
    /// Adds a report received at `now`.
    pub fn enter(&mut self, report: &Report, now: NaiveDateTime) {
        match report {
            Report::Batch {
                device_id, outcome, ..
            } => self.enter_batch(device_id.as_deref(), outcome, now),
            Report::Analysis {
                device_id, outcome, ..
            } => {
                let of_device = |error: &String| match device_id {
                    Some(device) => format!("{device}: {error}"),
                    None => error.clone(),
                };
                let outcome = outcome.as_ref().map_err(of_device);
                self.analyses.enter(outcome.as_ref(), now);
            }
            Report::Backup { outcome, .. } => self.backups.enter(outcome.as_ref(), now),
            Report::DrivesWaiting(waiting) => self.drives.enter(*waiting, now),
            Report::NewestBackup { folder, damage } => match damage {
                Some(damage) => {
                    self.damaged_backups.insert(folder.clone(), damage.clone());
                }
                None => _ = self.damaged_backups.remove(folder),
            },
            Report::Schema(state) => self.schema = Some(state.clone()),
            Report::QueueBlocked(reason) => self.queue_blocked.clone_from(reason),
            Report::StuckDrives(stuck) => self.stuck_drives.clone_from(stuck),
            Report::EpochStarted { device_id, epoch } => {
                self.epochs.insert(device_id.clone(), (*epoch, now));
            }
            Report::ClockJumped(jump) => self.clock_jump = Some((*jump, now)),
            Report::Pool { .. } => {}
        }
    }

    fn enter_batch(&mut self, device: Option<&str>, outcome: &BatchOutcome, now: NaiveDateTime) {
        match outcome {
            BatchOutcome::Stored(tables) => {
                // An idle device keeps sending batches without rows: they prove nothing.
                let with_rows = tables
                    .iter()
                    .filter(|(_, counts)| counts.inserted + counts.updated > 0);
                for (table, _) in with_rows {
                    self.batches.succeed(now);
                    if let Some(device) = device {
                        self.failing.succeed(device, table);
                    }
                }
            }
            BatchOutcome::Refused(failure) | BatchOutcome::Failed(failure) => {
                self.batches.fail(&failure.error, now);
                if let Some(device) = device {
                    let is_of_server = matches!(outcome, BatchOutcome::Failed(_));
                    self.failing.fail(device, failure, is_of_server, now);
                }
            }
        }
    }

    /// Successes and failures of batches.
    pub fn batches(&self, now: NaiveDateTime) -> Record {
        self.batches.record(now)
    }

    /// Successes and failures of analyses.
    pub fn analyses(&self, now: NaiveDateTime) -> Record {
        self.analyses.record(now)
    }

    /// Successes and failures of uploads.
    pub fn backups(&self, now: NaiveDateTime) -> Record {
        self.backups.record(now)
    }

    /// What the owner may want to know, for a week, one sentence each.
    pub fn notes(&self, now: NaiveDateTime) -> Vec<String> {
        let epochs = self.epochs.iter();
        let recent = epochs.filter(|(_, (_, started_at))| now - *started_at < NOTE_AGE);
        recent
            .map(|(device, (epoch, _))| {
                format!("{device} started again at id 1; its new rows are stored in epoch {epoch}.")
            })
            .collect()
    }

    /// What the owner may want to know of backups, for a week, one sentence each.
    pub fn backup_notes(&self, now: NaiveDateTime) -> Vec<String> {
        let recent = self
            .clock_jump
            .filter(|(_, found_at)| now - *found_at < NOTE_AGE);
        let note = recent.map(|(jump, _)| {
            let [from, to] = [jump.from, jump.to].map(|time| time.format("%Y-%m-%dT%H:%M:%S"));
            format!(
                "The server's clock jumped from {from} to {to} between two backups; their names show its time, and \
                 rotation follows the order of storing."
            )
        });
        note.into_iter().collect()
    }

    /// Tables whose last batches all failed.
    pub fn failing_tables(&self, now: NaiveDateTime) -> Vec<FailingTable> {
        self.failing.list(now)
    }

    /// The number of drives waiting for analysis; `None` until it is reported.
    pub fn drives_waiting(&self) -> Option<u64> {
        self.drives.waiting()
    }

    /// The growth of the queue of drives, if it only grows.
    pub fn drives_growth(&self, now: NaiveDateTime) -> Option<Growth> {
        self.drives.growth(now)
    }

    /// The newest backups that are damaged, by device and type.
    pub fn damaged_backups(&self) -> &BTreeMap<String, Damage> {
        &self.damaged_backups
    }

    /// Whether the schema is usable, with warnings or the reason; `None` until it is reported.
    pub fn schema(&self) -> Option<&Result<Vec<String>, String>> {
        self.schema.as_ref()
    }

    /// Why queued drives are not analysed now.
    pub fn queue_blocked(&self) -> Option<&str> {
        self.queue_blocked.as_deref()
    }

    /// The drives that errors keep from being analysed.
    pub fn stuck_drives(&self) -> &[StuckDrive] {
        &self.stuck_drives
    }
}

#[cfg(test)]
mod tests;
