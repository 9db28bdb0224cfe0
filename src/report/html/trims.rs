//! Fuel trims by state.

use actors::diagnosis::{Diagnosis, StateFigures};
use maud::{Markup, html as markup};

use crate::report::wording::{duration, number};

/// The bars end at this trim, positive and negative, in %.
const FULL_BAR: f64 = 25.0;

pub(super) fn by_state(diagnosis: &Diagnosis) -> Markup {
    let states: Vec<(&StateFigures, f64)> = diagnosis
        .figures
        .states
        .iter()
        .filter_map(|state| Some((state, state.fuel_trim_sum?)))
        .collect();
    markup! {
        @if !states.is_empty() {
            section {
                h2 { "Fuel trims by state" }
                p.note {
                    "In closed loop. Right of the middle the ECU adds fuel because the engine runs lean; left of it, it takes "
                    "fuel away."
                }
                div.scroll {
                    table.trims {
                        thead {
                            tr {
                                th { "state" }
                                th.number { "time" }
                                th.number { "short" }
                                th.number { "long" }
                                th.number { "sum" }
                                th.bar {
                                    div { span { "−" (number(FULL_BAR)) " %" } span { "0" } span { "+" (number(FULL_BAR)) " %" } }
                                }
                            }
                        }
                        tbody {
                            @for (state, sum) in &states {
                                tr {
                                    th scope="row" { (state.state.label()) }
                                    td.number { (duration(state.seconds)) }
                                    td.number { (mean(state, "SHORT_FUEL_TRIM_1")) }
                                    td.number { (mean(state, "LONG_FUEL_TRIM_1")) }
                                    td.number { b { (signed(*sum)) } }
                                    td.bar { (bar(*sum)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn mean(state: &StateFigures, channel: &str) -> String {
    state
        .channel(channel)
        .map_or_else(String::new, |figures| signed(figures.mean))
}

fn signed(value: f64) -> String {
    match format!("{value:+.1}").as_str() {
        "-0.0" | "+0.0" => "0.0".to_owned(),
        written => written.replace('-', "−"),
    }
}

fn bar(sum: f64) -> Markup {
    let length = 50.0 * (sum.abs() / FULL_BAR).min(1.0);
    let left = if sum < 0.0 { 50.0 - length } else { 50.0 };
    let class = if sum.abs() >= 10.0 {
        "beyond"
    } else {
        "within"
    };
    markup! { i class=(class) style=(format!("left:{left:.1}%;width:{length:.1}%")) {} }
}
