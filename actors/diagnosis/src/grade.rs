//! A letter for the drive, with a reason of one line.

use std::collections::BTreeSet;

use super::model::{Finding, Grade, System, Tier};
use super::rules;
use super::text;
use super::thresholds::Settings;

/// Less is no drive.
const MIN_SECONDS: f64 = 60.0;
/// Fewer systems say nothing about the car.
const MIN_SYSTEMS: usize = 3;

/// The grade, or none, and why.
pub(super) fn grade(
    findings: &[Finding],
    judged: &BTreeSet<System>,
    running_seconds: f64,
    settings: &Settings,
) -> (Option<Grade>, String) {
    if running_seconds < MIN_SECONDS {
        let reason = format!(
            "No grade: the engine runs for {} only.",
            text::duration(running_seconds)
        );
        return (None, reason);
    }
    if judged.len() < MIN_SYSTEMS {
        let systems: Vec<String> = judged
            .iter()
            .map(|system| system.label().to_owned())
            .collect();
        let of = if systems.is_empty() {
            "no system".to_owned()
        } else {
            format!("only {}", text::list(&systems))
        };
        return (
            None,
            format!("No grade: {of} could be judged from what was logged."),
        );
    }
    let points: f64 = findings
        .iter()
        .map(|finding| {
            let class = rules::spec(&finding.rule).map_or("sensors", |spec| spec.weight);
            finding.tier.points() * settings.weight(class)
        })
        .sum();
    let stop = findings.iter().any(|finding| finding.tier == Tier::Stop);
    let grade = match points {
        _ if stop => Grade::D,
        points if points <= 0.0 => Grade::A,
        points if points <= 1.0 => Grade::AMinus,
        points if points <= 2.5 => Grade::BPlus,
        points if points <= 5.0 => Grade::B,
        points if points <= 8.0 => Grade::BMinus,
        points if points <= 15.0 => Grade::C,
        _ => Grade::D,
    };
    (Some(grade), reason(findings, judged.len()))
}

fn reason(findings: &[Finding], systems: usize) -> String {
    let Some(first) = findings.first() else {
        return format!("Nothing found in {systems} systems that were judged.");
    };
    let more = match findings.len() {
        1 => String::new(),
        2 => ", and one more finding".to_owned(),
        count => format!(", and {} more findings", count - 1),
    };
    format!("{} ({}){more}.", first.title, first.tier.label())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(rule: &str, tier: Tier) -> Finding {
        Finding {
            rule: rule.to_owned(),
            system: System::Cooling,
            tier,
            confidence: 0.9,
            title: "The engine overheats".to_owned(),
            explanation: String::new(),
            evidence: Vec::new(),
            next_checks: Vec::new(),
            span: None,
            beyond: 0.0,
            explains: Vec::new(),
        }
    }

    fn graded(findings: &[Finding]) -> (Option<Grade>, String) {
        let judged = BTreeSet::from([System::Cooling, System::Fuel, System::Charging]);
        grade(findings, &judged, 600.0, &Settings::default())
    }

    #[test]
    fn points_times_weight_make_the_grade() {
        assert_eq!(graded(&[]).0, Some(Grade::A));
        assert_eq!(
            graded(&[finding("idle_hunting", Tier::Watch)]).0,
            Some(Grade::AMinus)
        );
        assert_eq!(
            graded(&[finding("slow_warm_up", Tier::Watch)]).0,
            Some(Grade::BPlus)
        );
        assert_eq!(
            graded(&[finding("coolant_overheating", Tier::Warning)]).0,
            Some(Grade::C)
        );
        assert_eq!(graded(&[finding("over_rev", Tier::Stop)]).0, Some(Grade::D));
    }

    #[test]
    fn each_letter_reaches_up_to_its_points() {
        let fuel = |tier| finding("rich", tier);
        for (findings, grade) in [
            (vec![fuel(Tier::Watch)], Grade::AMinus),
            (vec![finding("slow_warm_up", Tier::Watch)], Grade::BPlus),
            (vec![fuel(Tier::Investigate)], Grade::B),
            (vec![fuel(Tier::Warning)], Grade::B),
            (vec![fuel(Tier::Warning), fuel(Tier::Watch)], Grade::BMinus),
            (
                vec![fuel(Tier::Warning), fuel(Tier::Investigate)],
                Grade::BMinus,
            ),
            (vec![fuel(Tier::Investigate); 3], Grade::C),
            (vec![fuel(Tier::Warning); 3], Grade::C),
            (vec![finding("knock_retard", Tier::Warning)], Grade::C),
            (
                vec![finding("knock_retard", Tier::Warning), fuel(Tier::Watch)],
                Grade::D,
            ),
        ] {
            let rules: Vec<_> = findings
                .iter()
                .map(|finding| (&finding.rule, finding.tier))
                .collect();
            assert_eq!(graded(&findings).0, Some(grade), "{rules:?}");
        }
    }

    #[test]
    fn a_minute_and_three_systems_have_a_grade() {
        let grade = |seconds, systems: &[System]| {
            let judged = systems.iter().copied().collect();
            grade(&[], &judged, seconds, &Settings::default()).0
        };
        let three = [System::Cooling, System::Fuel, System::Idle];
        assert_eq!(grade(60.0, &three), Some(Grade::A));
        assert_eq!(grade(59.0, &three), None);
        assert_eq!(grade(60.0, &three[..2]), None);
    }

    #[test]
    fn a_short_drive_or_too_few_systems_have_no_grade_and_a_reason() {
        let all = BTreeSet::from(System::ALL);
        let (none, reason) = grade(&[], &all, 40.0, &Settings::default());
        assert_eq!(
            (none, reason.as_str()),
            (None, "No grade: the engine runs for 40 s only.")
        );
        let (none, reason) = grade(
            &[],
            &BTreeSet::from([System::Engine]),
            600.0,
            &Settings::default(),
        );
        assert_eq!(none, None);
        assert!(reason.contains("engine"), "{reason}");
    }

    #[test]
    fn the_reason_names_the_first_finding() {
        let findings = [
            finding("coolant_overheating", Tier::Stop),
            finding("rich", Tier::Investigate),
        ];
        assert_eq!(
            graded(&findings).1,
            "The engine overheats (stop), and one more finding."
        );
    }
}
