//! Probes everything the server depends on, concurrently, in at most 4.5 s.

use tokio::time::Instant;

use crate::database::Database;
use crate::ollama::Ollama;

mod disk;
mod mysql;
mod ollama;

pub use disk::{free_bytes, wanted_bytes};
pub use mysql::{LastSync, MysqlState, QuarantinedTable, SchemaVersion};
pub use ollama::OllamaState;

pub(super) use disk::Disk;

/// The results of all probes.
#[derive(Clone, Debug)]
pub(super) struct ProbeResults {
    pub mysql: MysqlState,
    pub ollama: OllamaState,
    /// Free space for backups, in bytes; `None` if it cannot be read.
    pub free_bytes: Option<u64>,
    /// Why the backup folder is not writable; `None` if it is.
    pub write_error: Option<String>,
    pub ended: Instant,
}

impl ProbeResults {
    /// No probe succeeded.
    pub(super) fn none() -> Self {
        Self {
            mysql: MysqlState::default(),
            ollama: OllamaState::Down,
            free_bytes: None,
            write_error: None,
            ended: Instant::now(),
        }
    }
}

/// The probed components.
#[derive(Clone, Debug)]
pub(super) struct Probes {
    database: Database,
    ollama: Ollama,
    disk: Disk,
}

impl Probes {
    pub(super) fn new(database: Database, ollama: Ollama, disk: Disk) -> Self {
        Self {
            database,
            ollama,
            disk,
        }
    }

    /// Runs all probes concurrently.
    pub(super) async fn run(self) -> ProbeResults {
        let (mysql, ollama, disk) = tokio::join!(
            mysql::probe(&self.database),
            ollama::probe(&self.ollama),
            self.disk.state(),
        );
        let disk = disk.unwrap_or_default();
        ProbeResults {
            mysql,
            ollama,
            free_bytes: disk.free_bytes,
            write_error: disk.write_error,
            ended: Instant::now(),
        }
    }
}
