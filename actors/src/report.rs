//! What an actor tells of its work when it is done, to whoever keeps track.
//!
//! Telling never waits and never fails: the work counts, not the telling.

use std::collections::BTreeMap;
use std::time::Duration;

use actix::{Message, Recipient};

use crate::database::PoolUse;

/// News of an actor's work.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub enum Report {
    /// A batch was taken in, or not.
    Batch {
        /// Who sent it, where that could be read.
        device_id: Option<String>,
        /// What became of it.
        outcome: BatchOutcome,
        /// From its last byte to its end.
        took: Duration,
    },
    /// A drive was analysed, or not.
    Analysis {
        /// What went wrong, in one sentence fit for everybody to read.
        outcome: Result<(), String>,
        /// From its start to its end.
        took: Duration,
    },
    /// How many drives are ready for their analysis and wait for it; to be told whenever the queue is looked at.
    DrivesWaiting(u64),
    /// A backup was stored, or not.
    Backup {
        /// Its size in bytes; or what went wrong, in one sentence fit for everybody to read.
        outcome: Result<u64, String>,
        /// From the first byte to its end.
        took: Duration,
    },
    /// An actor has opened its connections to the database.
    Pool {
        /// The actor.
        actor: &'static str,
        /// Tells how many there are.
        usage: PoolUse,
    },
}

/// What became of a batch.
#[derive(Debug)]
pub enum BatchOutcome {
    /// It is stored; these are its tables.
    Stored(BTreeMap<String, Counts>),
    /// Its content cannot be stored.
    Refused(BatchFailure),
    /// The database did not take it.
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
    /// The tables in it that the server knows.
    pub tables: Vec<String>,
    /// What went wrong, in one sentence fit for everybody to read.
    pub error: String,
}

/// Takes reports. The default one has nobody to tell.
#[derive(Clone, Debug, Default)]
pub struct Reporter(Option<Recipient<Report>>);

impl Reporter {
    /// Tells `listener`.
    pub fn new(listener: Recipient<Report>) -> Self {
        Self(Some(listener))
    }

    /// Hands a report over and goes on.
    pub fn tell(&self, report: Report) {
        if let Some(listener) = &self.0 {
            listener.do_send(report);
        }
    }
}
