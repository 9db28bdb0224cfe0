//! Knock seen as retarded timing: this drive against earlier ones, bin by bin of RPM and load.

use std::collections::BTreeMap;

use super::draft::{Draft, Judgement, evidence};
use super::{Drive, Rule};
use crate::channels::Channel;
use crate::figures::bin_of;
use crate::model::{EngineState, History, NotJudgedReason, Tier};
use crate::states::Second;
use crate::text;
use crate::thresholds::Limits;
use crate::time::span;

/// Seconds that an earlier drive must have in a bin.
const MIN_BIN_SECONDS: u32 = 5;
/// Earlier drives without which there is no normal.
const MIN_DRIVES: u32 = 3;
/// Neighbouring samples that make a retard.
const SAMPLES: usize = 3;
/// Samples that must be comparable at all.
const MIN_COMPARED: u32 = 10;

/// `knock_retard`.
#[derive(Debug)]
pub(super) struct KnockRetard {
    limits: [f64; 5],
    /// The mean timing of earlier drives by bin.
    normal: BTreeMap<usize, f64>,
    /// Retard and timing of the last samples.
    last: Vec<(f64, f64)>,
    latest: u64,
    compared: u32,
    /// Of all samples in a row, those whose mildest is the farthest behind: retard, timing, second.
    worst: Option<(f64, f64, u64)>,
}

impl KnockRetard {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            limits: ["alert", "warning", "stop", "load", "rpm"].map(|name| limits.get(name)),
            normal: BTreeMap::new(),
            last: Vec::with_capacity(SAMPLES + 1),
            latest: 0,
            compared: 0,
            worst: None,
        }
    }

    fn sample(&mut self, index: u64, retard: f64, timing: f64) {
        if index > self.latest + 3 {
            self.last.clear();
        }
        self.latest = index;
        self.compared += 1;
        self.last.push((retard, timing));
        if self.last.len() > SAMPLES {
            self.last.remove(0);
        }
        let mildest = self
            .last
            .iter()
            .copied()
            .min_by(|left, right| left.0.total_cmp(&right.0));
        if let Some((retard, timing)) = mildest.filter(|_| self.last.len() == SAMPLES)
            && self.worst.is_none_or(|(worst, ..)| retard > worst)
        {
            self.worst = Some((retard, timing, index));
        }
    }
}

impl Rule for KnockRetard {
    fn begin(&mut self, history: &History) {
        self.normal = normal_timing(history);
    }

    fn second(&mut self, second: &Second<'_>) {
        let [_, _, _, min_load, min_rpm] = self.limits;
        let (Some(rpm), Some(load)) = (second.get(Channel::Rpm), second.get(Channel::Load)) else {
            return;
        };
        let works = second.warm
            && second.state != EngineState::Overrun
            && rpm >= min_rpm
            && load >= min_load;
        for timing in second.fresh(Channel::Timing) {
            match self.normal.get(&bin_of(rpm, load)).filter(|_| works) {
                Some(normal) => self.sample(second.index, normal - timing, timing),
                None => self.last.clear(),
            }
        }
    }

    fn judge(&self, _: &Drive<'_>) -> Judgement {
        if self.normal.is_empty() {
            return Judgement::NotJudged(
                NotJudgedReason::InsufficientHistory,
                "There are fewer than three earlier drives with timing under load, and no anchor."
                    .to_owned(),
            );
        }
        if self.compared < MIN_COMPARED {
            return Judgement::too_little(
                "Too few samples under load are in bins of RPM and load that earlier drives have.",
            );
        }
        let [alert, warning, stop, ..] = self.limits;
        let Some((retard, timing, at)) = self.worst else {
            return Judgement::Passed;
        };
        let (tier, limit) = match retard {
            retard if retard >= stop => (Tier::Stop, stop),
            retard if retard >= warning => (Tier::Warning, warning),
            retard if retard >= alert => (Tier::Alert, alert),
            _ => return Judgement::Passed,
        };
        let explanation = format!(
            "Ignition timing is {} below the car's own normal at the same engine speed and load, for three samples in a row.",
            text::value(retard, "°")
        );
        let span = span(at.saturating_sub(SAMPLES as u64 - 1), at + 1);
        let found = vec![
            evidence("retard against earlier drives", Channel::Timing, retard)
                .against(limit)
                .within(span),
            evidence("timing", Channel::Timing, timing).within(span),
        ];
        Draft::new(tier, explanation, found)
            .with_confidence(0.7)
            .found()
    }
}

/// The mean timing of each bin over the anchor and the earlier drives, where enough of them have it.
fn normal_timing(history: &History) -> BTreeMap<usize, f64> {
    let mut sums: BTreeMap<usize, (u32, f64)> = BTreeMap::new();
    let anchor = history.anchor.iter().map(|drive| (drive, MIN_DRIVES));
    for (drive, weight) in history.earlier.iter().map(|drive| (drive, 1)).chain(anchor) {
        for bin in drive
            .figures
            .bins
            .iter()
            .filter(|bin| bin.seconds >= MIN_BIN_SECONDS)
        {
            if let Some(timing) = bin.timing {
                let place = bin_of(f64::from(bin.rpm_from), f64::from(bin.load_from));
                let sum = sums.entry(place).or_default();
                sum.0 += weight;
                sum.1 += timing * f64::from(weight);
            }
        }
    }
    sums.into_iter()
        .filter(|(_, (drives, _))| *drives >= MIN_DRIVES)
        .map(|(place, (drives, sum))| (place, sum / f64::from(drives)))
        .collect()
}
