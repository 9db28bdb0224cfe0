use crate::channels::Channel;
use crate::model::{EngineState, Tier};
use crate::rules::draft::{Draft, Judgement, evidence};
use crate::rules::sustained::Mean;
use crate::rules::{Drive, Rule};
use crate::states::Second;
use crate::text;
use crate::thresholds::Limits;

/// After a fuel cut or enrichment the catalyst fills up or empties.
const SETTLE_SECONDS: u32 = 10;
const MIN_FRONT_CROSSINGS: u32 = 15;
const MIN_SLOW_READINGS: u32 = 30;
const HYSTERESIS: f64 = 0.05;

/// `catalyst_weak`.
#[derive(Debug)]
pub(super) struct Catalyst {
    crossings: f64,
    spread: f64,
    needed: f64,
    settled: u32,
    seconds: u32,
    front: Swing,
    rear: Swing,
}

/// How a sensor swings in steady running.
#[derive(Debug, Default)]
struct Swing {
    is_rich: Option<bool>,
    crossings: u32,
    voltage: Mean,
}

impl Swing {
    fn push(&mut self, voltage: f64) {
        self.voltage.push(voltage);
        let side = match voltage {
            voltage if voltage > 0.45 + HYSTERESIS => true,
            voltage if voltage < 0.45 - HYSTERESIS => false,
            _ => return,
        };
        self.crossings += u32::from(self.is_rich.is_some_and(|before| before != side));
        self.is_rich = Some(side);
    }
}

impl Catalyst {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            crossings: limits.get("crossings"),
            spread: limits.get("spread"),
            needed: limits.get("for"),
            settled: 0,
            seconds: 0,
            front: Swing::default(),
            rear: Swing::default(),
        }
    }
}

impl Rule for Catalyst {
    fn second(&mut self, second: &Second<'_>) {
        let steady = second.warm
            && second.since_start > 120
            && second.closed_loop == Some(true)
            && matches!(
                second.state,
                EngineState::Cruise | EngineState::Idle | EngineState::Other
            );
        self.settled = if steady { self.settled + 1 } else { 0 };
        if self.settled <= SETTLE_SECONDS || second.state != EngineState::Cruise {
            (self.front.is_rich, self.rear.is_rich) = (None, None);
            return;
        }
        self.seconds += 1;
        second
            .fresh(Channel::FrontO2)
            .for_each(|voltage| self.front.push(voltage));
        second
            .fresh(Channel::RearO2)
            .for_each(|voltage| self.rear.push(voltage));
    }

    fn judge(&self, _: &Drive<'_>) -> Judgement {
        let seconds = f64::from(self.seconds);
        let readings = self.front.voltage.count.min(self.rear.voltage.count);
        // A reading a second of both, nearly.
        let is_fast = f64::from(readings) >= 0.9 * seconds;
        if is_fast && seconds >= self.needed && self.front.crossings >= MIN_FRONT_CROSSINGS {
            return self.judge_crossings();
        }
        if readings >= MIN_SLOW_READINGS && self.front.voltage.spread() >= 0.2 {
            return self.judge_spread();
        }
        Judgement::too_little("There is too little steady cruise with both O2 sensors.")
    }
}

impl Catalyst {
    fn judge_crossings(&self) -> Judgement {
        let ratio = f64::from(self.rear.crossings) / f64::from(self.front.crossings);
        if ratio < self.crossings {
            return Judgement::Passed;
        }
        let explanation = format!(
            "At cruise the rear O2 sensor crosses 0.45 V {} times in {}, the front one {} times.",
            self.rear.crossings,
            text::duration(f64::from(self.seconds)),
            self.front.crossings
        );
        self.found(
            Tier::Investigate,
            "rear crossings per front crossing",
            ratio,
            self.crossings,
            explanation,
        )
    }

    fn judge_spread(&self) -> Judgement {
        let ratio = self.rear.voltage.spread() / self.front.voltage.spread();
        if ratio < self.spread || self.rear.voltage.spread() < 0.2 {
            return Judgement::Passed;
        }
        let explanation = format!(
            "At cruise the rear O2 sensor swings nearly as far as the front one (standard deviations {} and {}): possibly a weak catalyst.",
            text::value(self.rear.voltage.spread(), "V"),
            text::value(self.front.voltage.spread(), "V")
        );
        self.found(
            Tier::Watch,
            "spread of the rear O2 voltage per spread of the front one",
            ratio,
            self.spread,
            explanation,
        )
    }

    fn found(
        &self,
        tier: Tier,
        figure: &str,
        ratio: f64,
        limit: f64,
        explanation: String,
    ) -> Judgement {
        let mut found = evidence(figure, Channel::RearO2, ratio)
            .against(limit)
            .in_state(EngineState::Cruise)
            .lasting(self.seconds);
        found.unit = String::new();
        let draft =
            Draft::new(tier, explanation, vec![found]).with_data(f64::from(self.seconds), 300.0);
        draft.found()
    }
}
