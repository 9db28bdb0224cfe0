//! The report: one HTML page without scripts, fonts or anything else from outside.
//!
//! Plots are SVG written here with `maud` rather than by a plotting crate: their colours come from the page's style
//! sheet, so that one file serves screen, dark screen and print, and their labels are HTML, so that they stay readable
//! where a phone shrinks the plot. `maud` escapes every text; nothing that comes from the car is passed on unescaped.

mod closing;
mod findings;
mod plot;
mod states;
mod trims;

use actors::diagnosis::{Diagnosis, Grade, Tier};
use maud::{DOCTYPE, Markup, PreEscaped, html as markup};

use super::Subject;
use super::wording::{extent, start};

/// Renders a diagnosis as a page.
pub fn html(subject: &Subject<'_>) -> String {
    let diagnosis = subject.diagnosis;
    markup! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (subject.title) " – diagnosis" }
                style { (PreEscaped(include_str!("html/style.css"))) }
            }
            body {
                main {
                    (head(subject))
                    (states::band(subject))
                    (findings::all(subject))
                    (findings::warm_up(subject))
                    (trims::by_state(diagnosis))
                    (states::figures(diagnosis))
                    (closing::recommendations(subject.recommendations))
                    (closing::not_judged(diagnosis))
                    (closing::doubts(diagnosis))
                    (closing::baseline(diagnosis))
                }
                (closing::footer(diagnosis))
            }
        }
    }
    .into_string()
}

fn head(subject: &Subject<'_>) -> Markup {
    let diagnosis = subject.diagnosis;
    let grade = diagnosis.grade.map_or("–", Grade::label);
    markup! {
        header {
            div class={"grade " (grade_class(diagnosis.grade))} title="Grade" { (grade) }
            div {
                h1 { (subject.title) }
                p.extent {
                    @if subject.has_date && let Some(start) = start(&diagnosis.figures) { (start) " · " }
                    (extent(&diagnosis.figures))
                }
                p.reason { (sentence(&diagnosis.grade_reason)) }
                (tiers(diagnosis))
            }
        }
    }
}

/// How many findings of each tier.
fn tiers(diagnosis: &Diagnosis) -> Markup {
    let counted = Tier::ALL.into_iter().rev().filter_map(|tier| {
        let count = diagnosis
            .findings
            .iter()
            .filter(|finding| finding.tier == tier)
            .count();
        (count > 0).then_some((tier, count))
    });
    markup! {
        p.tiers {
            @for (tier, count) in counted { span class={"tier " (tier.label())} { (count) " " (tier.label()) } " " }
        }
    }
}

fn grade_class(grade: Option<Grade>) -> &'static str {
    match grade {
        None => "none",
        Some(Grade::A | Grade::AMinus) => "good",
        Some(Grade::BPlus | Grade::B | Grade::BMinus) => "fair",
        Some(Grade::C | Grade::D) => "poor",
    }
}

/// With a capital letter at its beginning.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
