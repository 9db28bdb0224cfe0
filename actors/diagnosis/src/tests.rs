//! Whole drives through the diagnosis: the figures, the doubts, and each rule with and without its fault.

mod data;
mod drift;
mod findings;
mod history;
mod idle;
mod ignition;
mod limits;
mod other_cars;
mod recomputing;
mod version;

use super::*;

impl<'a> From<&'a simulation::Reading> for Reading<'a> {
    #[allow(clippy::cast_possible_truncation)] // Seconds of a drive.
    fn from(reading: &'a simulation::Reading) -> Self {
        Self {
            at_ms: (reading.seconds * 1_000.0).round() as i64,
            channel: reading.parameter,
            value: reading.value,
            unit: Some(reading.unit),
            real: true,
        }
    }
}

/// A logged channel: its name, seconds between its readings, and its value at a second.
type Logged<'a> = (&'a str, i64, &'a dyn Fn(i64) -> f64);

/// Pushes channels over a span of seconds.
fn log(diagnoser: &mut Diagnoser, seconds: std::ops::Range<i64>, channels: &[Logged<'_>]) {
    for second in seconds {
        for (channel, every, value) in channels {
            if second % every == 0 {
                diagnoser.push(Reading {
                    at_ms: second * 1_000,
                    channel,
                    value: value(second),
                    unit: None,
                    real: true,
                });
            }
        }
    }
}

fn diagnoser() -> Diagnoser {
    Diagnoser::new(&Settings::default(), History::default())
}

fn diagnosed(seconds: i64, channels: &[Logged<'_>]) -> Diagnosis {
    let mut diagnoser = diagnoser();
    log(&mut diagnoser, 0..seconds, channels);
    diagnoser.finish().0
}

fn rules(diagnosis: &Diagnosis) -> Vec<&str> {
    diagnosis
        .findings
        .iter()
        .map(|finding| finding.rule.as_str())
        .collect()
}

/// What was not judged of a rule, and why.
fn not_judged(diagnosis: &Diagnosis, rule: &str) -> Option<NotJudgedReason> {
    diagnosis
        .not_judged
        .iter()
        .find(|not_judged| not_judged.rule == rule)
        .map(|not_judged| not_judged.reason)
}

/// The tier of a rule's finding, and the value and the threshold of its leading evidence.
type Verdict = (Tier, f64, Option<f64>);

fn finding<'a>(diagnosis: &'a Diagnosis, rule: &str) -> Option<&'a Finding> {
    diagnosis
        .findings
        .iter()
        .find(|finding| finding.rule == rule)
}

fn verdict(diagnosis: &Diagnosis, rule: &str) -> Option<Verdict> {
    let finding = finding(diagnosis, rule)?;
    let evidence = finding.evidence.first()?;
    Some((finding.tier, evidence.value, evidence.threshold))
}

fn passed(diagnosis: &Diagnosis, rule: &str) -> bool {
    diagnosis.passed.iter().any(|passed| passed == rule)
}

/// From and to of a finding, in seconds.
fn span_of(diagnosis: &Diagnosis, rule: &str) -> Option<(f64, f64)> {
    let span = finding(diagnosis, rule)?.span?;
    Some((span.from_seconds, span.to_seconds))
}
