use std::time::Duration;

use tokio::time::Instant;

use crate::ollama::Ollama;

/// The limits for the greeting, and for greeting and list of models together.
const GREETING_LIMIT: Duration = Duration::from_secs(4);
const WHOLE_LIMIT: Duration = Duration::from_millis(4500);

/// Whether drives can be analysed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OllamaState {
    /// `GET /` does not answer 200.
    #[default]
    Down,
    /// It answers but does not list the model.
    WithoutModel,
    /// It answers, but its list of models cannot be read.
    ModelsUnknown,
    /// It has the model.
    Ready,
}

pub(super) async fn probe(ollama: &Ollama) -> OllamaState {
    let deadline = Instant::now() + WHOLE_LIMIT;
    if !ollama.is_up(GREETING_LIMIT).await {
        return OllamaState::Down;
    }
    match ollama.has_model(deadline - Instant::now()).await {
        Ok(true) => OllamaState::Ready,
        Ok(false) => OllamaState::WithoutModel,
        Err(_) => OllamaState::ModelsUnknown,
    }
}
