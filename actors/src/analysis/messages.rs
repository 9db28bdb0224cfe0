//! What can be asked of the analysis actor.

use actix::Message;
use chrono::NaiveDateTime;

use super::error::AnalysisError;
use super::recommendations::Recommendation;
use crate::admission::Turn;

/// Analyse the stored readings of a window and wait for the result.
#[derive(Debug, Message)]
#[rtype(result = "Result<Analysis, AnalysisError>")]
pub struct AnalyzeDrive {
    /// The device; without it, the one that has readings in the window.
    pub device_id: Option<String>,
    /// The device's own id of a profile, to which the result belongs.
    pub profile_id: Option<String>,
    /// Begin of the window, inclusive, UTC.
    pub window_start: NaiveDateTime,
    /// End of the window, inclusive, UTC.
    pub window_end: NaiveDateTime,
    /// Only these parameters; without it, all.
    pub parameters: Option<Vec<String>>,
    /// What to look at in particular.
    pub focus_areas: Vec<String>,
    /// The right to the model.
    pub turn: Turn,
}

/// The result of an analysis.
#[derive(Clone, Debug, PartialEq)]
pub struct Analysis {
    /// Its id in the history, where a model was asked.
    pub analysis_id: Option<String>,
    /// The most important first; none if there was no data.
    pub recommendations: Vec<Recommendation>,
    /// The model that was asked, or would have been.
    pub model: String,
    /// From the first query to the stored result, in ms.
    pub processing_time_ms: u64,
    /// Why there are no recommendations, where there are none.
    pub message: Option<String>,
}
