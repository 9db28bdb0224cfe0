//! A diagnosis for people: as text for a terminal, and as one self-contained HTML page.
//!
//! Pure functions of the diagnosis and its traces. Names and units come from the car and are escaped (HTML) or stripped
//! of control characters (terminal).

mod html;
mod terminal;
mod wording;

use actors::analysis::recommendations;
use actors::diagnosis::{Diagnosis, Traces};

pub use html::html;
pub use terminal::{TerminalStyle, terminal};

/// What a report is about.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// `Drive 7 of chi-eclipse-01`, or the name of a file.
    pub title: &'a str,
    /// Whether the readings' times are on the calendar, so that the start can be named.
    pub has_date: bool,
    /// The diagnosis.
    pub diagnosis: &'a Diagnosis,
    /// The drive at the resolution of a plot.
    pub traces: &'a Traces,
    /// What a model recommended for the drive, best first.
    pub recommendations: &'a [Recommendation],
}

/// One recommendation of an analysis.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommendation {
    /// Its text.
    pub text: String,
    /// The rule whose finding it is about.
    pub finding: Option<String>,
    /// The server's own figures for it, as a sentence.
    pub evidence: Option<String>,
}

impl From<&recommendations::Recommendation> for Recommendation {
    fn from(stored: &recommendations::Recommendation) -> Self {
        Self {
            text: stored.recommendation.clone(),
            finding: stored.finding.clone(),
            evidence: stored
                .evidence
                .as_ref()
                .map(|evidence| evidence.sentence.clone()),
        }
    }
}

#[cfg(test)]
mod tests;
