//! Drift against earlier drives: one rule a system, all on the comparisons of the baseline.

use super::draft::{Draft, Judgement, evidence};
use super::{Drive, Rule, RuleSpec};
use crate::baseline::{self, Compared};
use crate::channels::Channel;
use crate::model::{NotJudgedReason, System, Tier};
use crate::states::Second;
use crate::text;
use crate::thresholds::{Limits, ThresholdSpec};

const fn drift(
    id: &'static str,
    system: System,
    weight: &'static str,
    title: &'static str,
    needs: &'static [&'static [Channel]],
    build: fn(&Limits) -> Box<dyn Rule>,
) -> RuleSpec {
    RuleSpec {
        id,
        system,
        weight,
        title,
        condition: "a figure outside ±2σ of the anchor and of the five drives before, or 3σ from the anchor",
        tiers: &[Tier::Watch],
        thresholds: &[],
        needs,
        uses: &[Channel::Rpm, Channel::Coolant],
        what_to_log: "Drive at least three times with the same channels, or name an anchor drive.",
        source: "the car's own earlier drives",
        next_checks: &["Compare with the next drives: a trend is more than a day's weather."],
        only_4g63: false,
        build,
    }
}

pub(super) const RULES: &[RuleSpec] = &[
    RuleSpec {
        tiers: &[Tier::Watch, Tier::Investigate],
        thresholds: &[ThresholdSpec {
            name: "lean_turbo",
            unit: "%",
            default: 2.0,
        }],
        condition: "as above; a long-term trim that drifts lean by the given points on a turbocharged engine goes up one tier",
        ..drift(
            "drift_fuel",
            System::Fuel,
            "fuel",
            "The fuel trims drift",
            &[&[Channel::LongTrim]],
            |limits| Box::new(Drift("drift_fuel", limits.get("lean_turbo"))),
        )
    },
    drift(
        "drift_cooling",
        System::Cooling,
        "cooling",
        "The coolant temperature drifts",
        &[&[Channel::Coolant]],
        |_| Box::new(Drift("drift_cooling", f64::INFINITY)),
    ),
    drift(
        "drift_charging",
        System::Charging,
        "charging",
        "The charging voltage drifts",
        &[&[Channel::ModuleVoltage, Channel::BatteryVoltage]],
        |_| Box::new(Drift("drift_charging", f64::INFINITY)),
    ),
    drift(
        "drift_idle",
        System::Idle,
        "idle",
        "The idle drifts",
        &[&[Channel::Rpm]],
        |_| Box::new(Drift("drift_idle", f64::INFINITY)),
    ),
    drift(
        "drift_timing",
        System::Ignition,
        "timing_drift",
        "The ignition timing drifts",
        &[&[Channel::Timing]],
        |_| Box::new(Drift("drift_timing", f64::INFINITY)),
    ),
    drift(
        "drift_air",
        System::Air,
        "air",
        "The air mass drifts",
        &[&[Channel::Maf]],
        |_| Box::new(Drift("drift_air", f64::INFINITY)),
    ),
];

/// A drift rule by its id, and the lean drift of the long-term trim that raises its tier.
#[derive(Debug)]
struct Drift(&'static str, f64);

impl Rule for Drift {
    fn second(&mut self, _: &Second<'_>) {}

    fn judge(&self, drive: &Drive<'_>) -> Judgement {
        let compared: Vec<Compared> = baseline::compare(drive.figures, drive.history)
            .into_iter()
            .filter(|compared| compared.metric.rule == self.0)
            .collect();
        if compared.is_empty() {
            return Judgement::NotJudged(
                NotJudgedReason::InsufficientHistory,
                "There are fewer than three earlier drives with these figures, and no anchor."
                    .to_owned(),
            );
        }
        let mut drifted: Vec<&Compared> = compared
            .iter()
            .filter(|compared| compared.figure.drifted)
            .collect();
        if drifted.is_empty() {
            return Judgement::Passed;
        }
        drifted.sort_by(|left, right| far(right).total_cmp(&far(left)));
        let lean = drifted.iter().any(|compared| {
            compared.metric.channel == Channel::LongTrim && difference(compared) >= self.1
        });
        let tier = if lean && drive.vehicle.turbo == Some(true) {
            Tier::Investigate
        } else {
            Tier::Watch
        };
        let words: Vec<String> = drifted.iter().map(|compared| in_words(compared)).collect();
        let evidence = drifted
            .iter()
            .map(|compared| {
                let figure = &compared.figure;
                evidence(&figure.figure, compared.metric.channel, figure.value)
                    .against(reference(compared))
            })
            .collect();
        let explanation = format!("{}.", text::sentence(&text::list(&words)));
        let mut draft = Draft::new(tier, explanation, evidence).with_confidence(0.6);
        draft.beyond =
            crate::figures::round(drifted.first().map_or(0.0, |compared| far(compared)), 3);
        draft.found()
    }
}

/// The mean of the earlier drives, else the anchor.
fn reference(compared: &Compared) -> f64 {
    let figure = &compared.figure;
    figure.mean.or(figure.anchor).unwrap_or(figure.value)
}

fn difference(compared: &Compared) -> f64 {
    compared.figure.value - reference(compared)
}

/// The difference in standard deviations.
fn far(compared: &Compared) -> f64 {
    difference(compared).abs() / compared.figure.sigma.max(1e-9)
}

fn in_words(compared: &Compared) -> String {
    let figure = &compared.figure;
    let unit = &figure.unit;
    let other = match (figure.mean, figure.anchor) {
        (Some(mean), _) => format!("{} on the drives before", text::value(mean, unit)),
        (None, Some(anchor)) => format!("{} on the anchor drive", text::value(anchor, unit)),
        (None, None) => String::new(),
    };
    format!(
        "the {} is {} against {other}",
        figure.figure,
        text::value(figure.value, unit)
    )
}
