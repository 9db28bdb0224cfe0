use std::collections::VecDeque;

use chrono::{NaiveDateTime, TimeDelta, Timelike as _};

/// Failures count as long as this.
const RECENT: TimeDelta = TimeDelta::hours(1);

/// How much of an error is shown.
const ERROR_CHARACTERS: usize = 300;

/// How a kind of work has gone of late.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// How often it failed within the last hour, to the minute.
    pub recent_failures: u64,
    /// When it last succeeded, in UTC.
    pub last_success: Option<NaiveDateTime>,
    /// How it last failed, however long ago.
    pub last_error: Option<Mishap>,
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mishap {
    /// When, in UTC.
    pub at: NaiveDateTime,
    /// What, in one sentence.
    pub error: String,
}

/// Successes and failures of one kind of work.
#[derive(Debug, Default)]
pub(super) struct Track {
    /// Failures by the minute, of an hour at most: a device that fails in a loop takes no more memory than one that
    /// fails once.
    failures: VecDeque<(NaiveDateTime, u64)>,
    last_success: Option<NaiveDateTime>,
    last_error: Option<Mishap>,
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
    }

    pub(super) fn fail(&mut self, error: &str, now: NaiveDateTime) {
        let minute = minute(now);
        match self.failures.back_mut() {
            Some((latest, count)) if *latest == minute => *count += 1,
            _ => self.failures.push_back((minute, 1)),
        }
        self.failures.retain(|(minute, _)| is_recent(*minute, now));
        self.last_error = Some(Mishap {
            at: now,
            error: error.chars().take(ERROR_CHARACTERS).collect(),
        });
    }

    pub(super) fn record(&self, now: NaiveDateTime) -> Record {
        let recent = self
            .failures
            .iter()
            .filter(|(minute, _)| is_recent(*minute, now));
        Record {
            recent_failures: recent.map(|(_, count)| count).sum(),
            last_success: self.last_success,
            last_error: self.last_error.clone(),
        }
    }
}

fn is_recent(begun: NaiveDateTime, now: NaiveDateTime) -> bool {
    begun >= minute(now - RECENT)
}

fn minute(time: NaiveDateTime) -> NaiveDateTime {
    time.with_second(0)
        .and_then(|time| time.with_nanosecond(0))
        .unwrap_or(time)
}
