use std::time::Duration;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum OllamaError {
    /// It cannot be reached, or it went away in the middle.
    #[error("Ollama is unavailable")]
    Unavailable(#[source] reqwest::Error),
    /// It answered with an error: an unknown model, too many requests, a generation that failed.
    #[error("Ollama refused with status {status}: {message}")]
    Refused {
        /// The HTTP status; 200 for an error in the middle of an answer.
        status: u16,
        /// Its own words, on one line.
        message: String,
    },
    /// It took too long. The connection is closed, which ends the generation.
    #[error("Ollama did not answer within {limit:?}")]
    TimedOut {
        /// How long was waited.
        limit: Duration,
    },
    /// It answered with success, and yet the answer is of no use.
    #[error(transparent)]
    Unusable(#[from] Unusable),
}

/// Why a successful answer is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It is not the JSON that Ollama speaks.
    #[error("the answer is not one of Ollama's")]
    UnknownShape,
    /// It is longer than any honest answer.
    #[error("the answer is too long")]
    TooLong,
    /// It stopped because the model ran out of tokens.
    #[error("the answer was cut off for its length")]
    CutAnswer,
    /// The model has read only a part of the question.
    #[error("the prompt was cut: the model read {evaluated} tokens of it")]
    CutPrompt {
        /// `prompt_eval_count`.
        evaluated: u32,
    },
    /// Everything went into the model's thoughts.
    #[error("the model only thought and said nothing: choose one that does not think")]
    OnlyThoughts,
    /// There is no text in it.
    #[error("the answer is empty")]
    Empty,
}

impl OllamaError {
    /// Whether no connection came about at all: nothing was asked, and nothing has failed but the network.
    pub fn is_away(&self) -> bool {
        matches!(self, Self::Unavailable(error) if error.is_connect())
    }
}

impl From<reqwest::Error> for OllamaError {
    fn from(error: reqwest::Error) -> Self {
        // The address may carry a password.
        Self::Unavailable(error.without_url())
    }
}
