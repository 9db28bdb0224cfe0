//! A sample of bounded size for percentiles.
//!
//! Exact up to [`Sample::CAPACITY`] values. Beyond, every second value is dropped and from then on only every
//! second (fourth, eighth, …) is kept: an even sample over the whole drive, the same for the same readings.

/// Values of one parameter in the order of their arrival, thinned when there are too many.
#[derive(Debug)]
pub(super) struct Sample {
    values: Vec<f64>,
    seen: u64,
    /// Only every `stride`-th value is kept; a power of two.
    stride: u64,
}

impl Sample {
    /// 128 KiB a parameter at most; more than four hours of a reading a second.
    const CAPACITY: usize = 16_384;

    pub(super) fn new() -> Self {
        Self {
            values: Vec::new(),
            seen: 0,
            stride: 1,
        }
    }

    pub(super) fn push(&mut self, value: f64) {
        if self.seen.is_multiple_of(self.stride) {
            if self.values.len() == Self::CAPACITY {
                let mut keep = false;
                self.values.retain(|_| {
                    keep = !keep;
                    keep
                });
                self.stride *= 2;
            }
            self.values.push(value);
        }
        self.seen += 1;
    }

    /// Sorts the sample; percentiles are read from what this returns.
    pub(super) fn sorted(mut self) -> Sorted {
        self.values.sort_unstable_by(f64::total_cmp);
        Sorted(self.values)
    }
}

/// A sorted sample.
#[derive(Debug)]
pub(super) struct Sorted(Vec<f64>);

impl Sorted {
    /// The value below which a `share` (0 to 1) of the sample lies, interpolated between neighbours; 0 for an
    /// empty sample.
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss
    )]
    pub(super) fn percentile(&self, share: f64) -> f64 {
        let Some(last) = self.0.len().checked_sub(1) else {
            return 0.0;
        };
        let position = share.clamp(0.0, 1.0) * last as f64;
        let below = position.floor() as usize;
        let above = (below + 1).min(last);
        let weight = position - position.floor();
        self.0[below] * (1.0 - weight) + self.0[above] * weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: impl IntoIterator<Item = f64>) -> Sorted {
        let mut sample = Sample::new();
        values.into_iter().for_each(|value| sample.push(value));
        sample.sorted()
    }

    #[test]
    fn percentiles_interpolate_between_neighbours() {
        let sorted = sample([40.0, 10.0, 30.0, 20.0]);
        assert!((sorted.percentile(0.5) - 25.0).abs() < 1e-12);
        assert!((sorted.percentile(0.0) - 10.0).abs() < 1e-12);
        assert!((sorted.percentile(1.0) - 40.0).abs() < 1e-12);
        assert!((sample([7.0]).percentile(0.95) - 7.0).abs() < 1e-12);
    }

    #[test]
    fn a_million_values_stay_within_the_capacity_and_keep_their_percentiles() {
        let mut sample = Sample::new();
        for value in 0..1_000_000 {
            sample.push(f64::from(value));
            assert!(sample.values.len() <= Sample::CAPACITY);
        }
        let sorted = sample.sorted();
        for share in [0.05, 0.5, 0.95] {
            assert!((sorted.percentile(share) - share * 1e6).abs() < 500.0);
        }
    }

    #[test]
    fn the_kept_values_are_spread_evenly() {
        let sorted = sample((0..100_000).map(f64::from));
        let steps: Vec<f64> = sorted.0.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(
            steps.iter().all(|step| (step - steps[0]).abs() < 1e-9),
            "uneven steps"
        );
    }
}
