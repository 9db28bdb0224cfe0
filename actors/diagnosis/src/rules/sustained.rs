use crate::model::Span;
use crate::time::span;

/// On fewer readings no finding rests: one may be a glitch of the bus, and stands for up to a minute.
pub(crate) const MIN_READINGS: u32 = 3;
/// Seconds without an answer that do not end a stretch.
const TOLERANCE: u64 = 3;
/// The same for quantities that change slowly: a connection is lost for half a minute now and then.
const SLOW_TOLERANCE: u64 = 60;

/// Follows a condition from second to second and keeps its longest stretch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sustained {
    is_slow: bool,
    current: Option<Stretch>,
    longest: Option<Stretch>,
    total: u32,
}

/// Neighbouring seconds in which a condition held.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Stretch {
    from: u64,
    to: u64,
    /// Seconds in which it held.
    pub(crate) seconds: u32,
    /// Of these, how many were marked by the rule.
    pub(crate) marked: u32,
    pub(crate) min: f64,
    pub(crate) max: f64,
    sum: f64,
}

impl Stretch {
    pub(crate) fn span(&self) -> Span {
        span(self.from, self.to)
    }

    pub(crate) fn mean(&self) -> f64 {
        self.sum / f64::from(self.seconds.max(1))
    }
}

impl Sustained {
    /// For a quantity that changes slowly: a temperature, a voltage.
    pub(crate) fn slow() -> Self {
        Self {
            is_slow: true,
            ..Self::default()
        }
    }

    /// Adds a second: whether the condition holds in it (none: no answer), and its value. `mark` counts it apart.
    pub(crate) fn second(&mut self, index: u64, holds: Option<bool>, value: f64, mark: bool) {
        let tolerance = if self.is_slow {
            SLOW_TOLERANCE
        } else {
            TOLERANCE
        };
        if self
            .current
            .is_some_and(|current| index > current.to + tolerance)
        {
            self.current = None;
        }
        match holds {
            None => return,
            Some(false) => {
                self.current = None;
                return;
            }
            Some(true) => {}
        }
        let stretch = self.current.get_or_insert(Stretch {
            from: index,
            to: index,
            seconds: 0,
            marked: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            sum: 0.0,
        });
        stretch.to = index + 1;
        stretch.seconds += 1;
        stretch.marked += u32::from(mark);
        stretch.min = stretch.min.min(value);
        stretch.max = stretch.max.max(value);
        stretch.sum += value;
        self.total += 1;
        let stretch = *stretch;
        if self
            .longest
            .is_none_or(|longest| longest.seconds < stretch.seconds)
        {
            self.longest = Some(stretch);
        }
    }

    /// The longest stretch so far.
    pub(crate) fn longest(&self) -> Option<&Stretch> {
        self.longest.as_ref()
    }

    /// The stretch that goes on.
    pub(crate) fn current(&self) -> Option<&Stretch> {
        self.current.as_ref()
    }

    /// Seconds of all stretches together.
    pub(crate) fn total(&self) -> u32 {
        self.total
    }
}

/// Mean, spread and extremes of values that stream by, without a sketch.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mean {
    pub(crate) count: u32,
    average: f64,
    squares: f64,
}

impl Mean {
    pub(crate) fn push(&mut self, value: f64) {
        self.count += 1;
        let distance = value - self.average;
        self.average += distance / f64::from(self.count);
        self.squares += distance * (value - self.average);
    }

    pub(crate) fn mean(&self) -> f64 {
        self.average
    }

    pub(crate) fn spread(&self) -> f64 {
        if self.count > 1 {
            (self.squares / f64::from(self.count - 1)).max(0.0).sqrt()
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_stretch_is_kept_and_all_seconds_are_counted() {
        let mut sustained = Sustained::default();
        for (index, holds) in (0_u32..).zip([true, true, false, true, true, true, false]) {
            sustained.second(u64::from(index), Some(holds), f64::from(index), false);
        }
        let longest = sustained.longest().expect("held");
        assert_eq!(longest.seconds, 3);
        assert!((longest.max - 5.0).abs() < 1e-9);
        assert_eq!(longest.span(), span(3, 6));
        assert_eq!(sustained.total(), 5);
    }

    #[test]
    fn a_slow_quantity_bridges_a_lost_connection() {
        let mut sustained = Sustained::slow();
        sustained.second(0, Some(true), 1.0, false);
        sustained.second(40, Some(true), 1.0, false);
        assert_eq!(sustained.longest().map(|longest| longest.seconds), Some(2));
        sustained.second(200, Some(true), 1.0, false);
        assert_eq!(sustained.current().map(|current| current.seconds), Some(1));
    }

    #[test]
    fn a_gap_ends_a_stretch_and_a_missing_answer_does_not() {
        let mut sustained = Sustained::default();
        sustained.second(0, Some(true), 1.0, false);
        sustained.second(1, None, 1.0, false);
        sustained.second(2, Some(true), 1.0, false);
        assert_eq!(sustained.longest().map(|longest| longest.seconds), Some(2));
        sustained.second(100, Some(true), 1.0, false);
        assert_eq!(sustained.current().map(|current| current.seconds), Some(1));
    }

    #[test]
    fn a_stretch_goes_on_after_3_seconds_without_an_answer_and_a_slow_one_after_60() {
        let seconds = |mut sustained: Sustained, gap: u64| {
            for index in [9, 10 + gap] {
                sustained.second(index, Some(true), 1.0, false);
            }
            sustained.current().map(|current| current.seconds)
        };
        for (sustained, longest) in [(Sustained::default(), 3), (Sustained::slow(), 60)] {
            assert_eq!(seconds(sustained.clone(), longest), Some(2));
            assert_eq!(seconds(sustained, longest + 1), Some(1));
        }
    }

    #[test]
    fn a_stretch_has_its_extremes_its_mean_and_its_marked_seconds() {
        let mut sustained = Sustained::default();
        for (index, value) in (7_u64..).zip([4.0, 1.0, 7.0, 8.0]) {
            sustained.second(index, Some(true), value, value > 5.0);
        }
        // As long as the first stretch, which stays.
        sustained.second(11, Some(false), 99.0, true);
        for index in 12_u64..16 {
            sustained.second(index, Some(true), 9.0, true);
        }
        let longest = *sustained.longest().expect("held");
        assert_eq!((longest.seconds, longest.marked), (4, 2));
        let shown = (longest.min, longest.max, longest.mean());
        assert_eq!(shown, (1.0, 8.0, 5.0));
        assert_eq!(longest.span(), span(7, 11));
        assert_eq!(
            (sustained.total(), sustained.current().map(|now| now.marked)),
            (8, Some(4))
        );
    }

    #[test]
    fn a_spread_is_that_of_a_sample_and_none_of_a_single_value() {
        let of = |values: &[f64]| {
            let mut mean = Mean::default();
            for value in values {
                mean.push(*value);
            }
            (mean.count, mean.mean(), mean.spread())
        };
        assert_eq!(of(&[]), (0, 0.0, 0.0));
        assert_eq!(of(&[3.0]), (1, 3.0, 0.0));
        // Distances of 3 and 3 from 5: the root of 18 / 1, and of 72 / 3 after doubling them.
        let (count, mean, spread) = of(&[2.0, 8.0]);
        assert!(count == 2 && (mean - 5.0).abs() < 1e-9 && (spread - 18_f64.sqrt()).abs() < 1e-9);
        let (_, mean, spread) = of(&[-1.0, 11.0, 5.0, 5.0]);
        assert!((mean - 5.0).abs() < 1e-9 && (spread - 24_f64.sqrt()).abs() < 1e-9);
    }
}
