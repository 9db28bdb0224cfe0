//! Reports of finished work, from the other actors to the health actor.
//!
//! Sending a report never waits and never fails.

use std::collections::BTreeMap;
use std::time::Duration;

use actix::{Message, Recipient};
use chrono::NaiveDateTime;

use crate::database::PoolUse;
use crate::drives::StuckDrive;

/// Finished work of an actor.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub enum Report {
    /// A batch ended.
    Batch {
        /// The device that sent it, if that could be read.
        device_id: Option<String>,
        /// Its outcome.
        outcome: BatchOutcome,
        /// Time from its last byte to its end.
        took: Duration,
    },
    /// A re-imaged device started a new epoch.
    EpochStarted {
        /// The device.
        device_id: String,
        /// The number of the epoch.
        epoch: i64,
    },
    /// An analysis ended.
    Analysis {
        /// The device whose drive it was; `None` if it could not be found.
        device_id: Option<String>,
        /// The error is one sentence without secrets.
        outcome: Result<(), String>,
        /// Time from its start to its end.
        took: Duration,
    },
    /// The number of drives that wait for their analysis; sent whenever the queue is checked.
    DrivesWaiting(u64),
    /// Why queued drives are not analysed now; nothing where they are. Sent after each turn of the queue.
    QueueBlocked(Option<String>),
    /// The drives that errors keep from being analysed, a few at most; sent every few seconds.
    StuckDrives(Vec<StuckDrive>),
    /// An upload of a backup ended.
    Backup {
        /// The size in bytes; the error is one sentence without secrets.
        outcome: Result<u64, String>,
        /// Time from its first byte to its end.
        took: Duration,
    },
    /// The server's clock was set between two backups.
    ClockJumped(ClockJump),
    /// The newest backup of a device and type was checked.
    NewestBackup {
        /// The device and the type: `chi-eclipse-tuner/database`.
        folder: String,
        /// What is wrong with it; `None` if nothing is.
        damage: Option<Damage>,
    },
    /// The schema is usable, with what the owner should repair nevertheless, one sentence each; or the reason why it is not
    /// usable, in one sentence without secrets.
    Schema(Result<Vec<String>, String>),
    /// An actor opened its connection pool.
    Pool {
        /// The actor.
        actor: &'static str,
        /// Counts its connections.
        usage: PoolUse,
    },
}

/// The outcome of a batch.
#[derive(Debug)]
pub enum BatchOutcome {
    /// Stored, with these rows per table.
    Stored(BTreeMap<String, Counts>),
    /// Its content is not valid.
    Refused(BatchFailure),
    /// The database failed.
    Failed(BatchFailure),
}

/// How many rows of a table a batch inserted and updated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows that were new.
    pub inserted: u64,
    /// Rows that existed and now have the batch's values.
    pub updated: u64,
}

impl std::iter::Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::default(), |sum, one| Self {
            inserted: sum.inserted + one.inserted,
            updated: sum.updated + one.updated,
        })
    }
}

/// A batch that is not stored.
#[derive(Debug)]
pub struct BatchFailure {
    /// The tables of the batch that the server stores.
    pub tables: Vec<String>,
    /// The other tables that it names, shortened.
    pub unknown_tables: Vec<String>,
    /// The error, in one sentence without secrets.
    pub error: String,
}

/// A damaged backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The file name of the backup.
    pub filename: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A jump of the server's clock, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockJump {
    /// What the clock should have shown.
    pub from: NaiveDateTime,
    /// What it showed.
    pub to: NaiveDateTime,
}

/// Sends reports. The default one discards them.
#[derive(Clone, Debug, Default)]
pub struct Reporter(Option<Recipient<Report>>);

impl Reporter {
    /// Sends reports to `listener`.
    pub fn new(listener: Recipient<Report>) -> Self {
        Self(Some(listener))
    }

    /// Sends a report without waiting.
    pub fn send(&self, report: Report) {
        if let Some(listener) = &self.0 {
            listener.do_send(report);
        }
    }
}
