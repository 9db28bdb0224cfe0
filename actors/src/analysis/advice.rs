//! From what the model recommends to what is answered: findings are the diagnosis's own, evidence is attached, and what is
//! more severe comes first.

use std::cmp::Reverse;

use super::evidence;
use super::recommendations::Recommendation;
use crate::diagnosis::Finding;

/// Attaches the evidence of the findings that are named, and puts the recommendations in order: those of more severe
/// findings first, then as the model ordered them. None is added or left out.
pub(super) fn settle(
    mut recommendations: Vec<Recommendation>,
    findings: &[Finding],
) -> Vec<Recommendation> {
    for found in &mut recommendations {
        found.evidence = found
            .finding
            .as_deref()
            .and_then(|rule| evidence::of_rule(rule, findings));
        if found.evidence.is_none() {
            found.finding = None;
        }
    }
    let tier = |found: &Recommendation| found.evidence.as_ref().map(|evidence| evidence.tier);
    recommendations.sort_by_key(|found| Reverse(tier(found)));
    for (found, rank) in recommendations.iter_mut().zip(1..) {
        found.rank = rank;
    }
    recommendations
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::{System, Tier};

    fn finding(rule: &str, tier: Tier) -> Finding {
        Finding {
            rule: rule.to_owned(),
            system: System::Fuel,
            tier,
            confidence: 0.9,
            title: "Title".to_owned(),
            explanation: "Explanation.".to_owned(),
            evidence: Vec::new(),
            next_checks: Vec::new(),
            span: None,
            beyond: 0.0,
            explains: Vec::new(),
        }
    }

    fn recommendation(rank: u32, finding: Option<&str>) -> Recommendation {
        Recommendation {
            rank,
            finding: finding.map(str::to_owned),
            category: "general".to_owned(),
            recommendation: format!("Text {rank}"),
            confidence: 0.5,
            grounded: true,
            evidence: None,
        }
    }

    #[test]
    fn more_severe_findings_come_first_then_the_models_order_without_gaps() {
        let findings = [
            finding("overheating", Tier::Stop),
            finding("vacuum_leak", Tier::Warning),
            finding("rich", Tier::Warning),
        ];
        let named = [
            None,
            Some("rich"),
            Some("unheard_of"),
            Some("vacuum_leak"),
            Some("overheating"),
            Some("rich"),
        ];
        let given: Vec<_> = (1..)
            .zip(named)
            .map(|(rank, finding)| recommendation(rank, finding))
            .collect();
        let settled = settle(given, &findings);
        let order: Vec<_> = settled
            .iter()
            .map(|found| {
                (
                    found.rank,
                    found.recommendation.as_str(),
                    found.finding.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            order,
            [
                (1, "Text 5", Some("overheating")),
                (2, "Text 2", Some("rich")),
                (3, "Text 4", Some("vacuum_leak")),
                (4, "Text 6", Some("rich")),
                (5, "Text 1", None),
                (6, "Text 3", None),
            ]
        );
        assert!(
            settled
                .iter()
                .all(|found| found.evidence.is_some() == found.finding.is_some())
        );
    }
}
