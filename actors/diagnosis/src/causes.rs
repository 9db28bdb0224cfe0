//! Causes outrank their symptoms: a leak that makes the idle hunt is one finding, with the hunting as its evidence.

use super::model::Finding;

/// A cause and what it explains.
const CAUSES: &[(&str, &[&str])] = &[
    (
        "maf_implausible",
        &[
            "lean_everywhere",
            "rich",
            "maf_idle_wrong",
            "drift_air",
            "drift_fuel",
        ],
    ),
    (
        "vacuum_leak",
        &[
            "idle_hunting",
            "idle_speed_wrong",
            "maf_idle_wrong",
            "front_o2_stuck",
            "drift_fuel",
            "drift_idle",
        ],
    ),
    (
        "fuel_supply_weak",
        &[
            "lean_under_load",
            "front_o2_stuck",
            "tip_in_knock",
            "drift_fuel",
        ],
    ),
    (
        "lean_everywhere",
        &["lean_under_load", "front_o2_stuck", "drift_fuel"],
    ),
    (
        "lean_at_idle",
        &[
            "idle_hunting",
            "idle_speed_wrong",
            "front_o2_stuck",
            "drift_fuel",
            "drift_idle",
        ],
    ),
    ("rich", &["front_o2_stuck", "catalyst_weak", "drift_fuel"]),
    (
        "thermostat_open",
        &["slow_warm_up", "open_loop_too_long", "drift_cooling"],
    ),
    ("fan_weak", &["coolant_overheating", "drift_cooling"]),
    ("coolant_overheating", &["drift_cooling"]),
    (
        "knock_retard",
        &["timing_low_under_load", "tip_in_knock", "drift_timing"],
    ),
    ("timing_low_under_load", &["drift_timing"]),
    ("undercharging", &["drift_charging"]),
    ("overcharging", &["drift_charging"]),
    ("idle_hunting", &["drift_idle"]),
    ("idle_speed_wrong", &["drift_idle", "maf_idle_wrong"]),
];

/// Puts every symptom into its cause, if both were found. The tier of the two is the higher one.
pub(super) fn merge(mut findings: Vec<Finding>) -> Vec<Finding> {
    for (cause, symptoms) in CAUSES {
        let Some(place) = findings.iter().position(|finding| finding.rule == *cause) else {
            continue;
        };
        let mut cause = findings.remove(place);
        let (explained, rest): (Vec<Finding>, Vec<Finding>) = findings
            .into_iter()
            .partition(|finding| symptoms.contains(&finding.rule.as_str()));
        for symptom in explained {
            cause.tier = cause.tier.max(symptom.tier);
            cause.explanation.push(' ');
            cause.explanation.push_str(&symptom.explanation);
            cause.evidence.extend(symptom.evidence);
            cause.span = cause.span.or(symptom.span);
            cause.explains.push(symptom.rule);
            cause.explains.extend(symptom.explains);
        }
        findings = rest;
        findings.insert(place.min(findings.len()), cause);
    }
    findings
}

/// The most severe first, then the most certain, then the farthest beyond its threshold; equal ones by rule.
pub(super) fn sort(findings: &mut [Finding]) {
    findings.sort_by(|left, right| {
        right
            .tier
            .cmp(&left.tier)
            .then(right.confidence.total_cmp(&left.confidence))
            .then(right.beyond.total_cmp(&left.beyond))
            .then_with(|| left.rule.cmp(&right.rule))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{System, Tier};

    fn finding(rule: &str, tier: Tier, confidence: f64) -> Finding {
        Finding {
            rule: rule.to_owned(),
            system: System::Fuel,
            tier,
            confidence,
            title: String::new(),
            explanation: format!("About {rule}."),
            evidence: Vec::new(),
            next_checks: Vec::new(),
            span: None,
            beyond: 0.0,
            explains: Vec::new(),
        }
    }

    #[test]
    fn a_leak_that_makes_the_idle_hunt_is_one_finding() {
        let merged = merge(vec![
            finding("idle_hunting", Tier::Investigate, 0.9),
            finding("vacuum_leak", Tier::Warning, 0.8),
        ]);
        assert_eq!(merged.len(), 1);
        assert_eq!(
            (merged[0].rule.as_str(), merged[0].tier),
            ("vacuum_leak", Tier::Warning)
        );
        assert_eq!(merged[0].explains, ["idle_hunting"]);
        assert_eq!(
            merged[0].explanation,
            "About vacuum_leak. About idle_hunting."
        );
    }

    #[test]
    fn a_symptom_that_is_more_severe_lifts_its_cause() {
        let merged = merge(vec![
            finding("fan_weak", Tier::Warning, 0.8),
            finding("coolant_overheating", Tier::Stop, 0.9),
        ]);
        assert_eq!(
            (merged[0].rule.as_str(), merged[0].tier),
            ("fan_weak", Tier::Stop)
        );
    }

    #[test]
    fn a_symptom_without_its_cause_stays() {
        assert_eq!(
            merge(vec![finding("idle_hunting", Tier::Watch, 0.9)]).len(),
            1
        );
    }

    #[test]
    fn the_malfunction_lamp_comes_first_among_its_equals() {
        let mut findings = vec![
            finding("rich", Tier::Investigate, 1.0),
            finding("undercharging", Tier::Warning, 0.95),
            finding("trouble_codes", Tier::Warning, 1.0),
        ];
        sort(&mut findings);
        let order: Vec<&str> = findings
            .iter()
            .map(|finding| finding.rule.as_str())
            .collect();
        assert_eq!(order, ["trouble_codes", "undercharging", "rich"]);
    }
}
