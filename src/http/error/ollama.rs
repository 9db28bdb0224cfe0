//! The answers when the model has given none.

use serde::Serialize;
use utoipa::ToSchema;

/// The answer while the model cannot be asked. Nothing was analysed.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct OllamaUnavailable {
    /// What is wrong.
    #[schema(examples("Ollama unavailable"))]
    detail: &'static str,
    /// Where Ollama should be; missing if it is the server that cannot be reached or is busy.
    #[schema(required = false, examples("http://localhost:11434"))]
    ollama_url: String,
    /// The model that was to be asked; missing if `ollamaUrl` is.
    #[schema(required = false, examples("gemma2:2b"))]
    model: String,
    /// The request's id in the server's log, which has the details.
    // Added by `trace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("5f0c6f9a3b1d2e47"))]
    request_id: Option<String>,
}

/// The answer when the model was asked, and its answer is of no use.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct OllamaFailed {
    /// What is wrong.
    #[schema(examples("Ollama error"))]
    detail: &'static str,
    /// What Ollama says.
    #[schema(examples("model 'gemma2:2b' not found"))]
    ollama_error: String,
    /// The request's id in the server's log, which has the details.
    // Added by `trace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("5f0c6f9a3b1d2e47"))]
    request_id: Option<String>,
}

impl OllamaUnavailable {
    pub(in crate::http) fn new(url: &str, model: &str) -> Self {
        Self {
            detail: "Ollama unavailable",
            ollama_url: url.to_owned(),
            model: model.to_owned(),
            request_id: None,
        }
    }
}

impl OllamaFailed {
    pub(in crate::http) fn new(message: &str) -> Self {
        Self {
            detail: "Ollama error",
            ollama_error: message.to_owned(),
            request_id: None,
        }
    }
}
