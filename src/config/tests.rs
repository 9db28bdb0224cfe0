use std::collections::HashMap;
use std::time::Duration;

use log::LevelFilter;
use secrecy::ExposeSecret as _;

use super::{InvalidSettings, Settings};
use actors::sync::BadRows;

const REQUIRED: [(&str, &str); 2] = [
    ("DATABASE_URL", "mysql://car:hunter2@localhost/eclipse_ai"),
    ("API_KEY", "s3cret-key"),
];

fn read(more: &[(&str, &str)]) -> Result<Settings, InvalidSettings> {
    let variables = REQUIRED
        .iter()
        .chain(more)
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    Settings::from_variables(&variables.collect::<HashMap<_, _>>())
}

fn problems(more: &[(&str, &str)]) -> String {
    read(more).unwrap_err().to_string()
}

#[test]
fn optional_variables_have_the_documented_defaults() {
    let settings = read(&[]).unwrap();
    assert_eq!(settings.port, 8000);
    assert_eq!(settings.host.to_string(), "0.0.0.0");
    assert_eq!(settings.log_level, LevelFilter::Info);
    assert_eq!(settings.max_backup_size_mb, 100);
    assert_eq!(settings.backup_retention_count, 30);
    assert_eq!(settings.backup_min_free_mb, 512);
    assert_eq!(settings.max_sync_payload_mb, 10);
    assert_eq!(settings.analysis_timeout, Duration::from_mins(2));
    assert_eq!(settings.analysis_queue_capacity, 8);
    assert_eq!(settings.auto_analysis_quiet, Duration::from_secs(90));
    assert_eq!(settings.drive_silence, Duration::from_hours(1));
    assert_eq!(settings.sync_history_retention_days, 90);
    assert_eq!(settings.realtime_retention_days, 0);
    assert_eq!(settings.ollama_base_url.expose(), "http://localhost:11434");
    assert_eq!(settings.ollama_model, "gemma2:2b");
    assert_eq!(settings.ollama_num_ctx, 8192);
    assert_eq!(settings.database_pool_size, 8);
    assert_eq!(settings.batches_at_once, None);
    assert_eq!(settings.backup_dir.to_str(), Some("./data/backups"));
    assert!(settings.extra_tables.is_empty());
    assert_eq!(settings.bad_rows, BadRows::Refuse);
}

#[test]
fn the_example_file_names_every_variable_with_its_default() {
    let lines: Vec<(&str, &str)> = include_str!("../../.env.example")
        .lines()
        .filter_map(|line| line.split_once('=').filter(|_| !line.starts_with('#')))
        .collect();
    let mut names: Vec<&str> = lines.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert_eq!(names, variables_in(include_str!("../config.rs")));

    let (empty, optional): (Vec<_>, Vec<_>) = lines
        .into_iter()
        .partition(|(_, default)| default.is_empty());
    assert_eq!(
        empty.len(),
        5,
        "DATABASE_URL, API_KEY, DIAGNOSIS_THRESHOLDS, EXTRA_TABLES, BATCHES_AT_ONCE"
    );
    let as_in_example = read(&optional).unwrap();
    assert_eq!(
        format!("{as_in_example:?}"),
        format!("{:?}", read(&[]).unwrap())
    );
}

/// What the documentation of the settings calls a variable, sorted.
fn variables_in(source: &str) -> Vec<&str> {
    let mut names: Vec<&str> = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("/// `")?.split_once('`'))
        .map(|(name, _)| name)
        .filter(|name| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
        .collect();
    names.sort_unstable();
    names
}

#[test]
fn every_variable_is_taken_over() {
    let settings = read(&[
        ("OLLAMA_BASE_URL", "http://gpu.lan:11434/"),
        ("OLLAMA_MODEL", "llama3.1:8b"),
        ("OLLAMA_NUM_CTX", "4096"),
        ("BACKUP_DIR", "/srv/backups"),
        ("HOST", "127.0.0.1"),
        ("PORT", "9000"),
        ("LOG_LEVEL", "warning"),
        ("MAX_BACKUP_SIZE_MB", "600"),
        ("BACKUP_RETENTION_COUNT", "7"),
        ("BACKUP_MIN_FREE_MB", "2000"),
        ("STATE_DIRECTORY", "/var/lib/eclipse-ai-server"),
        ("MAX_SYNC_PAYLOAD_MB", "20"),
        ("ANALYSIS_TIMEOUT_SECONDS", "30"),
        ("ANALYSIS_QUEUE_CAPACITY", "2"),
        ("AUTO_ANALYSIS_QUIET_SECONDS", "5"),
        ("DRIVE_SILENCE_SECONDS", "1800"),
        ("EXTRA_TABLES", "dtc_log, drive_summary"),
        ("BAD_ROWS", "quarantine"),
        ("SYNC_HISTORY_RETENTION_DAYS", "0"),
        ("REALTIME_RETENTION_DAYS", "400"),
        ("DATABASE_POOL_SIZE", "16"),
        ("BATCHES_AT_ONCE", "12"),
    ])
    .unwrap();
    assert_eq!(settings.api_key.expose_secret(), "s3cret-key");
    assert_eq!(settings.ollama_base_url.expose(), "http://gpu.lan:11434");
    assert_eq!(settings.ollama_model, "llama3.1:8b");
    assert_eq!(settings.ollama_num_ctx, 4096);
    assert_eq!(settings.backup_dir.to_str(), Some("/srv/backups"));
    assert_eq!(
        (settings.host.to_string().as_str(), settings.port),
        ("127.0.0.1", 9000)
    );
    assert_eq!(settings.log_level, LevelFilter::Warn);
    assert_eq!(
        (settings.max_backup_size_mb, settings.backup_retention_count),
        (600, 7)
    );
    assert_eq!(settings.backup_min_free_mb, 2000);
    let state = settings.state_directory.as_deref();
    assert_eq!(state, Some("/var/lib/eclipse-ai-server".as_ref()));
    assert_eq!(settings.max_sync_payload_mb, 20);
    assert_eq!(settings.analysis_timeout, Duration::from_secs(30));
    assert_eq!(settings.analysis_queue_capacity, 2);
    assert_eq!(settings.auto_analysis_quiet, Duration::from_secs(5));
    assert_eq!(settings.drive_silence, Duration::from_mins(30));
    assert_eq!(settings.extra_tables, ["dtc_log", "drive_summary"]);
    assert_eq!(settings.bad_rows, BadRows::Quarantine);
    assert_eq!(settings.sync_history_retention_days, 0);
    assert_eq!(settings.realtime_retention_days, 400);
    assert_eq!(settings.database_pool_size, 16);
    assert_eq!(settings.batches_at_once, Some(12));
}

#[test]
fn all_problems_of_a_thresholds_file_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("thresholds.toml");
    let path = file.to_str().unwrap();
    std::fs::write(&file, "[rules.over_rev]\nrpm = 6500\n").unwrap();
    let settings = read(&[("DIAGNOSIS_THRESHOLDS", path)]).unwrap();
    assert_ne!(settings.diagnosis, actors::diagnosis::Settings::default());
    std::fs::write(&file, "[rules.nonsense]\n[rules.over_rev]\nkmh = 1\n").unwrap();
    let problems = problems(&[("DIAGNOSIS_THRESHOLDS", path)]);
    for part in ["DIAGNOSIS_THRESHOLDS", "rules.nonsense", "over_rev.kmh"] {
        assert!(problems.contains(part), "{problems}");
    }
}

#[test]
fn a_missing_database_url_and_a_missing_key_are_both_named() {
    let problems = Settings::from_variables(&HashMap::new())
        .unwrap_err()
        .to_string();
    assert!(problems.contains("DATABASE_URL: is required"), "{problems}");
    assert!(problems.contains("API_KEY: is required"), "{problems}");
}

#[test]
fn all_problems_are_named_at_once() {
    let problems = problems(&[
        ("PORT", "70000"),
        ("LOG_LEVEL", "LOUD"),
        ("MAX_BACKUP_SIZE_MB", "-1"),
        ("OLLAMA_BASE_URL", "localhost:11434"),
        ("EXTRA_TABLES", "realtime_data"),
        ("BAD_ROWS", "skip"),
        ("API_KEY", "two words"),
    ]);
    for name in [
        "PORT",
        "LOG_LEVEL",
        "MAX_BACKUP_SIZE_MB",
        "OLLAMA_BASE_URL",
        "EXTRA_TABLES",
        "BAD_ROWS",
        "API_KEY",
    ] {
        assert!(
            problems.contains(&format!("{name}: ")),
            "{name} is not in {problems}"
        );
    }
}

#[test]
fn no_problem_repeats_a_secret() {
    let problems = problems(&[
        ("DATABASE_URL", "mysql://car:hunter2@:bad"),
        ("API_KEY", "hun ter2"),
    ]);
    assert!(
        !problems.contains("hunter2") && !problems.contains("hun ter2"),
        "{problems}"
    );
}

#[test]
fn debug_output_shows_no_secret() {
    let settings = read(&[("OLLAMA_BASE_URL", "http://me:hunter3@gpu.lan:11434/")]).unwrap();
    assert_eq!(
        settings.ollama_base_url.expose(),
        "http://me:hunter3@gpu.lan:11434"
    );
    let shown = format!("{settings:?}");
    for secret in ["hunter2", "hunter3", "s3cret-key"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn a_variable_set_to_nothing_is_not_set() {
    assert_eq!(read(&[("PORT", " ")]).unwrap().port, 8000);
}
