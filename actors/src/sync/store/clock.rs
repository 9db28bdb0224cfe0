//! The database's clock within a transaction. Servers may disagree about the time, so stored times are the database's.

use std::time::Instant;

use chrono::{NaiveDateTime, SubsecRound as _, TimeDelta};

/// The database's clock, read once and continued by the monotonic clock of this process.
#[derive(Clone, Copy)]
pub(super) struct DatabaseClock {
    asked: Instant,
    answered: Instant,
    time: NaiveDateTime,
}

/// A `SELECT NOW(6)` in progress.
pub(super) struct Question(Instant);

impl DatabaseClock {
    pub(super) fn asked_at(asked: Instant) -> Question {
        Question(asked)
    }

    /// The time of an instant before the question. It lies after that instant by a part of a round trip at most.
    pub(super) fn at(&self, earlier: Instant) -> NaiveDateTime {
        let elapsed = self.asked.saturating_duration_since(earlier);
        (self.time - TimeDelta::from_std(elapsed).unwrap_or_default()).trunc_subsecs(6)
    }

    /// The present time. It lies before the true one by a part of a round trip at most.
    pub(super) fn now(&self) -> NaiveDateTime {
        let elapsed = TimeDelta::from_std(self.answered.elapsed()).unwrap_or_default();
        (self.time + elapsed).trunc_subsecs(6)
    }
}

impl Question {
    pub(super) fn answered(self, time: NaiveDateTime) -> DatabaseClock {
        DatabaseClock {
            asked: self.0,
            answered: Instant::now(),
            time,
        }
    }
}
