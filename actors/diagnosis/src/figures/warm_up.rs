//! How fast the engine warms up.

use super::round;
use crate::channels::Channel;
use crate::model::WarmUp;
use crate::states::Second;

/// Follows the coolant from cold to warm.
#[derive(Debug, Default)]
pub(super) struct WarmUpCurve {
    first: Option<f64>,
    highest: Option<f64>,
    /// The latest second with coolant, and whether the engine ran then.
    seen: Option<(u64, bool)>,
    /// Whether the rise was lost from sight.
    interrupted: bool,
    /// Running seconds so far, and when 30 and 70 °C were first passed, from below.
    running: u32,
    passed: [Option<(u32, f64)>; 2],
    latest: Option<(u32, f64)>,
}

impl WarmUpCurve {
    const FROM_C: f64 = 30.0;
    const TO_C: f64 = 70.0;
    /// The first reading at or above 30 °C that is seen in time is not much above it.
    const NEAR_C: f64 = 5.0;
    /// Over more seconds without coolant the engine may have stopped.
    const MAX_GAP: u32 = 60;

    /// Whatever the coolant did meanwhile was not seen.
    pub(super) fn interrupt(&mut self) {
        self.interrupted |= self.passed[0].is_some();
    }

    pub(super) fn second(&mut self, second: &Second<'_>) {
        let Some(coolant) = second.get(Channel::Coolant) else {
            return;
        };
        self.first.get_or_insert(coolant);
        self.highest = Some(self.highest.map_or(coolant, |highest| highest.max(coolant)));
        // Missing readings do not stop the engine.
        let rpm_is_missing = second.get(Channel::Rpm).is_none();
        let runs = second.running || (rpm_is_missing && self.seen.is_some_and(|(_, ran)| ran));
        let passed = match self.seen.replace((second.index, runs)) {
            Some((before, true)) => u32::try_from(second.index - before).unwrap_or(u32::MAX),
            _ => 1,
        };
        if passed > Self::MAX_GAP {
            self.interrupt();
        }
        if !runs {
            return;
        }
        self.running += passed.min(Self::MAX_GAP);
        let starts_cold = self.first.is_some_and(|first| first < Self::TO_C - 20.0);
        if !starts_cold || self.interrupted || self.passed[1].is_some() {
            return;
        }
        if self.passed[0].is_none() && coolant >= Self::FROM_C {
            self.passed[0] = Some((self.running, coolant));
        }
        if self.passed[0].is_some() {
            self.latest = Some((self.running, coolant));
            if coolant >= Self::TO_C {
                self.passed[1] = self.latest;
            }
        }
    }

    pub(super) fn finish(self) -> Option<WarmUp> {
        let (first, highest) = self.first.zip(self.highest)?;
        let rate = self.passed[0].zip(self.latest).and_then(|(from, to)| {
            let seconds = to.0.saturating_sub(from.0);
            // A rise that was watched for less than two minutes or ten kelvin has no rate.
            let watched = seconds >= 120 || to.1 - from.1 >= 10.0;
            (seconds >= 30 && watched).then(|| (to.1 - from.1) * 60.0 / f64::from(seconds))
        });
        let seconds_30_to_70 = self.passed[0]
            .zip(self.passed[1])
            .filter(|(from, _)| from.1 <= Self::FROM_C + Self::NEAR_C)
            .map(|(from, to)| f64::from(to.0 - from.0));
        Some(WarmUp {
            from_c: first,
            highest_c: highest,
            seconds_30_to_70,
            kelvin_per_minute: rate.map(|rate| round(rate, 2)),
            watched_seconds: self.passed[0]
                .zip(self.latest)
                .map_or(0.0, |(from, to)| f64::from(to.0 - from.0)),
        })
    }
}
