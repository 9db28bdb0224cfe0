//! Settings of the database server that stop batches: the client and health get the true reason.

use serde_json::{Value, json};

use crate::support::{
    DEVICE, FakeOllama, PrivateDatabase, TestServer, batch, eventually, reading, with,
};

/// A binary log, and statements of at most a megabyte.
const OPTIONS: [&str; 4] = [
    "--log-bin=log",
    "--server-id=1",
    "--binlog-format=ROW",
    "--max-allowed-packet=1M",
];

struct Server {
    database: PrivateDatabase,
    ollama: FakeOllama,
}

impl Server {
    async fn create() -> Self {
        let database = PrivateDatabase::start_with(&OPTIONS).await;
        // Administrators may write to a read-only server.
        database
            .execute(&[
                "CREATE USER car@'127.0.0.1' IDENTIFIED BY 'pw'",
                "GRANT ALL ON eclipse_ai.* TO car@'127.0.0.1'",
            ])
            .await;
        Self {
            database,
            ollama: FakeOllama::start(),
        }
    }

    async fn start(&self) -> TestServer {
        let url = self.database.url_of("car", "pw");
        TestServer::start_with(&url, &[("OLLAMA_BASE_URL", &self.ollama.url)]).await
    }
}

async fn store(server: &TestServer, row: Value) -> (u16, Value) {
    server.sync(&batch(&json!({"realtime_data": [row]}))).await
}

async fn health_is(server: &TestServer, status: &str, reasons: &Value) {
    eventually(&format!("health is {status}: {reasons}"), async || {
        let health = server.health().await;
        health["status"] == status && health["reasons"] == *reasons
    })
    .await;
}

/// A batch fails with this error, and so health is unhealthy before the third failure.
async fn assert_named(server: &TestServer, error: &str) {
    let (status, body) = store(server, reading(2)).await;
    assert_eq!((status, &body["error"]), (500, &json!(error)), "{body}");
    health_is(server, "unhealthy", &json!([format!("{error}.")])).await;
}

#[tokio::test]
async fn a_setting_that_stops_batches_is_named_to_the_client_and_in_health() {
    let setup = Server::create().await;
    let database = &setup.database;
    let server = setup.start().await;
    let (status, body) = store(&server, reading(1)).await;
    assert_eq!(status, 200, "{body}");
    health_is(&server, "healthy", &json!([])).await;

    // More than a packet.
    let large = with(reading(2), &json!({"note": "x".repeat(2 * 1024 * 1024)}));
    for _ in 0..3 {
        let (status, body) = store(&server, large.clone()).await;
        assert_eq!(status, 422, "{body}");
        assert!(body.to_string().contains("max_allowed_packet"), "{body}");
    }
    let health = server.health().await;
    let reason = health["reasons"][0].as_str().unwrap();
    let names =
        format!("The last 3 batches of {DEVICE} with rows of realtime_data were not stored: ");
    assert!(reason.starts_with(&names), "{health}");
    assert!(reason.contains("max_allowed_packet"), "{health}");
    assert_eq!(store(&server, reading(2)).await.0, 200);
    health_is(&server, "healthy", &json!([])).await;

    database.execute(&["SET GLOBAL read_only = ON"]).await;
    assert_named(&server, "The database server is read-only").await;
    database.execute(&["SET GLOBAL read_only = OFF"]).await;
    health_is(&server, "healthy", &json!([])).await;
    assert_eq!(store(&server, reading(2)).await.0, 200);
    drop(server);

    database
        .execute(&["SET GLOBAL binlog_format = STATEMENT"])
        .await;
    let server = TestServer::start_unready(
        &database.url_of("car", "pw"),
        &[("OLLAMA_BASE_URL", &setup.ollama.url)],
    )
    .await;
    let error = "The database logs statements (binlog_format=STATEMENT), which transactions in \
                 READ COMMITTED do not allow: set binlog_format=ROW";
    assert_named(&server, error).await;
    assert_eq!(database.count("realtime_data", "TRUE").await, 2);
}
