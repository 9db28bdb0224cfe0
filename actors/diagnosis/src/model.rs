//! The types of a diagnosis: what goes in, what comes out.
//!
//! Everything that is stored or shown serializes in camelCase. Times inside a diagnosis are seconds since the first
//! reading, with clock steps removed; `Figures::start_ms` places them on the calendar.

mod figures;
mod finding;
mod traces;
mod vehicle;

pub use figures::{ChannelFigures, EngineState, Figures, OperatingBin, StateFigures, WarmUp};
pub use finding::{
    Doubt, DoubtKind, Evidence, Finding, Grade, NotJudged, NotJudgedReason, Span, System, Tier,
};
pub use traces::{StateSpan, Trace, TracePoint, Traces};
pub use vehicle::VehicleFacts;

use serde::{Deserialize, Serialize};

/// One value of one channel, as a device, a file or a test has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading<'a> {
    /// When it was taken, in milliseconds since an epoch of the caller's choice (the Unix epoch for stored readings,
    /// the first row for a file that has relative times only).
    pub at_ms: i64,
    /// The channel's name as it was logged; [`super::channels`] knows the spellings.
    pub channel: &'a str,
    /// The value, in `unit`.
    pub value: f64,
    /// The unit as it was logged; none or blank means the channel's canonical unit.
    pub unit: Option<&'a str>,
    /// False for simulated and replayed readings, which count only where a drive has no real ones.
    pub real: bool,
}

/// What the server works out about one drive, without a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    /// Version of the built-in rules; the same readings, rules and thresholds give a byte-identical diagnosis.
    pub rules_version: u32,
    /// Identifies the effective thresholds, weights, switched-off rules and vehicle facts.
    pub thresholds_version: String,
    /// None where too little was judged for a grade.
    pub grade: Option<Grade>,
    /// One line: why this grade, or why none.
    pub grade_reason: String,
    /// The most severe first.
    pub findings: Vec<Finding>,
    /// Rules that could not be judged, in the order of the rules.
    pub not_judged: Vec<NotJudged>,
    /// Rules that were judged and found nothing, in the order of the rules.
    pub passed: Vec<String>,
    /// What speaks against the data themselves.
    pub doubts: Vec<Doubt>,
    /// The figures everything rests on; a copy is kept for later comparisons.
    pub figures: Figures,
    /// How this drive compares with earlier ones.
    pub baseline: BaselineComparison,
}

impl Diagnosis {
    /// The rules that have found something, each once, the most severe first.
    pub fn rules_with_findings(&self) -> Vec<&str> {
        let mut rules: Vec<&str> = Vec::new();
        for finding in &self.findings {
            if !rules.contains(&finding.rule.as_str()) {
                rules.push(&finding.rule);
            }
        }
        rules
    }
}

/// Earlier drives of the same car, as the baseline rules see them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// The drive that the owner named as the reference.
    pub anchor: Option<EarlierDrive>,
    /// The drives before this one, the latest last; only the last five count.
    pub earlier: Vec<EarlierDrive>,
}

/// An earlier drive and its figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EarlierDrive {
    /// The server's number of the drive.
    pub drive: i64,
    /// The figures of its diagnosis.
    pub figures: Figures,
}

/// How the drive compares with the anchor and the drives before it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BaselineComparison {
    /// The anchor drive, where one is set.
    pub anchor_drive: Option<i64>,
    /// The earlier drives compared with.
    pub earlier_drives: Vec<i64>,
    /// One line per figure that both have.
    pub figures: Vec<BaselineFigure>,
}

/// One figure against its history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BaselineFigure {
    /// Readable name: "long-term fuel trim at warm idle".
    pub figure: String,
    /// Canonical unit.
    pub unit: String,
    /// This drive's value.
    pub value: f64,
    /// The anchor's value.
    pub anchor: Option<f64>,
    /// Mean of the earlier drives.
    pub mean: Option<f64>,
    /// Standard deviation used, never below the channel's resolution.
    pub sigma: f64,
    /// How many earlier drives have the figure.
    pub drives: u32,
    /// True where it lies outside the bands.
    pub drifted: bool,
}
