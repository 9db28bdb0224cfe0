//! The findings, each with its evidence, plots and next checks; and the warm-up.

use actors::diagnosis::{Evidence, Finding, Span};
use maud::{Markup, html as markup};

use super::plot::Plot;
use crate::report::Subject;
use crate::report::wording::{circumstances, duration, number, quantity, rule};

/// Plots of one finding at most.
const MAX_PLOTS: usize = 3;

pub(super) fn all(subject: &Subject<'_>) -> Markup {
    let findings = &subject.diagnosis.findings;
    markup! {
        section {
            h2 { "Findings" }
            @if findings.is_empty() {
                p { (none(subject)) }
            }
            @for finding in findings { (one(finding, subject)) }
        }
    }
}

fn none(subject: &Subject<'_>) -> String {
    let passed = subject.diagnosis.passed.len();
    match passed {
        0 => "No rule could be judged with these data.".to_owned(),
        _ => format!("None: {passed} rules were judged, and none of them found a fault."),
    }
}

fn one(finding: &Finding, subject: &Subject<'_>) -> Markup {
    let percent = format!("{:.0}", finding.confidence * 100.0);
    markup! {
        article class={"finding " (finding.tier.label())} {
            h3 {
                span class={"tier " (finding.tier.label())} { (finding.tier.label()) }
                " " (finding.title)
            }
            p { (finding.explanation) }
            @if !finding.evidence.is_empty() { (evidence(&finding.evidence)) }
            @for plot in plots(finding, subject) { (plot.markup()) }
            @if !finding.next_checks.is_empty() {
                h4 { "Next checks" }
                ol { @for check in &finding.next_checks { li { (check) } } }
            }
            p.note {
                (finding.system.label()) " · rule " code { (finding.rule) } " · confidence " (percent) " %"
                @if !finding.explains.is_empty() {
                    " · also explains: " (finding.explains.iter().map(|id| rule(id)).collect::<Vec<_>>().join(", "))
                }
            }
        }
    }
}

fn evidence(evidence: &[Evidence]) -> Markup {
    markup! {
        table.evidence {
            thead { tr { th { "figure" } th.number { "value" } th.number { "limit" } th { "where" } } }
            tbody {
                @for evidence in evidence {
                    tr {
                        td { (evidence.figure) }
                        td.number { b { (quantity(evidence.value, &evidence.unit)) } }
                        td.number {
                            @if let Some(limit) = evidence.threshold { (quantity(limit, &evidence.unit)) }
                        }
                        td { (circumstances(evidence)) }
                    }
                }
            }
        }
    }
}

/// The channels that the evidence rests on, with its limits and times.
fn plots<'a>(finding: &'a Finding, subject: &Subject<'a>) -> Vec<Plot<'a>> {
    let mut plots: Vec<Plot<'a>> = Vec::new();
    let seconds = subject.diagnosis.figures.elapsed_seconds;
    for (number, evidence) in finding.evidence.iter().enumerate() {
        let marked = marked(finding, evidence, number, subject);
        for (channel, limit) in shown(evidence) {
            let Some(trace) = subject.traces.channel(channel) else {
                continue;
            };
            // A limit in another unit, of a rate or of a spread has no place on the channel's axis.
            let limit = limit.filter(|_| is_of_values(evidence, &trace.unit));
            if let Some(plot) = plots.iter_mut().find(|plot| plot.trace.channel == channel) {
                plot.limits
                    .extend(limit.filter(|limit| !plot.limits.contains(limit)));
                plot.marked.extend(
                    marked
                        .iter()
                        .filter(|span| !plot.marked.contains(span))
                        .copied()
                        .collect::<Vec<_>>(),
                );
            } else if plots.len() < MAX_PLOTS {
                plots.push(Plot {
                    trace,
                    seconds,
                    limits: limit.into_iter().collect(),
                    marked: marked.clone(),
                });
            }
        }
    }
    plots
}

/// The channels to plot for a piece of evidence, each with its limit. The sum of both trims has no axis of its own.
fn shown(evidence: &Evidence) -> Vec<(&str, Option<f64>)> {
    match evidence.channel.as_deref() {
        _ if evidence.figure.contains("together") => {
            vec![("SHORT_FUEL_TRIM_1", None), ("LONG_FUEL_TRIM_1", None)]
        }
        Some(channel) => vec![(channel, evidence.threshold)],
        None => Vec::new(),
    }
}

/// When the evidence held: its own time, or else, for the leading piece, the time in its state.
fn marked(
    finding: &Finding,
    evidence: &Evidence,
    number: usize,
    subject: &Subject<'_>,
) -> Vec<Span> {
    if let Some(span) = evidence.span.or(finding.span) {
        return vec![span];
    }
    let state = evidence.state.filter(|_| number == 0);
    let spans = subject
        .traces
        .states
        .iter()
        .filter(|span| Some(span.state) == state);
    spans
        .map(|span| Span {
            from_seconds: span.from_seconds,
            to_seconds: span.to_seconds,
        })
        .collect()
}

/// Whether the evidence is a value of the channel itself, not its spread, its rate or a difference.
fn is_of_values(evidence: &Evidence, unit: &str) -> bool {
    let figure = evidence.figure.to_lowercase();
    let other = [
        "spread",
        "range",
        "difference",
        "rate",
        "rise",
        "ratio",
        "share",
        "crossing",
        "swing",
        "retard",
    ];
    evidence.unit == unit && !other.iter().any(|word| figure.contains(word))
}

/// The coolant over the drive, unless a finding shows it already.
pub(super) fn warm_up(subject: &Subject<'_>) -> Markup {
    let figures = &subject.diagnosis.figures;
    let shown = subject.diagnosis.findings.iter().any(|finding| {
        plots(finding, subject)
            .iter()
            .any(|plot| plot.trace.channel == "COOLANT_TEMP")
    });
    let trace = subject.traces.channel("COOLANT_TEMP").filter(|_| !shown);
    markup! {
        @if figures.warm_up.is_some() || trace.is_some() {
            section {
                h2 { "Warm-up" }
                @if let Some(warm_up) = &figures.warm_up {
                    p {
                        "The coolant rose from " (quantity(warm_up.from_c, "°C")) " to at most "
                        (quantity(warm_up.highest_c, "°C"))
                        @if let Some(seconds) = warm_up.seconds_30_to_70 {
                            "; 30 to 70 °C took " (duration(seconds))
                        }
                        @if let Some(rate) = warm_up.kelvin_per_minute {
                            " (" (number(rate)) " K/min at its steepest)"
                        }
                        "."
                    }
                }
                @if let Some(trace) = trace {
                    (Plot { trace, seconds: figures.elapsed_seconds, limits: Vec::new(), marked: Vec::new() }.markup())
                }
            }
        }
    }
}
