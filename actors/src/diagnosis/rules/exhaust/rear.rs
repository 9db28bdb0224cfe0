use crate::diagnosis::channels::Channel;
use crate::diagnosis::model::{EngineState, Tier};
use crate::diagnosis::rules::draft::{Draft, Judgement, evidence};
use crate::diagnosis::rules::{Drive, Rule};
use crate::diagnosis::states::Second;
use crate::diagnosis::text;
use crate::diagnosis::thresholds::Limits;

/// What must have happened for a healthy sensor to react.
const MIN_OVERRUN: u32 = 20;
const MIN_STANDING: u32 = 10;

/// `rear_o2_stuck`.
#[derive(Debug)]
pub(super) struct RearStuck {
    range: f64,
    needed: f64,
    readings: u32,
    overrun: u32,
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
        self.overrun += u32::from(second.state == EngineState::Overrun);
        self.standing += u32::from(second.standing == Some(true));
        for voltage in second.fresh(Channel::RearO2) {
            self.readings += 1;
            self.low = self.low.min(voltage);
            self.high = self.high.max(voltage);
        }
    }

    fn judge(&self, _: &Drive<'_>) -> Judgement {
        let range = self.high - self.low;
        if self.readings > 0 && range >= self.range {
            return Judgement::Passed;
        }
        if f64::from(self.readings) < self.needed
            || self.overrun < MIN_OVERRUN
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
