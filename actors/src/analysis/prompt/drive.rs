//! The diagnosis in lines: findings first, then what they rest on.

use super::Drive;
use super::car::{describe_focus, describe_vehicle};
use super::sections::Section;
use crate::analysis::evidence;
use crate::diagnosis::channels::names;
use crate::diagnosis::text::shown;
use crate::diagnosis::{
    BaselineFigure, ChannelFigures, Diagnosis, Finding, Grade, NotJudged, StateFigures,
};
use crate::text::phrase;

/// The channels whose means describe a state.
const STATE_CHANNELS: [&str; 11] = [
    "RPM",
    "COOLANT_TEMP",
    "ENGINE_LOAD",
    "SHORT_FUEL_TRIM_1",
    "LONG_FUEL_TRIM_1",
    "TIMING_ADVANCE",
    "O2_B1S1",
    "O2_B1S2",
    "MAF",
    "INTAKE_TEMP",
    "CONTROL_MODULE_VOLTAGE",
];

/// More names of unknown channels are not listed.
const MAX_UNKNOWN: usize = 10;

pub(super) fn sections(drive: &Drive<'_>) -> Vec<Section> {
    let diagnosis = drive.diagnosis;
    let is_wanted = wanted(drive.parameters);
    let states = diagnosis.figures.states.iter();
    let channels = diagnosis.figures.channels.iter();
    vec![
        Section::new(
            "The car and the drive:",
            vec![
                format!("Vehicle: {}", describe_vehicle(drive.vehicle)),
                format!("Drive: {}", about(drive)),
                format!("Focus: {}", describe_focus(drive.focus_areas)),
            ],
        ),
        Section {
            share: 60,
            ..Section::new(
                "Findings, the most severe first, as id (severity):",
                findings(&diagnosis.findings),
            )
        },
        Section::new(
            "Doubts about the data:",
            diagnosis
                .doubts
                .iter()
                .map(|doubt| doubt.explanation.clone())
                .collect(),
        ),
        Section::new(
            "Trouble codes and alerts that the logger has stored:",
            drive.events.lines(),
        ),
        Section {
            share: 50,
            ..Section::new(
                "Figures by state of the engine:",
                states
                    .filter_map(|state| by_state(state, &is_wanted))
                    .collect(),
            )
        },
        Section::new(
            "Figures of the whole drive:",
            channels
                .filter(|channel| is_wanted(&channel.channel))
                .map(over_all)
                .chain(unknown(diagnosis))
                .collect(),
        ),
        Section::new("Compared with earlier drives:", drift(diagnosis)),
        Section::new("Not judged:", not_judged(&diagnosis.not_judged)),
    ]
}

/// Which channels the request names; all where it names none.
fn wanted(parameters: Option<&[String]>) -> impl Fn(&str) -> bool {
    let names: Option<Vec<&'static str>> = parameters.map(|parameters| {
        let meanings = parameters
            .iter()
            .filter_map(|name| names::meaning(name, None));
        meanings.map(|meaning| meaning.channel.name()).collect()
    });
    move |channel: &str| names.as_ref().is_none_or(|names| names.contains(&channel))
}

fn about(drive: &Drive<'_>) -> String {
    let figures = &drive.diagnosis.figures;
    let distance = figures
        .distance_km
        .map_or_else(String::new, |distance| format!(", {distance:.1} km"));
    format!(
        "{} UTC, {} readings of {} parameters over {:.1} minutes{distance}; grade: {} ({})",
        drive.start.format("%Y-%m-%d %H:%M"),
        figures.readings,
        figures.channels.len(),
        figures.covered_seconds / 60.0,
        drive.diagnosis.grade.map_or("none", Grade::label),
        drive.diagnosis.grade_reason
    )
}

fn findings(findings: &[Finding]) -> Vec<String> {
    let one = |finding: &Finding| {
        let evidence = match finding.evidence.as_slice() {
            [] => String::new(),
            _ => format!(" Evidence: {}", evidence::sentence(finding)),
        };
        let checks = match finding.next_checks.as_slice() {
            [] => String::new(),
            checks => format!(" Checks: {}", checks.join(" ")),
        };
        format!(
            "{} ({}): {}. {}{evidence}{checks}",
            finding.rule,
            finding.tier.label(),
            finding.title,
            finding.explanation
        )
    };
    findings.iter().map(one).collect()
}

fn by_state(state: &StateFigures, is_wanted: &impl Fn(&str) -> bool) -> Option<String> {
    let mut parts = vec![format!("{:.0} s", state.seconds)];
    parts.extend(
        state
            .closed_loop_share
            .map(|share| format!("closed loop {:.0} % of the time", share * 100.0)),
    );
    parts.extend(
        state
            .fuel_trim_sum
            .map(|sum| format!("both fuel trims together {sum:.1} %")),
    );
    let means = STATE_CHANNELS
        .into_iter()
        .filter(|channel| is_wanted(channel))
        .filter_map(|channel| state.channel(channel))
        .map(|figures| {
            format!(
                "{} {}{}",
                figures.channel,
                shown(figures.mean, &figures.unit),
                unit(&figures.unit)
            )
        });
    let means: Vec<String> = means.collect();
    if means.is_empty() {
        return None;
    }
    parts.push(format!("means: {}", means.join(", ")));
    Some(format!("{}: {}", state.state.label(), parts.join("; ")))
}

fn over_all(figures: &ChannelFigures) -> String {
    let [min, mean, max] =
        [figures.min, figures.mean, figures.max].map(|value| shown(value, &figures.unit));
    format!(
        "{}: count {}, min {min}, avg {mean}, max {max}{}",
        figures.channel,
        figures.readings,
        unit(&figures.unit)
    )
}

fn unit(unit: &str) -> String {
    if unit.is_empty() {
        String::new()
    } else {
        format!(" {unit}")
    }
}

fn unknown(diagnosis: &Diagnosis) -> Option<String> {
    let names = &diagnosis.figures.unknown_channels;
    let shown: Vec<String> = names
        .iter()
        .take(MAX_UNKNOWN)
        .map(|name| phrase(name, 40))
        .collect();
    (!names.is_empty()).then(|| {
        format!(
            "logged, but not understood ({}): {}",
            names.len(),
            shown.join(", ")
        )
    })
}

/// Those that have drifted first.
fn drift(diagnosis: &Diagnosis) -> Vec<String> {
    let mut figures: Vec<&BaselineFigure> = diagnosis.baseline.figures.iter().collect();
    figures.sort_by_key(|figure| !figure.drifted);
    let one = |figure: &BaselineFigure| {
        let write = |value: f64| format!("{}{}", shown(value, &figure.unit), unit(&figure.unit));
        let mean = figure
            .mean
            .map(|mean| format!("mean of {} earlier drives {}", figure.drives, write(mean)));
        let parts = [
            Some(format!("{}: {}", figure.figure, write(figure.value))),
            mean,
            figure
                .anchor
                .map(|anchor| format!("reference drive {}", write(anchor))),
            Some(
                if figure.drifted {
                    "has drifted"
                } else {
                    "as usual"
                }
                .to_owned(),
            ),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        parts.join(", ")
    };
    figures.into_iter().map(one).collect()
}

/// Rules with the same reason on one line.
fn not_judged(rules: &[NotJudged]) -> Vec<String> {
    let mut reasons: Vec<(&NotJudged, Vec<&str>)> = Vec::new();
    for rule in rules {
        let same = reasons.iter_mut().find(|(first, _)| {
            first.explanation == rule.explanation && first.what_to_log == rule.what_to_log
        });
        match same {
            Some((_, ids)) => ids.push(&rule.rule),
            None => reasons.push((rule, vec![&rule.rule])),
        }
    }
    reasons
        .into_iter()
        .map(|(rule, ids)| {
            format!(
                "{}: {} {}",
                ids.join(", "),
                rule.explanation,
                rule.what_to_log
            )
        })
        .collect()
}
