//! `maf_implausible`: the measured air mass against the one that an engine of this size can take in.

use crate::channels::Channel;
use crate::model::{EngineState, NotJudgedReason, Tier};
use crate::rules::draft::{Draft, Judgement, evidence_in};
use crate::rules::sustained::Mean;
use crate::rules::{Drive, Rule};
use crate::states::Second;
use crate::text;
use crate::thresholds::Limits;

/// Grams of dry air in a litre at 1 kPa and 1 K: 28.97 g/mol over 8.314 J/(mol K).
const GRAMS_PER_LITRE: f64 = 28.97 / 8.314;
/// Sea level, where no barometer says otherwise, kPa.
const ATMOSPHERE: f64 = 100.0;
/// Below these, residual exhaust gas displaces air.
const MIN_PRESSURE: f64 = 40.0;
const MIN_STEADY_RPM: f64 = 1_500.0;
const MIN_FULL_RPM: f64 = 2_500.0;
const FULL_THROTTLE: f64 = 80.0;
const MAX_UNCONFIRMED: usize = 60;
const MAX_SAMPLES: usize = 600;

#[derive(Debug)]
pub(super) struct Implausible {
    low: f64,
    high: f64,
    needed: [f64; 2],
    rpm: [f64; 5],
    pressure: [f64; 5],
    full_for: u32,
    /// Samples at full throttle that no later reading of the throttle has borne out yet.
    unconfirmed: Vec<f64>,
    /// Air mass per litre of displacement at an efficiency of 1: by manifold pressure, and at full throttle.
    by_pressure: Mean,
    at_full: Vec<f64>,
}

impl Implausible {
    pub(super) fn new(limits: &Limits) -> Self {
        let tolerance = limits.get("tolerance") / 100.0;
        Self {
            low: limits.get("efficiency_low") * (1.0 - tolerance),
            high: limits.get("efficiency_high") * (1.0 + tolerance),
            needed: ["for", "full_throttle_for"].map(|name| limits.get(name)),
            rpm: [f64::NAN; 5],
            pressure: [f64::NAN; 5],
            full_for: 0,
            unconfirmed: Vec::new(),
            by_pressure: Mean::default(),
            at_full: Vec::new(),
        }
    }
}

/// Adds a value and says whether the last five differ by a small share only.
fn is_steady(last: &mut [f64; 5], value: Option<f64>, share: f64) -> bool {
    last.rotate_left(1);
    last[4] = value.unwrap_or(f64::NAN);
    let low = last
        .iter()
        .fold(f64::INFINITY, |low, value| low.min(*value));
    let high = last.iter().fold(0.0_f64, |high, value| high.max(*value));
    !last.iter().any(|value| value.is_nan()) && high - low <= share * high
}

impl Rule for Implausible {
    fn second(&mut self, second: &Second<'_>) {
        let steady_rpm = is_steady(&mut self.rpm, second.get(Channel::Rpm), 0.05);
        let pressure = second.get(Channel::ManifoldPressure);
        let steady_pressure = is_steady(&mut self.pressure, pressure, 0.1);
        let open = second
            .get(Channel::Throttle)
            .is_some_and(|open| open >= FULL_THROTTLE);
        self.full_for = if open { self.full_for + 1 } else { 0 };
        if !open {
            self.unconfirmed.clear();
        } else if second.fresh(Channel::Throttle).next().is_some()
            && self.at_full.len() < MAX_SAMPLES
        {
            self.at_full.append(&mut self.unconfirmed);
        }
        let values = second.get(Channel::Rpm).zip(second.get(Channel::IntakeAir));
        let Some((rpm, intake)) = values.filter(|_| second.warm) else {
            return;
        };
        let Some(maf) = second.fresh(Channel::Maf).last() else {
            return;
        };
        let one_litre =
            |pressure: f64| rpm / 120.0 * pressure * GRAMS_PER_LITRE / (intake + 273.15);
        if let Some(pressure) = pressure
            && steady_rpm
            && steady_pressure
            && rpm >= MIN_STEADY_RPM
            && pressure >= MIN_PRESSURE
            && second.state != EngineState::Overrun
        {
            self.by_pressure.push(maf / one_litre(pressure));
        }
        // The manifold fills within a second. The engine speed rises fast: an older reading of it does not fit.
        let is_rpm_fresh = second.fresh(Channel::Rpm).next().is_some();
        if self.full_for > 1
            && rpm >= MIN_FULL_RPM
            && is_rpm_fresh
            && self.unconfirmed.len() < MAX_UNCONFIRMED
        {
            let outside = second.get(Channel::Barometer).unwrap_or(ATMOSPHERE);
            self.unconfirmed.push(maf / one_litre(outside));
        }
    }

    fn judge(&self, drive: &Drive<'_>) -> Judgement {
        let Some(litres) = drive.vehicle.displacement_l else {
            return Judgement::NotJudged(
                NotJudgedReason::VehicleFactMissing,
                "The engine's displacement is not known.".to_owned(),
            );
        };
        // On the 4G63 the channel is the sensor of the exhaust gas recirculation.
        let is_manifold = drive.is_other_engine || drive.vehicle.boost_sensor;
        let [needed, needed_full] = self.needed;
        #[allow(clippy::cast_possible_truncation)] // At most MAX_SAMPLES and some.
        let at_full = self.at_full.len() as u32;
        let (ratio, count, place, has_upper_limit) =
            if is_manifold && f64::from(self.by_pressure.count) >= needed {
                let mean = self.by_pressure.mean();
                (mean, self.by_pressure.count, "in steady running", true)
            } else if f64::from(at_full) >= needed_full {
                let no_turbo = drive.vehicle.turbo == Some(false);
                (median(&self.at_full), at_full, "at full throttle", no_turbo)
            } else {
                return Judgement::too_little(
                    "There is too little full throttle, or steady running with manifold pressure.",
                );
            };
        let efficiency = ratio / litres;
        let (limit, word) = if efficiency < self.low {
            (self.low, "less")
        } else if efficiency > self.high && has_upper_limit {
            (self.high, "more")
        } else {
            return Judgement::Passed;
        };
        let explanation = format!(
            "The air mass {place} is {word} than an engine of {litres} l takes in: {} of its filling.",
            text::value(efficiency * 100.0, "%")
        );
        let found = evidence_in(
            "measured air mass as a share of the engine's filling",
            efficiency * 100.0,
            "%",
            Some(Channel::Maf),
        )
        .against(text::shown(limit * 100.0, "%"))
        .lasting(count);
        Draft::new(Tier::Investigate, explanation, vec![found])
            .with_data(f64::from(count), 30.0)
            .found()
    }
}

/// The middle one: a change of gear falls into some samples.
fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
