//! Rules on the trims by state; they judge the figures and watch no seconds.

use crate::channels::Channel;
use crate::model::{EngineState, Evidence, Tier};
use crate::rules::draft::{Draft, Judgement, evidence_in};
use crate::rules::{Drive, Rule};
use crate::states::Second;
use crate::text;
use crate::thresholds::Limits;
use crate::trims::{Mixture, Trim};

const NO_IDLE: &str =
    "There is less than half a minute of warm idle in closed loop with both fuel trims.";
const NO_DRIVING: &str = "There is too little warm driving in closed loop with both fuel trims.";

fn evidence(trim: &Trim, threshold: Option<f64>) -> Evidence {
    let figure = "fuel trim, short and long term together";
    let mut evidence =
        evidence_in(figure, trim.sum, "%", Some(Channel::ShortTrim)).in_state(trim.state);
    evidence.threshold = threshold;
    evidence.seconds = Some(trim.seconds);
    evidence
}

/// A finding with the trims of two states.
fn two_states(tier: Tier, explanation: String, first: (Trim, f64), second: Trim) -> Judgement {
    let (trim, threshold) = first;
    let evidence = vec![evidence(&trim, Some(threshold)), evidence(&second, None)];
    Draft::new(tier, explanation, evidence)
        .with_data(trim.seconds.min(second.seconds), 120.0)
        .found()
}

fn in_words(trim: &Trim) -> String {
    let place = match trim.state {
        EngineState::Other => "while driving",
        EngineState::Idle => "at warm idle",
        EngineState::Cruise => "at cruise",
        _ => "under load",
    };
    format!("{} {place}", text::signed(trim.sum, "%"))
}

macro_rules! mixture_rule {
    ($(#[$doc:meta])* $name:ident { $($field:ident),+ }) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $name { $($field: f64),+ }

        impl $name {
            pub(super) fn new(limits: &Limits) -> Self {
                Self { $($field: limits.get(stringify!($field))),+ }
            }
        }

        impl Rule for $name {
            fn second(&mut self, _: &Second<'_>) {}

            fn judge(&self, drive: &Drive<'_>) -> Judgement {
                self.judge_mixture(&Mixture::of(drive.figures), drive)
            }
        }
    };
}

mixture_rule!(
    /// `vacuum_leak`
    VacuumLeak { idle, difference }
);
mixture_rule!(
    /// `fuel_supply_weak`
    FuelSupplyWeak { driving, difference }
);
mixture_rule!(
    /// `lean_everywhere`
    LeanEverywhere { idle, driving, difference }
);
mixture_rule!(
    /// `lean_at_idle`
    LeanAtIdle { idle }
);
mixture_rule!(
    /// `rich`
    Rich { sum, below_anchor }
);

impl VacuumLeak {
    fn judge_mixture(&self, mixture: &Mixture, _: &Drive<'_>) -> Judgement {
        let Some(idle) = mixture.idle else {
            return Judgement::too_little(NO_IDLE);
        };
        if idle.sum < self.idle {
            return Judgement::Passed;
        }
        let Some(driving) = mixture.driving else {
            return Judgement::too_little(NO_DRIVING);
        };
        if idle.sum - driving.sum < self.difference {
            return Judgement::Passed;
        }
        let explanation = format!(
            "The fuel trims add {} and {}: air that is not metered is a large share at idle only.",
            in_words(&idle),
            in_words(&driving)
        );
        two_states(Tier::Warning, explanation, (idle, self.idle), driving)
    }
}

impl FuelSupplyWeak {
    fn judge_mixture(&self, mixture: &Mixture, _: &Drive<'_>) -> Judgement {
        let Some(driving) = mixture.leanest_driving() else {
            return Judgement::too_little(NO_DRIVING);
        };
        if driving.sum < self.driving {
            return Judgement::Passed;
        }
        let Some(idle) = mixture.idle else {
            return Judgement::too_little(NO_IDLE);
        };
        if driving.sum - idle.sum < self.difference {
            return Judgement::Passed;
        }
        let explanation = format!(
            "The fuel trims add {} and {}: fuel is short where most of it is needed.",
            in_words(&driving),
            in_words(&idle)
        );
        two_states(Tier::Warning, explanation, (driving, self.driving), idle)
    }
}

impl LeanEverywhere {
    fn judge_mixture(&self, mixture: &Mixture, _: &Drive<'_>) -> Judgement {
        let Some(driving) = mixture.driving else {
            return Judgement::too_little(NO_DRIVING);
        };
        let Some(idle) = mixture.idle else {
            return Judgement::too_little(NO_IDLE);
        };
        let leanest = mixture
            .leanest_driving()
            .map_or(driving.sum, |trim| trim.sum);
        let lean = idle.sum >= self.idle && driving.sum >= self.driving;
        // A clear difference names the cause better.
        let told_apart =
            (idle.sum - driving.sum) >= self.difference || (leanest - idle.sum) >= self.difference;
        if !lean || told_apart {
            return Judgement::Passed;
        }
        let explanation = format!(
            "The fuel trims add {} and {}: the mixture is lean whatever the engine does.",
            in_words(&idle),
            in_words(&driving)
        );
        two_states(Tier::Warning, explanation, (idle, self.idle), driving)
    }
}

impl LeanAtIdle {
    fn judge_mixture(&self, mixture: &Mixture, _: &Drive<'_>) -> Judgement {
        let Some(idle) = mixture.idle else {
            return Judgement::too_little(NO_IDLE);
        };
        if idle.sum < self.idle || mixture.driving.is_some() {
            return Judgement::Passed;
        }
        let explanation = format!(
            "The fuel trims add {}; the drive has too little driving to tell a vacuum leak from a weak supply.",
            in_words(&idle)
        );
        Draft::new(
            Tier::Investigate,
            explanation,
            vec![evidence(&idle, Some(self.idle))],
        )
        .with_data(idle.seconds, 120.0)
        .found()
    }
}

impl Rich {
    fn judge_mixture(&self, mixture: &Mixture, drive: &Drive<'_>) -> Judgement {
        let normal = drive
            .history
            .anchor
            .as_ref()
            .map(|anchor| Mixture::of(&anchor.figures));
        let of_normal = |pick: fn(&Mixture) -> Option<Trim>| {
            normal.as_ref().and_then(pick).map(|trim| trim.sum)
        };
        let trims = [
            (mixture.idle, of_normal(|normal| normal.idle)),
            (mixture.driving, of_normal(|normal| normal.driving)),
        ];
        if trims.iter().all(|(trim, _)| trim.is_none()) {
            return Judgement::too_little(
                "There is too little warm closed loop with both fuel trims.",
            );
        }
        let richest = trims
            .into_iter()
            .filter_map(|(trim, normal)| Some((trim?, normal)))
            .map(|(trim, normal)| {
                // A car that always ran rich has its own limit.
                let limit =
                    normal.map_or(self.sum, |normal| self.sum.min(normal - self.below_anchor));
                (trim, limit)
            })
            .filter(|(trim, limit)| trim.sum <= *limit)
            .min_by(|left, right| left.0.sum.total_cmp(&right.0.sum));
        let Some((trim, limit)) = richest else {
            return Judgement::Passed;
        };
        let explanation = format!("The fuel trims take away fuel: {}.", in_words(&trim));
        Draft::new(
            Tier::Investigate,
            explanation,
            vec![evidence(&trim, Some(limit))],
        )
        .with_data(trim.seconds, 120.0)
        .found()
    }
}
