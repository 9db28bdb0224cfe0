//! US-CMP-008, FR-5: the status, its components and its time limit.

mod failing_tables;

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::{BlackHole, Proxy, TestDatabase, TestServer, answer, eventually};

const HEALTH: &str = "/api/v1/health";

/// An Ollama that answers after a delay and lists these models.
async fn ollama(models: &[&str], delay: Duration) -> MockServer {
    let server = MockServer::start().await;
    let greeting = ResponseTemplate::new(200).set_body_string("Ollama is running");
    let models: Vec<_> = models.iter().map(|name| json!({ "name": name })).collect();
    let tags = ResponseTemplate::new(200).set_body_json(json!({ "models": models }));
    for (at, response) in [("/", greeting.set_delay(delay)), ("/api/tags", tags)] {
        let mock = Mock::given(method("GET")).and(path(at));
        mock.respond_with(response).mount(&server).await;
    }
    server
}

async fn start_with_ollama(database: &TestDatabase, ollama: &MockServer) -> TestServer {
    TestServer::start_with(&database.url(), &[("OLLAMA_BASE_URL", &ollama.uri())]).await
}

/// Without a key.
async fn health(server: &TestServer) -> Value {
    let (status, body) = answer(server.http.get(format!("{}{HEALTH}", server.url))).await;
    assert_eq!(status, 200, "{body}");
    body
}

#[tokio::test]
async fn all_components_up_is_healthy() {
    let database = TestDatabase::create().await;
    let ollama = ollama(&["llama3:8b", "gemma2:2b"], Duration::ZERO).await;
    let server = start_with_ollama(&database, &ollama).await;
    let report = health(&server).await;
    let components =
        json!({"api": "up", "mysql": "up", "ollama": "up", "ollamaModel": "gemma2:2b"});
    assert_eq!(report["status"], "healthy", "{report}");
    assert_eq!(report["components"], components);
    assert_eq!(report["version"], "1.0.0");
    assert_eq!(report["reasons"], json!([]));
    assert_eq!(report["actors"]["sync"]["restarts"], 0);
    assert!(report["backup"]["freeBytes"].as_u64() > Some(0));
}

#[tokio::test]
async fn without_ollama_the_server_is_degraded_and_the_model_unknown() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let report = health(&server).await;
    let components =
        json!({"api": "up", "mysql": "up", "ollama": "down", "ollamaModel": "unknown"});
    assert_eq!(report["status"], "degraded");
    assert_eq!(report["components"], components);
    assert_eq!(report["reasons"], json!(["Ollama does not answer."]));
}

#[tokio::test]
async fn without_mysql_the_server_is_unhealthy_and_still_answers() {
    let ollama = ollama(&["gemma2:2b"], Duration::ZERO).await;
    let nowhere = "mysql://nobody@127.0.0.1:9/nothing";
    let server = TestServer::start_unready(nowhere, &[("OLLAMA_BASE_URL", &ollama.uri())]).await;
    let report = health(&server).await;
    assert_eq!(report["status"], "unhealthy");
    assert_eq!(report["components"]["mysql"], "down");
    assert_eq!(report["components"]["ollamaModel"], "gemma2:2b");
    assert_eq!(report["lastSync"], Value::Null);
    assert_eq!(report["reasons"], json!(["MySQL does not answer."]));
}

#[tokio::test]
async fn an_ollama_that_answers_with_an_error_is_down() {
    let database = TestDatabase::create().await;
    let ollama = MockServer::start().await;
    let server = start_with_ollama(&database, &ollama).await;
    let report = health(&server).await;
    assert_eq!(report["components"]["ollama"], "down");
    assert_eq!(report["components"]["ollamaModel"], "unknown");
}

#[tokio::test]
async fn a_model_that_ollama_does_not_have_is_not_loaded() {
    let database = TestDatabase::create().await;
    let similar = [
        "gemma2:2b-instruct",
        "gemma2:27b",
        "gemma2:latest",
        "me/gemma2:2b",
    ];
    let ollama = ollama(&similar, Duration::ZERO).await;
    let server = start_with_ollama(&database, &ollama).await;
    let report = health(&server).await;
    assert_eq!(report["status"], "degraded");
    assert_eq!(report["components"]["ollama"], "up");
    assert_eq!(report["components"]["ollamaModel"], "not_loaded");
    let reason = "Ollama does not have the model gemma2:2b.";
    assert_eq!(report["reasons"], json!([reason]));
}

#[tokio::test]
async fn a_model_without_a_tag_means_the_latest() {
    let database = TestDatabase::create().await;
    let ollama = ollama(&["gemma2:latest"], Duration::ZERO).await;
    let variables = [
        ("OLLAMA_BASE_URL", ollama.uri()),
        ("OLLAMA_MODEL", "gemma2".to_owned()),
    ];
    let variables = variables
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let server = TestServer::start_with(&database.url(), &variables).await;
    let report = health(&server).await;
    assert_eq!(report["status"], "healthy", "{report}");
    assert_eq!(report["components"]["ollamaModel"], "gemma2");
}

#[tokio::test]
async fn the_last_sync_is_null_until_there_is_one() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let report = health(&server).await;
    assert_eq!(report["lastSync"], Value::Null);
    assert_eq!(report["sync"]["lastSuccess"], Value::Null);
}

#[tokio::test]
async fn the_last_sync_is_the_newest_success_of_the_history() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    database
        .execute(
            "INSERT INTO sync_history (batch_id, device_id, started_at, completed_at, tables_synced, status) VALUES \
             ('older', 'pi', '2026-02-01 14:00:00', '2026-02-01 14:00:05', '[]', 'success'), \
             ('newest', 'pi', '2026-02-01 14:30:00', '2026-02-01 14:30:05.25', '[]', 'success'), \
             ('failed', 'pi', '2026-02-01 15:00:00', '2026-02-01 15:00:05', '[]', 'failed')",
        )
        .await
        .unwrap();
    let report = health(&server).await;
    let newest = json!({"deviceId": "pi", "syncedAt": "2026-02-01T14:30:05", "batchId": "newest"});
    assert_eq!(report["lastSync"], newest);
    assert_eq!(report["sync"]["lastSuccess"], "2026-02-01T14:30:05");
}

#[tokio::test]
async fn a_batch_of_a_server_whose_clock_is_ahead_is_not_the_last_one_until_then() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    database
        .execute(
            "INSERT INTO sync_history (batch_id, device_id, started_at, completed_at, tables_synced, status) VALUES \
             ('now', 'pi', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6), '[]', 'success'), \
             ('tomorrow', 'pi', UTC_TIMESTAMP(6), UTC_TIMESTAMP(6) + INTERVAL 1 DAY, '[]', 'success')",
        )
        .await
        .unwrap();
    assert_eq!(health(&server).await["lastSync"]["batchId"], "now");
}

#[tokio::test]
async fn rows_of_the_history_that_have_null_wherever_they_may_do_no_harm() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    database
        .execute(
            "INSERT INTO sync_history (batch_id, device_id, started_at, completed_at, tables_synced, status, error) \
             VALUES ('b', 'pi', UTC_TIMESTAMP(6), NULL, '[]', 'success', NULL)",
        )
        .await
        .unwrap();
    let report = health(&server).await;
    assert_eq!(report["components"]["mysql"], "up");
    assert_eq!(report["lastSync"], Value::Null);
    assert_eq!(report["actors"]["health"]["restarts"], 0);
}

#[tokio::test]
async fn uptime_is_given_in_days_hours_and_minutes() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    let report = health(&server).await;
    let uptime = report["uptime"].as_str().unwrap();
    let numbers: Vec<u64> = uptime
        .split(' ')
        .zip(["d", "h", "m"])
        .map(|(part, unit)| part.strip_suffix(unit).unwrap().parse().unwrap())
        .collect();
    assert_eq!(numbers.len(), 3, "{uptime}");
    assert_eq!(numbers[..2], [0, 0], "the test has not run for an hour");
}

#[tokio::test]
async fn health_answers_within_five_seconds_if_mysql_and_ollama_hang() {
    let (mysql, ollama) = (BlackHole::open(), BlackHole::open());
    let server = TestServer::start_unready(
        &format!("mysql://root@{}/hole", mysql.address),
        &[("OLLAMA_BASE_URL", &format!("http://{}", ollama.address))],
    )
    .await;
    let report = tokio::time::timeout(Duration::from_secs(5), health(&server)).await;
    let report = report.expect("health answers within five seconds");
    assert_eq!(report["status"], "unhealthy");
    assert_eq!(report["components"]["mysql"], "down");
    assert_eq!(report["components"]["ollama"], "down");
}

#[tokio::test]
async fn an_ollama_that_never_lists_its_models_is_up_without_the_model() {
    let database = TestDatabase::create().await;
    let ollama = MockServer::start().await;
    for (at, delay_s) in [("/", 0), ("/api/tags", 60)] {
        let response = ResponseTemplate::new(200).set_delay(Duration::from_secs(delay_s));
        let mock = Mock::given(method("GET")).and(path(at));
        mock.respond_with(response).mount(&ollama).await;
    }
    let server = start_with_ollama(&database, &ollama).await;
    let report = health(&server).await;
    assert_eq!(report["components"]["ollama"], "up");
    assert_eq!(report["components"]["ollamaModel"], "not_loaded");
    // Whether it has the model was never seen.
    let reasons = json!(["The list of Ollama's models cannot be read."]);
    assert_eq!(report["reasons"], reasons);
}

#[tokio::test]
async fn mysql_going_down_and_up_is_reported_within_thirty_seconds() {
    let database = TestDatabase::create().await;
    let proxy = Proxy::to_database_server().await;
    let server = TestServer::start_with(&proxy.url_of(&database), &[]).await;
    let mysql = async |state: &str| health(&server).await["components"]["mysql"] == state;
    assert!(mysql("up").await);
    let both = async {
        proxy.refuse();
        eventually("MySQL is seen to be down", async || mysql("down").await).await;
        assert_eq!(health(&server).await["status"], "unhealthy");
        proxy.restore();
        eventually("MySQL is seen to be up", async || mysql("up").await).await;
        assert_eq!(health(&server).await["status"], "degraded");
    };
    let seen = tokio::time::timeout(Duration::from_secs(30), both).await;
    seen.expect("both are seen within thirty seconds");
}

#[tokio::test]
async fn four_hundred_calls_at_once_share_a_probe() {
    let database = TestDatabase::create().await;
    let ollama = ollama(&["gemma2:2b"], Duration::from_secs(2)).await;
    let server = start_with_ollama(&database, &ollama).await;
    let reports = join_all((0..400).map(|_| health(&server))).await;
    assert!(reports.iter().all(|report| report["status"] == "healthy"));
    let asked = ollama.received_requests().await.unwrap();
    // A probe is two requests. On a busy machine some calls are late, and the server probes every 30 s unasked.
    assert!((2..=10).contains(&asked.len()), "{asked:?}");
}

#[tokio::test]
async fn a_disk_without_room_for_the_largest_backups_degrades() {
    let database = TestDatabase::create().await;
    let ollama = ollama(&["gemma2:2b"], Duration::ZERO).await;
    let uri = ollama.uri();
    // Two files of a terabyte do not fit on the disk of the test machine.
    let variables = [
        ("OLLAMA_BASE_URL", uri.as_str()),
        ("MAX_BACKUP_SIZE_MB", "1048576"),
    ];
    let server = TestServer::start_with(&database.url(), &variables).await;
    let report = health(&server).await;
    assert_eq!(report["status"], "degraded");
    let reason = report["reasons"][0].as_str().unwrap();
    let beginning = "The disk of the backup folder is nearly full: ";
    assert!(reason.starts_with(beginning), "{reason}");
    assert!(reason.ends_with(" MB free, 2097152 MB wanted."), "{reason}");
}
