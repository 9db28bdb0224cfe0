//! The settings, and the only place that reads the environment.
//!
//! A variable comes from the environment or else from the file `.env` in the working directory; without that file, from
//! the settings file of the installed service. All problems are found before the first is reported, and no value of a
//! secret is ever repeated.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use actors::database::DatabaseUrl;
use log::LevelFilter;
use secrecy::SecretString;

mod reader;
#[cfg(test)]
mod tests;
mod values;

use reader::Reader;
pub use reader::settings_file;

/// Everything that can be set. Each field says its variable, its default and its unit.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `DATABASE_URL`, required: `mysql://user:password@host:3306/eclipse_ai`.
    pub database_url: DatabaseUrl,
    /// `API_KEY`, required: the shared secret that devices send as `X-API-Key`.
    pub api_key: SecretString,
    /// `OLLAMA_BASE_URL`, default `http://localhost:11434`: where Ollama answers; without a slash at its end.
    pub ollama_base_url: String,
    /// `OLLAMA_MODEL`, default `gemma2:2b`: the model that analyses drives.
    pub ollama_model: String,
    /// `OLLAMA_NUM_CTX`, default 8192, in tokens: the context that the model is loaded with.
    pub ollama_num_ctx: u32,
    /// `BACKUP_DIR`, default `./data/backups`: the folder for backups.
    pub backup_dir: PathBuf,
    /// `HOST`, default `0.0.0.0`: the address to listen on.
    pub host: IpAddr,
    /// `PORT`, default 8000: the port to listen on; 0 takes a free one.
    pub port: u16,
    /// `LOG_LEVEL`, default `INFO`: `DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL`.
    pub log_level: LevelFilter,
    /// `MAX_BACKUP_SIZE_MB`, default 100, in MB: the largest file that is taken.
    pub max_backup_size_mb: u64,
    /// `BACKUP_RETENTION_COUNT`, default 30, in files: what rotation keeps of each type of each device.
    pub backup_retention_count: usize,
    /// `MAX_SYNC_PAYLOAD_MB`, default 10, in MB: the largest batch that is taken.
    pub max_sync_payload_mb: usize,
    /// `ANALYSIS_TIMEOUT_SECONDS`, default 120, in seconds: how long the model may take.
    pub analysis_timeout: Duration,
    /// `ANALYSIS_QUEUE_CAPACITY`, default 8, in requests: how many may wait for the model.
    pub analysis_queue_capacity: usize,
    /// `AUTO_ANALYSIS_QUIET_SECONDS`, default 90, in seconds: how long no reading of a drive has come before it is
    /// analysed.
    pub auto_analysis_quiet: Duration,
    /// `EXTRA_TABLES`, default none, names with commas between: tables whose rows are kept as they are.
    pub extra_tables: Vec<String>,
    /// `SYNC_HISTORY_RETENTION_DAYS`, default 90, in days: how long batches are remembered; 0 for ever.
    pub sync_history_retention_days: u32,
    /// `DATABASE_POOL_SIZE`, default 8, in connections: how many batches are stored at the same time.
    pub database_pool_size: usize,
}

/// Everything that is wrong with the settings.
#[derive(Debug, PartialEq, Eq)]
pub struct InvalidSettings(Vec<String>);

impl InvalidSettings {
    /// Each names its variable, and repeats no secret.
    pub fn problems(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for InvalidSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings are not complete:")?;
        self.0
            .iter()
            .try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for InvalidSettings {}

impl Settings {
    /// Reads the environment, and the file `.env` of the working directory or else that of the service.
    pub fn load() -> Result<Self, InvalidSettings> {
        let mut variables = match settings_file() {
            Some(path) => reader::read(path).map_err(|problem| InvalidSettings(vec![problem]))?,
            None => HashMap::new(),
        };
        for (name, value) in std::env::vars_os() {
            if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) {
                variables.insert(name, value);
            }
        }
        Self::from_variables(&variables)
    }

    /// Reads settings from variables by name.
    pub fn from_variables(variables: &HashMap<String, String>) -> Result<Self, InvalidSettings> {
        let mut reader = Reader::new(variables);
        match (Self::read(&mut reader), reader.into_problems()) {
            (Some(settings), problems) if problems.is_empty() => Ok(settings),
            (_, problems) => Err(InvalidSettings(problems)),
        }
    }

    /// `None` where a required variable has no value; problems are left with the reader.
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let database_url = reader.required("DATABASE_URL", values::database_url);
        let api_key = reader.required("API_KEY", values::api_key);
        let ollama = "http://localhost:11434".to_owned();
        let quiet = Duration::from_secs(90);
        let patience = Duration::from_mins(2);
        Some(Self {
            ollama_base_url: reader.or("OLLAMA_BASE_URL", ollama, values::http_url),
            ollama_model: reader.or("OLLAMA_MODEL", "gemma2:2b".to_owned(), values::text),
            ollama_num_ctx: reader.or("OLLAMA_NUM_CTX", 8192, values::number(2048, 1_048_576)),
            backup_dir: reader.or("BACKUP_DIR", "./data/backups".into(), values::path),
            host: reader.or("HOST", Ipv4Addr::UNSPECIFIED.into(), values::address),
            port: reader.or("PORT", 8000, values::number(0, u16::MAX)),
            log_level: reader.or("LOG_LEVEL", LevelFilter::Info, values::log_level),
            max_backup_size_mb: reader.or("MAX_BACKUP_SIZE_MB", 100, values::number(1, 1_048_576)),
            backup_retention_count: reader.or(
                "BACKUP_RETENTION_COUNT",
                30,
                values::number(1, 100_000),
            ),
            max_sync_payload_mb: reader.or("MAX_SYNC_PAYLOAD_MB", 10, values::number(1, 1024)),
            analysis_timeout: reader.or(
                "ANALYSIS_TIMEOUT_SECONDS",
                patience,
                values::seconds(1, 3600),
            ),
            analysis_queue_capacity: reader.or(
                "ANALYSIS_QUEUE_CAPACITY",
                8,
                values::number(0, 1000),
            ),
            auto_analysis_quiet: reader.or(
                "AUTO_ANALYSIS_QUIET_SECONDS",
                quiet,
                values::seconds(0, 86_400),
            ),
            extra_tables: reader.or("EXTRA_TABLES", Vec::new(), values::extra_tables),
            sync_history_retention_days: reader.or(
                "SYNC_HISTORY_RETENTION_DAYS",
                90,
                values::number(0, 36_500),
            ),
            database_pool_size: reader.or("DATABASE_POOL_SIZE", 8, values::number(1, 500)),
            // Last, so that every other variable has been looked at by now.
            database_url: database_url?,
            api_key: api_key?,
        })
    }

    /// The settings for the log, secrets left out.
    pub fn summary(&self) -> String {
        format!(
            "listen={}:{} database={} ollama={} model={} backups={} extra_tables={}",
            self.host,
            self.port,
            self.database_url.place(),
            self.ollama_base_url,
            self.ollama_model,
            self.backup_dir.display(),
            self.extra_tables.join(","),
        )
    }
}
