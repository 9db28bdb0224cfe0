//! `doctor` reports problems and their repair, and no secret; it ends in time even if a component hangs.

mod backup_folder;
mod model;

use std::fs::{self, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{Account, Binary, BlackHole, DEVICE, Ended, TestDatabase, TestServer, batch};

const MODEL: &str = "gemma2:2b";

/// An Ollama with these models, and its report about loaded ones.
async fn ollama(models: &[&str], loaded: serde_json::Value) -> MockServer {
    let server = MockServer::start().await;
    let models: Vec<_> = models
        .iter()
        .map(|name| json!({"name": name, "size": 1_629_518_495_u64}))
        .collect();
    for (at, response) in [
        ("/", ResponseTemplate::new(200)),
        (
            "/api/tags",
            ResponseTemplate::new(200).set_body_json(json!({ "models": models })),
        ),
        (
            "/api/ps",
            ResponseTemplate::new(200).set_body_json(json!({ "models": loaded })),
        ),
    ] {
        let mock = Mock::given(method("GET")).and(path(at));
        mock.respond_with(response).mount(&server).await;
    }
    server
}

/// With all required settings, and these variables.
fn binary(database_url: &str, ollama: &str) -> Binary {
    Binary::with_database(database_url)
        .variable("OLLAMA_BASE_URL", ollama)
        .variable("BACKUP_DIR", "backups")
        // Commands are shown as for a user with sudo, independent of the account that runs the tests.
        .variable("SUDO_USER", "owner")
        .variable("MAX_BACKUP_SIZE_MB", "1")
}

/// The first line about a part with this verdict, with the command below it.
fn reported<'a>(ended: &'a Ended, verdict: &str, part: &str) -> &'a str {
    let start = format!("{verdict:8} {part:9} ");
    let Some(at) = ended.output.find(&start) else {
        panic!("no {verdict} of {part}: {}", ended.output);
    };
    let line = &ended.output[at..];
    let lines: Vec<usize> = line.match_indices('\n').map(|(at, _)| at).collect();
    let has_command = line[lines[0]..].starts_with("\n                   $ ");
    &line[..lines[usize::from(has_command)]]
}

async fn migrated() -> TestDatabase {
    let database = TestDatabase::create().await;
    let ended = Binary::with_database(&database.url()).run(&["init-db"]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    database
}

#[tokio::test(flavor = "multi_thread")]
async fn without_problems_the_exit_code_is_0_and_nothing_is_left_behind() {
    let database = migrated().await;
    let ollama = ollama(&[MODEL], json!([])).await;
    let binary = binary(&database.url(), &ollama.uri());
    let ended = binary.run(&["doctor"]);
    assert_eq!(ended.code, Some(0), "{}", ended.output);
    for part in [
        "settings", "database", "schema", "ollama", "backups", "port",
    ] {
        reported(&ended, "ok", part);
    }
    assert!(
        ended.output.contains(" disk ") && ended.output.contains(" clock "),
        "{}",
        ended.output
    );
    assert!(reported(&ended, "ok", "ollama").contains("1.5 GB"));
    let settings = reported(&ended, "ok", "settings");
    let from = "DATABASE_URL, API_KEY, HOST, PORT from .env; \
                OLLAMA_BASE_URL, BACKUP_DIR, MAX_BACKUP_SIZE_MB from the environment; defaults for the others. \
                The values of .env for OLLAMA_BASE_URL have no effect";
    assert!(settings.contains(from), "{settings}");
    assert_eq!(binary.files(), [".env"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_is_recognized_by_its_port() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let port = server.url.rsplit_once(':').unwrap().1;
    let ended = binary(&database.url(), "http://127.0.0.1:9")
        .variable("PORT", port)
        .run(&["doctor"]);
    assert!(reported(&ended, "ok", "port").contains("version 1.0.0"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_used_by_another_program_is_an_error() {
    let database = migrated().await;
    let ollama = ollama(&[MODEL], json!([])).await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let ended = binary(&database.url(), &ollama.uri())
        .variable("PORT", &port)
        .run(&["doctor"]);
    assert_eq!(ended.code, Some(1), "{}", ended.output);
    assert!(
        reported(&ended, "error", "port").contains(&format!("$ sudo ss -ltnp 'sport = :{port}'"))
    );
    assert!(
        ended.output.contains("doctor has found an error"),
        "{}",
        ended.output
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_another_machine_is_an_error() {
    let ended = binary("mysql://nobody@127.0.0.1:9/nothing", "http://127.0.0.1:9")
        .variable("HOST", "192.0.2.1")
        .run(&["doctor"]);
    assert!(reported(&ended, "error", "port").contains("HOST is 192.0.2.1"));
}

#[test]
fn invalid_settings_are_reported_and_independent_checks_still_run() {
    let ended = Binary::with_env_file(&[
        ("DATABASE_URL", "postgres://car:hunter2@localhost/x"),
        ("API_KEY", "'hunter2 hunter2'"),
        ("PORT", "eighty"),
    ])
    .run(&["doctor"]);
    assert_eq!(ended.code, Some(1), "{}", ended.output);
    for name in ["DATABASE_URL", "API_KEY", "PORT"] {
        let line = format!("error    settings  {name}: ");
        assert!(ended.output.contains(&line), "{name} in {}", ended.output);
    }
    assert!(ended.output.contains("$ editor .env"), "{}", ended.output);
    assert!(ended.output.contains(" clock "), "{}", ended.output);
    assert!(!ended.output.contains("hunter2"), "{}", ended.output);
}

#[test]
fn world_readable_settings_and_a_short_key_are_warnings() {
    let binary = binary("mysql://nobody@127.0.0.1:9/nothing", "http://127.0.0.1:9")
        .variable("API_KEY", "short");
    binary.open_to_all(".env");
    let ended = binary.run(&["doctor"]);
    let warnings: Vec<&str> = ended
        .output
        .lines()
        .filter(|line| line.starts_with("warning  settings"))
        .collect();
    assert_eq!(warnings.len(), 2, "{}", ended.output);
    assert!(ended.output.contains("$ chmod o= .env"), "{}", ended.output);
}

#[test]
fn an_unreachable_database_is_an_error_without_its_password() {
    let ended = binary("mysql://car:hunter2@127.0.0.1:9/x", "http://127.0.0.1:9").run(&["doctor"]);
    assert_eq!(ended.code, Some(1), "{}", ended.output);
    let line = reported(&ended, "error", "database");
    assert!(
        line.contains("127.0.0.1:9/x: the database cannot be reached"),
        "{line}"
    );
    assert!(line.contains("$ systemctl status mysql mariadb"), "{line}");
    assert!(!ended.output.contains("hunter2"), "{}", ended.output);
}

#[test]
fn a_component_that_never_answers_is_an_error_in_time() {
    let hole = BlackHole::open().address;
    let (database, ollama) = (format!("mysql://car:pw@{hole}/x"), format!("http://{hole}"));
    let ended = binary(&database, &ollama)
        .variable("HOST", "127.0.0.1")
        .variable("PORT", &hole.port().to_string())
        .run(&["doctor"]);
    assert_eq!(ended.code, Some(1), "{}", ended.output);
    assert!(reported(&ended, "error", "database").contains("did not answer within"));
    assert!(reported(&ended, "error", "ollama").contains("does not answer"));
    assert!(reported(&ended, "error", "port").contains("another program"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_or_database_names_the_setup_script() {
    let database = TestDatabase::create().await;
    let account = Account::create(&database, "SELECT").await;
    for (url, cause) in [
        (
            account.url_with("wrong", &account.database),
            "Access denied",
        ),
        (account.url_with("pw", "no_such_database"), "ccess denied"),
        (database.url() + "_not", "Unknown database"),
    ] {
        let ended = binary(&url, "http://127.0.0.1:9").run(&["doctor"]);
        let line = reported(&ended, "error", "database");
        assert!(line.contains(cause), "{line}");
        assert!(line.contains("setup-mysql.sh"), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn missing_grants_are_named() {
    let database = migrated().await;
    let account = Account::create(&database, "SELECT, INSERT, UPDATE, DELETE").await;
    let ended = binary(&account.url(), "http://127.0.0.1:9").run(&["doctor"]);
    let line = reported(&ended, "error", "grants");
    assert!(
        line.contains("lack CREATE, ALTER, INDEX, REFERENCES"),
        "{line}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_required_grants_are_enough_and_all_privileges_are_a_warning() {
    let database = TestDatabase::create().await;
    let needed = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX, REFERENCES";
    let account = Account::create(&database, needed).await;
    let init = Binary::with_database(&account.url()).run(&["init-db"]);
    assert_eq!(init.code, Some(0), "{}", init.output);
    let ended = binary(&account.url(), "http://127.0.0.1:9").run(&["doctor"]);
    reported(&ended, "ok", "grants");
    reported(&ended, "ok", "schema");
    let as_root = binary(&database.url(), "http://127.0.0.1:9").run(&["doctor"]);
    reported(&as_root, "warning", "grants");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outdated_schema_is_reported() {
    let database = TestDatabase::create().await;
    let doctor = || binary(&database.url(), "http://127.0.0.1:9").run(&["doctor"]);
    assert!(reported(&doctor(), "warning", "schema").contains("not there yet"));
    Binary::with_database(&database.url()).run(&["init-db"]);
    reported(&doctor(), "ok", "schema");
    database
        .execute("DELETE FROM refinery_schema_history WHERE version > 3")
        .await
        .unwrap();
    assert!(reported(&doctor(), "warning", "schema").contains("version 3 of"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_one_table_lacks_is_an_error() {
    let database = migrated().await;
    let account = Account::create(&database, "SELECT, CREATE, ALTER, INDEX, REFERENCES").await;
    account
        .may_write_all_tables_but(&database, "alert_log")
        .await;
    let ended = binary(&account.url(), "http://127.0.0.1:9").run(&["doctor"]);
    assert_eq!(ended.code, Some(1), "{}", ended.output);
    let lacks = "lacks the right INSERT on the table alert_log";
    assert!(ended.output.contains(lacks), "{}", ended.output);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_contact_of_each_device_is_shown_and_a_silent_one_is_a_warning() {
    let database = migrated().await;
    database
        .execute(
            "INSERT INTO sync_devices (source_device, last_contact_at, pause_seconds, pause_seconds_square) VALUES \
             ('often', NOW(6) - INTERVAL 1 MINUTE, 60, 3600), ('silent', '2026-02-01 14:30:05', 60, 3600), \
             ('once', '2026-02-01 14:30:05', 0, 0)",
        )
        .await
        .unwrap();
    let ended = binary(&database.url(), "http://127.0.0.1:9").run(&["doctor"]);
    for line in [
        "ok       devices   often made contact at ",
        "ok       devices   once made contact once, at 2026-02-01T14:30:05",
        "warning  devices   silent is silent since 2026-02-01T14:30:05; it usually makes contact every 60 s",
    ] {
        assert!(ended.output.contains(line), "{line} in {}", ended.output);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_the_running_server_refuses_are_named_with_the_setting() {
    let database = TestDatabase::create().await;
    let server =
        TestServer::start_with(&database.url(), &[("EXTRA_TABLES", "drive_summary")]).await;
    for table in ["dtc_log", "dtc_freeze_frame"] {
        for _ in 0..3 {
            let refused = server.sync(&batch(&json!({table: [{"id": 1}]}))).await;
            assert_eq!(refused.0, 422);
        }
    }
    let port = server.url.rsplit_once(':').unwrap().1;
    let ended = binary(&database.url(), "http://127.0.0.1:9")
        .variable("PORT", port)
        .variable("EXTRA_TABLES", "drive_summary")
        .run(&["doctor"]);
    let says = format!(
        "the tables dtc_freeze_frame, dtc_log of {DEVICE} are refused: the server does not know them"
    );
    assert!(ended.output.contains(&says), "{}", ended.output);
    let mend = "# EXTRA_TABLES=drive_summary,dtc_freeze_frame,dtc_log, then restart";
    assert!(ended.output.contains(mend), "{}", ended.output);
}
