//! Statistics of a drive, one reading at a time.
//!
//! Readings stream through; what stays is bounded by the number of parameters, not by the length of the drive.
//! Every figure is finite: a value that no sensor can mean is left out and counted.

pub mod limits;
mod sample;
pub use crate::diagnosis::units;

use std::collections::BTreeMap;

use chrono::NaiveDateTime;

use self::limits::{Limits, limits_of};
use self::sample::Sample;
use self::units::Unit;

/// A reading stands for the time until the next one of its parameter, but for no longer than this.
const MAX_GAP_SECONDS: f64 = 10.0;

/// Beyond this (either sign) a value is garbage; its square would leave no digits to the others.
const MAX_VALUE: f64 = 1e12;

/// Different (parameter, unit) pairs that are told apart in one drive; far more than any car reports.
const MAX_PARAMETERS: usize = 500;

/// One value of one parameter.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// When it was taken.
    pub at: NaiveDateTime,
    /// The parameter's stored name.
    pub parameter: &'a str,
    /// The value, in `unit`.
    pub value: f64,
    /// The unit as it was stored.
    pub unit: Option<&'a str>,
}

/// What a drive's readings come to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DriveStatistics {
    /// One entry for each parameter and unit, by name.
    pub parameters: Vec<ParameterStatistics>,
    /// Readings that went into the figures.
    pub readings: u64,
    /// Readings left out: garbage values, or one parameter too many.
    pub left_out: u64,
}

/// The figures of one parameter in one unit.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterStatistics {
    /// The parameter's stored name.
    pub parameter: String,
    /// The unit's usual label, or its stored text when it is not known.
    pub unit: Option<String>,
    /// Number of readings.
    pub count: u64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
    /// Arithmetic mean.
    pub mean: f64,
    /// 50th percentile.
    pub median: f64,
    /// Sample standard deviation; `None` for a single reading.
    pub std_dev: Option<f64>,
    /// 5th percentile.
    pub p5: f64,
    /// 95th percentile.
    pub p95: f64,
    /// Value of the earliest reading.
    pub first: f64,
    /// Value of the latest reading.
    pub last: f64,
    /// The time its readings cover, gaps capped.
    pub covered_seconds: f64,
    /// Where a healthy car keeps it, in `unit`, where that is known.
    pub limits: Option<Limits>,
    /// Time above the upper limit.
    pub seconds_above: f64,
    /// Time below the lower limit.
    pub seconds_below: f64,
}

impl ParameterStatistics {
    /// How much this parameter deserves a look: the share of time outside its limits first, then whether it is
    /// a parameter that we know, then how far its extremes are from its mean (in standard deviations).
    pub fn deviation(&self) -> f64 {
        let outside = if self.covered_seconds > 0.0 {
            (self.seconds_above + self.seconds_below) / self.covered_seconds
        } else {
            0.0
        };
        let known = if self.limits.is_some() { 1.0 } else { 0.0 };
        let reach = (self.max - self.mean).max(self.mean - self.min);
        let spread = match self.std_dev {
            Some(std_dev) if std_dev > 0.0 => reach / std_dev,
            _ => 0.0,
        };
        10.0 * outside + known + spread / (spread + 3.0)
    }
}

/// Takes readings in, in the order of their time, and gives statistics out.
#[derive(Debug, Default)]
pub struct StatisticsBuilder {
    /// By parameter, then by unit label: a parameter has one unit, rarely two, so a list is searched.
    parameters: BTreeMap<String, Vec<Accumulator>>,
    distinct: usize,
    readings: u64,
    left_out: u64,
}

impl StatisticsBuilder {
    /// Starts with no readings.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one reading.
    pub fn push(&mut self, reading: Reading<'_>) {
        if !reading.value.is_finite() || reading.value.abs() > MAX_VALUE {
            self.left_out += 1;
            return;
        }
        match self.accumulator(reading.parameter, reading.unit) {
            Some(accumulator) => {
                accumulator.push(reading.at, reading.value);
                self.readings += 1;
            }
            None => self.left_out += 1,
        }
    }

    /// The figures of everything that was pushed.
    pub fn finish(self) -> DriveStatistics {
        let parameters = self
            .parameters
            .into_iter()
            .flat_map(|(name, units)| units.into_iter().map(move |unit| unit.finish(name.clone())))
            .collect();
        DriveStatistics {
            parameters,
            readings: self.readings,
            left_out: self.left_out,
        }
    }

    fn accumulator(&mut self, parameter: &str, unit: Option<&str>) -> Option<&mut Accumulator> {
        if !self.parameters.contains_key(parameter) {
            if self.distinct >= MAX_PARAMETERS {
                return None;
            }
            self.parameters
                .insert(parameter.to_owned(), Vec::with_capacity(1));
        }
        let units = self.parameters.get_mut(parameter)?;
        let position = units
            .iter()
            .position(|accumulator| accumulator.is_for(unit));
        let position = match position {
            Some(position) => position,
            None if self.distinct >= MAX_PARAMETERS => return None,
            None => {
                self.distinct += 1;
                units.push(Accumulator::new(parameter, unit));
                units.len() - 1
            }
        };
        units.get_mut(position)
    }
}

/// The running figures of one parameter in one unit.
#[derive(Debug)]
struct Accumulator {
    /// The unit as the last reading spelled it: saves looking up the same spelling again.
    spelling: Option<String>,
    unit: Option<String>,
    limits: Option<Limits>,
    count: u64,
    min: f64,
    max: f64,
    mean: f64,
    /// Sum of squared distances from the mean (Welford).
    squares: f64,
    sample: Sample,
    first: Option<(NaiveDateTime, f64)>,
    latest: Option<(NaiveDateTime, f64)>,
    previous: Option<(NaiveDateTime, f64)>,
    covered_seconds: f64,
    seconds_above: f64,
    seconds_below: f64,
}

impl Accumulator {
    fn new(parameter: &str, unit: Option<&str>) -> Self {
        Self {
            spelling: unit.map(str::to_owned),
            unit: unit.and_then(unit_label),
            limits: limits_of(parameter, unit),
            count: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            mean: 0.0,
            squares: 0.0,
            sample: Sample::new(),
            first: None,
            latest: None,
            previous: None,
            covered_seconds: 0.0,
            seconds_above: 0.0,
            seconds_below: 0.0,
        }
    }

    fn is_for(&self, unit: Option<&str>) -> bool {
        self.spelling.as_deref() == unit || self.unit == unit.and_then(unit_label)
    }

    #[allow(clippy::cast_precision_loss)]
    fn push(&mut self, at: NaiveDateTime, value: f64) {
        self.count += 1;
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        let distance = value - self.mean;
        self.mean += distance / self.count as f64;
        self.squares += distance * (value - self.mean);
        self.sample.push(value);
        if self.first.is_none_or(|(first, _)| at < first) {
            self.first = Some((at, value));
        }
        if self.latest.is_none_or(|(latest, _)| at >= latest) {
            self.latest = Some((at, value));
        }
        self.pass_time_until(at);
        self.previous = Some((at, value));
    }

    /// The previous value held until `at`. A clock that jumped back adds nothing.
    fn pass_time_until(&mut self, at: NaiveDateTime) {
        let Some((since, value)) = self.previous else {
            return;
        };
        let held = (at - since).as_seconds_f64().clamp(0.0, MAX_GAP_SECONDS);
        self.covered_seconds += held;
        let Limits { low, high } = self.limits.unwrap_or_default();
        if high.is_some_and(|high| value > high) {
            self.seconds_above += held;
        }
        if low.is_some_and(|low| value < low) {
            self.seconds_below += held;
        }
    }

    #[allow(clippy::cast_precision_loss)]
    fn finish(self, parameter: String) -> ParameterStatistics {
        let sorted = self.sample.sorted();
        let std_dev = (self.count > 1).then(|| (self.squares / (self.count - 1) as f64).sqrt());
        ParameterStatistics {
            parameter,
            unit: self.unit,
            count: self.count,
            min: self.min,
            max: self.max,
            mean: self.mean,
            median: sorted.percentile(0.5),
            std_dev,
            p5: sorted.percentile(0.05),
            p95: sorted.percentile(0.95),
            first: self.first.map_or(self.min, |(_, value)| value),
            last: self.latest.map_or(self.max, |(_, value)| value),
            covered_seconds: self.covered_seconds,
            limits: self.limits,
            seconds_above: self.seconds_above,
            seconds_below: self.seconds_below,
        }
    }
}

/// One label for all spellings of a known unit; other texts stay as they are; a blank one is none.
fn unit_label(spelling: &str) -> Option<String> {
    let spelling = spelling.trim();
    (!spelling.is_empty()).then(|| {
        Unit::named(spelling).map_or_else(|| spelling.to_owned(), |unit| unit.label().to_owned())
    })
}

#[cfg(test)]
mod tests;
