//! How long a reading stands, and what the device's clock did.
//!
//! A reading stands until the next of its channel, for at most three of that channel's own median intervals and 60 s; the
//! last one stands for one interval. A slow channel's seconds are therefore as right as a fast one's.

use super::model::Span;

/// No reading stands for longer than this.
const MAX_HOLD_MS: i64 = 60_000;
/// A channel with a single reading so far: no interval is known.
const UNKNOWN_INTERVAL_MS: i64 = 1_000;
/// Rows that are out of order by no more than this are jitter of the logger.
const JITTER_MS: i64 = 1_000;
/// Neighbouring rows further apart than this are a step of the clock or a pause.
const MAX_PAUSE_MS: i64 = 600_000;
/// Steps that are described one by one.
const MAX_STEPS: usize = 10;

/// Turns the device's times into milliseconds since the first reading that never run backwards.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    first_ms: Option<i64>,
    latest_ms: i64,
    elapsed_ms: i64,
    steps: Vec<ClockStep>,
    step_count: u32,
}

/// One step of the clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ClockStep {
    /// Where it happened, milliseconds since the first reading.
    pub(crate) at_ms: i64,
    /// How far, positive for forward.
    pub(crate) by_ms: i64,
}

/// The place of a reading on the drive's own time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tick {
    /// Continues without a step.
    Steady(i64),
    /// The clock stepped back; the drive went on.
    SteppedBack(i64),
    /// More than ten minutes passed, or the clock stepped forward: nothing stands across it.
    Paused(i64),
}

impl Tick {
    pub(crate) fn elapsed_ms(self) -> i64 {
        match self {
            Self::Steady(at) | Self::SteppedBack(at) | Self::Paused(at) => at,
        }
    }
}

impl Clock {
    /// The time of the first reading as the device counts it.
    pub(crate) fn start_ms(&self) -> i64 {
        self.first_ms.unwrap_or(0)
    }

    /// Milliseconds from the first reading to the latest.
    pub(crate) fn elapsed_ms(&self) -> i64 {
        self.elapsed_ms
    }

    pub(crate) fn steps(&self) -> (&[ClockStep], u32) {
        (&self.steps, self.step_count)
    }

    /// Places a reading. `interval_ms` is the usual interval of its channel: what a step is taken to have lasted.
    pub(crate) fn place(&mut self, at_ms: i64, interval_ms: i64) -> Tick {
        if self.first_ms.is_none() {
            self.first_ms = Some(at_ms);
            self.latest_ms = at_ms;
            return Tick::Steady(0);
        }
        let passed = at_ms.saturating_sub(self.latest_ms);
        if (-JITTER_MS..0).contains(&passed) {
            return Tick::Steady(self.elapsed_ms);
        }
        self.latest_ms = at_ms;
        if (0..=MAX_PAUSE_MS).contains(&passed) {
            self.elapsed_ms += passed;
            return Tick::Steady(self.elapsed_ms);
        }
        self.elapsed_ms += interval_ms;
        self.step_count += 1;
        if self.steps.len() < MAX_STEPS {
            self.steps.push(ClockStep {
                at_ms: self.elapsed_ms,
                by_ms: passed,
            });
        }
        if passed < 0 {
            Tick::SteppedBack(self.elapsed_ms)
        } else {
            Tick::Paused(self.elapsed_ms)
        }
    }
}

/// The intervals between the readings of one channel, in buckets a quarter of an octave wide.
#[derive(Clone, Debug)]
pub(crate) struct Intervals {
    counts: [u32; Self::BUCKETS],
    sums_ms: [i64; Self::BUCKETS],
    total: u32,
    median_ms: i64,
}

impl Intervals {
    const BUCKETS: usize = 84;

    pub(crate) fn new() -> Self {
        Self {
            counts: [0; Self::BUCKETS],
            sums_ms: [0; Self::BUCKETS],
            total: 0,
            median_ms: UNKNOWN_INTERVAL_MS,
        }
    }

    /// Adds one; readings of the same millisecond have no interval.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss
    )]
    pub(crate) fn push(&mut self, interval_ms: i64) {
        if interval_ms <= 0 {
            return;
        }
        let bucket = ((interval_ms as f64).log2() * 4.0) as usize;
        let bucket = bucket.min(Self::BUCKETS - 1);
        self.counts[bucket] = self.counts[bucket].saturating_add(1);
        self.sums_ms[bucket] = self.sums_ms[bucket].saturating_add(interval_ms);
        self.total = self.total.saturating_add(1);
        if self.total < 64 || self.total.is_multiple_of(32) {
            self.median_ms = self.find_median();
        }
    }

    /// The mean of the bucket that the median falls into: exact for a regular channel, within 19 % for any other.
    fn find_median(&self) -> i64 {
        let mut left = self.total / 2;
        for (count, sum) in self.counts.iter().zip(&self.sums_ms) {
            if left < *count {
                return sum / i64::from(*count);
            }
            left -= count;
        }
        UNKNOWN_INTERVAL_MS
    }

    /// The median interval in milliseconds.
    pub(crate) fn median_ms(&self) -> i64 {
        self.median_ms
    }

    /// For how long a reading stands at most while the drive goes on.
    pub(crate) fn hold_ms(&self) -> i64 {
        (3 * self.median_ms).min(MAX_HOLD_MS)
    }

    /// For how long the last reading stands.
    pub(crate) fn last_hold_ms(&self) -> i64 {
        self.median_ms.min(MAX_HOLD_MS)
    }
}

/// Milliseconds as seconds.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn seconds(ms: i64) -> f64 {
    ms as f64 / 1_000.0
}

/// A span of whole seconds, the end exclusive.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn span(from: u64, to: u64) -> Span {
    Span {
        from_seconds: from as f64,
        to_seconds: to as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_of_the_clock_adds_one_interval_and_is_remembered() {
        let mut clock = Clock::default();
        assert_eq!(clock.place(50_000, 1_000), Tick::Steady(0));
        assert_eq!(clock.place(51_000, 1_000), Tick::Steady(1_000));
        assert_eq!(clock.place(9_000, 1_000), Tick::SteppedBack(2_000));
        assert_eq!(clock.place(10_000, 1_000), Tick::Steady(3_000));
        assert_eq!(clock.place(823_270_210_000, 1_000), Tick::Paused(4_000));
        assert_eq!(clock.steps().1, 2);
        assert_eq!(clock.steps().0[0].by_ms, -42_000);
    }

    #[test]
    fn rows_out_of_order_by_less_than_a_second_are_no_step() {
        let mut clock = Clock::default();
        clock.place(0, 1_000);
        clock.place(5_000, 1_000);
        assert_eq!(clock.place(4_400, 1_000), Tick::Steady(5_000));
        assert_eq!(clock.place(6_000, 1_000), Tick::Steady(6_000));
        assert_eq!(clock.steps().1, 0);
    }

    #[test]
    fn the_median_of_a_regular_channel_is_exact_and_outliers_do_not_move_it() {
        let mut intervals = Intervals::new();
        for _ in 0..20 {
            intervals.push(30_000);
        }
        intervals.push(400_000);
        intervals.push(0);
        assert_eq!(intervals.median_ms(), 30_000);
        assert_eq!(intervals.hold_ms(), 60_000);
        assert_eq!(intervals.last_hold_ms(), 30_000);
    }

    #[test]
    fn rows_ten_minutes_apart_still_belong_together() {
        let mut clock = Clock::default();
        clock.place(50_000, 1_000);
        assert_eq!(clock.place(650_000, 1_000), Tick::Steady(600_000));
        assert_eq!(clock.place(1_250_001, 1_000), Tick::Paused(601_000));
        assert_eq!(clock.place(1_248_999, 500), Tick::SteppedBack(601_500));
        assert_eq!((clock.start_ms(), clock.elapsed_ms()), (50_000, 601_500));
        assert_eq!(
            clock.steps().0,
            [
                ClockStep {
                    at_ms: 601_000,
                    by_ms: 600_001
                },
                ClockStep {
                    at_ms: 601_500,
                    by_ms: -1_002
                }
            ]
        );
    }

    #[test]
    fn a_tick_says_when_it_was_whatever_the_clock_did() {
        let ticks = [Tick::Steady(3), Tick::SteppedBack(4), Tick::Paused(5)];
        assert_eq!(ticks.map(Tick::elapsed_ms), [3, 4, 5]);
    }

    #[test]
    fn ten_steps_of_the_clock_are_described_and_all_are_counted() {
        let mut clock = Clock::default();
        for row in 0..12 {
            clock.place(-60_000 * row, 1_000);
        }
        let (steps, count) = clock.steps();
        assert_eq!((steps.len(), count), (10, 11));
        assert_eq!(steps[9].at_ms, 10_000);
    }

    #[test]
    fn the_median_is_that_of_the_middle_interval() {
        for (intervals, median) in [
            (vec![], 1_000),
            (vec![5_000], 5_000),
            (vec![9_000, 500, 2_000], 2_000),
            (vec![400, 400, 30_000, 30_000, 30_000], 30_000),
            (vec![400, 400, 400, 30_000, 30_000], 400),
            (vec![1_100, 1_100, 2_000], 1_100),
            // Nearly the same is one bucket, and its mean is the median.
            (vec![1_000, 1_010, 60_000], 1_005),
            // More than half an hour.
            (vec![7_200_000], 7_200_000),
        ] {
            let mut channel = Intervals::new();
            for interval in &intervals {
                channel.push(*interval);
            }
            assert_eq!(channel.median_ms(), median, "{intervals:?}");
        }
    }

    #[test]
    fn a_reading_stands_for_three_intervals_the_last_for_one_and_none_for_more_than_a_minute() {
        for (interval, hold, last_hold) in [
            (5_000, 15_000, 5_000),
            (30_000, 60_000, 30_000),
            (90_000, 60_000, 60_000),
        ] {
            let mut channel = Intervals::new();
            channel.push(interval);
            assert_eq!(
                (channel.hold_ms(), channel.last_hold_ms()),
                (hold, last_hold)
            );
        }
    }
}
