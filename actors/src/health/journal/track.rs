use std::collections::VecDeque;

use chrono::{NaiveDateTime, TimeDelta, Timelike as _};

use crate::text::line;

/// How long a failure counts as recent.
const RECENT: TimeDelta = TimeDelta::hours(1);

/// The number of characters kept of an error.
const ERROR_CHARACTERS: usize = 300;

/// Recent successes and failures of one kind of work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Failures within the last hour, to the minute.
    pub recent_failures: u64,
    /// Failures since the last success.
    pub failures_in_a_row: u32,
    /// The last success, in UTC.
    pub last_success: Option<NaiveDateTime>,
    /// The last failure, however old.
    pub last_error: Option<LastError>,
}

/// A failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastError {
    /// When, in UTC.
    pub at: NaiveDateTime,
    /// What, in one sentence.
    pub error: String,
}

/// Successes and failures of one kind of work.
#[derive(Debug, Default)]
pub(super) struct Track {
    /// Failures per minute within the last hour, so that memory is bounded however often a device fails.
    failures: VecDeque<(NaiveDateTime, u64)>,
    failures_in_a_row: u32,
    last_success: Option<NaiveDateTime>,
    last_error: Option<LastError>,
}

impl Track {
    pub(super) fn enter<T>(&mut self, outcome: Result<&T, &String>, now: NaiveDateTime) {
        match outcome {
            Ok(_) => self.succeed(now),
            Err(error) => self.fail(error, now),
        }
    }

    pub(super) fn succeed(&mut self, now: NaiveDateTime) {
        self.last_success = Some(now);
        self.failures_in_a_row = 0;
    }

    pub(super) fn fail(&mut self, error: &str, now: NaiveDateTime) {
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        let minute = minute(now);
        match self.failures.back_mut() {
            Some((latest, count)) if *latest == minute => *count += 1,
            _ => self.failures.push_back((minute, 1)),
        }
        self.failures.retain(|(minute, _)| is_recent(*minute, now));
        self.last_error = Some(LastError {
            at: now,
            error: shortened(error),
        });
    }

    pub(super) fn record(&self, now: NaiveDateTime) -> Record {
        let recent = self
            .failures
            .iter()
            .filter(|(minute, _)| is_recent(*minute, now));
        Record {
            recent_failures: recent.map(|(_, count)| count).sum(),
            failures_in_a_row: self.failures_in_a_row,
            last_success: self.last_success,
            last_error: self.last_error.clone(),
        }
    }
}

/// One line of at most [`ERROR_CHARACTERS`].
pub(super) fn shortened(error: &str) -> String {
    line(error, ERROR_CHARACTERS)
}

fn is_recent(begun: NaiveDateTime, now: NaiveDateTime) -> bool {
    begun >= minute(now - RECENT)
}

fn minute(time: NaiveDateTime) -> NaiveDateTime {
    time.with_second(0)
        .and_then(|time| time.with_nanosecond(0))
        .unwrap_or(time)
}
