//! The server's own figures for a finding, for people.

use serde::{Deserialize, Serialize};

use crate::diagnosis::text::{duration, sentence as capitalized, value};
use crate::diagnosis::{Diagnosis, Evidence, Finding, Span, Tier};

/// Figures in one sentence at most.
const MAX_FIGURES: usize = 4;

/// What a recommendation rests on: the server's figures of the finding that it names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecommendationEvidence {
    /// How urgent the finding is.
    pub tier: Tier,
    /// The figures in words.
    pub sentence: String,
    /// The figures with units, limits and times.
    pub figures: Vec<Evidence>,
}

/// The evidence for a rule, of all its findings together: a rule about sensors may have one for each sensor. The first is
/// the most severe.
pub(super) fn of_rule(rule: &str, findings: &[Finding]) -> Option<RecommendationEvidence> {
    let findings: Vec<&Finding> = findings
        .iter()
        .filter(|finding| finding.rule == rule)
        .collect();
    let sentences: Vec<String> = findings.iter().map(|finding| sentence(finding)).collect();
    Some(RecommendationEvidence {
        tier: findings.first()?.tier,
        sentence: sentences.join(" "),
        figures: findings
            .iter()
            .flat_map(|finding| finding.evidence.iter().cloned())
            .collect(),
    })
}

/// A finding's figures in one readable sentence; its explanation where it has none.
pub(super) fn sentence(finding: &Finding) -> String {
    if finding.evidence.is_empty() {
        return finding.explanation.clone();
    }
    let figures: Vec<String> = finding.evidence.iter().take(MAX_FIGURES).map(one).collect();
    format!("{}.", capitalized(&figures.join("; ")))
}

/// What to do about a finding, in the server's own words: what was found and the first check.
pub(super) fn advice(finding: &Finding) -> String {
    let title = finding.title.trim_end_matches('.');
    let check = finding.next_checks.first().map_or("", String::as_str);
    let text = format!("{title}. {} {check}", finding.explanation);
    text.trim_end().to_owned()
}

/// Advice for a drive without findings, in the server's own words.
pub(super) fn all_is_well(diagnosis: &Diagnosis) -> String {
    let judged = diagnosis.passed.len();
    let log = diagnosis.not_judged.first();
    let log = log.map_or("", |rule| rule.what_to_log.as_str());
    let text = format!("No fault was found by the {judged} rules that could be judged. {log}");
    text.trim_end().to_owned()
}

fn one(evidence: &Evidence) -> String {
    let unit = &evidence.unit;
    let limit = evidence.threshold.map_or_else(String::new, |threshold| {
        format!(" (limit {})", value(threshold, unit))
    });
    let figure = format!("{} {}{limit}", evidence.figure, value(evidence.value, unit));
    let parts = [
        Some(figure),
        evidence.state.map(|state| state.label().to_owned()),
        evidence.seconds.map(duration),
        evidence
            .span
            .map(|span| format!("{} into the drive", between(span))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(", ")
}

/// `4:05–9:20`.
fn between(span: Span) -> String {
    format!("{}–{}", clock(span.from_seconds), clock(span.to_seconds))
}

/// A time since the start: `4:05`, `1:02:03`.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "as saturates, and negative times are clamped"
)]
fn clock(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if hours == 0 {
        format!("{minutes}:{seconds:02}")
    } else {
        format!("{hours}:{minutes:02}:{seconds:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::{EngineState, System};

    fn finding(rule: &str, evidence: Vec<Evidence>) -> Finding {
        Finding {
            rule: rule.to_owned(),
            system: System::Fuel,
            tier: Tier::Warning,
            confidence: 0.9,
            title: "Vacuum leak".to_owned(),
            explanation: "The mixture is lean at idle.".to_owned(),
            evidence,
            next_checks: vec!["Listen for hissing.".to_owned(), "Spray.".to_owned()],
            span: None,
            beyond: 0.4,
            explains: Vec::new(),
        }
    }

    #[test]
    fn a_sentence_has_value_limit_state_duration_and_time() {
        let evidence = Evidence {
            figure: "both fuel trims together".to_owned(),
            channel: None,
            value: 14.2,
            unit: "%".to_owned(),
            threshold: Some(10.0),
            state: Some(EngineState::Idle),
            span: Some(Span {
                from_seconds: 40.0,
                to_seconds: 3_725.0,
            }),
            seconds: Some(320.0),
        };
        let finding = finding("vacuum_leak", vec![evidence]);
        assert_eq!(
            sentence(&finding),
            "Both fuel trims together 14.2 % (limit 10.0 %), warm idle, 5 min 20 s, 0:40–1:02:05 into the drive."
        );
    }

    #[test]
    fn advice_has_what_was_found_and_the_first_check() {
        assert_eq!(
            advice(&finding("vacuum_leak", Vec::new())),
            "Vacuum leak. The mixture is lean at idle. Listen for hissing."
        );
    }

    #[test]
    fn the_evidence_of_a_rule_is_that_of_all_its_findings() {
        let findings = [
            finding("sensor_stuck", Vec::new()),
            finding("rich", Vec::new()),
            finding("sensor_stuck", Vec::new()),
        ];
        let evidence = of_rule("sensor_stuck", &findings).unwrap();
        let once = "The mixture is lean at idle.";
        assert_eq!(evidence.sentence, format!("{once} {once}"));
        assert_eq!(of_rule("vacuum_leak", &findings), None);
    }
}
