//! US-CMP-001: settings come from `.env` or the environment, and all invalid ones are reported at once.

use serde_json::{Value, json};

use crate::support::{Binary, TestDatabase, batch, readings};

const DATABASE_URL: (&str, &str) = ("DATABASE_URL", "mysql://car:hunter2@127.0.0.1:9/eclipse_ai");
const API_KEY: (&str, &str) = ("API_KEY", "s3cret-key-of-this-test");

#[test]
fn a_server_without_its_required_settings_does_not_start() {
    for (lines, missing) in [
        (&[API_KEY][..], &["DATABASE_URL"][..]),
        (&[DATABASE_URL], &["API_KEY"]),
        (&[("PORT", "1")], &["DATABASE_URL", "API_KEY"]),
        (
            &[("DATABASE_URL", ""), ("API_KEY", " ")],
            &["DATABASE_URL", "API_KEY"],
        ),
    ] {
        for command in [&["serve"][..], &[], &["init-db"], &["seed-db"]] {
            let ended = Binary::with_env_file(lines).run(command);
            assert_eq!(ended.code, Some(1), "{}", ended.output);
            for name in ["DATABASE_URL", "API_KEY"] {
                let named = ended.output.contains(&format!("{name}: is required"));
                assert_eq!(named, missing.contains(&name), "{name} in {}", ended.output);
            }
        }
    }
}

#[test]
fn all_invalid_settings_are_listed_at_once_without_secrets() {
    let lines = [
        (
            "DATABASE_URL",
            "postgres://car:hunter2@localhost/eclipse_ai",
        ),
        ("API_KEY", "'hunter2 hunter2'"),
        ("PORT", "eighty"),
        ("MAX_SYNC_PAYLOAD_MB", "0"),
        ("SYNC_HISTORY_RETENTION_DAYS", "-1"),
        ("REALTIME_RETENTION_DAYS", "36501"),
    ];
    let ended = Binary::with_env_file(&lines).run(&["serve"]);
    assert_eq!(ended.code, Some(1));
    for (name, _) in lines {
        assert!(
            ended.output.contains(&format!("{name}: ")),
            "{name} in {}",
            ended.output
        );
    }
    assert!(!ended.output.contains("hunter2"), "{}", ended.output);
}

#[test]
fn a_malformed_line_is_reported_without_its_text() {
    let lines = [
        ("API_KEY", "x"),
        ("DATABASE_URL", "\"mysql://car:hunter2@localhost/eclipse_ai"),
    ];
    let ended = Binary::with_env_file(&lines).run(&["serve"]);
    assert_eq!(ended.code, Some(1));
    assert!(
        ended.output.contains("API_KEY") && !ended.output.contains("hunter2"),
        "{}",
        ended.output
    );
}

#[tokio::test]
async fn a_server_takes_its_settings_from_the_env_file() {
    let database = TestDatabase::create().await;
    let url = database.url().replacen("mysql://", "mysql+aiomysql://", 1);
    let backups = tempfile::tempdir().unwrap();
    let backups = backups.path().to_str().unwrap();
    let mut server = Binary::with_env_file(&[
        ("DATABASE_URL", &url),
        API_KEY,
        ("OLLAMA_BASE_URL", "http://127.0.0.1:9/"),
        ("OLLAMA_MODEL", "llama3.1:8b"),
        ("BACKUP_DIR", backups),
        ("HOST", "127.0.0.1"),
        ("PORT", "0"),
        ("LOG_LEVEL", "INFO"),
        ("EXTRA_TABLES", "dtc_log"),
    ])
    .start(&["serve"]);
    let address = server.url();
    let output = server.output();
    for setting in [
        "listen=127.0.0.1:0",
        "ollama=http://127.0.0.1:9 ",
        "model=llama3.1:8b",
        "extra_tables=dtc_log",
        &format!("backups={backups}"),
    ] {
        assert!(output.contains(setting), "{setting} in {output}");
    }
    let health: Value = reqwest::get(format!("{address}/api/v1/health"))
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(health["version"], "1.0.0");
    assert_eq!(health["components"]["mysql"], "up");
    let ended = server.terminate();
    assert_eq!(ended.code, Some(0), "{}", ended.output);
}

#[test]
fn the_environment_takes_precedence_over_the_env_file() {
    let binary =
        Binary::with_env_file(&[DATABASE_URL, API_KEY, ("HOST", "127.0.0.1"), ("PORT", "1")]);
    let mut server = binary
        .variable("PORT", "0")
        .variable("OLLAMA_MODEL", "from-outside")
        .start(&[]);
    server.url();
    assert!(
        server.output().contains("model=from-outside"),
        "{}",
        server.output()
    );
}

/// The file is in an `/etc` that only the process sees.
#[tokio::test]
async fn a_command_run_by_hand_uses_the_settings_of_the_service() {
    let database = TestDatabase::create().await;
    let etc = "mount -t tmpfs tmpfs /etc && mkdir /etc/eclipse-ai-server && cp service-settings /etc/eclipse-ai-server/env";
    let binary = Binary::with_file(
        "service-settings",
        &[("DATABASE_URL", &database.url()), API_KEY],
    );
    let ended = binary.run_after(etc, &["init-db"]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    assert_eq!(database.count("devices", "TRUE").await, 0);
}

#[tokio::test]
async fn no_secret_is_ever_logged() {
    let lines = [
        DATABASE_URL,
        API_KEY,
        ("HOST", "127.0.0.1"),
        ("PORT", "0"),
        ("LOG_LEVEL", "DEBUG"),
    ];
    let mut server = Binary::with_env_file(&lines).start(&["serve"]);
    let url = format!("{}/api/v1/sync", server.url());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut output = String::new();
    for key in [API_KEY.1, "wr0ng-key"] {
        let batch = batch(&json!({"realtime_data": readings(1..=1)})).to_string();
        let answer = http
            .post(&url)
            .header("X-API-Key", key)
            .body(batch)
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_server_error(), "there is no database");
        output += &answer.text().await.unwrap();
    }
    output += &server.terminate().output;
    assert!(output.contains("batch failed"), "{output}");
    for secret in ["hunter2", API_KEY.1, "wr0ng-key"] {
        assert!(!output.contains(secret), "{secret} in {output}");
    }
}
