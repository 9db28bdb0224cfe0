//! Durations, shares of time, distances, times of day, and sentences that claim nothing.

use actors::diagnosis::EngineState;
use simulation::Random;

use super::super::Made;
use super::super::numbers::{Style, forms, index, pick, style, written};
use super::super::phrasings::Phrasings;
use super::super::truth::Truth;
use super::fill;

pub(crate) fn add(
    truth: &Truth<'_>,
    phrasings: &Phrasings,
    random: &mut Random,
    all: &mut Vec<Made>,
) {
    durations(truth, phrasings, random, all);
    shares(truth, phrasings, random, all);
    others(truth, phrasings, random, all);
    for template in phrasings.no_claim {
        all.push(Made {
            kind: "names and facts of the car",
            text: (*template).to_owned(),
            finding: None,
            mutants: Vec::new(),
        });
    }
}

/// Every time in the drive that a sentence may mean.
fn times(truth: &Truth<'_>) -> Vec<f64> {
    let diagnosis = truth.diagnosis;
    let figures = &diagnosis.figures;
    let mut times = vec![
        figures.covered_seconds,
        figures.elapsed_seconds,
        figures.running_seconds,
    ];
    times.extend(figures.states.iter().map(|state| state.seconds));
    if let Some(warm_up) = &figures.warm_up {
        times.extend(warm_up.seconds_30_to_70);
        times.push(warm_up.watched_seconds);
    }
    for finding in &diagnosis.findings {
        for evidence in &finding.evidence {
            times.extend(evidence.seconds);
            if evidence.unit == "s" {
                times.push(evidence.value);
                times.extend(evidence.threshold);
            }
        }
        let spans = finding
            .evidence
            .iter()
            .filter_map(|evidence| evidence.span)
            .chain(finding.span);
        times.extend(spans.flat_map(|span| {
            [
                span.from_seconds,
                span.to_seconds,
                span.to_seconds - span.from_seconds,
            ]
        }));
    }
    times.extend(
        diagnosis
            .doubts
            .iter()
            .filter_map(|doubt| doubt.span)
            .flat_map(|span| {
                [
                    span.from_seconds,
                    span.to_seconds,
                    span.to_seconds - span.from_seconds,
                ]
            }),
    );
    times
}

fn durations(truth: &Truth<'_>, phrasings: &Phrasings, random: &mut Random, all: &mut Vec<Made>) {
    let figures = &truth.diagnosis.figures;
    let seconds = |state: EngineState| figures.state(state).map(|state| state.seconds);
    let mut cases: Vec<(&[&str], f64, Option<String>)> =
        vec![(phrasings.drive_lasted, figures.covered_seconds, None)];
    cases.extend(seconds(EngineState::Idle).map(|seconds| (phrasings.idled, seconds, None)));
    cases.extend(seconds(EngineState::Cruise).map(|seconds| (phrasings.cruised, seconds, None)));
    for finding in &truth.diagnosis.findings {
        let lasting = finding
            .evidence
            .first()
            .and_then(|evidence| evidence.seconds);
        cases.extend(
            lasting.map(|seconds| (phrasings.lasting, seconds, Some(finding.rule.clone()))),
        );
    }
    let known = times(truth);
    for (templates, seconds, finding) in cases {
        if seconds < 20.0 {
            continue;
        }
        for template in templates {
            let style = time_style(random, seconds);
            let text = |seconds: f64, style: &Style| {
                fill(template, &[("v", &written(seconds, "s", style))])
            };
            let is_false = |seconds: f64, style: &Style| {
                let step = 1.0 / forms("s")[style.unit].factor;
                known.iter().all(|time| {
                    (time - seconds).abs()
                        > (0.12 * seconds)
                            .max(1.5 * step * 10_f64.powi(-i32::try_from(style.decimals).unwrap()))
                })
            };
            let mut mutants = Vec::new();
            let other = seconds * pick(random, &[0.4, 0.6, 1.4, 2.7]);
            // Less is true of "over".
            let told = !template.contains("over {v}") || other > seconds;
            if told && is_false(other, &style) {
                mutants.push(("duration", text(other, &style)));
            }
            let unit = if forms("s")[style.unit].factor < 1.0 {
                0
            } else {
                2
            };
            let shown = seconds * forms("s")[style.unit].factor;
            let misread = shown / forms("s")[unit].factor;
            let swapped = Style { unit, ..style };
            if is_false(misread, &swapped) && style.decimals == 0 {
                mutants.push(("unit", text(misread, &swapped)));
            }
            all.push(Made {
                kind: "a duration",
                text: text(seconds, &style),
                finding: finding.clone(),
                mutants,
            });
        }
    }
}

fn time_style(random: &mut Random, seconds: f64) -> Style {
    let mut style = style(random, "s");
    style.plus = false;
    let minutes = forms("s")[style.unit].factor < 1.0;
    if !minutes {
        style.decimals = 0;
    }
    if minutes && seconds > 600.0 && random.chance(0.4) {
        style.decimals = 0;
    }
    if style.spelled {
        style.decimals = 0;
    }
    if minutes && style.decimals == 0 && seconds < 600.0 {
        style.decimals = 1;
        style.spelled = false;
    }
    style
}

fn shares(truth: &Truth<'_>, phrasings: &Phrasings, random: &mut Random, all: &mut Vec<Made>) {
    let figures = &truth.diagnosis.figures;
    for (state, templates) in [
        (EngineState::Idle, phrasings.share_idle),
        (EngineState::Cruise, phrasings.share_cruise),
    ] {
        let Some(found) = figures.state(state) else {
            continue;
        };
        let share = 100.0 * found.seconds / figures.covered_seconds;
        let of_running = 100.0 * found.seconds / figures.running_seconds;
        if share < 4.0 {
            continue;
        }
        for template in templates {
            let mut style = style(random, "%");
            (style.plus, style.spelled) = (false, false);
            let text = |share: f64| fill(template, &[("v", &written(share, "%", &style))]);
            let other = share * pick(random, &[0.5, 0.7, 1.3]) + pick(random, &[-2.0, 2.0]);
            let clear = (other - of_running).abs() > 0.12 * other + 1.5
                && other > 1.0
                && (other - share).abs() > 0.12 * other + 1.5;
            let mutants = if clear {
                vec![("duration", text(other))]
            } else {
                Vec::new()
            };
            all.push(Made {
                kind: "a share of time",
                text: text(share),
                finding: None,
                mutants,
            });
        }
    }
}

fn others(truth: &Truth<'_>, phrasings: &Phrasings, random: &mut Random, all: &mut Vec<Made>) {
    let figures = &truth.diagnosis.figures;
    if let Some(distance) = figures.distance_km.filter(|distance| *distance > 1.0) {
        for template in phrasings.distance {
            let mut style = style(random, "km");
            style.spelled = false;
            let text = |distance: f64| fill(template, &[("v", &written(distance, "km", &style))]);
            all.push(Made {
                kind: "a distance",
                text: text(distance),
                finding: None,
                mutants: vec![(
                    "number",
                    text(distance * pick(random, &[0.6, 1.3, 2.0]) + 1.0),
                )],
            });
        }
    }
    let spans: Vec<f64> = truth
        .diagnosis
        .findings
        .iter()
        .filter_map(|finding| finding.span)
        .map(|span| span.from_seconds)
        .collect();
    if spans.is_empty() {
        return;
    }
    for template in phrasings.clock {
        let at = spans[index(random, spans.len())];
        #[allow(clippy::cast_possible_truncation)]
        let clock = |seconds: f64| {
            let of_day = (figures.start_ms / 1_000 + seconds as i64).rem_euclid(86_400);
            format!("{:02}:{:02}", of_day / 3_600, of_day / 60 % 60)
        };
        let text = |seconds: f64| fill(template, &[("v", &clock(seconds))]);
        all.push(Made {
            kind: "a time of day",
            text: text(at),
            finding: None,
            mutants: vec![(
                "number",
                text(figures.elapsed_seconds + pick(random, &[900.0, 5_000.0, 9_000.0])),
            )],
        });
    }
}
