//! The settings. Only this module reads the environment.
//!
//! A variable comes from the environment, else from the settings file: the one that `--env-file` names, else `.env` in the
//! working directory, else that of the installed service. All problems are reported at once, and never with the value of a
//! secret.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use actors::database::DatabaseUrl;
use actors::drives::{DEFAULT_SILENCE, QueueTiming};
use actors::sync::BadRows;
use log::LevelFilter;
use secrecy::SecretString;

mod base_url;
mod reader;
#[cfg(test)]
mod tests;
mod values;

pub use base_url::BaseUrl;
use reader::Reader;
pub use reader::{SERVICE_FILE, choose_settings_file, settings_file};

/// All settings. Each field documents its variable, default and unit.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `DATABASE_URL`, required: `mysql://user:password@host:3306/eclipse_ai`, with several hosts in the order in which they
    /// are preferred, and the options `ssl-mode`, `ssl-ca` and `socket`.
    pub database_url: DatabaseUrl,
    /// `API_KEY`, required: the shared secret that devices send as `X-API-Key`.
    pub api_key: SecretString,
    /// `OLLAMA_BASE_URL`, default `http://localhost:11434`: the base URL of Ollama.
    pub ollama_base_url: BaseUrl,
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
    /// `MAX_BACKUP_SIZE_MB`, default 100, in MB: the largest accepted file.
    pub max_backup_size_mb: u64,
    /// `BACKUP_MIN_FREE_MB`, default 512, in MB: the free space that uploads leave on the disk of the backups.
    pub backup_min_free_mb: u64,
    /// The service's own folder, which systemd names in `STATE_DIRECTORY`.
    pub state_directory: Option<PathBuf>,
    /// `BACKUP_RETENTION_COUNT`, default 30, in files: how many rotation keeps per device and type.
    pub backup_retention_count: usize,
    /// `MAX_SYNC_PAYLOAD_MB`, default 10, in MB: the largest accepted batch.
    pub max_sync_payload_mb: usize,
    /// `ANALYSIS_TIMEOUT_SECONDS`, default 120, in seconds: the time limit of an analysis.
    pub analysis_timeout: Duration,
    /// `ANALYSIS_QUEUE_CAPACITY`, default 8, in requests: the most that wait for the model.
    pub analysis_queue_capacity: usize,
    /// `AUTO_ANALYSIS_QUIET_SECONDS`, default 90, in seconds: a drive is analysed once no reading of it arrived for
    /// this long.
    pub auto_analysis_quiet: Duration,
    /// `DIAGNOSIS_THRESHOLDS`, default none, a TOML file: thresholds, tiers, weights and vehicle facts of the computed
    /// diagnosis that differ from the built-in ones.
    pub diagnosis: actors::diagnosis::Settings,
    /// `DRIVE_SILENCE_SECONDS`, default 3600, in seconds: the longest pause within a drive.
    pub drive_silence: Duration,
    /// `EXTRA_TABLES`, default none, comma-separated names: further tables, whose rows are stored as JSON.
    pub extra_tables: Vec<String>,
    /// `BAD_ROWS`, default `refuse`: what happens to rows that fail validation, `refuse` or `quarantine`.
    pub bad_rows: BadRows,
    /// `SYNC_HISTORY_RETENTION_DAYS`, default 90, in days: how long the history of batches is kept; 0 keeps all.
    pub sync_history_retention_days: u32,
    /// `REALTIME_RETENTION_DAYS`, default 0, in days: how long readings are kept after they were stored; 0 keeps all.
    pub realtime_retention_days: u32,
    /// `DATABASE_POOL_SIZE`, default 8, the most connections for storing batches.
    pub database_pool_size: usize,
    /// `BATCHES_AT_ONCE`, default one more than this machine has processors: how many batches are stored at a time, if there are
    /// connections for them.
    pub batches_at_once: Option<usize>,
}

/// All problems of the settings.
#[derive(Debug, PartialEq, Eq)]
pub struct InvalidSettings(Vec<String>);

impl InvalidSettings {
    /// Each names its variable and repeats no secret.
    pub fn problems(&self) -> &[String] {
        &self.0
    }
}

impl InvalidSettings {
    /// Each problem with the place that its variable comes from.
    fn with_sources(self) -> Self {
        let environment: HashMap<String, String> = variables_of_environment().collect();
        let file = variables_of_file().unwrap_or_default();
        let path = settings_file().map(|path| path.display().to_string());
        let with_source = |problem: String| {
            let name = problem.split(':').next().unwrap_or_default();
            match &path {
                _ if environment.contains_key(name) => format!("{problem} (in the environment)"),
                Some(path) if file.contains_key(name) => format!("{problem} (in {path})"),
                _ => problem,
            }
        };
        Self(self.0.into_iter().map(with_source).collect())
    }
}

fn variables_of_file() -> Result<HashMap<String, String>, String> {
    settings_file().map_or_else(|| Ok(HashMap::new()), reader::read)
}

fn variables_of_environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Where the settings come from that are not left at their defaults: names of variables, in the order of [`Settings`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// Those of the settings file.
    pub file: Vec<String>,
    /// Those of the environment.
    pub environment: Vec<String>,
    /// Those of the environment that the settings file sets to another value.
    pub overridden: Vec<String>,
}

impl Sources {
    /// Finds out.
    pub fn find() -> Self {
        let file = variables_of_file().unwrap_or_default();
        let environment = variables_of_environment().collect();
        Self::of(&file, &environment)
    }

    fn of(file: &HashMap<String, String>, environment: &HashMap<String, String>) -> Self {
        let mut sources = Self::default();
        for name in Settings::names() {
            if let Some(value) = environment.get(&name) {
                if file.get(&name).is_some_and(|of_file| of_file != value) {
                    sources.overridden.push(name.clone());
                }
                sources.environment.push(name);
            } else if file
                .get(&name)
                .is_some_and(|value| !value.trim().is_empty())
            {
                sources.file.push(name);
            }
        }
        sources
    }
}

impl fmt::Display for InvalidSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings are not valid:")?;
        self.0
            .iter()
            .try_for_each(|problem| write!(f, "\n  {problem}"))
    }
}

impl std::error::Error for InvalidSettings {}

impl Settings {
    /// Reads the environment and the settings file.
    pub fn load() -> Result<Self, InvalidSettings> {
        Self::from_variables(&Self::variables()?).map_err(InvalidSettings::with_sources)
    }

    /// The settings of the computed diagnosis alone, for commands that need neither database nor key.
    pub fn load_diagnosis() -> Result<actors::diagnosis::Settings, InvalidSettings> {
        let variables = Self::variables()?;
        let mut reader = Reader::new(&variables);
        let diagnosis = Self::read_diagnosis(&mut reader);
        match reader.into_problems() {
            problems if problems.is_empty() => Ok(diagnosis),
            problems => Err(InvalidSettings(problems)),
        }
    }

    fn read_diagnosis(reader: &mut Reader<'_>) -> actors::diagnosis::Settings {
        let built_in = actors::diagnosis::Settings::default();
        reader.or("DIAGNOSIS_THRESHOLDS", built_in, values::thresholds)
    }

    /// The names of all variables.
    fn names() -> Vec<String> {
        let variables = HashMap::new();
        let mut reader = Reader::new(&variables);
        let _ = Self::read(&mut reader);
        reader.into_names()
    }

    fn variables() -> Result<HashMap<String, String>, InvalidSettings> {
        let mut variables =
            variables_of_file().map_err(|problem| InvalidSettings(vec![problem]))?;
        variables.extend(variables_of_environment());
        Ok(variables)
    }

    /// Reads settings from variables by name.
    pub fn from_variables(variables: &HashMap<String, String>) -> Result<Self, InvalidSettings> {
        let mut reader = Reader::new(variables);
        match (Self::read(&mut reader), reader.into_problems()) {
            (Some(settings), problems) if problems.is_empty() => Ok(settings),
            (_, problems) => Err(InvalidSettings(problems)),
        }
    }

    /// `None` if a required variable has no valid value. The reader collects the problems.
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let database_url = reader.required("DATABASE_URL", values::database_url);
        let api_key = reader.required("API_KEY", values::api_key);
        let ollama = BaseUrl::new("http://localhost:11434".to_owned());
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
            backup_min_free_mb: reader.or("BACKUP_MIN_FREE_MB", 512, values::number(0, 1_048_576)),
            state_directory: reader
                .or("STATE_DIRECTORY", None, |text| values::path(text).map(Some)),
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
            diagnosis: Self::read_diagnosis(reader),
            drive_silence: reader.or(
                "DRIVE_SILENCE_SECONDS",
                DEFAULT_SILENCE,
                values::seconds(60, 604_800),
            ),
            extra_tables: reader.or("EXTRA_TABLES", Vec::new(), values::extra_tables),
            bad_rows: reader.or("BAD_ROWS", BadRows::default(), values::bad_rows),
            sync_history_retention_days: reader.or(
                "SYNC_HISTORY_RETENTION_DAYS",
                90,
                values::number(0, 36_500),
            ),
            realtime_retention_days: reader.or(
                "REALTIME_RETENTION_DAYS",
                0,
                values::number(0, 36_500),
            ),
            database_pool_size: reader.or("DATABASE_POOL_SIZE", 8, values::number(1, 500)),
            batches_at_once: reader.or("BATCHES_AT_ONCE", None, |text| {
                values::number(1, 500)(text).map(Some)
            }),
            // Last, so that all other variables are read first.
            database_url: database_url?,
            api_key: api_key?,
        })
    }

    /// The intervals of the queue of drives.
    pub fn queue_timing(&self) -> QueueTiming {
        QueueTiming {
            silence: self.drive_silence,
            ..QueueTiming::with_quiet(self.auto_analysis_quiet)
        }
    }

    /// Logs the settings, without secrets.
    pub fn log_summary(&self) {
        log::info!(
            version = env!("CARGO_PKG_VERSION"),
            listen:% = SocketAddr::new(self.host, self.port),
            database:% = self.database_url.place(),
            ollama:% = self.ollama_base_url,
            model:% = self.ollama_model,
            backups:% = self.backup_dir.display(),
            extra_tables:% = self.extra_tables.join(",");
            "server starts"
        );
    }
}
