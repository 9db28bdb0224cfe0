use super::model_error::NoAnswer;
use crate::admission;
use crate::database::DatabaseError;

/// Why there is no analysis.
#[derive(Debug, thiserror::Error)]
pub enum AnalysisError {
    /// Too many requests wait for the model already.
    #[error("too many analyses are waiting")]
    Full(#[from] admission::Full),
    /// No device was named, and several have readings in the window.
    #[error("several devices have readings in this window")]
    AmbiguousDevice {
        /// Their ids, in order.
        devices: Vec<String>,
    },
    /// The model gave no recommendations; the findings do not depend on it.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// The database did not do its part.
    #[error("the database failed")]
    Database(#[from] DatabaseError),
    /// It was ended from outside; nothing is wrong with it.
    #[error("the analysis was interrupted: {0}")]
    Interrupted(Interruption),
    /// There is no such analysis.
    #[error("there is no such analysis")]
    NotFound,
    /// There is no such drive, or it has no diagnosis yet.
    #[error("there is no such drive, or it is not diagnosed yet")]
    NoDiagnosis,
}

/// Why an analysis was ended before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Interruption {
    /// The client disconnected.
    #[error("the requester disconnected")]
    RequesterGone,
    /// The server stops.
    #[error("the server stops")]
    ServerStops,
    /// Another server has taken over the work.
    #[error("another server has taken it over")]
    TakenOver,
}

impl AnalysisError {
    /// Whether Ollama could not be asked: nothing is wrong with the drive, and a later attempt may succeed.
    pub(super) fn is_ollama_away(&self) -> bool {
        matches!(self, Self::NoAnswer(answer) if answer.error.is_ollama_away())
    }

    /// Whether Ollama went away in the middle of an analysis, which may be what the drive does to it.
    pub(super) fn broke_off(&self) -> bool {
        matches!(self, Self::NoAnswer(answer) if answer.error.broke_off())
    }
}
