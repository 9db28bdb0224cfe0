//! Ignition timing under load.

use super::draft::{Draft, Judgement, evidence};
use super::knock;
use super::{Drive, Rule, RuleSpec};
use crate::channels::Channel;
use crate::model::{NotJudgedReason, System, Tier};
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

const CHECKS: &[&str] = &[
    "Fill up with the highest octane and log the same drive again.",
    "Check spark plugs (heat range, gap) and coils.",
    "Check the base timing and the mixture under load.",
    "Check intake air temperature and intercooler.",
];

pub(super) const RULES: &[RuleSpec] = &[
    RuleSpec {
        id: "knock_retard",
        system: System::Ignition,
        weight: "ignition",
        title: "The timing is retarded against earlier drives, as by knock",
        condition: "timing below that of earlier drives in the same bin of RPM and load, for three samples",
        tiers: &[Tier::Alert, Tier::Warning, Tier::Stop],
        thresholds: &[
            threshold("alert", "°", 5.0),
            threshold("warning", "°", 10.0),
            threshold("stop", "°", 15.0),
            threshold("load", "%", 50.0),
            threshold("rpm", "rpm", 2_000.0),
        ],
        needs: &[&[Channel::Timing], &[Channel::Rpm], &[Channel::Load]],
        uses: &[Channel::Coolant],
        what_to_log: "Log TIMING_ADVANCE, RPM and ENGINE_LOAD at 1 Hz on at least three drives.",
        source: "plan of the car's owner: 5, 10 and 15° below the car's own normal",
        next_checks: CHECKS,
        only_4g63: false,
        build: |limits| Box::new(knock::KnockRetard::new(limits)),
    },
    RuleSpec {
        id: "timing_low_under_load",
        system: System::Ignition,
        weight: "ignition",
        title: "The timing under load is low",
        condition: "timing below a limit at high load, for three samples",
        tiers: &[Tier::Alert, Tier::Warning],
        thresholds: &[
            threshold("alert", "°", 8.0),
            threshold("warning", "°", 5.0),
            threshold("load", "%", 70.0),
            threshold("rpm", "rpm", 2_500.0),
        ],
        needs: &[&[Channel::Timing], &[Channel::Rpm], &[Channel::Load]],
        uses: &[Channel::Coolant],
        what_to_log: "Log TIMING_ADVANCE, RPM and ENGINE_LOAD at 1 Hz with the engine loaded above 2,500 rpm.",
        source: "4G63 of the car's owner; below 2,500 rpm healthy engines retard for a smooth torque",
        next_checks: CHECKS,
        only_4g63: false,
        build: |limits| Box::new(TimingLow::new(limits)),
    },
    RuleSpec {
        id: "tip_in_knock",
        system: System::Ignition,
        weight: "ignition",
        title: "Knock as the throttle opens",
        condition: "soon after the throttle opens under load: low timing and a lean short-term trim, several times",
        tiers: &[Tier::Alert],
        thresholds: &[
            threshold("timing", "°", 10.0),
            threshold("trim", "%", 10.0),
            threshold("times", "", 3.0),
            threshold("opening", "%", 10.0),
            threshold("load", "%", 40.0),
            threshold("rpm", "rpm", 1_000.0),
        ],
        needs: &[
            &[Channel::Timing],
            &[Channel::ShortTrim],
            &[Channel::Throttle],
            &[Channel::Rpm],
            &[Channel::Load],
        ],
        uses: &[Channel::Coolant],
        what_to_log: "Log TIMING_ADVANCE, SHORT_FUEL_TRIM_1, THROTTLE_POS, RPM and ENGINE_LOAD at 1 Hz in city traffic.",
        source: "plan of the car's owner",
        next_checks: &[
            "Check for boost and vacuum leaks.",
            "Check the fuel pressure.",
            "Clean the air mass sensor.",
        ],
        only_4g63: true,
        build: |limits| Box::new(TipIn::new(limits)),
    },
];

/// Neighbouring samples that are all below a limit.
#[derive(Clone, Copy, Debug)]
struct LowRun {
    limit: f64,
    samples: u32,
    since: u64,
    latest: u64,
    sum: f64,
    /// The longest one with three samples or more.
    longest: Option<(u32, u64, u64, f64)>,
}

impl LowRun {
    fn new(limit: f64) -> Self {
        Self {
            limit,
            samples: 0,
            since: 0,
            latest: 0,
            sum: 0.0,
            longest: None,
        }
    }

    fn sample(&mut self, index: u64, timing: Option<f64>) {
        let Some(timing) = timing.filter(|timing| *timing < self.limit) else {
            self.samples = 0;
            return;
        };
        if self.samples == 0 || index > self.latest + 3 {
            (self.samples, self.since, self.sum) = (0, index, 0.0);
        }
        self.samples += 1;
        self.latest = index;
        self.sum += timing;
        if self.samples >= 3
            && self
                .longest
                .is_none_or(|(samples, ..)| samples < self.samples)
        {
            let mean = self.sum / f64::from(self.samples);
            self.longest = Some((self.samples, self.since, index + 1, mean));
        }
    }
}

/// `timing_low_under_load`.
#[derive(Debug)]
struct TimingLow {
    load: f64,
    rpm: f64,
    /// Samples in a row under load, and the most of them.
    in_a_row: u32,
    samples: u32,
    alert: LowRun,
    warning: LowRun,
}

impl TimingLow {
    fn new(limits: &Limits) -> Self {
        Self {
            load: limits.get("load"),
            rpm: limits.get("rpm"),
            in_a_row: 0,
            samples: 0,
            alert: LowRun::new(limits.get("alert")),
            warning: LowRun::new(limits.get("warning")),
        }
    }
}

impl Rule for TimingLow {
    fn second(&mut self, second: &Second<'_>) {
        let loaded = second.warm
            && second
                .get(Channel::Load)
                .is_some_and(|load| load >= self.load)
            && second.get(Channel::Rpm).is_some_and(|rpm| rpm >= self.rpm);
        for timing in second.fresh(Channel::Timing) {
            let timing = loaded.then_some(timing);
            self.in_a_row = if loaded { self.in_a_row + 1 } else { 0 };
            self.samples = self.samples.max(self.in_a_row);
            self.alert.sample(second.index, timing);
            self.warning.sample(second.index, timing);
        }
    }

    fn judge(&self, drive: &Drive<'_>) -> Judgement {
        // Other turbocharged engines run with little timing by design.
        if drive.is_other_engine && drive.vehicle.turbo != Some(false) {
            return Judgement::NotJudged(
                NotJudgedReason::VehicleFactMissing,
                "The rule holds for the 4G63 and for engines without a turbocharger.".to_owned(),
            );
        }
        if self.samples < 3 {
            return Judgement::too_little(
                "There are never three samples in a row under load above 2,500 rpm.",
            );
        }
        let (tier, run) = match (self.warning.longest, self.alert.longest) {
            (Some(longest), _) => (Tier::Warning, (self.warning.limit, longest)),
            (None, Some(longest)) => (Tier::Alert, (self.alert.limit, longest)),
            (None, None) => return Judgement::Passed,
        };
        let (limit, (samples, from, to, mean)) = run;
        let explanation = format!(
            "Ignition timing is {} on average for {samples} samples in a row at high load.",
            text::value(mean, "°")
        );
        let span = span(from, to);
        let found = evidence("mean timing at high load", Channel::Timing, mean)
            .against(limit)
            .within(span)
            .lasting(samples);
        Draft::new(tier, explanation, vec![found])
            .with_data(f64::from(samples), 10.0)
            .found()
    }
}

/// `tip_in_knock`.
#[derive(Debug)]
struct TipIn {
    limits: [f64; 6],
    /// Throttle and load of the last three seconds.
    throttle: [f64; 3],
    loads: [f64; 3],
    /// The second until which an opening of the throttle is looked after.
    until: u64,
    /// What was seen since that opening: each, and both.
    has_low_timing: bool,
    is_lean: bool,
    is_hit: bool,
    openings: u32,
    hits: u32,
    first: Option<u64>,
    latest: u64,
}

impl TipIn {
    fn new(limits: &Limits) -> Self {
        Self {
            limits: ["timing", "trim", "times", "opening", "load", "rpm"]
                .map(|name| limits.get(name)),
            throttle: [f64::NAN; 3],
            loads: [f64::NAN; 3],
            until: 0,
            has_low_timing: false,
            is_lean: false,
            is_hit: false,
            openings: 0,
            hits: 0,
            first: None,
            latest: 0,
        }
    }
}

/// A rise of the load that an opening of the throttle makes, in %.
const LOAD_OPENING: f64 = 20.0;

/// How far a value is above its lowest of the last three seconds.
fn rise(last: &mut [f64; 3], value: Option<f64>) -> f64 {
    let lowest = last
        .iter()
        .fold(f64::INFINITY, |low, value| low.min(*value));
    last.rotate_left(1);
    last[2] = value.unwrap_or(f64::NAN);
    last[2] - lowest
}

impl Rule for TipIn {
    fn second(&mut self, second: &Second<'_>) {
        let [timing, trim, _, opening, load, rpm] = self.limits;
        let throttle = rise(&mut self.throttle, second.get(Channel::Throttle));
        // The load follows at once, and is polled more often by slow loggers.
        let loaded = rise(&mut self.loads, second.get(Channel::Load));
        let opens = throttle >= opening || loaded >= LOAD_OPENING;
        let works = second.warm
            && second.get(Channel::Load).is_some_and(|value| value >= load)
            && second.get(Channel::Rpm).is_some_and(|value| value >= rpm);
        if works && opens && second.index >= self.until {
            self.until = second.index + 4;
            self.openings += 1;
            (self.has_low_timing, self.is_lean, self.is_hit) = (false, false, false);
        }
        // An opening counts once, however long the throttle takes to open.
        if second.index >= self.until || self.is_hit || !second.warm {
            return;
        }
        self.has_low_timing |= works && second.fresh(Channel::Timing).any(|value| value < timing);
        self.is_lean |= second.fresh(Channel::ShortTrim).any(|value| value > trim);
        if self.has_low_timing && self.is_lean {
            self.is_hit = true;
            self.hits += 1;
            self.first.get_or_insert(second.index);
            self.latest = second.index;
        }
    }

    fn judge(&self, _: &Drive<'_>) -> Judgement {
        let [timing, trim, times, ..] = self.limits;
        if self.openings < 4 {
            return Judgement::too_little("The throttle is opened under load too seldom.");
        }
        if f64::from(self.hits) <= times {
            return Judgement::Passed;
        }
        let explanation = format!(
            "After {} of {} openings of the throttle the timing is below {} while the short-term trim is above {}.",
            self.hits,
            self.openings,
            text::value(timing, "°"),
            text::signed(trim, "%")
        );
        let span = span(self.first.unwrap_or(0), self.latest + 1);
        let found = evidence(
            "openings of the throttle with low timing and lean mixture",
            Channel::Timing,
            f64::from(self.hits),
        );
        let found = crate::model::Evidence {
            value: f64::from(self.hits),
            unit: String::new(),
            ..found
        };
        Draft::new(
            Tier::Alert,
            explanation,
            vec![found.against(times).within(span)],
        )
        .with_data(f64::from(self.hits), 10.0)
        .found()
    }
}
