use std::time::Duration;

use tokio::time::Instant;

use crate::ollama::Ollama;

/// How long Ollama may take to greet, and to greet and list its models.
const GREETING_LIMIT: Duration = Duration::from_secs(4);
const WHOLE_LIMIT: Duration = Duration::from_millis(4500);

/// Whether drives can be analysed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OllamaState {
    /// It does not greet with 200.
    #[default]
    Down,
    /// It greets, and does not list the model.
    WithoutModel,
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
        Ok(false) | Err(_) => OllamaState::WithoutModel,
    }
}
