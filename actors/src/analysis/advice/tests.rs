use super::*;
use crate::diagnosis::{EngineState, Evidence, Figures, System, Tier};

fn finding(rule: &str, tier: Tier) -> Finding {
    Finding {
        rule: rule.to_owned(),
        system: System::Fuel,
        tier,
        confidence: 0.9,
        title: format!("The {} is wrong", rule.replace('_', " ")),
        explanation: "The fuel trims add +14.2 % at warm idle.".to_owned(),
        evidence: vec![Evidence {
            figure: "fuel trim, short and long term together".to_owned(),
            channel: None,
            value: 14.2,
            unit: "%".to_owned(),
            threshold: Some(10.0),
            state: Some(EngineState::Idle),
            span: None,
            seconds: Some(320.0),
        }],
        next_checks: vec!["Check the intake hoses.".to_owned()],
        span: None,
        beyond: 0.0,
        explains: Vec::new(),
    }
}

/// A diagnosis with these findings, and one rule that found nothing.
pub(super) fn diagnosis(findings: Vec<Finding>) -> Diagnosis {
    Diagnosis {
        rules_version: 1,
        thresholds_version: "built-in".to_owned(),
        grade: None,
        grade_reason: String::new(),
        findings,
        not_judged: Vec::new(),
        passed: vec!["rich".to_owned()],
        doubts: Vec::new(),
        figures: Figures::default(),
        baseline: crate::diagnosis::BaselineComparison::default(),
    }
}

fn review(findings: Vec<Finding>) -> Review {
    let prompt = "Word the findings for the driver of the car: what is wrong, why it matters, and what to check first.";
    Review::new(diagnosis(findings), &[], prompt)
}

/// What a model gave: findings and texts, in its order.
fn given(texts: &[(Option<&str>, &str)]) -> Vec<Recommendation> {
    (1..)
        .zip(texts)
        .map(|(rank, (finding, text))| Recommendation {
            rank,
            finding: finding.map(str::to_owned),
            category: "fuel".to_owned(),
            recommendation: (*text).to_owned(),
            confidence: 0.5,
            grounded: true,
            evidence: None,
        })
        .collect()
}

/// Ranks, findings and texts.
fn shown(settled: &[Recommendation]) -> Vec<(u32, Option<&str>, &str)> {
    settled
        .iter()
        .map(|found| {
            (
                found.rank,
                found.finding.as_deref(),
                found.recommendation.as_str(),
            )
        })
        .collect()
}

const HOSES: &str = "Check the intake hoses for a leak.";
const FILTER: &str = "Check the fuel filter before the next drive.";
const FAN: &str = "Check the fan and the intake hoses at once.";
const TEMPLATE: &str =
    "The vacuum leak is wrong. The fuel trims add +14.2 % at warm idle. Check the intake hoses.";

#[test]
fn more_severe_findings_come_first_then_the_models_order_without_gaps() {
    let review = review(vec![
        finding("fan_fault", Tier::Warning),
        finding("vacuum_leak", Tier::Investigate),
        finding("fuel_filter", Tier::Investigate),
    ]);
    let settled = review.settle(given(&[
        (None, "Log the boost pressure too."),
        (Some("fuel_filter"), FILTER),
        (Some("unheard_of"), "Look at the spark plugs soon."),
        (Some("vacuum_leak"), HOSES),
        (Some("fan_fault"), FAN),
        (Some("fuel_filter"), "Then check the fuel filter again."),
    ]));
    assert_eq!(
        shown(&settled),
        [
            (1, Some("fan_fault"), FAN),
            (2, Some("fuel_filter"), FILTER),
            (3, Some("vacuum_leak"), HOSES),
            (4, Some("fuel_filter"), "Then check the fuel filter again."),
            (5, None, "Log the boost pressure too."),
            (6, None, "Look at the spark plugs soon."),
        ]
    );
    for found in &settled {
        assert!(found.grounded, "{found:?}");
        assert_eq!(found.evidence.is_some(), found.finding.is_some());
    }
}

#[test]
fn a_finding_that_stops_the_car_has_the_servers_words_only() {
    let review = review(vec![finding("vacuum_leak", Tier::Stop)]);
    let settled = review.settle(given(&[(Some("vacuum_leak"), HOSES)]));
    assert_eq!(shown(&settled), [(1, Some("vacuum_leak"), TEMPLATE)]);
}

#[test]
fn a_text_with_an_untraceable_number_is_replaced_by_the_findings_own_words() {
    let review = review(vec![finding("vacuum_leak", Tier::Warning)]);
    let answer = given(&[
        (
            Some("vacuum_leak"),
            "Check the intake hoses: the trims reached 31.7 %.",
        ),
        (
            None,
            "The engine reached 9400 rpm, which is too much for it.",
        ),
    ]);
    assert_eq!(review.objections(&answer).len(), 2);
    let settled = review.settle(answer);
    assert_eq!(shown(&settled)[0], (1, Some("vacuum_leak"), TEMPLATE));
    assert_eq!(
        settled
            .iter()
            .map(|found| found.grounded)
            .collect::<Vec<_>>(),
        [true, false]
    );
    assert!(
        review.objections(&settled[..1]).is_empty(),
        "the server's own words are true"
    );
}

#[test]
fn what_is_no_advice_is_replaced_by_a_finding_that_is_not_named_yet() {
    let review = review(vec![
        finding("vacuum_leak", Tier::Warning),
        finding("fuel_filter", Tier::Watch),
    ]);
    let gibberish = "______ ______ 1998 1998 1998 2003 ______ 2003 ______";
    let settled = review.settle(given(&[
        (None, gibberish),
        (Some("fuel_filter"), gibberish),
        (None, "{{finding}} <placeholder> what to check first"),
    ]));
    let findings: Vec<_> = settled
        .iter()
        .map(|found| found.finding.as_deref())
        .collect();
    assert_eq!(findings, [Some("vacuum_leak"), Some("fuel_filter")]);
    assert_eq!(settled[0].recommendation, TEMPLATE);
}

#[test]
fn the_findings_own_words_are_given_once() {
    let review = review(vec![finding("vacuum_leak", Tier::Warning)]);
    let settled = review.settle(given(&[
        (
            Some("vacuum_leak"),
            "The trims reached 31.7 %, check the hoses.",
        ),
        (
            Some("vacuum_leak"),
            "The trims reached 88.8 %, check the hoses.",
        ),
        (Some("vacuum_leak"), HOSES),
    ]));
    assert_eq!(
        shown(&settled),
        [
            (1, Some("vacuum_leak"), TEMPLATE),
            (2, Some("vacuum_leak"), HOSES)
        ]
    );
}

#[test]
fn talk_about_the_question_is_no_advice() {
    let review = review(vec![finding("vacuum_leak", Tier::Warning)]);
    let settled = review.settle(given(&[
        (None, "The finding is about the air fuel ratio."),
        (None, "Look at this focus area in the data."),
        (None, "{%include %} The find is about cooling the engine."),
        (Some("vacuum_leak"), "The find is about a vacuum leak."),
        (None, "There are no other findings, so all is well."),
    ]));
    let texts: Vec<_> = settled
        .iter()
        .map(|found| found.recommendation.as_str())
        .collect();
    assert_eq!(
        texts,
        [TEMPLATE, "There are no other findings, so all is well."]
    );
}

#[test]
fn without_findings_gibberish_becomes_one_sentence_of_the_server() {
    let review = review(Vec::new());
    let settled = review.settle(given(&[
        (None, "_ _ _ 1 1 1"),
        (None, "{{recommendation}}"),
    ]));
    assert_eq!(
        shown(&settled),
        [(
            1,
            None,
            "No fault was found by the 1 rules that could be judged."
        )]
    );
    assert_eq!(review.settle(Vec::new()), Vec::new());
}

#[test]
fn short_words_about_no_finding_are_kept() {
    let review = review(Vec::new());
    for text in [
        "Drive on.",
        "Log the fuel trims.",
        "Leave the timing alone.",
    ] {
        let settled = review.settle(given(&[(None, text)]));
        assert_eq!(shown(&settled), [(1, None, text)]);
    }
}

#[test]
fn a_model_that_cannot_write_is_not_believed_in_its_other_texts() {
    let review = review(vec![
        finding("vacuum_leak", Tier::Warning),
        finding("fuel_filter", Tier::Watch),
    ]);
    let kept = |other: &str| {
        let given = given(&[(Some("vacuum_leak"), HOSES), (Some("fuel_filter"), other)]);
        let mut settled = review.settle(given).into_iter();
        settled.any(|found| found.recommendation == HOSES)
    };
    assert!(kept(FILTER));
    assert!(kept("The filter is a fuel filter."), "only no request");
    for other in ["air_fuel_ratio", "the filter is", "{{recommendation}}"] {
        assert!(!kept(other), "{other}");
    }
}
