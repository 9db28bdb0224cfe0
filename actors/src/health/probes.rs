//! Looks at what the server depends on: everything at the same time, in 4.5 s at most.

use std::path::PathBuf;

use tokio::time::Instant;

use crate::database::Database;
use crate::ollama::Ollama;

mod disk;
mod mysql;
mod ollama;

pub use disk::{free_bytes, wanted_bytes};
pub use mysql::LastSync;
pub use ollama::OllamaState;

use disk::Disk;

/// What the probes have found.
#[derive(Clone, Debug)]
pub(super) struct Findings {
    pub mysql_is_up: bool,
    pub last_sync: Option<LastSync>,
    pub ollama: OllamaState,
    /// Room for backups, in bytes, where the disk says.
    pub free_bytes: Option<u64>,
    pub ended: Instant,
}

impl Findings {
    /// Nothing was found.
    pub(super) fn none() -> Self {
        Self {
            mysql_is_up: false,
            last_sync: None,
            ollama: OllamaState::Down,
            free_bytes: None,
            ended: Instant::now(),
        }
    }
}

/// Everything that is looked at.
#[derive(Clone, Debug)]
pub(super) struct Probes {
    database: Database,
    ollama: Ollama,
    disk: Disk,
}

impl Probes {
    pub(super) fn new(database: Database, ollama: Ollama, backup_folder: PathBuf) -> Self {
        Self {
            database,
            ollama,
            disk: Disk::new(backup_folder),
        }
    }

    /// Looks at everything at the same time.
    pub(super) async fn run(self) -> Findings {
        let (mysql, ollama, free_bytes) = tokio::join!(
            mysql::probe(&self.database),
            ollama::probe(&self.ollama),
            self.disk.free_bytes(),
        );
        Findings {
            mysql_is_up: mysql.is_up,
            last_sync: mysql.last_sync,
            ollama,
            free_bytes,
            ended: Instant::now(),
        }
    }
}
