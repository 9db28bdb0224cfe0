//! Charging voltage.

use super::draft::{Draft, Judgement, evidence};
use super::sustained::{MIN_READINGS, Stretch, Sustained};
use super::{Drive, Rule, RuleSpec};
use crate::channels::Channel;
use crate::model::{System, Tier};
use crate::states::Second;
use crate::text;
use crate::thresholds::{Limits, ThresholdSpec};
use crate::time::span;

const fn volts(name: &'static str, default: f64) -> ThresholdSpec {
    ThresholdSpec {
        name,
        unit: "V",
        default,
    }
}

const fn seconds(name: &'static str, default: f64) -> ThresholdSpec {
    ThresholdSpec {
        name,
        unit: "s",
        default,
    }
}

const VOLTAGE: &[&[Channel]] = &[
    &[Channel::ModuleVoltage, Channel::BatteryVoltage],
    &[Channel::Rpm],
];

pub(super) const RULES: &[RuleSpec] = &[
    RuleSpec {
        id: "undercharging",
        system: System::Charging,
        weight: "charging",
        title: "The battery is not charged enough",
        condition: "engine running: the median voltage of a minute below a limit, in at least two minutes",
        tiers: &[Tier::Watch, Tier::Alert, Tier::Warning],
        thresholds: &[
            volts("watch", 13.1),
            volts("alert", 12.5),
            volts("warning", 12.0),
            seconds("not_before", 60.0),
        ],
        needs: VOLTAGE,
        uses: &[],
        what_to_log: "Log CONTROL_MODULE_VOLTAGE (or BATTERY_VOLTAGE) and RPM for at least three minutes with the engine running.",
        source: "Mitsubishi manual: 13.1 to 15.4 V",
        next_checks: &[
            "Check the battery terminals and the earth straps.",
            "Check the drive belt.",
            "Measure the voltage at the battery at 2,000 rpm with lights on.",
            "Test alternator and battery.",
        ],
        only_4g63: false,
        build: |limits| Box::new(Undercharging::new(limits)),
    },
    RuleSpec {
        id: "overcharging",
        system: System::Charging,
        weight: "charging",
        title: "The battery is overcharged",
        condition: "engine running: voltage above the limit for the given time",
        tiers: &[Tier::Warning],
        thresholds: &[volts("above", 15.4), seconds("for", 30.0)],
        needs: VOLTAGE,
        uses: &[],
        what_to_log: "Log CONTROL_MODULE_VOLTAGE (or BATTERY_VOLTAGE) and RPM.",
        source: "Mitsubishi manual: 13.1 to 15.4 V",
        next_checks: &[
            "Measure the voltage at the battery.",
            "Replace the alternator's regulator.",
        ],
        only_4g63: false,
        build: |limits| Box::new(Overcharging::new(limits)),
    },
];

/// The control module's own voltage, else the adapter's.
fn voltage(second: &Second<'_>) -> Option<(Channel, f64)> {
    [Channel::ModuleVoltage, Channel::BatteryVoltage]
        .into_iter()
        .find_map(|channel| Some((channel, second.get(channel)?)))
}

/// A voltage that a battery without an alternator never has.
const CHARGES: f64 = 13.8;
const WINDOW: usize = 60;
const MIN_WINDOWS: u32 = 2;
/// The same since the alternator last charged, where it rests on purpose.
const MIN_WINDOWS_OF_REST: u32 = 6;

/// `undercharging`.
#[derive(Debug)]
struct Undercharging {
    /// Watch, alert, warning.
    limits: [f64; 3],
    not_before: f64,
    window: Vec<f64>,
    began: u64,
    windows: u32,
    charged: bool,
    /// For each limit: windows below, and those since the alternator last charged; the lowest median with its span.
    below: [u32; 3],
    below_since: [u32; 3],
    /// Readings in the current window, and in the windows below each limit.
    readings: u32,
    readings_below: [u32; 3],
    lowest: Option<(f64, u64, u64)>,
    channel: Channel,
}

impl Undercharging {
    fn new(limits: &Limits) -> Self {
        Self {
            limits: ["watch", "alert", "warning"].map(|name| limits.get(name)),
            not_before: limits.get("not_before"),
            window: Vec::with_capacity(WINDOW),
            began: 0,
            windows: 0,
            charged: false,
            below: [0; 3],
            below_since: [0; 3],
            readings: 0,
            readings_below: [0; 3],
            lowest: None,
            channel: Channel::ModuleVoltage,
        }
    }
}

impl Rule for Undercharging {
    fn second(&mut self, second: &Second<'_>) {
        // After a start the battery takes what it gave.
        if !second.running || f64::from(second.since_start) <= self.not_before {
            self.window.clear();
            return;
        }
        let Some((channel, volts)) = voltage(second) else {
            return;
        };
        if self.window.is_empty() {
            self.began = second.index;
            self.readings = 0;
        }
        self.channel = channel;
        self.readings += u32::from(second.fresh(channel).next().is_some());
        self.window.push(volts);
        if volts >= CHARGES {
            self.charged = true;
            self.below_since = [0; 3];
        }
        if self.window.len() < WINDOW {
            return;
        }
        self.window.sort_unstable_by(f64::total_cmp);
        let median = self.window[WINDOW / 2];
        self.window.clear();
        self.windows += 1;
        for (level, limit) in self.limits.into_iter().enumerate() {
            if median < limit {
                self.below[level] += 1;
                self.below_since[level] += 1;
                self.readings_below[level] += self.readings;
            }
        }
        if self.lowest.is_none_or(|(lowest, ..)| median < lowest) {
            self.lowest = Some((median, self.began, second.index + 1));
        }
    }

    fn judge(&self, drive: &Drive<'_>) -> Judgement {
        if self.windows < MIN_WINDOWS {
            return Judgement::too_little(
                "The engine runs for less than three minutes with a voltage.",
            );
        }
        let tiers = [Tier::Watch, Tier::Alert, Tier::Warning];
        // Many cars of today rest the alternator while the engine works, and charge on the overrun.
        let (below, needed) = if drive.is_other_engine && self.charged {
            (&self.below_since, MIN_WINDOWS_OF_REST)
        } else {
            (&self.below, MIN_WINDOWS)
        };
        let worst = (0..3)
            .rev()
            .find(|level| below[*level] >= needed && self.readings_below[*level] >= MIN_READINGS);
        let (Some(level), Some((lowest, from, to))) = (worst, self.lowest) else {
            return Judgement::Passed;
        };
        let minutes = below[level];
        let explanation = format!(
            "With the engine running, the median voltage is below {} in {minutes} of {} minutes, the lowest {}.",
            text::value(self.limits[level], "V"),
            self.windows,
            text::value(lowest, "V")
        );
        let found = evidence("lowest median voltage of a minute", self.channel, lowest)
            .against(self.limits[level])
            .within(span(from, to))
            .lasting(minutes * 60);
        Draft::new(tiers[level], explanation, vec![found])
            .with_data(f64::from(minutes), 5.0)
            .found()
    }
}

/// `overcharging`.
#[derive(Debug)]
struct Overcharging {
    above: f64,
    needed: f64,
    high: Sustained,
    seconds: u32,
    channel: Channel,
}

impl Overcharging {
    fn new(limits: &Limits) -> Self {
        Self {
            above: limits.get("above"),
            needed: limits.get("for"),
            high: Sustained::slow(),
            seconds: 0,
            channel: Channel::ModuleVoltage,
        }
    }
}

impl Rule for Overcharging {
    fn second(&mut self, second: &Second<'_>) {
        let Some((channel, volts)) = voltage(second).filter(|_| second.running) else {
            return;
        };
        self.channel = channel;
        self.seconds += 1;
        let is_read = second.fresh(channel).next().is_some();
        self.high
            .second(second.index, Some(volts > self.above), volts, is_read);
    }

    fn judge(&self, _: &Drive<'_>) -> Judgement {
        if f64::from(self.seconds) < 2.0 * self.needed {
            return Judgement::too_little("The engine runs for less than a minute with a voltage.");
        }
        let enough =
            |high: &&Stretch| f64::from(high.seconds) >= self.needed && high.marked >= MIN_READINGS;
        let Some(high) = self.high.longest().filter(enough) else {
            return Judgement::Passed;
        };
        let explanation = format!(
            "The voltage is above {} for {} (highest {}).",
            text::value(self.above, "V"),
            text::duration(f64::from(self.high.total())),
            text::value(high.max, "V")
        );
        let found = evidence("highest voltage", self.channel, high.max)
            .against(self.above)
            .within(high.span())
            .lasting(self.high.total());
        Draft::new(Tier::Warning, explanation, vec![found])
            .with_data(f64::from(high.seconds), 120.0)
            .found()
    }
}
