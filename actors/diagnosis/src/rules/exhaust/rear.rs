use crate::channels::Channel;
use crate::model::{EngineState, Tier};
use crate::rules::draft::{Draft, Judgement, evidence};
use crate::rules::{Drive, Rule};
use crate::states::Second;
use crate::text;
use crate::thresholds::Limits;

/// Seconds of overrun after which the exhaust behind the catalyst is air.
const CUT_SECONDS: u32 = 3;
/// Below this the fuel comes back.
const CUT_RPM: f64 = 1_500.0;
/// Readings in a fuel cut without which a healthy sensor may not have been seen to react.
const MIN_CUT_READINGS: u32 = 6;
const MIN_STANDING: u32 = 10;

/// `rear_o2_stuck`.
#[derive(Debug)]
pub(super) struct RearStuck {
    range: f64,
    needed: f64,
    readings: u32,
    /// Seconds of the present overrun, fast enough for a fuel cut.
    overrun: u32,
    cut_readings: u32,
    standing: u32,
    low: f64,
    high: f64,
}

impl RearStuck {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            range: limits.get("range"),
            needed: limits.get("readings"),
            readings: 0,
            overrun: 0,
            cut_readings: 0,
            standing: 0,
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
        }
    }
}

impl Rule for RearStuck {
    fn second(&mut self, second: &Second<'_>) {
        if !second.warm || second.since_start <= 120 {
            return;
        }
        let cuts = second.state == EngineState::Overrun
            && second.get(Channel::Rpm).is_some_and(|rpm| rpm >= CUT_RPM);
        self.overrun = if cuts { self.overrun + 1 } else { 0 };
        self.standing += u32::from(second.standing == Some(true));
        for voltage in second.fresh(Channel::RearO2) {
            self.readings += 1;
            self.cut_readings += u32::from(self.overrun > CUT_SECONDS);
            self.low = self.low.min(voltage);
            self.high = self.high.max(voltage);
        }
    }

    fn judge(&self, _: &Drive<'_>) -> Judgement {
        // Without a reading it is infinitely small.
        let range = self.high - self.low;
        if range >= self.range {
            return Judgement::Passed;
        }
        if f64::from(self.readings) < self.needed
            || self.cut_readings < MIN_CUT_READINGS
            || self.standing < MIN_STANDING
        {
            return Judgement::too_little(
                "There are too few warm readings of the rear O2 sensor with stops and overrun.",
            );
        }
        let explanation = format!(
            "The rear O2 sensor stays between {} and {} in {} warm readings, with stops and overrun.",
            text::value(self.low, "V"),
            text::value(self.high, "V"),
            self.readings
        );
        let found =
            evidence("range of the rear O2 voltage", Channel::RearO2, range).against(self.range);
        Draft::new(Tier::Watch, explanation, vec![found])
            .with_data(f64::from(self.readings), 300.0)
            .found()
    }
}
