use serde::{Deserialize, Serialize};

use super::EngineState;

/// The drive at a resolution that fits a plot: at most [`Traces::MAX_BUCKETS`] buckets of equal width.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Traces {
    /// Width of a bucket in seconds: 1, 2, 4, ….
    pub bucket_seconds: f64,
    /// One trace per channel, by name.
    pub channels: Vec<Trace>,
    /// The states one after the other, gaps left out.
    pub states: Vec<StateSpan>,
}

impl Traces {
    /// Buckets of a trace at most.
    pub const MAX_BUCKETS: usize = 600;

    /// The trace of a channel, by canonical name.
    pub fn channel(&self, name: &str) -> Option<&Trace> {
        self.channels.iter().find(|trace| trace.channel == name)
    }
}

/// One channel over the drive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    /// Canonical name.
    pub channel: String,
    /// Readable name: "coolant temperature".
    pub label: String,
    /// Canonical unit.
    pub unit: String,
    /// Median interval between its readings in seconds: neighbours further apart than three of it (60 s at most) are
    /// not joined by a line.
    pub interval_seconds: f64,
    /// Buckets with readings, in order of time.
    pub points: Vec<TracePoint>,
}

/// The readings of one bucket.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TracePoint {
    /// Begin of the bucket, seconds since the first reading.
    pub at_seconds: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
}

/// A stretch of one state, at the resolution of the buckets.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StateSpan {
    /// The state that most of each bucket is in.
    pub state: EngineState,
    /// Seconds since the first reading.
    pub from_seconds: f64,
    /// Seconds since the first reading.
    pub to_seconds: f64,
}
