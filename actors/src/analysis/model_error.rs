use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::recommendations::NoRecommendation;
use crate::diagnosis::Finding;
use crate::ollama::{Ollama, OllamaError};

/// A diagnosed drive for which the model gave no recommendations.
#[derive(Debug)]
pub struct NoAnswer {
    /// Why.
    pub error: ModelError,
    /// What the rules found; the most severe first.
    pub findings: Vec<Finding>,
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for NoAnswer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

/// Why the model gave no recommendations.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// The model's server cannot be reached.
    #[error("Ollama at {url} is unavailable")]
    Unavailable {
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
}

impl ModelError {
    /// Whether Ollama could not be asked: nothing is wrong with the drive, and a later attempt may succeed.
    pub(super) fn is_ollama_away(&self) -> bool {
        matches!(self, Self::Unavailable { .. } | Self::ModelMissing { .. })
    }

    /// Whether Ollama went away in the middle of an analysis, which may be what the drive does to it.
    pub(super) fn broke_off(&self) -> bool {
        matches!(
            self,
            Self::Unavailable { source: Some(error @ OllamaError::Unavailable(_)), .. } if !error.is_away()
        )
    }

    /// Why Ollama could not be asked, in one sentence without secrets.
    pub(super) fn away_reason(&self) -> String {
        match self {
            Self::Unavailable {
                source: Some(OllamaError::Refused { status, message }),
                ..
            } => format!("Ollama refuses requests with status {status}: {message}"),
            Self::Unavailable {
                source: Some(error @ OllamaError::Unavailable(_)),
                ..
            } if !error.is_away() => "Ollama closed the connection during an analysis".to_owned(),
            Self::ModelMissing { message } => format!("Ollama answers 404: {message}"),
            _ => "Ollama does not respond".to_owned(),
        }
    }

    /// `ollama` cannot be reached.
    pub(super) fn unavailable(ollama: &Ollama, source: Option<OllamaError>) -> Self {
        Self::Unavailable {
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

impl From<NoRecommendation> for ModelError {
    fn from(nothing: NoRecommendation) -> Self {
        Self::Ollama {
            message: nothing.to_string(),
        }
    }
}
