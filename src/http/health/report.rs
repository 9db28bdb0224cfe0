use std::collections::BTreeMap;
use std::time::Duration;

use actors::health::Health;
use actors::health::assess::{Assessment, Facts, Status};
use actors::health::probes::{LastSync, OllamaState};
use serde::Serialize;
use utoipa::ToSchema;

use self::work::{AnalysisHealth, BackupHealth, SyncHealth};
use crate::http::bodies::time;

mod work;

/// The health of the server.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(examples(json!({
    "status": "healthy",
    "reasons": [],
    "version": "1.0.0",
    "components": { "api": "up", "mysql": "up", "ollama": "up", "ollamaModel": "gemma2:2b" },
    "lastSync": {
        "deviceId": "example-device",
        "syncedAt": "2026-02-01T14:30:05",
        "batchId": "sync-2026-02-01T14:30:00",
    },
    "uptime": "2d 4h 30m",
    "sync": {
        "failuresLastHour": 0,
        "queueLength": 0,
        "lastSuccess": "2026-02-01T14:30:05",
        "lastError": null,
        "failingTables": [],
        "quarantined": [],
        "notes": [],
    },
    "analysis": {
        "failuresLastHour": 0,
        "queueLength": 0,
        "lastSuccess": "2026-02-01T14:33:10",
        "lastError": null,
        "drivesWaiting": 0,
    },
    "backup": {
        "failuresLastHour": 0,
        "queueLength": 0,
        "lastSuccess": "2026-02-01T14:31:00",
        "lastError": null,
        "freeBytes": 52_428_800_000_u64,
        "notes": [],
    },
    "actors": { "sync": { "restarts": 0 }, "analysis": { "restarts": 0 } },
})))]
pub(in crate::http) struct HealthReport {
    /// `healthy`: everything works. `degraded`: batches are stored, but the owner has to act. `unhealthy`: nothing can be
    /// stored.
    status: ServerStatus,
    /// Why the status is not `healthy`, one sentence each.
    #[schema(examples(
        "The last 3 batches of example-device with rows of statistics were not stored: the database refused a statement: it has no table statistics."
    ))]
    reasons: Vec<String>,
    /// The server's version.
    #[schema(examples("1.0.0"))]
    version: &'static str,
    /// Everything the server depends on.
    components: Components,
    /// The last stored batch.
    #[schema(required = true)]
    last_sync: Option<LatestSync>,
    /// Time since the server started.
    #[schema(pattern = r"^\d+d \d+h \d+m$", examples("2d 4h 30m"))]
    uptime: String,
    /// Successes and failures of batches.
    sync: SyncHealth,
    /// Successes and failures of analyses.
    analysis: AnalysisHealth,
    /// Successes and failures of uploads.
    backup: BackupHealth,
    /// The actors, by name.
    #[schema(value_type = BTreeMap<String, ActorHealth>, examples("sync"))]
    actors: BTreeMap<&'static str, ActorHealth>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(examples("degraded"))]
enum ServerStatus {
    Healthy,
    Degraded,
    Unhealthy,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Availability {
    Up,
    Down,
}

impl Availability {
    fn of(is_up: bool) -> Self {
        if is_up { Self::Up } else { Self::Down }
    }
}

/// Everything the server depends on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Components {
    /// The server itself: `up` whenever it answers.
    api: Availability,
    /// Whether `SELECT 1` succeeds within 3 s.
    mysql: Availability,
    /// Whether `GET /` of Ollama answers 200 within 4 s.
    ollama: Availability,
    /// The name of the configured model if Ollama has it; else `not_loaded`, or `unknown` while Ollama is down.
    #[schema(examples("gemma2:2b"))]
    ollama_model: String,
}

/// The last stored batch.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LatestSync {
    /// The device that sent it.
    #[schema(examples("example-device"))]
    device_id: String,
    /// When it was stored, in UTC.
    #[schema(examples("2026-02-01T14:30:05"))]
    synced_at: String,
    /// The batch id.
    #[schema(examples("sync-2026-02-01T14:30:00"))]
    batch_id: String,
}

/// The state of an actor.
#[derive(Debug, Serialize, ToSchema)]
struct ActorHealth {
    /// Restarts after a failure.
    #[schema(examples(0))]
    restarts: u64,
}

impl From<Health> for HealthReport {
    fn from(health: Health) -> Self {
        let Health { assessment, facts } = health;
        let Assessment { status, reasons } = assessment;
        Self {
            status: match status {
                Status::Healthy => ServerStatus::Healthy,
                Status::Degraded => ServerStatus::Degraded,
                Status::Unhealthy => ServerStatus::Unhealthy,
            },
            reasons,
            version: env!("CARGO_PKG_VERSION"),
            components: Components::from(&facts),
            last_sync: facts.mysql.last_sync.map(LatestSync::from),
            uptime: uptime(facts.uptime),
            sync: SyncHealth::new(facts.sync, facts.mysql.quarantined),
            analysis: facts.analysis.into(),
            backup: facts.backup.into(),
            actors: facts
                .restarts
                .into_iter()
                .map(|(actor, restarts)| (actor, ActorHealth { restarts }))
                .collect(),
        }
    }
}

impl From<&Facts> for Components {
    fn from(facts: &Facts) -> Self {
        Self {
            api: Availability::Up,
            mysql: Availability::of(facts.mysql.is_up),
            ollama: Availability::of(facts.ollama != OllamaState::Down),
            ollama_model: match facts.ollama {
                OllamaState::Ready => facts.model.clone(),
                OllamaState::WithoutModel | OllamaState::ModelsUnknown => "not_loaded".to_owned(),
                OllamaState::Down => "unknown".to_owned(),
            },
        }
    }
}

impl From<LastSync> for LatestSync {
    fn from(sync: LastSync) -> Self {
        Self {
            device_id: sync.device_id,
            synced_at: time(sync.stored_at),
            batch_id: sync.batch_id,
        }
    }
}

/// `2d 4h 30m`
fn uptime(uptime: Duration) -> String {
    let minutes = uptime.as_secs() / 60;
    let (hours, days) = (minutes / 60, minutes / (60 * 24));
    format!("{days}d {}h {}m", hours % 24, minutes % 60)
}

#[cfg(test)]
mod tests;
