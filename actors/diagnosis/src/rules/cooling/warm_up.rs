use crate::channels::Channel;
use crate::model::Tier;
use crate::rules::draft::{Draft, Judgement, evidence, evidence_in};
use crate::rules::sustained::Mean;
use crate::rules::{Drive, Rule};
use crate::states::Second;
use crate::text;
use crate::thresholds::Limits;

/// Seconds after the start from which on a healthy engine is at its thermostat's temperature.
const SETTLED: u32 = 600;
/// Seconds of a plateau.
const MIN_PLATEAU: u32 = 300;

/// `thermostat_open`.
#[derive(Debug)]
pub(super) struct Thermostat {
    warm: f64,
    plateau: f64,
    needed_moving: u32,
    needed_running: u32,
    moving: u32,
    running: u32,
    highest: f64,
    /// Whether the coolant was seen below `warm`, and above it later.
    was_cold: bool,
    warmed_up: bool,
    /// Coolant on the move, once it should be warm.
    settled: Mean,
    highest_settled: f64,
}

impl Thermostat {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Thresholds in seconds.
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            warm: limits.get("warm"),
            plateau: limits.get("plateau"),
            needed_moving: limits.get("moving") as u32,
            needed_running: limits.get("running") as u32,
            moving: 0,
            running: 0,
            highest: f64::NEG_INFINITY,
            was_cold: false,
            warmed_up: false,
            settled: Mean::default(),
            highest_settled: f64::NEG_INFINITY,
        }
    }
}

impl Rule for Thermostat {
    fn second(&mut self, second: &Second<'_>) {
        let Some(coolant) = second.get(Channel::Coolant).filter(|_| second.running) else {
            return;
        };
        self.running += 1;
        self.highest = self.highest.max(coolant);
        self.was_cold |= coolant < self.warm;
        self.warmed_up |= self.was_cold && coolant >= self.warm;
        if second.moving() == Some(true) {
            self.moving += 1;
            if second.since_start > SETTLED
                && second
                    .get(Channel::Speed)
                    .is_some_and(|speed| speed >= 30.0)
            {
                self.settled.push(coolant);
                self.highest_settled = self.highest_settled.max(coolant);
            }
        }
    }

    fn judge(&self, _: &Drive<'_>) -> Judgement {
        let warm_enough = self.highest >= self.warm;
        let settled = self.settled.count >= MIN_PLATEAU;
        if self.moving < self.needed_moving || self.running < self.needed_running {
            // An engine that warms up within a short drive proves that the thermostat closes.
            return if self.warmed_up && !settled {
                Judgement::Passed
            } else if self.warmed_up {
                Judgement::too_little(
                    "The engine warms up, and the drive is too short to show that it stays warm.",
                )
            } else if warm_enough {
                Judgement::too_little(
                    "The engine starts warm, and the drive is too short to show that it stays warm.",
                )
            } else {
                Judgement::too_little("The drive is too short for the engine to warm up.")
            };
        }
        if !warm_enough {
            let explanation = format!(
                "Coolant never passes {} in {} of running, {} of them moving.",
                text::value(self.highest, "°C"),
                text::duration(f64::from(self.running)),
                text::duration(f64::from(self.moving))
            );
            let found = evidence(
                "highest coolant temperature",
                Channel::Coolant,
                self.highest,
            )
            .against(self.warm)
            .lasting(self.running);
            return Draft::new(Tier::Investigate, explanation, vec![found])
                .with_data(f64::from(self.moving), 2.0 * f64::from(self.needed_moving))
                .found();
        }
        if settled
            && self.settled.mean() < self.plateau
            && self.highest_settled < self.plateau + 4.0
        {
            let explanation = format!(
                "Coolant stays at {} on average while moving, below the thermostat's opening temperature.",
                text::value(self.settled.mean(), "°C")
            );
            let found = evidence(
                "mean coolant temperature while moving",
                Channel::Coolant,
                self.settled.mean(),
            )
            .against(self.plateau)
            .lasting(self.settled.count);
            return Draft::new(Tier::Investigate, explanation, vec![found])
                .with_data(f64::from(self.settled.count), 600.0)
                .found();
        }
        if self.was_cold && !self.warmed_up && !settled {
            return Judgement::too_little(
                "The engine starts warm and cools down, with too little steady driving to tell why.",
            );
        }
        Judgement::Passed
    }
}

/// `slow_warm_up`.
#[derive(Debug)]
pub(super) struct SlowWarmUp {
    rate: f64,
    start_below: f64,
    watched: f64,
}

impl SlowWarmUp {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            rate: limits.get("rate"),
            start_below: limits.get("start_below"),
            watched: limits.get("watched"),
        }
    }
}

impl Rule for SlowWarmUp {
    fn second(&mut self, _: &Second<'_>) {}

    fn judge(&self, drive: &Drive<'_>) -> Judgement {
        let Some(warm_up) = &drive.figures.warm_up else {
            return Judgement::too_little("There is no coolant temperature.");
        };
        if warm_up.from_c >= self.start_below {
            return Judgement::too_little("The drive does not begin with a cold engine.");
        }
        let Some(rate) = warm_up.kelvin_per_minute else {
            return Judgement::too_little("The coolant was not watched between 30 and 70 °C.");
        };
        if rate >= self.rate {
            return Judgement::Passed;
        }
        if warm_up.watched_seconds < self.watched {
            return Judgement::too_little("The warm-up was watched for too short a time.");
        }
        let explanation = format!(
            "Coolant rises by {} between 30 and 70 °C; healthy engines manage about 6 K/min.",
            text::value(rate, "K/min")
        );
        let found = evidence_in(
            "rise of the coolant temperature",
            rate,
            "K/min",
            Some(Channel::Coolant),
        )
        .against(self.rate);
        Draft::new(Tier::Watch, explanation, vec![found])
            .with_data(warm_up.watched_seconds, 600.0)
            .found()
    }
}
