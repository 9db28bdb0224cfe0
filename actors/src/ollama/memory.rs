use std::time::Duration;

use serde::Deserialize;

use super::error::{OllamaError, Unusable};
use super::{Ollama, is_same_model, within};

/// The memory that the configured model needs, where the server reports it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelMemory {
    /// Its size on the disk, which is a lower bound of what it needs in memory.
    pub file_bytes: u64,
    /// Where it lies, while it is loaded.
    pub loaded: Option<Loaded>,
}

/// A model in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// All of it, its context included.
    pub bytes: u64,
    /// The part that lies in the memory of the GPU.
    pub gpu_bytes: u64,
}

/// The body of `/api/tags` and `/api/ps`.
#[derive(Deserialize)]
struct Models {
    #[serde(default)]
    models: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    #[serde(default)]
    size: u64,
    #[serde(default)]
    size_vram: u64,
}

impl Ollama {
    /// What the wanted model needs, or `None` where the server does not have it; within `limit` for all questions.
    pub async fn model_memory(&self, limit: Duration) -> Result<Option<ModelMemory>, OllamaError> {
        within(limit, async {
            let Some(model) = self.entry("/api/tags").await? else {
                return Ok(None);
            };
            // Servers of old do not know the question.
            let in_memory = self.entry("/api/ps").await.ok().flatten();
            let loaded = in_memory.map(|entry| Loaded {
                bytes: entry.size,
                gpu_bytes: entry.size_vram,
            });
            Ok(Some(ModelMemory {
                file_bytes: model.size,
                loaded,
            }))
        })
        .await
    }

    async fn entry(&self, path: &str) -> Result<Option<Entry>, OllamaError> {
        let body = self.fetch(self.http.get(self.url(path))).await?;
        let list: Models = serde_json::from_value(body).map_err(|_| Unusable::UnknownShape)?;
        let mut models = list.models.into_iter();
        Ok(models.find(|entry| is_same_model(&entry.name, &self.model)))
    }
}
