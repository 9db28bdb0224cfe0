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
    /// The model's server said no, or its answer is of no use.
    #[error("Ollama error: {message}")]
    Ollama {
        /// One line for the client.
        message: String,
    },
    /// The model took too long.
    #[error("the analysis took longer than {limit:?}")]
    TimedOut {
        /// How long was waited.
        limit: Duration,
    },
    /// The database did not do its part.
    #[error("the database failed")]
    Database(#[from] DatabaseError),
}

impl AnalysisError {
    /// What a failed call to `ollama` means for the analysis.
    pub fn of_ollama(error: OllamaError, ollama: &Ollama) -> Self {
        match error {
            OllamaError::Unavailable(_) => Self::OllamaUnavailable {
                url: ollama.shown_url(),
                model: ollama.model().to_owned(),
                source: Some(error),
            },
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
