use sketches_ddsketch::{Config, DDSketch};

use super::round;
use crate::channels::Channel;
use crate::model::ChannelFigures;

/// Percentiles are within this share of the true value, whatever the readings and their order (`DDSketch`); values nearer
/// to zero than 0.001 count as zero.
pub const PERCENTILE_ERROR: f64 = 0.005;
const ZERO: f64 = 1e-3;
/// Covers ±1e-3 to ±1e7 at the error above, so that no bins are ever merged.
const MAX_BINS: u32 = 4_096;

/// Count, extremes, mean, spread and percentiles of values that stream by.
pub(super) struct Stats {
    count: u64,
    min: f64,
    max: f64,
    mean: f64,
    /// Sum of squared distances from the mean (Welford).
    squares: f64,
    sketch: DDSketch,
    /// Seconds in which a value stood.
    pub(super) held_seconds: u32,
}

impl std::fmt::Debug for Stats {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Stats")
            .field("count", &self.count)
            .field("mean", &self.mean)
            .finish_non_exhaustive()
    }
}

impl Stats {
    pub(super) fn new() -> Self {
        Self {
            count: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            mean: 0.0,
            squares: 0.0,
            sketch: DDSketch::new(Config::new(PERCENTILE_ERROR, MAX_BINS, ZERO)),
            held_seconds: 0,
        }
    }

    #[allow(clippy::cast_precision_loss)]
    pub(super) fn push(&mut self, value: f64) {
        self.count += 1;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        let distance = value - self.mean;
        self.mean += distance / self.count as f64;
        self.squares += distance * (value - self.mean);
        self.sketch.add(value);
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn mean(&self) -> f64 {
        self.mean
    }

    #[allow(clippy::cast_precision_loss)]
    fn spread(&self) -> f64 {
        if self.count > 1 {
            (self.squares / (self.count - 1) as f64).max(0.0).sqrt()
        } else {
            0.0
        }
    }

    /// The value below which a share of the readings lies.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        match self.sketch.quantile(share) {
            Ok(Some(value)) => value.clamp(self.min, self.max),
            _ => self.mean,
        }
    }

    pub(super) fn finish(&self, channel: Channel, seconds: f64) -> ChannelFigures {
        let decimals = 3;
        ChannelFigures {
            channel: channel.name().to_owned(),
            unit: channel.unit().to_owned(),
            readings: self.count,
            seconds: round(seconds, 1),
            min: round(self.min, decimals),
            p5: round(self.quantile(0.05), decimals),
            median: round(self.quantile(0.5), decimals),
            p95: round(self.quantile(0.95), decimals),
            max: round(self.max, decimals),
            mean: round(self.mean, decimals),
            spread: round(self.spread(), decimals),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stats(values: impl IntoIterator<Item = f64>) -> Stats {
        let mut stats = Stats::new();
        values.into_iter().for_each(|value| stats.push(value));
        stats
    }

    #[test]
    fn a_signal_that_alternates_has_both_values_as_percentiles() {
        let stats = stats((0..100_000).map(|n| if n % 2 == 0 { 800.0 } else { 0.0 }));
        assert!(stats.quantile(0.05).abs() < 1e-9);
        assert!((stats.quantile(0.95) - 800.0).abs() <= 800.0 * PERCENTILE_ERROR);
        assert!((stats.mean() - 400.0).abs() < 1e-9);
    }

    #[test]
    fn the_spread_is_the_standard_deviation_of_a_sample() {
        // Their mean is 5, and their squared distances from it sum up to 32.
        let figures = stats([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).finish(Channel::Rpm, 8.0);
        assert_eq!((figures.mean, figures.spread), (5.0, 2.138));
        assert_eq!((figures.min, figures.max), (2.0, 9.0));
        // Squared distances of 4, 0 and 4.
        let below_zero = stats([-1.0, -3.0, -5.0]).finish(Channel::LongTrim, 3.0);
        assert_eq!((below_zero.mean, below_zero.spread), (-3.0, 2.0));
    }

    #[test]
    fn one_reading_has_no_spread() {
        let figures = stats([7.0]).finish(Channel::Rpm, 1.0);
        assert_eq!((figures.mean, figures.spread), (7.0, 0.0));
    }

    proptest! {
        #[test]
        fn percentiles_stay_within_the_stated_error(
            values in prop::collection::vec(-200.0_f64..10_000.0, 1..2_000),
            share in 0.0_f64..=1.0,
        ) {
            let stats = stats(values.iter().copied());
            let mut sorted = values;
            sorted.sort_unstable_by(f64::total_cmp);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
            let place = (share * (sorted.len() - 1) as f64) as usize;
            // Ranks that lie between two readings may be either.
            let near = [place.saturating_sub(1), place, (place + 1).min(sorted.len() - 1)];
            let found = stats.quantile(share);
            prop_assert!(near.iter().any(|place| {
                (found - sorted[*place]).abs() <= sorted[*place].abs() * PERCENTILE_ERROR * 1.01 + ZERO
            }), "{found} for {share}");
        }
    }
}
