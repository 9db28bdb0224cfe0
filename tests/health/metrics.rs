//! `GET /metrics`.

use std::io::Write as _;
use std::process::{Command, Stdio};

use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;

use crate::support::{BlackHole, Form, TestDatabase, TestServer, answer, eventually, tool};

/// Without a key, as Prometheus does.
async fn metrics(server: &TestServer) -> String {
    let request = server.http.get(format!("{}/metrics", server.url));
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.text().await.unwrap()
}

/// The value of a metric, given as it is written; `None` if it is missing.
fn value(metrics: &str, name: &str) -> Option<f64> {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().parse().ok()
}

/// Waits for a metric: what an actor reports need not be there when the request is answered.
async fn eventually_is(server: &TestServer, name: &str, expected: f64) {
    eventually(name, async || {
        value(&metrics(server).await, name) == Some(expected)
    })
    .await;
}

fn readings(ids: std::ops::Range<u64>) -> Value {
    let rows = ids.map(|id| {
        json!({"id": id, "timestamp": "2026-02-01T14:25:00", "parameter_name": "RPM", "value": 2500.0})
    });
    json!({
        "deviceId": "chi-eclipse-tuner", "batchId": "b",
        "tables": { "realtime_data": { "rows": rows.collect::<Vec<_>>() } },
    })
}

async fn store_backup(server: &TestServer, content: &[u8]) {
    let form = Form::default()
        .text("type", "database")
        .text("deviceId", "chi-eclipse-tuner")
        .file("obd.db", content);
    let request = server
        .post("/api/v1/backup")
        .header("Content-Type", Form::CONTENT_TYPE);
    let (status, body) = answer(request.body(form.finish())).await;
    assert_eq!(status, 200, "{body}");
}

#[tokio::test]
async fn rows_batches_and_backups_are_counted() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    assert_eq!(server.sync(&readings(1..4)).await.0, 200);
    assert_eq!(server.sync(&readings(2..6)).await.0, 200);
    let unknown = json!({"deviceId": "pi", "batchId": "b", "tables": {"secrets": {"rows": []}}});
    assert_eq!(server.sync(&unknown).await.0, 422);
    store_backup(&server, &[7; 1000]).await;

    let rows = |outcome| {
        format!(r#"eclipse_ai_sync_rows_total{{table="realtime_data",outcome="{outcome}"}}"#)
    };
    eventually_is(&server, &rows("inserted"), 5.0).await;
    eventually_is(&server, &rows("updated"), 2.0).await;
    let refused = r#"eclipse_ai_sync_batches_total{outcome="refused"}"#;
    eventually_is(&server, refused, 1.0).await;
    eventually_is(&server, "eclipse_ai_backup_stored_bytes_total", 1000.0).await;
    let success = r#"eclipse_ai_backups_total{outcome="success"}"#;
    eventually_is(&server, success, 1.0).await;
    let text = metrics(&server).await;
    for work in ["sync", "backup"] {
        let name = format!(r#"eclipse_ai_last_success_timestamp_seconds{{work="{work}"}}"#);
        assert!(value(&text, &name) > Some(1.7e9), "no {name} in\n{text}");
    }
    for actor in ["health", "sync", "backup"] {
        let name = format!(r#"eclipse_ai_actor_restarts_total{{actor="{actor}"}}"#);
        assert_eq!(value(&text, &name), Some(0.0), "{name}");
    }
    let idle = r#"eclipse_ai_database_connections{actor="sync",state="idle"}"#;
    assert!(value(&text, idle) > Some(0.0), "no {idle} in\n{text}");
}

#[tokio::test]
async fn the_contacts_of_each_device_are_shown_once_the_database_was_asked() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    assert_eq!(server.sync(&readings(1..4)).await.0, 200);
    for (last_contact, pause_seconds) in [(1, 60), (3600, 60), (3600, 7200)] {
        let contact = format!(
            "UPDATE sync_devices SET last_contact_at = NOW(6) - INTERVAL {last_contact} SECOND, \
             pause_seconds = 1, pause_seconds_square = {pause_seconds} WHERE source_device = 'chi-eclipse-tuner'"
        );
        database.execute(&contact).await.unwrap();
        let is_silent = f64::from(last_contact > 3 * pause_seconds);
        let name = |gauge| format!(r#"eclipse_ai_device_{gauge}{{device="chi-eclipse-tuner"}}"#);
        let (usual, silent) = (name("usual_interval_seconds"), name("silent"));
        eventually("the contact is shown", async || {
            // Health asks the database, the metrics do not.
            server.health().await;
            let text = metrics(&server).await;
            value(&text, &usual) == Some(f64::from(pause_seconds))
                && value(&text, &silent) == Some(is_silent)
        })
        .await;
        let text = metrics(&server).await;
        assert!(value(&text, &name("last_contact_timestamp_seconds")) > Some(1.7e9));
    }
}

#[tokio::test]
async fn requests_are_counted_by_route_and_status_and_never_by_path() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    for path in [
        "/secret-1",
        "/secret-2",
        "/api/v1/backups/secret-3/database/secret-4.db",
    ] {
        assert_eq!(answer(server.get(path)).await.0, 404);
    }
    let without_key = server
        .http
        .get(format!("{}/api/v1/backups?deviceId=secret-5", server.url));
    assert_eq!(answer(without_key).await.0, 401);
    let invented = reqwest::Method::from_bytes(b"SECRET").unwrap();
    let request = server
        .http
        .request(invented, format!("{}/secret-6", server.url));
    assert_eq!(answer(request).await.0, 404);

    let text = metrics(&server).await;
    for (name, expected) in [
        (
            r#"eclipse_ai_http_requests_total{method="GET",route="none",status="404"}"#,
            2.0,
        ),
        (
            r#"eclipse_ai_http_requests_total{method="other",route="none",status="404"}"#,
            1.0,
        ),
        (
            r#"eclipse_ai_http_requests_total{method="GET",route="/api/v1/backups",status="401"}"#,
            1.0,
        ),
        (
            r#"eclipse_ai_http_requests_total{method="GET",route="/api/v1/backups/{deviceId}/{type}/{filename}",status="404"}"#,
            1.0,
        ),
        (
            r#"eclipse_ai_http_request_duration_seconds_count{method="GET",route="none"}"#,
            2.0,
        ),
    ] {
        assert_eq!(value(&text, name), Some(expected), "{name} in\n{text}");
    }
    assert!(!text.to_lowercase().contains("secret"), "{text}");
}

#[tokio::test]
async fn metrics_answer_while_health_waits_for_mysql_and_ollama() {
    let (mysql, ollama) = (BlackHole::open(), BlackHole::open());
    let server = TestServer::start_unready(
        &format!("mysql://root@{}/hole", mysql.address),
        &[("OLLAMA_BASE_URL", &format!("http://{}", ollama.address))],
    )
    .await;
    tokio::select! {
        biased;
        _ = answer(server.get("/api/v1/health")) => panic!("health was faster"),
        text = metrics(&server) => {
            assert!(text.contains("eclipse_ai_sync_batches_total"), "{text}");
        }
    }
}

#[tokio::test]
async fn promtool_accepts_the_metrics() {
    let database = TestDatabase::create().await;
    let server = TestServer::start(&database).await;
    assert_eq!(server.sync(&readings(1..4)).await.0, 200);
    store_backup(&server, b"x").await;
    let success = r#"eclipse_ai_backups_total{outcome="success"}"#;
    eventually_is(&server, success, 1.0).await;

    let response = server.get("/metrics").send().await.unwrap();
    let media_type = response.headers()[CONTENT_TYPE]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        media_type,
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    let text = response.text().await.unwrap();
    let lint = spawn_blocking(move || {
        assert_parses(&text);
        lint(&text)
    });
    assert_eq!(lint.await.unwrap(), (true, String::new()));
}

/// Prometheus's own parser of `OpenMetrics` reads the text: importing it requires a timestamp per sample.
fn assert_parses(metrics: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("metrics");
    let stamped = metrics.lines().map(|line| {
        let stamp = if line.starts_with('#') {
            ""
        } else {
            " 1769956205"
        };
        format!("{line}{stamp}\n")
    });
    std::fs::write(&file, stamped.collect::<String>()).unwrap();
    let imported = Command::new(tool("promtool"))
        .args(["tsdb", "create-blocks-from", "openmetrics"])
        .args([&file, &folder.path().join("blocks")])
        .output()
        .unwrap();
    assert!(imported.status.success(), "{imported:?}");
}

/// Whether `promtool check metrics` succeeds, and its output. It reads the older text format, in which a counter's
/// header has the suffix of its samples.
fn lint(metrics: &str) -> (bool, String) {
    let counters: Vec<&str> = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter"))
        .collect();
    let headers = metrics.lines().map(|line| {
        let counter = counters.iter().find(|counter| {
            line.starts_with(&format!("# TYPE {counter} "))
                || line.starts_with(&format!("# HELP {counter} "))
        });
        counter.map_or_else(
            || format!("{line}\n"),
            |counter| {
                format!(
                    "{}\n",
                    line.replacen(counter, &format!("{counter}_total"), 1)
                )
            },
        )
    });
    let metrics: String = headers.collect();
    let mut promtool = Command::new(tool("promtool"))
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool starts");
    promtool
        .stdin
        .take()
        .unwrap()
        .write_all(metrics.as_bytes())
        .unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}
