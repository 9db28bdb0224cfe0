//! The computed diagnosis of a drive: readings in, findings out.
//!
//! Pure: no I/O, no clock, no SQL, no knowledge of where readings come from. A CSV file, a test and the database use the
//! same path: [`Diagnoser::new`], one [`Diagnoser::push`] per reading in the order in which the device took them,
//! [`Diagnoser::finish`]. Memory is bounded by channels and states, never by the length of the drive.
//!
//! A reading passes `channels` (name and unit), `time` (the device's clock), `timeline` (a value of every channel for each
//! second) and `states`; `figures`, `doubts`, `rules` and `traces` watch the seconds. At the end the rules judge, `causes`
//! puts symptoms into their causes, `baseline` compares with earlier drives and `grade` gives the letter.

mod baseline;
mod causes;
pub mod channels;
mod diagnoser;
mod doubts;
mod figures;
mod grade;
mod model;
mod rules;
mod states;
pub mod text;
mod thresholds;
mod time;
mod timeline;
mod traces;
mod trims;
pub mod units;

pub use diagnoser::Diagnoser;
pub use figures::PERCENTILE_ERROR;
pub use model::{
    BaselineComparison, BaselineFigure, ChannelFigures, Diagnosis, Doubt, DoubtKind, EarlierDrive,
    EngineState, Evidence, Figures, Finding, Grade, History, NotJudged, NotJudgedReason,
    OperatingBin, Reading, Span, StateFigures, StateSpan, System, Tier, Trace, TracePoint, Traces,
    VehicleFacts, WarmUp,
};
pub use thresholds::Settings;

/// Version of the built-in rules; changes whenever a rule, a default threshold or a template changes.
pub const RULES_VERSION: u32 = 1;

#[cfg(test)]
mod tests;
