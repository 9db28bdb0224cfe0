//! The states of the drive: as a band, and their figures.

use actors::diagnosis::{Diagnosis, EngineState, StateFigures};
use maud::{Markup, html as markup};

use super::plot::time_axis;
use crate::report::Subject;
use crate::report::wording::{clock, duration, number};

/// Channels whose means a reader compares between states.
const SHOWN: &[(&str, &str)] = &[
    ("RPM", "engine speed"),
    ("ENGINE_LOAD", "load"),
    ("COOLANT_TEMP", "coolant"),
    ("TIMING_ADVANCE", "timing"),
    ("MAF", "air mass"),
    ("O2_B1S1", "front O2"),
    ("O2_B1S2", "rear O2"),
    ("CONTROL_MODULE_VOLTAGE", "voltage"),
    ("BATTERY_VOLTAGE", "voltage"),
];

pub(super) fn band(subject: &Subject<'_>) -> Markup {
    let seconds = subject.diagnosis.figures.elapsed_seconds.max(1.0);
    let spans = &subject.traces.states;
    let occurring = EngineState::ALL
        .into_iter()
        .filter_map(|state| subject.diagnosis.figures.state(state));
    markup! {
        @if !spans.is_empty() {
            section.states {
                h2 { "The drive" }
                div.band role="img" aria-label="States of the engine over time" {
                    @for span in spans {
                        span class=(class(span.state)) title={
                            (span.state.label()) " " (clock(span.from_seconds)) "–" (clock(span.to_seconds))
                        } style=(format!(
                            "left:{:.3}%;width:{:.3}%",
                            100.0 * span.from_seconds / seconds,
                            100.0 * (span.to_seconds - span.from_seconds) / seconds
                        )) {}
                    }
                }
                (time_axis(seconds))
                ul.legend {
                    @for state in occurring {
                        li { i class=(class(state.state)) {} (state.state.label()) " " b { (duration(state.seconds)) } }
                    }
                }
            }
        }
    }
}

pub(super) fn figures(diagnosis: &Diagnosis) -> Markup {
    let states: Vec<&StateFigures> = diagnosis
        .figures
        .states
        .iter()
        .filter(|state| {
            state.state != EngineState::Off
                && SHOWN.iter().any(|(name, _)| state.channel(name).is_some())
        })
        .collect();
    let channels: Vec<_> = SHOWN
        .iter()
        .filter(|(name, _)| states.iter().any(|state| state.channel(name).is_some()))
        .collect();
    markup! {
        @if !states.is_empty() && !channels.is_empty() {
            section {
                h2 { "Means by state" }
                div.scroll {
                    table {
                        thead {
                            tr {
                                th { "state" }
                                th.number { "time" }
                                @for (name, label) in &channels {
                                    th.number {
                                        (label)
                                        @if let Some(unit) = unit(&states, name) { br; small { (unit) } }
                                    }
                                }
                            }
                        }
                        tbody {
                            @for state in &states {
                                tr {
                                    th scope="row" { (state.state.label()) }
                                    td.number { (duration(state.seconds)) }
                                    @for (name, _) in &channels {
                                        td.number { (state.channel(name).map_or_else(String::new, |figures| number(figures.mean))) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn unit<'a>(states: &[&'a StateFigures], name: &str) -> Option<&'a str> {
    let figures = states.iter().find_map(|state| state.channel(name))?;
    (!figures.unit.is_empty()).then_some(figures.unit.as_str())
}

fn class(state: EngineState) -> &'static str {
    match state {
        EngineState::Off => "state-off",
        EngineState::Cold => "state-cold",
        EngineState::Idle => "state-idle",
        EngineState::Cruise => "state-cruise",
        EngineState::HighLoad => "state-high-load",
        EngineState::WideOpen => "state-wide-open",
        EngineState::Overrun => "state-overrun",
        EngineState::Other => "state-other",
        EngineState::Unknown => "state-unknown",
    }
}
