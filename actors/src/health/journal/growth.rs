use chrono::{NaiveDateTime, TimeDelta};

/// A queue is stuck when it has only grown for so long; an analysis takes minutes.
const STUCK_AFTER: TimeDelta = TimeDelta::minutes(15);

/// Fewer drives than this are no queue.
const WORTH_MENTIONING: u64 = 3;

/// A queue that has only grown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    /// Its length when it last got shorter.
    pub from: u64,
    /// Its length now.
    pub to: u64,
    /// Since then.
    pub minutes: i64,
}

/// The lengths of the queue of drives.
#[derive(Debug, Default)]
pub(super) struct DriveQueue {
    waiting: Option<u64>,
    /// The latest time that it was empty or got shorter, and its length then.
    low: Option<(NaiveDateTime, u64)>,
}

impl DriveQueue {
    pub(super) fn enter(&mut self, waiting: u64, now: NaiveDateTime) {
        if waiting == 0 || self.waiting.is_none_or(|before| waiting < before) {
            self.low = Some((now, waiting));
        }
        self.waiting = Some(waiting);
    }

    pub(super) fn waiting(&self) -> Option<u64> {
        self.waiting
    }

    pub(super) fn growth(&self, now: NaiveDateTime) -> Option<Growth> {
        let to = self.waiting?;
        let (since, from) = self.low?;
        let is_stuck = to > from && to >= WORTH_MENTIONING && now - since >= STUCK_AFTER;
        is_stuck.then(|| Growth {
            from,
            to,
            minutes: (now - since).num_minutes(),
        })
    }
}
