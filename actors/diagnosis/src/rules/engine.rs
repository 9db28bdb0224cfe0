//! The engine as a whole.

use super::draft::{Draft, Judgement, evidence};
use super::sustained::Sustained;
use super::{Drive, Rule, RuleSpec};
use crate::channels::Channel;
use crate::model::{System, Tier};
use crate::states::Second;
use crate::text;
use crate::thresholds::{Limits, ThresholdSpec};

pub(super) const RULES: &[RuleSpec] = &[RuleSpec {
    id: "over_rev",
    system: System::Engine,
    weight: "engine",
    title: "The engine was over-revved",
    condition: "engine speed above the limit, with a neighbouring reading that fits",
    tiers: &[Tier::Alert],
    thresholds: &[ThresholdSpec {
        name: "rpm",
        unit: "rpm",
        default: 7_000.0,
    }],
    needs: &[&[Channel::Rpm]],
    uses: &[],
    what_to_log: "Log RPM at 1 Hz or faster.",
    source: "red zone of the Eclipse's tachometer",
    next_checks: &[
        "Check the timing belt's age.",
        "Listen for valve noise; check the compression if there is any.",
    ],
    only_4g63: false,
    build: |limits| Box::new(OverRev::new(limits)),
}];

/// A neighbour above this share of the limit bears a reading out.
const NEIGHBOUR: f64 = 0.6;

#[derive(Debug)]
struct OverRev {
    limit: f64,
    readings: u32,
    previous: f64,
    /// Readings above the limit that a neighbour bears out.
    borne_out: u32,
    over: Sustained,
}

impl OverRev {
    fn new(limits: &Limits) -> Self {
        Self {
            limit: limits.get("rpm"),
            readings: 0,
            previous: 0.0,
            borne_out: 0,
            over: Sustained::default(),
        }
    }
}

impl Rule for OverRev {
    fn second(&mut self, second: &Second<'_>) {
        let mut highest = None;
        for rpm in second.fresh(Channel::Rpm) {
            self.readings += 1;
            // One reading alone, far from its neighbours, is a glitch of the bus.
            let (low, high) = (rpm.min(self.previous), rpm.max(self.previous));
            self.borne_out += u32::from(high > self.limit && low > NEIGHBOUR * self.limit);
            self.previous = rpm;
            highest = Some(highest.map_or(rpm, |highest: f64| highest.max(rpm)));
        }
        if let Some(highest) = highest {
            self.over
                .second(second.index, Some(highest > self.limit), highest, false);
        }
    }

    fn judge(&self, _: &Drive<'_>) -> Judgement {
        if self.readings < 30 {
            return Judgement::too_little("There are too few readings of the engine speed.");
        }
        let Some(over) = self.over.longest().filter(|_| self.borne_out > 0) else {
            return Judgement::Passed;
        };
        let explanation = format!(
            "The engine speed reaches {}, above {}.",
            text::value(over.max, "rpm"),
            text::value(self.limit, "rpm")
        );
        let found = evidence("highest engine speed", Channel::Rpm, over.max)
            .against(self.limit)
            .within(over.span())
            .lasting(self.over.total());
        Draft::new(Tier::Alert, explanation, vec![found])
            .with_data(f64::from(self.borne_out), 5.0)
            .found()
    }
}
