use chrono::{NaiveDateTime, TimeDelta};

/// A queue that only grew for this long is stuck; one analysis takes minutes.
const STUCK_AFTER: TimeDelta = TimeDelta::minutes(15);

/// A shorter queue is never reported.
const LEAST_LENGTH: u64 = 3;

/// The growth of a queue that only grew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Growth {
    /// Its length when it last shrank.
    pub from: u64,
    /// Its present length.
    pub to: u64,
    /// Minutes since it last shrank.
    pub minutes: i64,
}

/// The length of the queue of drives over time.
#[derive(Debug, Default)]
pub(super) struct DriveQueue {
    waiting: Option<u64>,
    /// When it was last empty or shrank, and its length then.
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
        let is_stuck = to > from && to >= LEAST_LENGTH && now - since >= STUCK_AFTER;
        is_stuck.then(|| Growth {
            from,
            to,
            minutes: (now - since).num_minutes(),
        })
    }
}
