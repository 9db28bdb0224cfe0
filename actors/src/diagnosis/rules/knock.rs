//! Knock seen as retarded timing: this drive against earlier ones, bin by bin of RPM and load.

use std::collections::BTreeMap;

use super::draft::{Draft, Judgement, evidence};
use super::{Drive, Rule};
use crate::diagnosis::channels::Channel;
use crate::diagnosis::figures::bin_of;
use crate::diagnosis::model::{EngineState, History, NotJudgedReason, Tier};
use crate::diagnosis::states::Second;
use crate::diagnosis::text;
use crate::diagnosis::thresholds::Limits;
use crate::diagnosis::time::span;

/// Seconds that an earlier drive must have in a bin.
const MIN_BIN_SECONDS: u32 = 10;
/// Earlier drives without which there is no normal.
const MIN_DRIVES: u32 = 3;
/// Neighbouring samples that make a retard.
const SAMPLES: usize = 3;

/// `knock_retard`.
#[derive(Debug)]
pub(super) struct KnockRetard {
    limits: [f64; 5],
    /// For each bin the three samples in a row whose mildest is the lowest: (mildest, second).
    worst: BTreeMap<usize, (f64, u64)>,
    run: Vec<f64>,
    run_bin: usize,
    run_latest: u64,
}

impl KnockRetard {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            limits: ["alert", "warning", "stop", "load", "rpm"].map(|name| limits.get(name)),
            worst: BTreeMap::new(),
            run: Vec::with_capacity(SAMPLES),
            run_bin: usize::MAX,
            run_latest: 0,
        }
    }
}

impl Rule for KnockRetard {
    fn second(&mut self, second: &Second<'_>) {
        let [_, _, _, min_load, min_rpm] = self.limits;
        let works = second.warm && second.state != EngineState::Overrun;
        let (Some(rpm), Some(load)) = (second.get(Channel::Rpm), second.get(Channel::Load)) else {
            return;
        };
        if !works || rpm < min_rpm || load < min_load {
            self.run.clear();
            return;
        }
        let bin = bin_of(rpm, load);
        for timing in second.fresh(Channel::Timing) {
            if bin != self.run_bin || second.index > self.run_latest + 3 {
                self.run.clear();
            }
            (self.run_bin, self.run_latest) = (bin, second.index);
            if self.run.len() == SAMPLES {
                self.run.remove(0);
            }
            self.run.push(timing);
            if self.run.len() == SAMPLES {
                let mildest = self
                    .run
                    .iter()
                    .fold(f64::NEG_INFINITY, |high, value| high.max(*value));
                let worst = self.worst.entry(bin).or_insert((f64::INFINITY, 0));
                if mildest < worst.0 {
                    *worst = (mildest, second.index);
                }
            }
        }
    }

    fn judge(&self, drive: &Drive<'_>) -> Judgement {
        let normal = normal_timing(drive.history);
        if normal.is_empty() {
            return Judgement::NotJudged(
                NotJudgedReason::InsufficientHistory,
                "There are fewer than three earlier drives with timing under load, and no anchor."
                    .to_owned(),
            );
        }
        let [alert, warning, stop, ..] = self.limits;
        let compared: Vec<(f64, f64, u64)> = self
            .worst
            .iter()
            .filter_map(|(bin, (timing, at))| Some((normal.get(bin)? - timing, *timing, *at)))
            .collect();
        let Some((retard, timing, at)) = compared
            .iter()
            .copied()
            .max_by(|left, right| left.0.total_cmp(&right.0))
        else {
            return Judgement::too_little(
                "No bin of RPM and load is in this drive and in earlier ones.",
            );
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
