use std::time::Duration;

use super::recommendations::NoRecommendation;
use crate::admission;
use crate::database::DatabaseError;
use crate::ollama::{Ollama, OllamaError};

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
    /// The model's server cannot be reached.
    #[error("Ollama at {url} is unavailable")]
    OllamaUnavailable {
        /// Its address, without secrets.
        url: String,
        /// The model that is wanted from it.
        model: String,
        /// What was tried; nothing if it did not even greet.
        #[source]
        source: Option<OllamaError>,
    },
    /// Ollama does not have the model.
    #[error("Ollama error: {message}")]
    ModelMissing {
        /// One line for the client.
        message: String,
    },
    /// Ollama failed, or its answer is unusable.
    #[error("Ollama error: {message}")]
    Ollama {
        /// One line for the client.
        message: String,
    },
    /// The model took too long.
    #[error("the model took longer than {} s", limit.as_secs())]
    TimedOut {
        /// How long was waited.
        limit: Duration,
    },
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
        matches!(
            self,
            Self::OllamaUnavailable { .. } | Self::ModelMissing { .. }
        )
    }

    /// Whether Ollama went away in the middle of an analysis, which may be what the drive does to it.
    pub(super) fn broke_off(&self) -> bool {
        matches!(
            self,
            Self::OllamaUnavailable { source: Some(error @ OllamaError::Unavailable(_)), .. } if !error.is_away()
        )
    }

    /// Why Ollama could not be asked, in one sentence without secrets.
    pub(super) fn away_reason(&self) -> String {
        match self {
            Self::OllamaUnavailable {
                source: Some(OllamaError::Refused { status, message }),
                ..
            } => format!("Ollama refuses requests with status {status}: {message}"),
            Self::OllamaUnavailable {
                source: Some(error @ OllamaError::Unavailable(_)),
                ..
            } if !error.is_away() => "Ollama closed the connection during an analysis".to_owned(),
            Self::ModelMissing { message } => format!("Ollama answers 404: {message}"),
            _ => "Ollama does not respond".to_owned(),
        }
    }

    /// `ollama` cannot be reached.
    pub(super) fn unavailable(ollama: &Ollama, source: Option<OllamaError>) -> Self {
        Self::OllamaUnavailable {
            url: ollama.shown_url(),
            model: ollama.model().to_owned(),
            source,
        }
    }

    /// What a failed call to `ollama` means for the analysis.
    pub(super) fn of_ollama(error: OllamaError, ollama: &Ollama) -> Self {
        match error {
            // Gone, busy or restarting, or a gateway before a server that is.
            OllamaError::Unavailable(_)
            | OllamaError::Refused {
                status: 429 | 502..=504,
                ..
            } => Self::unavailable(ollama, Some(error)),
            OllamaError::Refused {
                status: 404,
                message,
            } => Self::ModelMissing { message },
            OllamaError::Refused { message, .. } => Self::Ollama { message },
            OllamaError::Unusable(reason) => Self::Ollama {
                message: reason.to_string(),
            },
            OllamaError::TimedOut { limit } => Self::TimedOut { limit },
        }
    }
}

impl From<NoRecommendation> for AnalysisError {
    fn from(nothing: NoRecommendation) -> Self {
        Self::Ollama {
            message: nothing.to_string(),
        }
    }
}
