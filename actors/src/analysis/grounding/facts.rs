//! The computed figures of a drive, one entry each, for numbers to be traced to.

mod gathering;

use crate::analysis::grounding::claims::Claim;
use crate::analysis::grounding::subject::Subject;
use crate::diagnosis::EngineState;
use crate::diagnosis::units::Unit;
use std::collections::BTreeSet;

/// Which statistic a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Statistic {
    Mean,
    Median,
    Highest,
    Lowest,
    /// The 5th percentile.
    Low,
    /// The 95th percentile.
    High,
    /// The standard deviation.
    Spread,
    /// Highest less lowest.
    Width,
    /// The first value of the drive.
    First,
    /// A limit that a figure is compared with.
    Limit,
    /// The mean of earlier drives, or the anchor's value.
    Earlier,
    /// The last value, which is not computed.
    Latest,
    /// A figure of a finding whose name says no statistic.
    Other,
}

/// A figure with what it is about.
#[derive(Clone, Debug)]
pub(super) struct Figure {
    pub(super) subject: Subject,
    /// None for the whole drive.
    pub(super) state: Option<EngineState>,
    pub(super) statistic: Statistic,
    pub(super) value: f64,
    /// None for counts and ratios.
    pub(super) unit: Option<Unit>,
    /// Place of the finding that it is evidence of.
    pub(super) finding: Option<usize>,
}

/// A time that something took, in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Duration {
    pub(super) seconds: f64,
    pub(super) state: Option<EngineState>,
    pub(super) finding: Option<usize>,
    /// The length of the drive, by one of its measures.
    pub(super) whole: bool,
}

/// A share of time, 0..1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) fraction: f64,
    pub(super) state: Option<EngineState>,
    pub(super) closed_loop: bool,
}

/// Everything that a number in a text may be traced to.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub(super) figures: Vec<Figure>,
    pub(super) durations: Vec<Duration>,
    /// Seconds since the first reading at which something begins or ends.
    pub(super) moments: Vec<f64>,
    pub(super) shares: Vec<Share>,
    pub(super) counts: Vec<f64>,
    pub(super) distance_km: Option<f64>,
    /// Milliseconds since the epoch of the first reading.
    pub(super) start_ms: i64,
    /// The rules of the findings, in their order.
    pub(super) rules: Vec<String>,
    /// The numbers in sentences of the diagnosis itself.
    pub(super) quoted: Vec<Quoted>,
    /// Names with digits in these sentences.
    pub(super) names: BTreeSet<String>,
}

/// A number that the diagnosis states in words.
#[derive(Clone, Debug)]
pub(super) struct Quoted {
    /// Place of the finding that it is of.
    pub(super) finding: Option<usize>,
    pub(super) claim: Claim,
}
