//! Lean under load: what destroys a turbocharged engine first.

use crate::channels::Channel;
use crate::model::{EngineState, Tier};
use crate::rules::draft::{Draft, Judgement, evidence};
use crate::rules::sustained::{Stretch, Sustained};
use crate::rules::{Drive, Rule};
use crate::states::Second;
use crate::text;
use crate::thresholds::Limits;

/// The sensor lags behind the throttle.
const SETTLE_SECONDS: u32 = 1;
/// Readings without which there is nothing to judge.
const MIN_READINGS: u32 = 3;
const MIN_SLOW_READINGS: u32 = 3;

const MAX_UNCONFIRMED: usize = 60;

/// `lean_under_load`.
#[derive(Debug)]
pub(super) struct LeanUnderLoad {
    limits: [f64; 7],
    /// Seconds of the present pull.
    pulling: u32,
    o2_readings: u32,
    /// Readings below the limits; a stretch of them is broken by one above.
    low: Sustained,
    very_low: Sustained,
    low_readings: u32,
    lean_trim: Sustained,
    trim_readings: u32,
    highest_o2: f64,
    /// Readings of this pull that no later reading of load or throttle has borne out yet: a slow logger's load stands
    /// for longer than the pull lasts.
    unconfirmed: Vec<(u64, f64)>,
}

impl LeanUnderLoad {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            limits: ["o2", "o2_stop", "for", "stop_for", "trim", "load", "rpm"]
                .map(|name| limits.get(name)),
            pulling: 0,
            o2_readings: 0,
            low: Sustained::default(),
            very_low: Sustained::default(),
            low_readings: 0,
            lean_trim: Sustained::default(),
            trim_readings: 0,
            highest_o2: f64::NEG_INFINITY,
            unconfirmed: Vec::new(),
        }
    }

    fn watch_o2(&mut self, second: &Second<'_>) {
        let is_load_fresh = [Channel::Load, Channel::Throttle]
            .into_iter()
            .any(|channel| second.fresh(channel).next().is_some());
        if self.pulling == 0 {
            self.unconfirmed.clear();
        } else if is_load_fresh {
            self.count_confirmed();
        }
        for voltage in second.fresh(Channel::FrontO2) {
            self.highest_o2 = self.highest_o2.max(voltage);
            // In closed loop the sensor swings, at full load as anywhere.
            let counts = self.pulling > SETTLE_SECONDS && second.closed_loop != Some(true);
            if counts && self.unconfirmed.len() < MAX_UNCONFIRMED {
                self.unconfirmed.push((second.index, voltage));
            }
        }
    }

    fn count_confirmed(&mut self) {
        let [o2, o2_stop, ..] = self.limits;
        for (index, voltage) in self.unconfirmed.drain(..) {
            self.o2_readings += 1;
            self.low_readings += u32::from(voltage < o2);
            self.low.second(index, Some(voltage < o2), voltage, false);
            self.very_low
                .second(index, Some(voltage < o2_stop), voltage, false);
        }
    }
}

impl Rule for LeanUnderLoad {
    fn second(&mut self, second: &Second<'_>) {
        let [_, _, _, _, trim, load, rpm] = self.limits;
        let fast = second.get(Channel::Rpm).is_some_and(|value| value >= rpm);
        let throttle_is_open = second
            .get(Channel::Throttle)
            .is_none_or(|open| open >= 60.0);
        let is_pull = second.state == EngineState::WideOpen && fast && throttle_is_open;
        self.pulling = if is_pull { self.pulling + 1 } else { 0 };
        self.watch_o2(second);
        if second.warm && fast && second.get(Channel::Load).is_some_and(|value| value > load) {
            for short in second.fresh(Channel::ShortTrim) {
                // In open loop it rests at 0 and says nothing.
                self.trim_readings += u32::from(short.abs() > 1e-9);
                self.lean_trim
                    .second(second.index, Some(short >= trim), short, false);
            }
        }
    }

    fn judge(&self, _: &Drive<'_>) -> Judgement {
        let [o2, o2_stop, needed, stop_needed, trim, ..] = self.limits;
        if self.o2_readings < MIN_READINGS && self.trim_readings < MIN_READINGS {
            return Judgement::too_little("There is no full-throttle pull with enough readings.");
        }
        let long = |sustained: &Sustained, needed: f64| -> Option<Stretch> {
            sustained
                .longest()
                .copied()
                .filter(|stretch| f64::from(stretch.seconds) >= needed)
        };
        // A sensor that never shows rich cannot show lean.
        let sensor_works = self.highest_o2 >= 0.6;
        let mostly_low = self.low_readings * 10 >= self.o2_readings * 6;
        let low = long(&self.low, needed).filter(|_| sensor_works && mostly_low);
        let very_low = long(&self.very_low, stop_needed).filter(|_| sensor_works && mostly_low);
        // A slow logger takes one reading a pull: several pulls that all read low say the same.
        let all_low =
            self.low_readings >= MIN_SLOW_READINGS && self.low_readings == self.o2_readings;
        let slow = self
            .low
            .longest()
            .copied()
            .filter(|_| sensor_works && all_low);
        let (tier, limit, stretch) = match (very_low, low.or(slow)) {
            (Some(stretch), _) => (Tier::Stop, o2_stop, stretch),
            (None, Some(stretch)) => (Tier::Warning, o2, stretch),
            (None, None) => return judge_trim(trim, long(&self.lean_trim, stop_needed)),
        };
        let explanation = format!(
            "At wide open throttle the front O2 sensor reads {} on average for {}; healthy is 0.92 to 0.96 V.",
            text::value(stretch.mean(), "V"),
            text::duration(f64::from(stretch.seconds))
        );
        let found = evidence("mean front O2 voltage", Channel::FrontO2, stretch.mean())
            .against(limit)
            .in_state(EngineState::WideOpen)
            .within(stretch.span())
            .lasting(stretch.seconds);
        Draft::new(tier, explanation, vec![found])
            .with_data(f64::from(self.low_readings), 10.0)
            .found()
    }
}

fn judge_trim(trim: f64, lean: Option<Stretch>) -> Judgement {
    let Some(stretch) = lean else {
        return Judgement::Passed;
    };
    let explanation = format!(
        "At nearly full load the short-term fuel trim adds {} for {}.",
        text::signed(stretch.mean(), "%"),
        text::duration(f64::from(stretch.seconds))
    );
    let found = evidence(
        "mean short-term fuel trim at nearly full load",
        Channel::ShortTrim,
        stretch.mean(),
    )
    .against(trim)
    .within(stretch.span())
    .lasting(stretch.seconds);
    Draft::new(Tier::Warning, explanation, vec![found])
        .with_data(f64::from(stretch.seconds), 10.0)
        .found()
}
