//! What follows the findings: recommendations, what was not judged, doubts, the comparison with earlier drives.

use actors::diagnosis::{BaselineFigure, Diagnosis, NotJudged};
use maud::{Markup, html as markup};

use crate::report::Recommendation;
use crate::report::wording::{number, quantity, rule, span};

pub(super) fn recommendations(recommendations: &[Recommendation]) -> Markup {
    markup! {
        @if !recommendations.is_empty() {
            section {
                h2 { "Recommendations" }
                ol.recommendations {
                    @for recommendation in recommendations {
                        li {
                            (recommendation.text)
                            @if let Some(evidence) = &recommendation.evidence { " " span.note { (evidence) } }
                            @if let Some(id) = &recommendation.finding { " " span.note { "(" (rule(id)) ")" } }
                        }
                    }
                }
            }
        }
    }
}

pub(super) fn not_judged(diagnosis: &Diagnosis) -> Markup {
    let mut reasons: Vec<(&NotJudged, Vec<String>)> = Vec::new();
    for entry in &diagnosis.not_judged {
        let name = rule(&entry.rule);
        match reasons.iter_mut().find(|(first, _)| {
            first.explanation == entry.explanation && first.what_to_log == entry.what_to_log
        }) {
            Some((_, rules)) => rules.push(name),
            None => reasons.push((entry, vec![name])),
        }
    }
    markup! {
        @if !reasons.is_empty() {
            section {
                h2 { "Not judged" }
                dl {
                    @for (entry, rules) in reasons {
                        dt { (rules.join(", ")) }
                        dd { (entry.explanation) " " span.note { (entry.what_to_log) } }
                    }
                }
            }
        }
    }
}

pub(super) fn doubts(diagnosis: &Diagnosis) -> Markup {
    let unknown = &diagnosis.figures.unknown_channels;
    markup! {
        @if !diagnosis.doubts.is_empty() {
            section {
                h2 { "Doubts about the data" }
                ul {
                    @for doubt in &diagnosis.doubts {
                        li {
                            (doubt.explanation)
                            @if let Some(times) = doubt.span { " " span.note { "(" (span(times)) ")" } }
                        }
                    }
                }
            }
        }
        @if !unknown.is_empty() {
            section {
                h2 { "Logged, but not understood" }
                p.note { (unknown.join(", ")) }
            }
        }
    }
}

pub(super) fn baseline(diagnosis: &Diagnosis) -> Markup {
    let baseline = &diagnosis.baseline;
    markup! {
        @if !baseline.figures.is_empty() {
            section {
                h2 { "Compared with earlier drives" }
                div.scroll {
                    table {
                        thead {
                            tr {
                                th { "figure" }
                                th.number { "this drive" }
                                th.number { "reference" }
                                th.number { "earlier" }
                                th.number { "±" }
                                th {}
                            }
                        }
                        tbody { @for figure in &baseline.figures { (compared(figure)) } }
                    }
                }
            }
        }
    }
}

fn compared(figure: &BaselineFigure) -> Markup {
    let written =
        |value: Option<f64>| value.map_or_else(String::new, |value| quantity(value, &figure.unit));
    markup! {
        tr {
            td { (figure.figure) }
            td.number { b { (quantity(figure.value, &figure.unit)) } }
            td.number { (written(figure.anchor)) }
            td.number { (written(figure.mean)) }
            td.number { (number(figure.sigma)) }
            td { @if figure.drifted { span.tier.watch { "drifted" } } }
        }
    }
}

pub(super) fn footer(diagnosis: &Diagnosis) -> Markup {
    markup! {
        footer {
            p {
                "Rules, version " (diagnosis.rules_version) "; thresholds: " (diagnosis.thresholds_version) ". "
                (diagnosis.passed.len()) " rules judged without a finding"
                @if !diagnosis.passed.is_empty() {
                    ": " (diagnosis.passed.iter().map(|id| rule(id)).collect::<Vec<_>>().join(", "))
                }
                "."
            }
        }
    }
}
