//! Rules on the fuel system status.

use crate::channels::Channel;
use crate::model::Tier;
use crate::rules::draft::{Draft, Judgement, evidence_in};
use crate::rules::sustained::Sustained;
use crate::rules::{Drive, Rule};
use crate::states::Second;
use crate::text;
use crate::thresholds::Limits;
use crate::time::span;

/// `open_loop_too_long`: the first start of the drive.
#[derive(Debug)]
pub(super) struct OpenLoop {
    within: f64,
    start_above: f64,
    start: Option<Start>,
}

#[derive(Clone, Copy, Debug)]
struct Start {
    at: u64,
    coolant: Option<f64>,
    /// Seconds of running with a known status, and after how many of them the loop was closed.
    known: u32,
    closed_after: Option<u32>,
    over: bool,
}

impl OpenLoop {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            within: limits.get("within"),
            start_above: limits.get("start_above"),
            start: None,
        }
    }
}

impl Rule for OpenLoop {
    fn second(&mut self, second: &Second<'_>) {
        let rpm_is_known = second.get(Channel::Rpm).is_some();
        if !second.running {
            if let Some(start) = &mut self.start {
                start.over |= rpm_is_known;
            }
            return;
        }
        let start = self.start.get_or_insert(Start {
            at: second.index,
            coolant: None,
            known: 0,
            closed_after: None,
            over: false,
        });
        if start.over {
            return;
        }
        start.coolant = start.coolant.or(second.get(Channel::Coolant));
        if second.closed_loop == Some(true) && start.closed_after.is_none() {
            start.closed_after = Some(start.known);
        }
        start.known += u32::from(second.closed_loop.is_some());
    }

    fn judge(&self, _: &Drive<'_>) -> Judgement {
        let Some(start) = self.start else {
            return Judgement::too_little("The engine does not run.");
        };
        let open_for = start.closed_after.unwrap_or(start.known);
        if f64::from(open_for) <= self.within {
            return match start.closed_after {
                Some(_) => Judgement::Passed,
                None => Judgement::too_little("The engine does not run for long enough."),
            };
        }
        if start
            .coolant
            .is_none_or(|coolant| coolant < self.start_above)
        {
            return Judgement::too_little(
                "The engine starts too cold for a judgement, or its temperature is not known.",
            );
        }
        let explanation = format!(
            "The engine runs for {} {} closed loop.",
            text::duration(f64::from(open_for)),
            if start.closed_after.is_some() {
                "before it goes into"
            } else {
                "without"
            }
        );
        let evidence = evidence_in(
            "time in open loop after the start",
            f64::from(open_for),
            "s",
            Some(Channel::FuelStatus),
        )
        .against(self.within)
        .within(span(start.at, start.at + u64::from(open_for)))
        .lasting(open_for);
        Draft::new(Tier::Watch, explanation, vec![evidence])
            .with_data(f64::from(open_for), 2.0 * self.within)
            .found()
    }
}

/// `no_enrichment`.
#[derive(Debug)]
pub(super) struct NoEnrichment {
    load: f64,
    throttle: f64,
    needed: f64,
    full_load: u32,
    closed: Sustained,
}

impl NoEnrichment {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            load: limits.get("load"),
            throttle: limits.get("throttle"),
            needed: limits.get("for"),
            full_load: 0,
            closed: Sustained::default(),
        }
    }
}

impl Rule for NoEnrichment {
    fn second(&mut self, second: &Second<'_>) {
        let full = |channel, limit| second.get(channel).map(|value| value > limit);
        let full_load = full(Channel::Load, self.load).zip(full(Channel::Throttle, self.throttle));
        let is_full = second.running && full_load == Some((true, true));
        self.full_load += u32::from(is_full);
        // Only readings of this second count: a slow status may be from before the pull.
        let status_is_fresh = second.fresh(Channel::FuelStatus).next().is_some();
        let holds = is_full && second.closed_loop == Some(true);
        if !is_full || status_is_fresh {
            let load = second.get(Channel::Load).unwrap_or(0.0);
            self.closed.second(second.index, Some(holds), load, false);
        }
    }

    fn judge(&self, _: &Drive<'_>) -> Judgement {
        if f64::from(self.full_load) < self.needed {
            return Judgement::too_little("There is no full-throttle pull of some seconds.");
        }
        let Some(closed) = self
            .closed
            .longest()
            .filter(|closed| f64::from(closed.seconds) >= self.needed)
        else {
            return Judgement::Passed;
        };
        let explanation = format!(
            "The mixture stays in closed loop for {} at full load, where the engine needs it rich.",
            text::duration(f64::from(closed.seconds))
        );
        let evidence = evidence_in(
            "time in closed loop at full load",
            f64::from(closed.seconds),
            "s",
            Some(Channel::FuelStatus),
        )
        .against(self.needed)
        .within(closed.span())
        .lasting(closed.seconds);
        Draft::new(Tier::Watch, explanation, vec![evidence])
            .with_data(f64::from(closed.seconds), 10.0)
            .found()
    }
}
