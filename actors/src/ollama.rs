//! The client of Ollama's HTTP API.
//!
//! It asks once and says in a small enum what went wrong; trying again is the caller's business. Every call is one
//! connection of its own: dropping the future closes it, and Ollama stops generating. It follows no proxy settings
//! and no redirects.

use std::time::Duration;

use reqwest::{Client, RequestBuilder, StatusCode, redirect};
use serde::Deserialize;
use serde_json::{Value, json};

mod answer;
mod error;
mod memory;
pub mod tokens;

pub use self::answer::Answer;
pub use self::error::{OllamaError, Unusable};
pub use self::memory::{Loaded, ModelMemory};
use self::tokens::{Budget, TokenRange};
use crate::text::{line, without_credentials};

/// A connection that takes longer is not made.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// No honest answer is longer.
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;
/// As much of an error's text as is passed on, in characters.
const MAX_ERROR_CHARS: usize = 500;
/// Figures are to be read, not interpreted freely.
const TEMPERATURE: f64 = 0.2;

/// What a model is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// Who the model is and what it knows beforehand.
    pub system: &'a str,
    /// What it is asked.
    pub user: &'a str,
    /// Tokens of both together.
    pub tokens: TokenRange,
    /// The JSON schema of the answer; the model may ignore it.
    pub schema: &'a Value,
}

/// An Ollama server and the model that is wanted from it. Clones share it.
#[derive(Clone, Debug)]
pub struct Ollama {
    http: Client,
    base_url: String,
    model: String,
}

impl Ollama {
    /// A client for the server at `base_url` (`http://…`); nothing is connected yet.
    pub fn new(base_url: &str, model: &str) -> Result<Self, reqwest::Error> {
        let http = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_LIMIT)
            .pool_max_idle_per_host(0)
            .build()?;
        Ok(Self {
            http,
            base_url: base_url.trim_end_matches('/').to_owned(),
            model: model.to_owned(),
        })
    }

    /// The name of the wanted model, as it was configured.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// The server's address for people to read: without user and password.
    pub fn shown_url(&self) -> String {
        without_credentials(&self.base_url)
    }

    /// Whether `GET /` says 200 within `limit`. That proves nothing about the model.
    pub async fn is_up(&self, limit: Duration) -> bool {
        self.greet(limit).await == Some(StatusCode::OK)
    }

    /// Whether asking makes sense: something answers within `limit`, and it is not a gateway whose server is gone.
    pub async fn is_reachable(&self, limit: Duration) -> bool {
        self.greet(limit)
            .await
            .is_some_and(|status| !status.is_server_error())
    }

    /// The names of the models that the server has, with their tags.
    pub async fn models(&self, limit: Duration) -> Result<Vec<String>, OllamaError> {
        #[derive(Deserialize)]
        struct Tags {
            #[serde(default)]
            models: Vec<Tag>,
        }
        #[derive(Deserialize)]
        struct Tag {
            name: String,
        }
        let body = within(limit, self.fetch(self.http.get(self.url("/api/tags")))).await?;
        let tags: Tags = serde_json::from_value(body).map_err(|_| Unusable::UnknownShape)?;
        Ok(tags.models.into_iter().map(|tag| tag.name).collect())
    }

    /// Whether the server has the wanted model.
    pub async fn has_model(&self, limit: Duration) -> Result<bool, OllamaError> {
        let models = self.models(limit).await?;
        Ok(models.iter().any(|name| is_same_model(name, &self.model)))
    }

    /// Puts a question to the model and waits for the whole answer, for `limit` at most.
    pub async fn chat(
        &self,
        question: &Question<'_>,
        budget: Budget,
        limit: Duration,
    ) -> Result<Answer, OllamaError> {
        let request = json!({
            "model": self.model,
            "messages": [
                {"role": "system", "content": question.system},
                {"role": "user", "content": question.user},
            ],
            "stream": false,
            "format": question.schema,
            "options": {
                "num_ctx": budget.context,
                "num_predict": budget.answer,
                "temperature": TEMPERATURE,
            },
        });
        let call = self.http.post(self.url("/api/chat")).json(&request);
        let body = within(limit, self.fetch(call)).await?;
        Ok(Answer::read(&body, question.tokens, budget)?)
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }

    async fn greet(&self, limit: Duration) -> Option<StatusCode> {
        let greeting = self.http.get(self.url("/")).timeout(limit).send().await;
        greeting.ok().map(|response| response.status())
    }

    /// The JSON of a successful response; whatever else came is an error.
    async fn fetch(&self, call: RequestBuilder) -> Result<Value, OllamaError> {
        let mut response = call.send().await?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            if body.len() + chunk.len() > MAX_BODY_BYTES {
                return Err(Unusable::TooLong.into());
            }
            body.extend_from_slice(&chunk);
        }
        let json = serde_json::from_slice(&body);
        let complaint = json.as_ref().ok().and_then(complaint);
        match (status.is_success(), complaint, json) {
            (true, None, Ok(json)) => Ok(json),
            (true, None, Err(_)) => Err(Unusable::UnknownShape.into()),
            (_, complaint, _) => Err(OllamaError::Refused {
                status: status.as_u16(),
                message: line(
                    &complaint.unwrap_or_else(|| unnamed(status)),
                    MAX_ERROR_CHARS,
                ),
            }),
        }
    }
}

/// The time limit covers everything from the connection to the last byte.
async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, OllamaError>>,
) -> Result<T, OllamaError> {
    tokio::time::timeout(limit, work)
        .await
        .unwrap_or(Err(OllamaError::TimedOut { limit }))
}

/// `{"error": "…"}`, with whatever status it came.
fn complaint(body: &Value) -> Option<String> {
    match body.get("error")? {
        Value::Null => None,
        Value::String(message) => Some(message.clone()),
        other => Some(
            other
                .get("message")
                .and_then(Value::as_str)
                .map_or_else(|| other.to_string(), str::to_owned),
        ),
    }
}

fn unnamed(status: StatusCode) -> String {
    format!("it answered with status {status}")
}

/// Whole names are compared, in any case; a name without a tag means `latest`.
fn is_same_model(left: &str, right: &str) -> bool {
    let full = |name: &str| {
        let has_tag = name
            .rsplit('/')
            .next()
            .is_some_and(|last| last.contains(':'));
        if has_tag {
            name.to_lowercase()
        } else {
            format!("{}:latest", name.to_lowercase())
        }
    };
    full(left) == full(right)
}

#[cfg(test)]
mod tests;
