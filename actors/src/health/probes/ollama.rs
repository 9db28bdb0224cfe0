use std::time::Duration;

use reqwest::{Client, StatusCode, redirect};
use serde::Deserialize;
use tokio::time::{Instant, timeout, timeout_at};

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

/// An Ollama server, and the model that is wanted from it.
#[derive(Clone, Debug)]
pub struct Ollama {
    http: Client,
    base_url: String,
    model: String,
}

#[derive(Deserialize)]
struct Tags {
    #[serde(default)]
    models: Vec<Tag>,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
}

impl Ollama {
    /// A client for the server at `base_url`, without a slash at its end; nothing is connected yet.
    pub fn new(base_url: &str, model: &str) -> Result<Self, reqwest::Error> {
        let http = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .build()?;
        Ok(Self {
            http,
            base_url: base_url.to_owned(),
            model: model.to_owned(),
        })
    }

    /// The name of the wanted model, as it was configured.
    pub fn model(&self) -> &str {
        &self.model
    }

    pub(super) async fn probe(&self) -> OllamaState {
        let deadline = Instant::now() + WHOLE_LIMIT;
        if timeout(GREETING_LIMIT, self.greets()).await != Ok(true) {
            return OllamaState::Down;
        }
        match timeout_at(deadline, self.has_model()).await {
            Ok(Ok(true)) => OllamaState::Ready,
            Ok(Ok(false) | Err(_)) | Err(_) => OllamaState::WithoutModel,
        }
    }

    async fn greets(&self) -> bool {
        let greeting = self.http.get(format!("{}/", self.base_url)).send().await;
        greeting.is_ok_and(|response| response.status() == StatusCode::OK)
    }

    async fn has_model(&self) -> Result<bool, reqwest::Error> {
        let tags = self.http.get(format!("{}/api/tags", self.base_url));
        let tags: Tags = tags.send().await?.error_for_status()?.json().await?;
        let mut models = tags.models.iter();
        Ok(models.any(|tag| is_same_model(&tag.name, &self.model)))
    }
}

/// Whole names are compared, in any case; a name without a tag means `latest`.
fn is_same_model(left: &str, right: &str) -> bool {
    whole_name(left) == whole_name(right)
}

fn whole_name(name: &str) -> String {
    // What stands before the last slash may be a host with a port.
    let has_tag = name
        .rsplit('/')
        .next()
        .is_some_and(|last| last.contains(':'));
    let tag = if has_tag { "" } else { ":latest" };
    format!("{}{tag}", name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_names_are_compared_and_latest_is_implied() {
        for (left, right) in [
            ("gemma2:2b", "gemma2:2b"),
            ("gemma2:latest", "gemma2"),
            ("gemma2", "gemma2:latest"),
            ("Gemma2:2B", "gemma2:2b"),
            ("registry:5000/me/gemma2:latest", "registry:5000/me/gemma2"),
        ] {
            assert!(is_same_model(left, right), "{left} is {right}");
        }
        for (left, right) in [
            ("gemma2:2b", "gemma2"),
            ("gemma2:2b-instruct", "gemma2:2b"),
            ("gemma2:27b", "gemma2:2b"),
            ("me/gemma2:2b", "gemma2:2b"),
            ("gemma:2b", "gemma2:2b"),
        ] {
            assert!(!is_same_model(left, right), "{left} is not {right}");
        }
    }
}
