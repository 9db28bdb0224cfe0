//! Whole drives through the diagnosis: the figures, the doubts, and each rule with and without its fault.

mod air_mass;
mod catalyst;
mod cooling;
mod data;
mod drift;
mod exhaust;
mod findings;
mod fuel;
mod history;
mod idle;
mod ignition;
mod limits;
mod load;
mod other_cars;
mod readings;
mod recomputing;
mod sensors;
mod version;
mod warm_up;

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

/// What a finding shows: its tier, its leading evidence and how sure it is.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Shown<'a> {
    tier: Tier,
    value: f64,
    unit: &'a str,
    threshold: Option<f64>,
    seconds: Option<f64>,
    /// From and to, in seconds.
    span: Option<(f64, f64)>,
    confidence: f64,
}

fn shown<'a>(diagnosis: &'a Diagnosis, rule: &str) -> Option<Shown<'a>> {
    let finding = finding(diagnosis, rule)?;
    let evidence = finding.evidence.first()?;
    Some(Shown {
        tier: finding.tier,
        value: evidence.value,
        unit: &evidence.unit,
        threshold: evidence.threshold,
        seconds: evidence.seconds,
        span: evidence
            .span
            .map(|span| (span.from_seconds, span.to_seconds)),
        confidence: finding.confidence,
    })
}

/// Whether a finding says this.
fn says(diagnosis: &Diagnosis, rule: &str, text: &str) -> bool {
    finding(diagnosis, rule).is_some_and(|finding| finding.explanation.contains(text))
}

fn too_little(diagnosis: &Diagnosis, rule: &str) -> bool {
    not_judged(diagnosis, rule) == Some(NotJudgedReason::TooLittleData)
}

/// Seconds as a figure shows them.
fn float(seconds: i64) -> f64 {
    i32::try_from(seconds).expect("seconds of a drive").into()
}
