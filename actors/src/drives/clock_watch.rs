//! Notices when the database's clock is stepped, so that times of before the step are not compared with times of
//! after it. No I/O: the caller reads both clocks.

use std::time::{Duration, Instant};

use chrono::{NaiveDateTime, TimeDelta};

/// A larger difference between the progress of the two clocks is a step. Adjustments of a running clock are smaller.
const TOLERANCE: TimeDelta = TimeDelta::seconds(2);

/// Compares the database's clock with this server's monotonic clock.
#[derive(Clone, Debug)]
pub struct ClockWatch {
    began: Instant,
    last: Option<(NaiveDateTime, Instant)>,
    stepped_at: Option<Instant>,
}

impl ClockWatch {
    /// Begins to watch.
    pub fn new(now: Instant) -> Self {
        Self {
            began: now,
            last: None,
            stepped_at: None,
        }
    }

    /// Takes a reading of both clocks and returns how far the database's clock has been stepped since the last one.
    pub fn observe(&mut self, database_now: NaiveDateTime, now: Instant) -> Option<TimeDelta> {
        let last = self.last.replace((database_now, now));
        let (database_last, last) = last?;
        let elapsed = TimeDelta::from_std(now - last).ok()?;
        let step = database_now - database_last - elapsed;
        if step.abs() <= TOLERANCE {
            return None;
        }
        self.stepped_at = Some(now);
        Some(step)
    }

    /// How long ago something was, from the difference of two times of the database in microseconds. After a step,
    /// it is at most the time since then. A time in the future counts from the step, or from the begin of the watch.
    pub fn elapsed(&self, microseconds: i64, now: Instant) -> Duration {
        let trusted = self.stepped_at.map(|stepped_at| now - stepped_at);
        match u64::try_from(microseconds) {
            Ok(microseconds) => {
                let elapsed = Duration::from_micros(microseconds);
                trusted.map_or(elapsed, |trusted| trusted.min(elapsed))
            }
            Err(_) => trusted.unwrap_or(now - self.began),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_US: i64 = 24 * 3600 * 1_000_000;

    struct Clocks {
        watch: ClockWatch,
        database: NaiveDateTime,
        monotonic: Instant,
    }

    impl Clocks {
        fn new() -> Self {
            let monotonic = Instant::now();
            let mut clocks = Self {
                watch: ClockWatch::new(monotonic),
                database: "2026-02-01T14:00:00".parse().unwrap(),
                monotonic,
            };
            assert_eq!(clocks.advance(0, 0), None);
            clocks
        }

        /// Both clocks, by this number of seconds.
        fn advance(&mut self, database: i64, monotonic: u64) -> Option<TimeDelta> {
            self.database += TimeDelta::seconds(database);
            self.monotonic += Duration::from_secs(monotonic);
            self.watch.observe(self.database, self.monotonic)
        }

        fn elapsed(&self, microseconds: i64) -> Duration {
            self.watch.elapsed(microseconds, self.monotonic)
        }
    }

    #[test]
    fn a_running_clock_is_trusted() {
        let mut clocks = Clocks::new();
        assert_eq!(clocks.advance(30, 30), None);
        assert_eq!(clocks.advance(31, 30), None);
        assert_eq!(clocks.elapsed(90_000_000), Duration::from_secs(90));
    }

    #[test]
    fn after_a_step_forward_a_time_span_ends_no_earlier_than_by_the_monotonic_clock() {
        let mut clocks = Clocks::new();
        let days = TimeDelta::days(2);
        assert_eq!(clocks.advance(2 * 86_400 + 30, 30), Some(days));
        assert_eq!(clocks.elapsed(2 * DAY_US), Duration::ZERO);
        assert_eq!(clocks.advance(60, 60), None);
        assert_eq!(clocks.elapsed(2 * DAY_US), Duration::from_mins(1));
        assert_eq!(clocks.elapsed(5_000_000), Duration::from_secs(5));
    }

    #[test]
    fn after_a_step_back_a_time_in_the_future_counts_from_the_step() {
        let mut clocks = Clocks::new();
        assert_eq!(
            clocks.advance(30 - 2 * 86_400, 30),
            Some(-TimeDelta::days(2))
        );
        assert_eq!(clocks.elapsed(-2 * DAY_US), Duration::ZERO);
        assert_eq!(clocks.advance(90, 90), None);
        assert_eq!(clocks.elapsed(-2 * DAY_US), Duration::from_secs(90));
    }

    #[test]
    fn a_time_in_the_future_that_was_there_at_the_start_counts_from_the_start() {
        let mut clocks = Clocks::new();
        assert_eq!(clocks.advance(40, 40), None);
        assert_eq!(clocks.elapsed(-DAY_US), Duration::from_secs(40));
    }
}
