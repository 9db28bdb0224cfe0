//! Idle speed.

use super::draft::{Draft, Judgement, evidence, evidence_in};
use super::sustained::{MIN_READINGS, Mean};
use super::{Drive, Rule, RuleSpec};
use crate::channels::Channel;
use crate::model::{EngineState, System, Tier};
use crate::states::Second;
use crate::text;
use crate::thresholds::{Limits, ThresholdSpec};
use crate::time::span;

const fn threshold(name: &'static str, unit: &'static str, default: f64) -> ThresholdSpec {
    ThresholdSpec {
        name,
        unit,
        default,
    }
}

const NEEDS: &[&[Channel]] = &[
    &[Channel::Rpm],
    &[Channel::Coolant],
    &[Channel::Speed, Channel::Throttle],
];
const LOG: &str = "Log RPM at 1 Hz, COOLANT_TEMP, SPEED and THROTTLE_POS with two minutes of idle on a warm engine.";
const CHECKS: &[&str] = &[
    "Look for vacuum leaks.",
    "Clean the throttle body and the idle control valve.",
    "Check the throttle's closed position and its switch.",
    "Check spark plugs and coils.",
];

pub(super) const RULES: &[RuleSpec] = &[
    RuleSpec {
        id: "idle_hunting",
        system: System::Idle,
        weight: "idle",
        title: "The idle speed hunts",
        condition: "engine speed swings back and forth within half a minute of warm idle, in at least two half minutes",
        tiers: &[Tier::Watch, Tier::Investigate],
        thresholds: &[
            threshold("watch", "rpm", 85.0),
            threshold("investigate", "rpm", 150.0),
        ],
        needs: NEEDS,
        uses: &[],
        what_to_log: LOG,
        source: "recorded healthy idles: standard deviation of 6 to 75 rpm without a switching load",
        next_checks: CHECKS,
        only_4g63: false,
        build: |limits| Box::new(Hunting::new(limits)),
    },
    RuleSpec {
        id: "idle_speed_wrong",
        system: System::Idle,
        weight: "idle",
        title: "The idle speed is wrong",
        condition: "mean engine speed of warm idle outside the limits",
        tiers: &[Tier::Watch],
        thresholds: &[
            threshold("low", "rpm", 620.0),
            threshold("high", "rpm", 950.0),
            threshold("coolant", "°C", 80.0),
        ],
        needs: NEEDS,
        uses: &[],
        what_to_log: LOG,
        source: "4G63 data list: 650 to 900 rpm at 80 °C; widened by what air conditioning and lights do to healthy cars",
        next_checks: CHECKS,
        only_4g63: false,
        build: |limits| Box::new(WrongSpeed::new(limits)),
    },
];

/// The first seconds of a stop belong to the driving before.
const SETTLE_SECONDS: u32 = 5;

/// The engine speed of a settled idle, however wrong it is.
#[derive(Debug, Default)]
struct IdleSpeed {
    standing: u32,
}

impl IdleSpeed {
    fn of(&mut self, second: &Second<'_>) -> Option<f64> {
        let rpm = second.get(Channel::Rpm)?;
        let at_rest = match second.standing {
            Some(standing) => standing && second.throttle_closed != Some(false),
            None => second.throttle_closed == Some(true) && rpm < 1_500.0,
        };
        let idles = second.warm && at_rest && rpm < 2_500.0 && second.since_start > 30;
        self.standing = if idles { self.standing + 1 } else { 0 };
        (self.standing > SETTLE_SECONDS).then_some(rpm)
    }
}

const WINDOW: usize = 30;
const MIN_WINDOWS: u32 = 2;
/// A single load that switches on crosses the mean once or twice; hunting crosses it again and again.
const MIN_CROSSINGS: u32 = 4;
/// Fewer readings cannot cross it so often.
const MIN_WINDOW_READINGS: u32 = MIN_CROSSINGS + 1;

/// `idle_hunting`.
#[derive(Debug)]
struct Hunting {
    limits: [f64; 2],
    idle: IdleSpeed,
    window: Vec<f64>,
    readings: u32,
    began: u64,
    windows: u32,
    swinging: [u32; 2],
    worst: Option<(f64, u64, u64)>,
}

impl Hunting {
    fn new(limits: &Limits) -> Self {
        Self {
            limits: ["watch", "investigate"].map(|name| limits.get(name)),
            idle: IdleSpeed::default(),
            window: Vec::with_capacity(WINDOW),
            readings: 0,
            began: 0,
            windows: 0,
            swinging: [0; 2],
            worst: None,
        }
    }

    fn close_window(&mut self, index: u64) {
        let mut spread = Mean::default();
        self.window.iter().for_each(|rpm| spread.push(*rpm));
        self.windows += 1;
        if crossings(&self.window, spread.mean(), 0.3 * spread.spread()) >= MIN_CROSSINGS {
            for (count, limit) in self.swinging.iter_mut().zip(self.limits) {
                *count += u32::from(spread.spread() > limit);
            }
            if self.worst.is_none_or(|(worst, ..)| spread.spread() > worst) {
                self.worst = Some((spread.spread(), self.began, index + 1));
            }
        }
    }
}

/// How often values pass from one side of `middle` to the other, by more than `margin`.
fn crossings(values: &[f64], middle: f64, margin: f64) -> u32 {
    let mut side = 0_i8;
    let mut count = 0;
    for value in values {
        let now = if *value > middle + margin {
            1
        } else if *value < middle - margin {
            -1
        } else {
            continue;
        };
        count += u32::from(side != 0 && side != now);
        side = now;
    }
    count
}

impl Rule for Hunting {
    fn second(&mut self, second: &Second<'_>) {
        let Some(rpm) = self.idle.of(second) else {
            self.window.clear();
            return;
        };
        if self.window.is_empty() {
            self.began = second.index;
            self.readings = 0;
        }
        self.readings += u32::from(second.fresh(Channel::Rpm).next().is_some());
        self.window.push(rpm);
        if self.window.len() < WINDOW {
            return;
        }
        if self.readings >= MIN_WINDOW_READINGS {
            self.close_window(second.index);
        }
        self.window.clear();
    }

    fn judge(&self, _: &Drive<'_>) -> Judgement {
        if self.windows < MIN_WINDOWS {
            return Judgement::too_little(
                "There is less than a minute of settled warm idle with frequent engine speeds.",
            );
        }
        let enough = |level: usize| {
            self.swinging[level] >= MIN_WINDOWS && self.swinging[level] * 3 >= self.windows
        };
        let (tier, level) = match (enough(1), enough(0)) {
            (true, _) => (Tier::Investigate, 1),
            (false, true) => (Tier::Watch, 0),
            (false, false) => return Judgement::Passed,
        };
        let Some((spread, from, to)) = self.worst else {
            return Judgement::Passed;
        };
        let explanation = format!(
            "At warm idle the engine speed swings with a standard deviation of up to {} within half a minute, in {} of {} half minutes.",
            text::value(spread, "rpm"),
            self.swinging[level],
            self.windows
        );
        let found = evidence("spread of the engine speed", Channel::Rpm, spread)
            .against(self.limits[level])
            .in_state(EngineState::Idle)
            .within(span(from, to))
            .lasting(self.swinging[level] * 30);
        Draft::new(tier, explanation, vec![found])
            .with_data(f64::from(self.swinging[level]), 6.0)
            .found()
    }
}

/// `idle_speed_wrong`.
#[derive(Debug)]
struct WrongSpeed {
    low: f64,
    high: f64,
    coolant: f64,
    idle: IdleSpeed,
    rpm: Mean,
    readings: u32,
}

impl WrongSpeed {
    fn new(limits: &Limits) -> Self {
        Self {
            low: limits.get("low"),
            high: limits.get("high"),
            coolant: limits.get("coolant"),
            idle: IdleSpeed::default(),
            rpm: Mean::default(),
            readings: 0,
        }
    }
}

impl Rule for WrongSpeed {
    fn second(&mut self, second: &Second<'_>) {
        let hot = second
            .get(Channel::Coolant)
            .is_some_and(|coolant| coolant >= self.coolant);
        if let Some(rpm) = self.idle.of(second)
            && hot
        {
            self.rpm.push(rpm);
            self.readings += u32::from(second.fresh(Channel::Rpm).next().is_some());
        }
    }

    fn judge(&self, _: &Drive<'_>) -> Judgement {
        if self.rpm.count < 60 || self.readings < MIN_READINGS {
            return Judgement::too_little(
                "There is less than a minute of settled idle at 80 °C or more.",
            );
        }
        let rpm = self.rpm.mean();
        let (limit, word) = match rpm {
            rpm if rpm < self.low => (self.low, "low"),
            rpm if rpm > self.high => (self.high, "high"),
            _ => return Judgement::Passed,
        };
        let explanation = format!(
            "The engine idles at {} on average, which is too {word}.",
            text::value(rpm, "rpm")
        );
        let found = evidence_in("mean engine speed", rpm, "rpm", Some(Channel::Rpm))
            .against(limit)
            .in_state(EngineState::Idle)
            .lasting(self.rpm.count);
        Draft::new(Tier::Watch, explanation, vec![found])
            .with_data(f64::from(self.rpm.count), 180.0)
            .found()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_crosses_the_mean_once_and_hunting_again_and_again() {
        let step: Vec<f64> = (0..30)
            .map(|n| if n < 15 { 700.0 } else { 900.0 })
            .collect();
        assert_eq!(crossings(&step, 800.0, 30.0), 1);
        let hunting: Vec<f64> = (0..30)
            .map(|n| if n / 3 % 2 == 0 { 650.0 } else { 950.0 })
            .collect();
        assert_eq!(crossings(&hunting, 800.0, 45.0), 9);
    }
}
