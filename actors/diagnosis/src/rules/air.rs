//! Intake air: its heat, and the plausibility of the air mass.

mod implausible;

use super::draft::{Draft, Judgement, evidence};
use super::sustained::Sustained;
use super::{Drive, Rule, RuleSpec};
use crate::channels::Channel;
use crate::model::{EngineState, NotJudgedReason, System, Tier};
use crate::states::Second;
use crate::text;
use crate::thresholds::{Limits, ThresholdSpec};

const fn threshold(name: &'static str, unit: &'static str, default: f64) -> ThresholdSpec {
    ThresholdSpec {
        name,
        unit,
        default,
    }
}

/// Channels that a diesel does not have.
const PETROL: &[Channel] = &[
    Channel::Timing,
    Channel::ShortTrim,
    Channel::LongTrim,
    Channel::FuelStatus,
];

pub(super) const RULES: &[RuleSpec] = &[
    RuleSpec {
        id: "intake_heat_soak",
        system: System::Air,
        weight: "heat",
        title: "The intake air is too hot",
        condition: "on the move: intake air above the outside temperature by more than the limit, or above the absolute limit, for the given time",
        tiers: &[Tier::Watch],
        thresholds: &[
            threshold("above_outside", "°C", 40.0),
            threshold("absolute", "°C", 65.0),
            threshold("for", "s", 300.0),
            threshold("speed", "km/h", 30.0),
        ],
        needs: &[&[Channel::IntakeAir], &[Channel::Speed], &[Channel::Rpm]],
        uses: &[Channel::Coolant],
        what_to_log: "Log INTAKE_TEMP, SPEED and RPM from a cold start (it gives the outside temperature) for ten minutes of driving.",
        source: "workshop practice: on the move, air is 10 to 20 K above outside",
        next_checks: &[
            "Check the air filter box and its duct for warm air from the engine bay.",
            "Check the intercooler's air flow.",
            "Compare the sensor with a thermometer on a cold engine.",
        ],
        only_4g63: false,
        build: |limits| Box::new(HeatSoak::new(limits)),
    },
    RuleSpec {
        id: "maf_implausible",
        system: System::Air,
        weight: "air",
        title: "The air mass does not fit the engine",
        condition: "air mass outside displacement × speed × density × the range of volumetric efficiency with a tolerance: \
                    in steady running where the manifold pressure is known, else at full throttle (turbocharged: too low only)",
        tiers: &[Tier::Investigate],
        thresholds: &[
            threshold("efficiency_low", "", 0.75),
            threshold("efficiency_high", "", 0.95),
            threshold("tolerance", "%", 20.0),
            threshold("for", "s", 10.0),
            threshold("full_throttle_for", "s", 4.0),
        ],
        needs: &[
            &[Channel::Maf],
            &[Channel::ManifoldPressure, Channel::Throttle],
            &[Channel::IntakeAir],
            &[Channel::Rpm],
        ],
        uses: &[Channel::Coolant],
        what_to_log: "Log MAF, INTAKE_TEMP, RPM and THROTTLE_POS during full-throttle pulls, or a real manifold pressure; \
                      set vehicle.displacement_l.",
        source: "ideal gas law",
        next_checks: &[
            "Clean the air mass sensor.",
            "Look for leaks between the air mass sensor and the engine.",
            "Check the air filter.",
        ],
        only_4g63: false,
        build: |limits| Box::new(implausible::Implausible::new(limits)),
    },
    RuleSpec {
        id: "maf_idle_wrong",
        system: System::Air,
        weight: "air",
        title: "The air mass at idle is wrong",
        condition: "mean air mass at warm idle outside the limits, scaled from 2.0 l to the car's displacement",
        tiers: &[Tier::Watch],
        thresholds: &[
            threshold("low", "g/s", 2.0),
            threshold("high", "g/s", 4.0),
            threshold("tolerance", "%", 20.0),
        ],
        // A diesel, which has none of the last group, takes in three times as much.
        needs: &[
            &[Channel::Maf],
            &[Channel::Rpm],
            &[Channel::Coolant],
            PETROL,
        ],
        uses: &[Channel::Speed, Channel::Throttle],
        what_to_log: "Log MAF, RPM, COOLANT_TEMP, TIMING_ADVANCE and SPEED with a minute of warm idle; set vehicle.displacement_l.",
        source: "4G63 data list: 2 to 4 g/s at idle; air conditioning and lights take some more",
        next_checks: &[
            "Clean the air mass sensor.",
            "Look for vacuum leaks.",
            "Check the idle speed.",
        ],
        only_4g63: false,
        build: |limits| Box::new(IdleWrong::new(limits)),
    },
];

/// `intake_heat_soak`.
#[derive(Debug)]
struct HeatSoak {
    above_outside: f64,
    absolute: f64,
    needed: f64,
    speed: f64,
    outside: Option<f64>,
    seen: bool,
    relative: Sustained,
    /// The limit that the longest stretch of `relative` is above.
    relative_limit: f64,
    hot: Sustained,
    moving: u32,
}

impl HeatSoak {
    fn new(limits: &Limits) -> Self {
        Self {
            above_outside: limits.get("above_outside"),
            absolute: limits.get("absolute"),
            needed: limits.get("for"),
            speed: limits.get("speed"),
            outside: None,
            seen: false,
            relative: Sustained::slow(),
            relative_limit: 0.0,
            hot: Sustained::slow(),
            moving: 0,
        }
    }
}

impl Rule for HeatSoak {
    fn second(&mut self, second: &Second<'_>) {
        let Some(intake) = second.get(Channel::IntakeAir) else {
            return;
        };
        if !self.seen {
            self.seen = true;
            // On a cold engine the intake is as warm as the air around the car.
            let cold = second
                .get(Channel::Coolant)
                .is_some_and(|coolant| (coolant - intake).abs() < 8.0);
            self.outside = cold.then_some(intake);
        }
        let outside = second.get(Channel::Ambient).or(self.outside);
        let moving = second.running
            && second
                .get(Channel::Speed)
                .is_some_and(|speed| speed >= self.speed);
        self.moving += u32::from(moving);
        let limit = outside.map_or(f64::INFINITY, |outside| outside + self.above_outside);
        let relative = moving && intake > limit;
        self.relative
            .second(second.index, Some(relative), intake, false);
        if relative && self.relative.current() == self.relative.longest() {
            self.relative_limit = limit;
        }
        self.hot.second(
            second.index,
            Some(moving && intake > self.absolute),
            intake,
            false,
        );
    }

    fn judge(&self, _: &Drive<'_>) -> Judgement {
        if f64::from(self.moving) < self.needed {
            return Judgement::too_little("There are less than five minutes on the move.");
        }
        let longest = [
            (&self.hot, self.absolute),
            (&self.relative, self.relative_limit),
        ]
        .into_iter()
        .filter_map(|(sustained, limit)| Some((*sustained.longest()?, limit)))
        .find(|(stretch, _)| f64::from(stretch.seconds) >= self.needed);
        let Some((stretch, limit)) = longest else {
            return Judgement::Passed;
        };
        let explanation = format!(
            "On the move the intake air is {} on average for {}.",
            text::value(stretch.mean(), "°C"),
            text::duration(f64::from(stretch.seconds))
        );
        let found = evidence(
            "mean intake air temperature on the move",
            Channel::IntakeAir,
            stretch.mean(),
        )
        .against(limit)
        .within(stretch.span())
        .lasting(stretch.seconds);
        Draft::new(Tier::Watch, explanation, vec![found])
            .with_data(f64::from(stretch.seconds), 600.0)
            .found()
    }
}

/// `maf_idle_wrong`.
#[derive(Debug)]
struct IdleWrong {
    low: f64,
    high: f64,
}

impl IdleWrong {
    fn new(limits: &Limits) -> Self {
        let tolerance = limits.get("tolerance") / 100.0;
        Self {
            low: limits.get("low") * (1.0 - tolerance),
            high: limits.get("high") * (1.0 + tolerance),
        }
    }
}

impl Rule for IdleWrong {
    fn second(&mut self, _: &Second<'_>) {}

    fn judge(&self, drive: &Drive<'_>) -> Judgement {
        let Some(litres) = drive.vehicle.displacement_l else {
            return Judgement::NotJudged(
                NotJudgedReason::VehicleFactMissing,
                "The engine's displacement is not known.".to_owned(),
            );
        };
        let idle = drive.figures.state(EngineState::Idle);
        let maf = idle.and_then(|idle| idle.channel(Channel::Maf.name()));
        let Some(maf) = maf.filter(|maf| maf.readings >= 5 && maf.seconds >= 30.0) else {
            return Judgement::too_little(
                "There is less than half a minute of warm idle with air mass.",
            );
        };
        let (low, high) = (self.low * litres / 2.0, self.high * litres / 2.0);
        let limit = match maf.median {
            median if median < low => low,
            median if median > high => high,
            _ => return Judgement::Passed,
        };
        let explanation = format!(
            "At warm idle the air mass is {}; for {litres} l it is {} to {}.",
            text::value(maf.median, "g/s"),
            text::value(low, "g/s"),
            text::value(high, "g/s")
        );
        let found = evidence("median air mass", Channel::Maf, maf.median)
            .against(text::shown(limit, "g/s"))
            .in_state(EngineState::Idle);
        Draft::new(Tier::Watch, explanation, vec![found])
            .with_data(maf.seconds, 120.0)
            .found()
    }
}
