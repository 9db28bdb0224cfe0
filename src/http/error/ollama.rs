//! The answers when the model has given none. The findings of the readings do not depend on it.

use std::time::Duration;

use actors::diagnosis::Finding;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::schemas::FindingSchema;

/// The answer while the model cannot be asked.
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
    /// What the rules found in the readings, the most severe first; missing if `ollamaUrl` is.
    #[schema(required = false, value_type = Vec<FindingSchema>)]
    findings: Vec<Finding>,
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
    /// What the rules found in the readings, the most severe first.
    #[schema(value_type = Vec<FindingSchema>)]
    findings: Vec<Finding>,
    /// The request's id in the server's log, which has the details.
    // Added by `trace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("5f0c6f9a3b1d2e47"))]
    request_id: Option<String>,
}

/// The answer when the model took too long.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::http) struct OllamaTimedOut {
    /// What is wrong.
    #[schema(examples("The analysis took longer than 120 s"))]
    detail: String,
    /// What the rules found in the readings, the most severe first.
    #[schema(value_type = Vec<FindingSchema>)]
    findings: Vec<Finding>,
    /// The request's id in the server's log, which has the details.
    // Added by `trace`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, examples("5f0c6f9a3b1d2e47"))]
    request_id: Option<String>,
}

impl OllamaUnavailable {
    pub(in crate::http) fn new(url: &str, model: &str, findings: &[Finding]) -> Self {
        Self {
            detail: "Ollama unavailable",
            ollama_url: url.to_owned(),
            model: model.to_owned(),
            findings: findings.to_vec(),
            request_id: None,
        }
    }
}

impl OllamaFailed {
    pub(in crate::http) fn new(message: &str, findings: &[Finding]) -> Self {
        Self {
            detail: "Ollama error",
            ollama_error: message.to_owned(),
            findings: findings.to_vec(),
            request_id: None,
        }
    }
}

impl OllamaTimedOut {
    pub(in crate::http) fn new(limit: Duration, findings: &[Finding]) -> Self {
        Self {
            detail: format!("The analysis took longer than {} s", limit.as_secs()),
            findings: findings.to_vec(),
            request_id: None,
        }
    }
}
