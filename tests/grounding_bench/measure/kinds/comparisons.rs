//! Bounds, ranges, differences and limits.

use actors::diagnosis::{EngineState, Evidence, Finding};
use simulation::Random;

use super::super::Made;
use super::super::numbers::{index, pick, step, style, written};
use super::super::phrasings::Phrasings;
use super::super::truth::{Statistic, Truth};
use super::values::{Value, settle, value};
use super::{fill, name};

pub(crate) fn add(
    truth: &Truth<'_>,
    phrasings: &Phrasings,
    random: &mut Random,
    all: &mut Vec<Made>,
) {
    bounds(truth, phrasings, random, all);
    ranges(truth, phrasings, random, all);
    widths(truth, phrasings, random, all);
    between_states(truth, phrasings, random, all);
    limits(truth, phrasings, random, all);
}

fn one_of(random: &mut Random, templates: &'static [&'static str]) -> &'static str {
    pick(random, templates)
}

/// "exceeded 100", "never exceeded 110".
fn bounds(truth: &Truth<'_>, phrasings: &Phrasings, random: &mut Random, all: &mut Vec<Made>) {
    // What holds, what contradicts it, the statistic, and on which side of the number that is.
    let kinds = [
        (
            phrasings.exceeds,
            phrasings.never_exceeds,
            Statistic::Highest,
            1.0,
        ),
        (
            phrasings.never_exceeds,
            phrasings.exceeds,
            Statistic::Highest,
            -1.0,
        ),
        (
            phrasings.falls_below,
            phrasings.never_below,
            Statistic::Lowest,
            -1.0,
        ),
        (
            phrasings.never_below,
            phrasings.falls_below,
            Statistic::Lowest,
            1.0,
        ),
        (
            phrasings.mean_above,
            phrasings.mean_below,
            Statistic::Mean,
            1.0,
        ),
        (
            phrasings.mean_below,
            phrasings.mean_above,
            Statistic::Mean,
            -1.0,
        ),
    ];
    for (holds, contradicts, statistic, side) in kinds {
        for template in holds {
            let Some(mut value) = value(truth, phrasings, random) else {
                continue;
            };
            let Some(figure) = truth.value(value.channel, value.state, statistic) else {
                continue;
            };
            value.style.about = None;
            value.style.spelled = false;
            value.statistic = Some(statistic);
            let away = (0.04 + 0.1 * random.unit()) * figure.abs()
                + 3.0 * step(&value.unit, &value.style)
                + if value.unit == "rpm" { 20.0 } else { 0.0 }
                + if value.unit == "km/h" { 2.0 } else { 0.0 };
            let at = |side: f64| Value {
                value: figure - side * away,
                ..value.clone()
            };
            let text = |template: &str, value: &Value| {
                fill(
                    template,
                    &[("c", value.name), ("v", &value.number()), ("w", value.when)],
                )
            };
            let (right, wrong) = (at(side), at(-side));
            if (right.value < 0.0) != (figure < 0.0) || wrong.value < 0.0 && figure > 0.0 {
                continue;
            }
            // The drive's limits may be quoted in any comparison.
            let limit = |value: &Value| {
                truth
                    .granted(value.channel, value.state, Some(statistic))
                    .iter()
                    .any(|of| {
                        (of - value.value).abs() < value.clearly() && (of - figure).abs() > 1e-9
                    })
            };
            let mut mutants = Vec::new();
            if !limit(&wrong) {
                mutants.push(("number", text(template, &wrong)));
            }
            if !limit(&right) {
                mutants.push(("comparison", text(one_of(random, contradicts), &right)));
            }
            all.push(Made {
                kind: "a comparison",
                text: text(template, &right),
                finding: None,
                mutants,
            });
        }
    }
}

fn ranges(truth: &Truth<'_>, phrasings: &Phrasings, random: &mut Random, all: &mut Vec<Made>) {
    for template in phrasings.ranges {
        let Some(mut low) = value(truth, phrasings, random) else {
            continue;
        };
        low.style.about = None;
        low.style.spelled = false;
        let (Some(min), Some(max)) = (
            truth.value(low.channel, low.state, Statistic::Lowest),
            truth.value(low.channel, low.state, Statistic::Highest),
        ) else {
            continue;
        };
        let width = max - min;
        if width < 10.0 * step(&low.unit, &low.style) {
            continue;
        }
        let text = |low: &Value, from: f64, to: f64| {
            let number = |value: f64| written(value, &low.unit, &low.style);
            fill(
                template,
                &[
                    ("c", low.name),
                    ("a", &number(from)),
                    ("b", &number(to)),
                    ("w", low.when),
                ],
            )
        };
        let shrink = pick(random, &[0.25, 0.4]);
        let (from, to) = if random.chance(0.5) {
            (min + shrink * width, max)
        } else {
            (min, max - shrink * width)
        };
        let Some(figures) = truth.channel(low.channel, low.state) else {
            continue;
        };
        // A range of percentiles is one too.
        let percentiles = [(figures.p5, from), (figures.p95, to)]
            .into_iter()
            .all(|(of, end)| (of - end).abs() < 0.1 * width);
        let mut mutants = Vec::new();
        if !percentiles {
            mutants.push(("number", text(&low, from, to)));
        }
        if min < -2.0 * step(&low.unit, &low.style)
            && (min.abs() - max.abs()).abs() > 4.0 * step(&low.unit, &low.style)
            && -min < max
        {
            mutants.push(("sign", text(&low, -min, max)));
        }
        let others: Vec<_> = phrasings
            .channels
            .iter()
            .filter(|(channel, names)| {
                truth.channel(channel, None).is_some_and(|figures| {
                    (figures.max - max).abs() > 0.15 * width.abs() + low.clearly()
                        && figures.max > max
                        && figures.unit == low.unit
                }) && !names.contains(&low.name)
                    && truth.channel(channel, low.state).is_some_and(|figures| {
                        figures.max > max + 0.15 * width && figures.p95 > max + 0.15 * width
                    })
            })
            .collect();
        if !others.is_empty() {
            let (channel, names) = others[index(random, others.len())];
            let other = Value {
                channel,
                name: pick(random, names),
                ..low.clone()
            };
            mutants.push(("channel", text(&other, min, max)));
        }
        all.push(Made {
            kind: "a range",
            text: text(&low, min, max),
            finding: None,
            mutants,
        });
    }
}

/// A difference has no offset: in kelvin it is what it is in °C.
fn difference_style(value: &mut Value) {
    value.style.about = None;
    value.style.spelled = false;
    value.style.plus = false;
    if value.unit == "°C" {
        value.style.unit = 0;
    }
}

fn widths(truth: &Truth<'_>, phrasings: &Phrasings, random: &mut Random, all: &mut Vec<Made>) {
    for template in phrasings.widths {
        let Some(mut value) = value(truth, phrasings, random) else {
            continue;
        };
        difference_style(&mut value);
        let Some(figures) = truth.channel(value.channel, value.state) else {
            continue;
        };
        let width = figures.max - figures.min;
        if width < 10.0 * step(&value.unit, &value.style) {
            continue;
        }
        let text = |width: f64| {
            fill(
                template,
                &[
                    ("c", value.name),
                    ("v", &written(width, &value.unit, &value.style)),
                    ("w", value.when),
                ],
            )
        };
        all.push(Made {
            kind: "a difference",
            text: text(width),
            finding: None,
            mutants: vec![("number", text(width * pick(random, &[1.2, 1.5, 2.0])))],
        });
    }
}

fn between_states(
    truth: &Truth<'_>,
    phrasings: &Phrasings,
    random: &mut Random,
    all: &mut Vec<Made>,
) {
    let channels = truth.channels(Some(EngineState::Idle));
    if channels.is_empty() {
        return;
    }
    for (higher, templates, contrary) in [
        (true, phrasings.higher_at_idle, phrasings.lower_at_idle),
        (false, phrasings.lower_at_idle, phrasings.higher_at_idle),
    ] {
        for template in templates {
            let figures = &channels[index(random, channels.len())];
            let Some(cruise) = truth.channel(&figures.channel, Some(EngineState::Cruise)) else {
                continue;
            };
            let Some(name) = name(phrasings, &figures.channel, random) else {
                continue;
            };
            let difference = figures.mean - cruise.mean;
            let mut style = style(random, &figures.unit);
            (style.about, style.spelled, style.plus) = (None, false, false);
            if figures.unit == "°C" {
                style.unit = 0;
            }
            let median = (figures.median - cruise.median).abs();
            if (difference > 0.0) != higher || difference.abs() < 8.0 * step(&figures.unit, &style)
            {
                continue;
            }
            let text = |template: &str, difference: f64| {
                fill(
                    template,
                    &[
                        ("c", name),
                        ("v", &written(difference, &figures.unit, &style)),
                    ],
                )
            };
            let size = difference.abs();
            let other = size * pick(random, &[1.4, 2.0]) + 2.0 * step(&figures.unit, &style);
            // Differences of the whole drive's figures are none of this one's.
            let mut mutants = Vec::new();
            if (other - median).abs() > 0.1 * other {
                mutants.push(("number", text(template, other)));
            }
            mutants.push(("comparison", text(pick(random, contrary), size)));
            all.push(Made {
                kind: "a difference",
                text: text(template, size),
                finding: None,
                mutants,
            });
        }
    }
}

/// A finding's figure against its limit.
#[expect(clippy::too_many_lines, reason = "one sentence and all of its changes")]
fn limits(truth: &Truth<'_>, phrasings: &Phrasings, random: &mut Random, all: &mut Vec<Made>) {
    let evidence: Vec<(&Finding, &Evidence)> = truth
        .diagnosis
        .findings
        .iter()
        .flat_map(|finding| {
            finding
                .evidence
                .iter()
                .map(move |evidence| (finding, evidence))
        })
        .filter(|(finding, evidence)| {
            evidence.threshold.is_some()
                && !finding.rule.contains("codes")
                && !evidence.figure.contains("spread")
        })
        .filter(|(_, evidence)| !matches!(evidence.unit.as_str(), "" | "s" | "K/min"))
        .collect();
    for (finding, evidence) in evidence {
        let (Some(limit), Some(channel)) = (evidence.threshold, evidence.channel.as_deref()) else {
            continue;
        };
        let fuel = evidence.figure.contains("together");
        let called = if fuel {
            Some("fuel trim")
        } else {
            name(phrasings, channel, random)
        };
        let Some(called) = called else { continue };
        let above = evidence.value > limit;
        let (with_limit, by) = if above {
            (phrasings.above_limit, phrasings.above_by)
        } else {
            (phrasings.below_limit, phrasings.below_by)
        };
        let contrary = if above {
            phrasings.below_by
        } else {
            phrasings.above_by
        };
        let mut value = Value {
            channel: "",
            unit: evidence.unit.clone(),
            name: called,
            state: evidence.state,
            when: "",
            statistic: None,
            word: 0,
            value: evidence.value,
            style: style(random, &evidence.unit),
        };
        settle(&mut value);
        difference_style(&mut value);
        value.style.unit = 0;
        value.style.decimals = match evidence.unit.as_str() {
            "V" => 2,
            "%" | "°" | "g/s" => 1,
            _ => 0,
        };
        let write = |number: f64| written(number, &value.unit, &value.style);
        for template in with_limit {
            let text = |figure: f64, limit: f64| {
                fill(
                    template,
                    &[
                        ("c", value.name),
                        ("v", &write(figure)),
                        ("l", &write(limit)),
                    ],
                )
            };
            let other_limit = limit
                + pick(random, &[-0.31, -0.22, 0.37])
                    * limit.abs().max(8.0 * step(&value.unit, &value.style));
            let taken = |number: f64| {
                let all = truth
                    .granted(channel, None, None)
                    .into_iter()
                    .chain(truth.granted(channel, evidence.state, None));
                let near = all.chain([evidence.value, limit]).any(|of| {
                    (of - number).abs()
                        < 0.04 * number.abs() + 2.0 * step(&value.unit, &value.style)
                });
                near || truth
                    .diagnosis
                    .findings
                    .iter()
                    .flat_map(|finding| &finding.evidence)
                    .any(|other| {
                        other.unit == evidence.unit
                            && [Some(other.value), other.threshold]
                                .into_iter()
                                .flatten()
                                .any(|of| {
                                    (of - number).abs()
                                        < 0.04 * number.abs()
                                            + 2.0 * step(&value.unit, &value.style)
                                })
                    })
            };
            let mut mutants = Vec::new();
            if !taken(other_limit) {
                mutants.push(("number", text(evidence.value, other_limit)));
            }
            let other_value = evidence.value * pick(random, &[0.6, 1.45]);
            if !taken(other_value) {
                mutants.push(("number", text(other_value, limit)));
            }
            all.push(Made {
                kind: "a limit",
                text: text(evidence.value, limit),
                finding: Some(finding.rule.clone()),
                mutants,
            });
        }
        let difference = (evidence.value - limit).abs();
        if difference < 5.0 * step(&value.unit, &value.style) {
            continue;
        }
        for template in by {
            let text = |template: &str, difference: f64| {
                fill(template, &[("c", value.name), ("v", &write(difference))])
            };
            all.push(Made {
                kind: "a difference",
                text: text(template, difference),
                finding: Some(finding.rule.clone()),
                mutants: if index(random, 2) == 0 {
                    vec![("comparison", text(pick(random, contrary), difference))]
                } else {
                    Vec::new()
                },
            });
        }
    }
}
